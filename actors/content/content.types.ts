import type {
  DistanceLaw,
  GeoPoint,
  Ordering,
  Polygon,
  RepeatMode,
  TimedPriority,
} from '../../media/ports.js';

/**
 * The rows of a sounding site's content, as the control store keeps them. Ids are whole numbers, given by the
 * store, unique in their table and never used twice. Times are Unix ms unless a name says seconds.
 * `…LocIds` name rows of `localizedStrings`, one a language.
 */

export interface Language {
  readonly id: number;
  readonly name: string;
  /** Two letters, unique. Row 1 is English. */
  readonly code: string;
}

export interface LocalizedString {
  readonly id: number;
  readonly languageId: number;
  readonly text: string;
}

export interface Project {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly publishedAtUnixMs: number;
  /** Of Roundware streams that do not say. */
  readonly audioFormat: 'mp3' | 'ogg';
  readonly audioBitrateKbps: number;
  /** What is uploaded in range is submitted at once. */
  readonly autoSubmit: boolean;
  readonly maxRecordingS: number;
  readonly listenQuestionsDynamic: boolean;
  readonly speakQuestionsDynamic: boolean;
  readonly sharingUrl: string;
  readonly outOfRangeUrl: string;
  readonly recordingRadiusM: number | null;
  readonly listenEnabled: boolean;
  readonly geoListenEnabled: boolean;
  readonly speakEnabled: boolean;
  readonly geoSpeakEnabled: boolean;
  readonly resetTagDefaultsOnStartup: boolean;
  readonly timedAssetFirst: boolean;
  readonly repeatMode: RepeatMode;
  readonly filesUrl: string;
  readonly filesVersion: string;
  readonly ordering: Ordering;
  readonly demoStreamEnabled: boolean;
  readonly demoStreamUrl: string;
  readonly outOfRangeM: number;
  readonly bannedS: number;
  readonly masterGain: number;
  /** Loudness that assets are levelled to, LUFS; null: off. */
  readonly targetLufs: number | null;
  /** Where its streams leave: built-in mounts, a real Icecast, or both; null: as the site is configured. */
  readonly output: 'builtin' | 'icecast' | 'both' | null;
  /** Site plan image under the map: address and corners, clockwise from north-west. */
  readonly plan: {
    readonly url: string;
    readonly corners: readonly (readonly [longitude: number, latitude: number])[];
  } | null;
  readonly demoStreamMessageLocIds: readonly number[];
  readonly legalAgreementLocIds: readonly number[];
  readonly descriptionLocIds: readonly number[];
  readonly sharingMessageLocIds: readonly number[];
  readonly outOfRangeMessageLocIds: readonly number[];
  readonly languageIds: readonly number[];
}

export interface ProjectGroup {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly description: string;
  readonly thumbnailUrl: string;
  readonly projectIds: readonly number[];
}

export interface Speaker {
  readonly id: number;
  readonly projectId: number;
  readonly active: boolean;
  /** At most 10 characters. */
  readonly code: string;
  readonly name: string;
  readonly maxVolume: number;
  readonly minVolume: number;
  /** Live or static URL; empty when it plays `mediaId`. */
  readonly uri: string;
  readonly backupUri: string;
  readonly mediaId: string | null;
  readonly shape: readonly Polygon[];
  readonly attenuationM: number;
  readonly law: DistanceLaw;
}

export interface AudioTrack {
  readonly id: number;
  readonly projectId: number;
  readonly active: boolean;
  readonly minVolume: number;
  readonly maxVolume: number;
  readonly minDurationS: number;
  readonly maxDurationS: number;
  readonly minDeadAirS: number;
  readonly maxDeadAirS: number;
  readonly minFadeInS: number;
  readonly maxFadeInS: number;
  readonly minFadeOutS: number;
  readonly maxFadeOutS: number;
  readonly minPan: number;
  readonly maxPan: number;
  readonly minPanDurationS: number;
  readonly maxPanDurationS: number;
  readonly repeatRecordings: boolean;
  readonly tagIds: readonly number[];
  readonly startWithSilence: boolean;
  readonly bannedS: number;
  readonly fadeOutWhenFiltered: boolean;
  readonly timedPriority: TimedPriority;
}

export type MediaType = 'audio' | 'photo' | 'text' | 'video';
/** Of the file behind an asset: `ready` is playable; `failed` says why in `ingestError`. */
export type IngestState = 'none' | 'waiting' | 'working' | 'ready' | 'failed';

export interface Asset {
  readonly id: number;
  readonly projectId: number;
  readonly sessionId: number | null;
  /** Visitor who made it. */
  readonly userId: number | null;
  readonly languageId: number;
  readonly mediaType: MediaType;
  readonly mediaId: string | null;
  /** As clients know it, `20260131-235959-12.mp3`; null without a file. */
  readonly filename: string | null;
  readonly description: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly shape: readonly Polygon[] | null;
  readonly radiusM: number | null;
  readonly placed: boolean;
  readonly law: DistanceLaw;
  readonly volume: number;
  readonly weight: number;
  readonly submitted: boolean;
  readonly startS: number | null;
  readonly endS: number | null;
  readonly lengthS: number | null;
  readonly loudnessLufs: number | null;
  readonly ingest: IngestState;
  readonly ingestError: string | null;
  readonly createdAtUnixMs: number;
  readonly updatedAtUnixMs: number;
  /** Kept in a table of their own; sorted. */
  readonly tagIds: readonly number[];
  readonly envelopeIds: readonly number[];
  readonly descriptionLocIds: readonly number[];
  readonly altTextLocIds: readonly number[];
}

export interface Envelope {
  readonly id: number;
  readonly sessionId: number;
  readonly createdAtUnixMs: number;
}

export interface TagCategory {
  readonly id: number;
  readonly name: string;
  readonly data: string;
}

export interface Tag {
  readonly id: number;
  readonly projectId: number;
  readonly categoryId: number;
  readonly value: string;
  readonly description: string;
  readonly data: string;
  readonly filter: '' | '_within_10km' | '_ten_most_recent_days';
  readonly location: readonly Polygon[] | null;
  readonly descriptionLocIds: readonly number[];
  readonly messageLocIds: readonly number[];
}

export interface TagRelationship {
  readonly id: number;
  readonly tagId: number;
  readonly parentId: number | null;
}

export interface UiGroup {
  readonly id: number;
  readonly projectId: number;
  readonly categoryId: number;
  readonly name: string;
  readonly mode: 'listen' | 'speak' | 'browse';
  readonly select: 'single' | 'multi' | 'min_one';
  readonly active: boolean;
  readonly index: number;
  readonly itemFilter: 'none' | 'random-1';
  readonly headerLocIds: readonly number[];
}

export interface UiItem {
  readonly id: number;
  readonly groupId: number;
  readonly tagId: number;
  readonly parentId: number | null;
  readonly index: number;
  readonly isDefault: boolean;
  readonly active: boolean;
}

export interface UiElementName {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly view: string;
}

export interface UiElement {
  readonly id: number;
  readonly projectId: number;
  readonly nameId: number;
  readonly variant: string;
  readonly fileExtension: string;
  readonly labelTextColor: string;
  readonly labelPosition: string;
  readonly labelTextLocIds: readonly number[];
}

export interface TimedAsset {
  readonly id: number;
  readonly projectId: number;
  readonly assetId: number;
  readonly startS: number;
  readonly endS: number;
}

/** Who contributes and votes: a phone, mostly anonymous. Roundware's "user". */
export interface Visitor {
  readonly id: number;
  readonly username: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  /** Null for staff who signed in; unique. */
  readonly deviceId: string | null;
  readonly clientType: string;
  /** SHA-256 of its token, hex; the token itself is derived from the site's key and never kept. */
  readonly tokenHash: string;
  /** Member of staff it stands for; their role is asked at each call. */
  readonly staffId: string | null;
  readonly createdAtUnixMs: number;
}

/** A visit: one opening of an app or page, with or without a stream. */
export interface VisitSession {
  readonly id: number;
  readonly projectId: number;
  readonly userId: number | null;
  readonly languageId: number;
  readonly clientType: string;
  readonly clientSystem: string;
  readonly timezone: string;
  readonly geoListenEnabled: boolean;
  readonly demoStreamEnabled: boolean;
  readonly startedAtUnixMs: number;
  readonly endedAtUnixMs: number | null;
  /** `idle`, `stopped`, `killed` …; null while it goes on. */
  readonly endReason: string | null;
}

export interface ContentEvent {
  readonly id: number;
  readonly sessionId: number;
  readonly kind: string;
  readonly atUnixMs: number;
  readonly clientTime: string | null;
  readonly data: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly tagIds: readonly number[];
}

export interface ListenRow {
  readonly id: number;
  readonly sessionId: number;
  readonly assetId: number;
  readonly projectId: number;
  readonly startedAtUnixMs: number;
  readonly durationS: number;
}

export type VoteKind = 'like' | 'flag' | 'rate' | 'block_asset' | 'block_user';

export interface Vote {
  readonly id: number;
  readonly assetId: number;
  readonly sessionId: number;
  readonly userId: number | null;
  readonly kind: VoteKind;
  readonly value: number | null;
  readonly createdAtUnixMs: number;
}

/** Tells people that something arrived or changed in a project. */
export interface Notification {
  readonly id: number;
  readonly projectId: number;
  readonly active: boolean;
  readonly on: readonly ('add' | 'edit' | 'delete')[];
  readonly channel: 'email' | 'webhook';
  /** Addresses, or the webhook's URL. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly message: string;
  readonly lastSentAtUnixMs: number | null;
  readonly lastError: string | null;
}

/** Position of a row; undefined when it has none. */
export const pointOf = (row: {
  readonly latitude: number | null;
  readonly longitude: number | null;
}): GeoPoint | undefined =>
  row.latitude === null || row.longitude === null
    ? undefined
    : { latitude: row.latitude, longitude: row.longitude };

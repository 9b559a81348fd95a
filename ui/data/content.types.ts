/**
 * Rows of a sounding site's content as `/v1` sends them. Ids are whole numbers; times are Unix ms unless a
 * name says seconds; `…LocIds` name rows of `localized-strings`, one a language.
 */

import type { InventoryRows } from './inventory.types.js';

export type LngLat = readonly [longitude: number, latitude: number];
/** First point equals last; the first ring of a polygon is its outside, the others are holes. */
export type Ring = readonly LngLat[];
export type Polygon = readonly Ring[];
export type Shape = readonly Polygon[];
export type DistanceLaw = 'linear' | 'inverse' | 'exponential' | 'cosine';

export interface Language {
  readonly id: number;
  readonly name: string;
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
  readonly audioFormat: 'mp3' | 'ogg';
  readonly audioBitrateKbps: number;
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
  readonly repeatMode: 'stop' | 'continuous';
  readonly filesUrl: string;
  readonly filesVersion: string;
  readonly ordering: 'random' | 'by_like' | 'by_weight';
  readonly demoStreamEnabled: boolean;
  readonly demoStreamUrl: string;
  readonly outOfRangeM: number;
  readonly bannedS: number;
  readonly masterGain: number;
  readonly targetLufs: number | null;
  readonly output: 'builtin' | 'icecast' | 'both' | null;
  readonly plan: { readonly url: string; readonly corners: readonly LngLat[] } | null;
  readonly demoStreamMessageLocIds: readonly number[];
  readonly legalAgreementLocIds: readonly number[];
  readonly descriptionLocIds: readonly number[];
  readonly sharingMessageLocIds: readonly number[];
  readonly outOfRangeMessageLocIds: readonly number[];
  readonly languageIds: readonly number[];
}

export interface Speaker {
  readonly id: number;
  readonly projectId: number;
  readonly active: boolean;
  readonly code: string;
  readonly name: string;
  readonly maxVolume: number;
  readonly minVolume: number;
  readonly uri: string;
  readonly backupUri: string;
  readonly mediaId: string | null;
  readonly shape: Shape;
  readonly attenuationM: number;
  readonly law: DistanceLaw;
}

export type TimedPriority = 'highest' | 'normal' | 'neutral' | 'lowest' | 'discard';

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
export type IngestState = 'none' | 'waiting' | 'working' | 'ready' | 'failed';

export interface Asset {
  readonly id: number;
  readonly projectId: number;
  readonly sessionId: number | null;
  readonly userId: number | null;
  readonly languageId: number;
  readonly mediaType: MediaType;
  readonly mediaId: string | null;
  readonly filename: string | null;
  readonly description: string;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly shape: Shape | null;
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
  readonly tagIds: readonly number[];
  readonly envelopeIds: readonly number[];
  readonly descriptionLocIds: readonly number[];
  readonly altTextLocIds: readonly number[];
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
  readonly location: Shape | null;
  readonly descriptionLocIds: readonly number[];
  readonly messageLocIds: readonly number[];
}

/** A place of a tag in the tree of tags; `parentId` is the id of another such place, not of a tag. */
export interface TagRelationship {
  readonly id: number;
  readonly tagId: number;
  readonly parentId: number | null;
}

export interface ProjectGroup {
  readonly id: number;
  readonly name: string;
  readonly active: boolean;
  readonly description: string;
  readonly thumbnailUrl: string;
  readonly projectIds: readonly number[];
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

export interface Notification {
  readonly id: number;
  readonly projectId: number;
  readonly active: boolean;
  readonly on: readonly ('add' | 'edit' | 'delete')[];
  readonly channel: 'email' | 'webhook';
  readonly to: readonly string[];
  readonly subject: string;
  readonly message: string;
  readonly lastSentAtUnixMs: number | null;
  readonly lastError: string | null;
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

export interface TimedAsset {
  readonly id: number;
  readonly projectId: number;
  readonly assetId: number;
  readonly startS: number;
  readonly endS: number;
}

/** A visit: one opening of an app or page, with or without a stream. */
export interface Visit {
  readonly id: number;
  readonly projectId: number;
  readonly userId: number | null;
  readonly languageId: number;
  readonly clientType: string;
  readonly clientSystem: string;
  readonly startedAtUnixMs: number;
  readonly endedAtUnixMs: number | null;
  readonly endReason: string | null;
}

/** Resource of `/v1` → its rows. */
export interface ContentRows extends InventoryRows {
  readonly projects: Project;
  readonly speakers: Speaker;
  readonly tracks: AudioTrack;
  readonly assets: Asset;
  readonly tags: Tag;
  readonly 'tag-categories': TagCategory;
  readonly 'tag-relationships': TagRelationship;
  readonly 'project-groups': ProjectGroup;
  readonly 'ui-element-names': UiElementName;
  readonly 'ui-elements': UiElement;
  readonly notifications: Notification;
  readonly 'ui-groups': UiGroup;
  readonly 'ui-items': UiItem;
  readonly 'timed-assets': TimedAsset;
  readonly languages: Language;
  readonly 'localized-strings': LocalizedString;
  readonly visits: Visit;
}

export type Resource = keyof ContentRows;
/** What only the server writes. */
export type ServerFields =
  | 'id'
  | 'publishedAtUnixMs'
  | 'createdAtUnixMs'
  | 'updatedAtUnixMs'
  | 'startedAtUnixMs'
  | 'endedAtUnixMs'
  | 'endReason'
  | 'sessionId'
  | 'userId'
  | 'filename'
  | 'lengthS'
  | 'loudnessLufs'
  | 'ingest'
  | 'ingestError'
  | 'lastSentAtUnixMs'
  | 'lastError'
  | 'secretsSet';
export type NewRow<R extends Resource> = Omit<ContentRows[R], ServerFields>;
export type RowPatch<R extends Resource> = Partial<NewRow<R>>;

/** Internal sound format: planar float32, −1..1, 48 kHz, stereo, blocks of 20 ms. */
export const RATE_HZ = 48_000;
export const BLOCK_FRAMES = 960;
export const BLOCK_MS = 20;

export type StreamFormat = 'mp3' | 'opus' | 'vorbis';

export interface GeoPoint {
  readonly latitude: number;
  readonly longitude: number;
}

/** Ring: first point equals last; the first ring of a polygon is its outside, the others are holes. */
export type Ring = readonly (readonly [longitude: number, latitude: number])[];
export type Polygon = readonly Ring[];

/** How loudness falls with the distance; the letters of the law are in `project/laws.ts`. */
export type DistanceLaw = 'linear' | 'inverse' | 'exponential' | 'cosine';

/** Where a speaker's sound comes from. A live URL is decoded once for the whole process. */
export type SpeakerSource =
  | { readonly kind: 'media'; readonly mediaId: string }
  | { readonly kind: 'live'; readonly url: string };

export interface SpeakerDefinition {
  readonly id: number;
  readonly projectId: number;
  readonly name: string;
  readonly active: boolean;
  readonly shape: readonly Polygon[];
  /** Width of the border in which the volume rises from `minVolume` to `maxVolume`, metres inwards. */
  readonly attenuationM: number;
  readonly minVolume: number;
  readonly maxVolume: number;
  /** Form of the rise in the border; Roundware sessions always take `linear`. */
  readonly law: DistanceLaw;
  /** Tried in order: the first that sounds is heard; none: silent, and tried again. */
  readonly sources: readonly SpeakerSource[];
}

export interface AssetDefinition {
  readonly id: number;
  readonly projectId: number;
  /** Description, or the file's name; shown to people. */
  readonly name: string;
  readonly mediaId: string;
  readonly position: GeoPoint | undefined;
  /** Listener inside it is near, whatever the radius. */
  readonly shape: readonly Polygon[] | undefined;
  /** Own radius, metres; undefined: the project's. */
  readonly radiusM: number | undefined;
  /** Native sessions hear it by itself at its place, beside the tracks. Needs a position. */
  readonly placed: boolean;
  /** How it fades towards its radius for native sessions; Roundware's hear it at full volume inside. */
  readonly law: DistanceLaw;
  readonly volume: number;
  /** 0..99 */
  readonly weight: number;
  /** Number of `like` votes. */
  readonly likes: number;
  readonly tagIds: readonly number[];
  readonly languageId: number;
  readonly submitted: boolean;
  /** Who contributed it; undefined: the site. */
  readonly userId: number | undefined;
  /** Part of the media that may be played, seconds. */
  readonly startS: number;
  readonly endS: number;
  readonly createdAtUnixMs: number;
  /** Integrated loudness (EBU R128), LUFS; undefined: not measured. */
  readonly loudnessLufs: number | undefined;
}

export type TimedPriority = 'highest' | 'normal' | 'neutral' | 'lowest' | 'discard';

/** One parallel voice. Times are seconds; each pair is the range a value is drawn from. */
export interface TrackDefinition {
  readonly id: number;
  readonly projectId: number;
  readonly active: boolean;
  readonly volume: readonly [min: number, max: number];
  readonly durationS: readonly [min: number, max: number];
  readonly deadAirS: readonly [min: number, max: number];
  readonly fadeInS: readonly [min: number, max: number];
  readonly fadeOutS: readonly [min: number, max: number];
  /** −1 left … 1 right. */
  readonly pan: readonly [min: number, max: number];
  readonly panDurationS: readonly [min: number, max: number];
  readonly repeatRecordings: boolean;
  /** Only assets carrying one of these; empty: all. */
  readonly tagIds: readonly number[];
  readonly startWithSilence: boolean;
  /** 0: only the project's ban holds. */
  readonly bannedS: number;
  readonly fadeOutWhenFiltered: boolean;
  readonly timedPriority: TimedPriority;
}

export interface TimedAssetDefinition {
  readonly id: number;
  readonly assetId: number;
  /** Window in which it may begin, seconds since the stream's sound began. */
  readonly startS: number;
  readonly endS: number;
}

export type Ordering = 'random' | 'by_like' | 'by_weight';
export type RepeatMode = 'stop' | 'continuous';

/** What tag choices mean in a project; made from its active listen UI groups. */
export interface TagRules {
  /** Tags of active items in active listen groups: what a Roundware request without tags asks for. */
  readonly defaultTagIds: readonly number[];
  /** Tag id → its category, for categories used by an active listen group; other tags are ignored. */
  readonly categoryOf: ReadonlyMap<number, number>;
}

export interface ProjectSettings {
  readonly geoListen: boolean;
  /** Radius of assets without one, metres. */
  readonly recordingRadiusM: number;
  /** Farther than this from every active speaker: out of range, metres. */
  readonly outOfRangeM: number;
  readonly ordering: Ordering;
  readonly repeatMode: RepeatMode;
  /** Timed assets are tried before near ones (else after). */
  readonly timedFirst: boolean;
  /** Least time before the same asset repeats to a listener, seconds. */
  readonly bannedS: number;
  /** Linear gain on the whole mix, before the limiter. */
  readonly masterGain: number;
  /** Loudness that assets are levelled to, LUFS; undefined: off. */
  readonly targetLufs: number | undefined;
  readonly tagRules: TagRules;
}

/** A project without its assets, which travel on their own because there may be very many. */
export interface ProjectDefinition {
  readonly id: number;
  readonly name: string;
  readonly center: GeoPoint;
  readonly settings: ProjectSettings;
  readonly speakers: readonly SpeakerDefinition[];
  readonly tracks: readonly TrackDefinition[];
  readonly timedAssets: readonly TimedAssetDefinition[];
}

/** Assets of one project that are new, changed or gone since the last message. */
export interface AssetChanges {
  readonly projectId: number;
  /** Everything before it is forgotten first. */
  readonly reset: boolean;
  readonly put: readonly AssetDefinition[];
  readonly removed: readonly number[];
}

/** How a listener hears: Roundware's rules to the letter, or ours with heading and distance laws. */
export type ListeningProfile = 'native' | 'roundware';

/** Where a listener is and what they chose. Absent parts are `undefined`. */
export interface ListenerState {
  readonly profile: ListeningProfile;
  /** False: everything is near, speakers at full volume. */
  readonly geoListen: boolean;
  readonly position: GeoPoint | undefined;
  /** Compass degrees. Roundware: only assets within the cone; native: also the ears' direction. */
  readonly headingDeg: number | undefined;
  /** Full width of the cone; undefined: 30° for Roundware sessions, no cone for native ones. */
  readonly headingWidthDeg: number | undefined;
  readonly rangeMinM: number | undefined;
  readonly rangeMaxM: number | undefined;
  /** Undefined: no choice was made, the project's defaults hold. */
  readonly tagIds: readonly number[] | undefined;
  readonly languageId: number | undefined;
  readonly userId: number | undefined;
  readonly blockedAssetIds: readonly number[];
  readonly blockedUserIds: readonly number[];
}

/**
 * Decoded sound in shared memory, decoded once for the process: planar float32 at `RATE_HZ`, the left
 * plane (`dataFrames` samples) followed by the right one. Long media come in chunks: chunk `n` holds
 * frames `n * CHUNK_FRAMES` up to `dataFrames` more; a short one is all in chunk 0.
 */
export interface PcmMedia {
  readonly mediaId: string;
  /** Length of the whole media, not of this chunk. */
  readonly frames: number;
  readonly chunk: number;
  readonly dataFrames: number;
  readonly data: SharedArrayBuffer;
}

/** Frames in each chunk of a long media but the last: 20 s, 7.3 MiB. */
export const CHUNK_FRAMES = 20 * RATE_HZ;

/**
 * Sound of a live URL in shared memory: a ring of planar float32 at `RATE_HZ`, left plane then right one.
 * `written` counts frames since the ring was made (frame n lies at `n % frames`); it stands still while
 * the source is away, and readers then hear silence. Written by one thread, read by any.
 */
export interface LiveRing {
  readonly url: string;
  readonly frames: number;
  readonly data: SharedArrayBuffer;
  /**
   * Two BigInt64, used with `Atomics`: frames written so far; and the anchor, frame 0 of the ring on the
   * readers' common clock, set by the first reader (0: none yet), so that all threads read alike.
   */
  readonly written: SharedArrayBuffer;
}

/** One encoder instance. Not shared between mixes; single-threaded. */
export interface Encoder {
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  readonly contentType: string;
  /** Bytes a new listener must get first (Ogg headers); empty for MP3. Equal for equal options; Vorbis: and equal start. */
  readonly header: Uint8Array;
  /**
   * Takes one block of `BLOCK_FRAMES` frames (planar, within −1..1) and hands finished packets to
   * `onPacket`, now or later (an ffmpeg process answers later). The arrays may be reused afterwards.
   */
  encode(left: Float32Array, right: Float32Array): void;
  /** Releases without waiting; packets not yet handed over are dropped. Idempotent. */
  close(): void;
}

export interface EncoderOptions {
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  /** Default: `channelsOf` the format at this bitrate, which is 1 for low ones: the mean of both is encoded. */
  readonly channels?: 1 | 2;
  /**
   * Place of the first block on the stream clock, frames, a multiple of `BLOCK_FRAMES`. All encoders of
   * one clock cut their packets at the same places (but see `EncoderFactory.canSwitch`), so that a listener
   * can be moved from one to another between two packets. Default 0.
   */
  readonly startFrame?: number;
}

/**
 * A whole MP3 frame or Ogg page. `endFrame`: place on the stream clock after its last sample, codec
 * delay left aside; the same for equal places of two encoders of one clock. `bytes` is only valid
 * during the call.
 */
export type OnPacket = (bytes: Uint8Array, endFrame: number) => void;

export interface EncoderFactory {
  readonly name: 'libav' | 'ffmpeg';
  /** Packets are handed over inside `encode`. */
  readonly synchronous: boolean;
  /**
   * Whether listeners may be moved between two encoders of this format in mid-stream. Not so for Vorbis,
   * whose blocks follow the sound and lie on no common grid: each mix keeps its own encoder until it ends,
   * equal mixes do not share one, and a new encoder of the same mount begins a new logical stream (its header has a serial
   * number of its own, listeners get it before its first packet).
   */
  canSwitch(format: StreamFormat): boolean;
  open(options: EncoderOptions, onPacket: OnPacket, onError: (error: Error) => void): Encoder;
}

/**
 * Encoded bytes of one tick: part i is `bytes[offset[i] .. offset[i+1])` of stream number `stream[i]`.
 * A stream may have several parts, in order. The buffers belong to the receiver.
 */
export interface AudioParts {
  readonly count: number;
  readonly stream: Uint32Array<ArrayBuffer>;
  readonly offset: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

import type { GeoPoint } from './ports.js';

/** What changed; absent stays, `null` takes the choice back. */
export interface SessionMove {
  readonly id: string;
  readonly position?: GeoPoint | undefined;
  readonly headingDeg?: number | null | undefined;
  readonly headingWidthDeg?: number | null | undefined;
  readonly rangeMinM?: number | null | undefined;
  readonly rangeMaxM?: number | null | undefined;
  readonly tagIds?: readonly number[] | null | undefined;
  readonly languageId?: number | null | undefined;
  readonly blockedAssetIds?: readonly number[] | undefined;
  readonly blockedUserIds?: readonly number[] | undefined;
}

/** `play` and `replay`: next on every track, whatever is banned or near; what sounds now is skipped. */
export type SessionCommand =
  | { readonly name: 'heartbeat' | 'pause' | 'resume' | 'skip' | 'stop' | 'replay' }
  | { readonly name: 'play'; readonly assetId: number };

/** Why an asset is not audible to a listener now; none: it is in the queue or sounds. */
export type SilenceReason =
  | 'not-submitted'
  | 'no-sound'
  | 'wrong-language'
  | 'filtered'
  | 'blocked-asset'
  | 'blocked-user'
  | 'far'
  | 'outside-heading'
  | 'outside-range'
  | 'banned-time'
  | 'banned-place'
  | 'not-its-time'
  | 'media-away';

export interface AssetAudibility {
  readonly assetId: number;
  readonly playing: boolean;
  /** Empty: it may be taken next. */
  readonly reasons: readonly SilenceReason[];
  /** Metres; undefined without a position of either. */
  readonly distanceM: number | undefined;
}

export interface TrackState {
  readonly trackId: number;
  readonly state: 'dead-air' | 'playing' | 'fading-out' | 'held' | 'waiting';
  readonly assetId: number | undefined;
  readonly name: string | undefined;
  /** Place in the asset's media, and what is left of this playing, seconds. */
  readonly positionS: number | undefined;
  readonly remainingS: number | undefined;
  readonly gain: number;
  readonly pan: number;
}

/** What sounds for a session now. */
export interface SessionSounding {
  /** Seconds of sound since the stream began. */
  readonly elapsedS: number;
  readonly tracks: readonly TrackState[];
  /** Speakers and placed assets, loudest first. */
  readonly voices: readonly {
    readonly kind: 'speaker' | 'asset';
    readonly id: number;
    readonly name: string;
    readonly gain: number;
    readonly pan: number;
  }[];
}

/** What a session plays now, and what comes next. */
export interface SessionPlaying extends SessionSounding {
  /** Next first, at most 100. */
  readonly queue: readonly number[];
  /** Length of the whole queue. */
  readonly queued: number;
}

/** An asset that began or ended in a listener's mix. */
export interface ListenEvent {
  readonly sessionId: string;
  readonly assetId: number;
  /** Undefined: a placed asset. */
  readonly trackId: number | undefined;
  readonly kind: 'began' | 'ended';
  readonly atUnixMs: number;
  /** `began`: as planned; `ended`: as heard. */
  readonly durationS: number;
  /** Left in the queue. */
  readonly remaining: number;
}

/** Which source of a speaker sounds on a shard; said once per change. */
export interface SpeakerState {
  readonly projectId: number;
  readonly speakerId: number;
  /** `silent`: none of its sources can be had now; they are tried again. */
  readonly state: 'loading' | 'sounding' | 'silent';
  /** Which of the speaker's sources sounds, counted from 0. */
  readonly source: number | undefined;
  /** Why a source before it (or all of them) cannot be heard. */
  readonly error: string | undefined;
}

/** `done: false`: nothing was done, and `message` says why. */
export interface CommandOutcome {
  readonly done: boolean;
  readonly message: string | undefined;
}

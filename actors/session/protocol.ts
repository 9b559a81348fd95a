import type {
  AssetChanges,
  AudioParts,
  GeoPoint,
  ListenerState,
  LiveRing,
  PcmMedia,
  ProjectDefinition,
  StreamFormat,
} from '../../media/ports.js';
import type { HostPosts, HostRequests } from '../host.protocol.js';

export type SessionState = 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';

/** What a listener's session is, as the control store keeps it. */
export interface SessionDefinition extends ListenerState {
  /** Secret of the listener, 128 random bits: who has it steers the session. */
  readonly id: string;
  /** Row of the content store's `sessions`: what votes, listen events and uploads refer to; Roundware's id. */
  readonly number: number;
  readonly projectId: number;
  /** Mount path, unique. Native: random; Roundware: `/stream<number>.mp3` or `.ogg`. */
  readonly mount: string;
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  readonly createdAtUnixMs: number;
}

/** What changed; absent stays, `null` takes the choice back. */
export interface SessionMove {
  readonly id: string;
  readonly position?: GeoPoint | undefined;
  readonly headingDeg?: number | null | undefined;
  readonly headingWidthDeg?: number | null | undefined;
  readonly rangeMinM?: number | null | undefined;
  readonly rangeMaxM?: number | null | undefined;
  readonly tagIds?: readonly number[] | null | undefined;
  readonly languageId?: number | undefined;
  readonly blockedAssetIds?: readonly number[] | undefined;
  readonly blockedUserIds?: readonly number[] | undefined;
}

/** `play` and `replay`: next on every track, whatever is banned or near; what sounds now is skipped. */
export type SessionCommand =
  | { readonly name: 'heartbeat' | 'pause' | 'resume' | 'skip' | 'stop' | 'replay' }
  | { readonly name: 'play'; readonly assetId: number };
export type SessionCommandName = SessionCommand['name'];

export interface SessionCommandResult {
  readonly state: SessionState;
  /** False: nothing was done, and `message` says why (nothing to replay, unknown asset …). */
  readonly done: boolean;
  readonly message: string | undefined;
}

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

/** What a session plays now. */
export interface SessionPlaying {
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

/** What a listener hears now, loudest first. */
export interface Hearing {
  readonly sessionId: string;
  readonly names: readonly string[];
  /** ICY title, where it changed with this. */
  readonly title: string;
}

/** Where a session's tracks, queue and bans are, to go on elsewhere. JSON of the mix's own making. */
export interface SessionPlace {
  readonly id: string;
  readonly place: string;
}

export type IcecastShardState = 'off' | 'connecting' | 'connected' | 'away' | 'refused';

/** `workerData` of a media shard. */
export interface MediaShardOptions {
  readonly encoder: 'auto' | 'libav' | 'ffmpeg';
  /** No listener and no word from the client for this long ends the session. */
  readonly idleAfterMs: number;
  /** Undefined: built-in mount only. */
  readonly icecastUrl: string | undefined;
  /** Media threads of this engine, which share the pace at which one Icecast is connected. */
  readonly shards: number;
}

export interface AdoptedSession {
  readonly session: SessionDefinition;
  readonly snapshot?: string | undefined;
  /** See `SessionPlace`. */
  readonly place?: string | undefined;
  /** Attached to its built-in mount now. */
  readonly listeners: number;
}

export interface ToMediaShard {
  readonly requests: HostRequests & {
    /** Ids that are there already stay as they are. */
    'sessions.adopt': {
      readonly params: { readonly sessions: readonly AdoptedSession[] };
      readonly result: { readonly adopted: number };
    };
    'session.command': {
      readonly params: { readonly id: string; readonly command: SessionCommand };
      readonly result: SessionCommandResult;
    };
    'session.playing': {
      readonly params: { readonly id: string };
      readonly result: SessionPlaying;
    };
    /** Of the given assets, or of the nearest `limit` (at most 1,000) of the project. */
    'session.explain': {
      readonly params: {
        readonly id: string;
        readonly assetIds?: readonly number[] | undefined;
        readonly limit: number;
      };
      readonly result: readonly AssetAudibility[];
    };
  };
  readonly posts: {
    /** Definitions of a project; latest wins; heard within a block. */
    'project.changed': ProjectDefinition;
    'project.removed': { readonly projectId: number };
    'assets.changed': AssetChanges;
    /** The client moved: place, heading, range, tags, language or blocks. */
    'session.move': SessionMove;
    /** Listeners attached to a mount of the built-in server. */
    listeners: { readonly sessionId: string; readonly count: number };
  };
  readonly streams: Record<string, never>;
}

export interface FromMediaShard {
  readonly requests: {
    /** Decodes once per process; answers shared memory. */
    'media.acquire': {
      readonly params: { readonly mediaId: string; readonly chunk: number };
      readonly result: PcmMedia;
    };
    /** The shared decoder of a live URL; started by the first who asks, ended after the last `live.release`. */
    'live.acquire': {
      readonly params: { readonly url: string };
      readonly result: LiveRing;
    };
  };
  readonly posts: HostPosts & {
    'live.release': { readonly url: string };
    'media.release': { readonly mediaId: string; readonly chunk: number };
    /** A mix began: sessions in `sessionIds` get the bytes of stream number `stream` from now on. */
    'stream.opened': {
      readonly stream: number;
      readonly sessionIds: readonly string[];
      readonly contentType: string;
      readonly header: Uint8Array;
    };
    /** Sessions move between mixes when their sound becomes equal or different. */
    'stream.moved': { readonly sessionId: string; readonly stream: number };
    'stream.closed': { readonly stream: number };
    /** Encoded bytes of all mounts of one tick; the buffers are transferred. */
    audio: AudioParts;
    hearing: readonly Hearing[];
    'listen.events': readonly ListenEvent[];
    /** Of sessions whose place changed since the last time; about once a second each. */
    'session.places': readonly SessionPlace[];
    /** It ended by itself. */
    'session.ended': { readonly id: string; readonly reason: 'idle' | 'stopped' | 'failed' };
    /** A media (by id), an encoder or an Icecast mount failed; it is tried again by itself. */
    'media.failed': { readonly what: string; readonly message: string };
    /** Listeners on a real Icecast, where there is one; only mounts whose number changed. */
    'icecast.listeners': readonly { readonly sessionId: string; readonly count: number }[];
    /** Once a second. */
    'media.status': {
      readonly sessions: number;
      readonly mixes: number;
      readonly lateBlocks: number;
      readonly mixCpuMs: number;
      readonly icecast: IcecastShardState;
      readonly icecastError: string | undefined;
    };
  };
  readonly streams: Record<string, never>;
}

import type {
  AssetAudibility,
  CommandOutcome,
  ListenEvent,
  SessionCommand,
  SessionMove,
  SessionPlaying,
  SpeakerState,
} from '../../media/listening.js';
import type {
  AssetChanges,
  AudioParts,
  ListenerState,
  LiveRing,
  PcmMedia,
  ProjectDefinition,
  StreamFormat,
} from '../../media/ports.js';
import type { HostPosts, HostRequests } from '../host.protocol.js';

export type {
  AssetAudibility,
  CommandOutcome,
  ListenEvent,
  SessionCommand,
  SessionMove,
  SessionPlaying,
  SilenceReason,
  SpeakerState,
  TrackState,
} from '../../media/listening.js';

export type SessionState = 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';

/** Where a session's sound leaves; `icecast` and `both` need a configured Icecast, and are `builtin` without. */
export type SessionOutput = 'builtin' | 'icecast' | 'both';

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
  /** Its project's; undefined: `both` where an Icecast is configured, else `builtin`. */
  readonly output?: SessionOutput | undefined;
  readonly createdAtUnixMs: number;
}

export interface SessionCommandResult extends CommandOutcome {
  readonly state: SessionState;
}

/** What a listener hears now, loudest first. */
export interface Hearing {
  readonly sessionId: string;
  readonly names: readonly string[];
  readonly tracks: readonly {
    readonly trackId: number;
    readonly assetId: number;
    readonly name: string;
    readonly sinceUnixMs: number;
  }[];
  /** For players: ICY. */
  readonly title: string;
}

/** Where a session's tracks, queue and bans are, to go on elsewhere. JSON of the mix's own making. */
export interface SessionPlace {
  readonly id: string;
  readonly place: string;
}

/** A chunk of a media that was acquired. */
export interface MediaHold {
  readonly mediaId: string;
  readonly chunk: number;
}

/** Listeners of a session's mount on a real Icecast. */
export interface IcecastCount {
  readonly sessionId: string;
  readonly count: number;
}

export type StreamChange =
  /** A mix began: sessions in `sessionIds` get the bytes of stream number `stream`. */
  | {
      readonly kind: 'opened';
      readonly stream: number;
      readonly sessionIds: readonly string[];
      readonly contentType: string;
      readonly header: Uint8Array;
    }
  /** Sessions move between mixes when their sound becomes equal or different. */
  | { readonly kind: 'moved'; readonly sessionId: string; readonly stream: number }
  | { readonly kind: 'closed'; readonly stream: number };

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
    /** Clients moved: place, heading, range, tags, language or blocks; at most one a session. */
    'session.moves': readonly SessionMove[];
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
    /** Live sources by URL, once for each `live.acquire`. */
    'live.release': readonly string[];
    'media.release': readonly MediaHold[];
    /** Which sessions get the bytes of which stream from now on; in order, before the `audio` it is for. */
    streams: readonly StreamChange[];
    /** Encoded bytes of all mounts of one tick; the buffers are transferred. */
    audio: AudioParts;
    hearing: readonly Hearing[];
    'listen.events': readonly ListenEvent[];
    /** Speakers whose source changed its state on this shard. */
    'speaker.states': readonly SpeakerState[];
    /** Of sessions whose place changed since the last time; about once a second each. */
    'session.places': readonly SessionPlace[];
    /** It ended by itself, or as it was told. */
    'session.ended': { readonly id: string; readonly reason: 'idle' | 'stopped' };
    /** A media (by id), an encoder or an Icecast mount failed; it is tried again by itself. */
    'media.failed': { readonly what: string; readonly message: string };
    /** Listeners on a real Icecast, where there is one; only mounts whose number changed. */
    'icecast.listeners': readonly IcecastCount[];
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

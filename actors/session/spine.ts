import type { AudioParts, GeoPoint, PcmMedia, StreamFormat } from '../../media/ports.js';
import type { SpineProject } from '../../media/spine.js';
import type { HostPosts, HostRequests } from '../host.protocol.js';

export type SessionState = 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';

/** What a listener's session is, as the control store keeps it. */
export interface SessionDefinition {
  readonly id: string;
  readonly projectId: string;
  /** Mount path, unique: `/stream<id>.mp3`. Its id is another than the session's, which is a secret. */
  readonly mount: string;
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  readonly position: GeoPoint | undefined;
  readonly headingDeg: number | undefined;
  readonly tags: readonly string[];
  readonly createdAtUnixMs: number;
}

export interface SessionMove {
  readonly id: string;
  readonly position?: GeoPoint | undefined;
  readonly headingDeg?: number | undefined;
  readonly tags?: readonly string[] | undefined;
}

export type SessionCommandName = 'heartbeat' | 'pause' | 'resume' | 'skip' | 'stop';

/** What a listener hears now, loudest first. */
export interface Hearing {
  readonly sessionId: string;
  readonly names: readonly string[];
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
      readonly params: { readonly id: string; readonly command: SessionCommandName };
      readonly result: { readonly state: SessionState };
    };
  };
  readonly posts: {
    /** Definitions of a project; latest wins; heard within a block. */
    'project.changed': SpineProject;
    'project.removed': { readonly projectId: string };
    /** The client moved: place, heading or tags. */
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
  };
  readonly posts: HostPosts & {
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

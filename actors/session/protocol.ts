import type { GeoPoint, PcmMedia, ProjectDefinition, StreamFormat } from '../../media/ports.js';
import type { HostPosts, HostRequests } from '../host.protocol.js';

export type SessionState = 'starting' | 'streaming' | 'paused' | 'idle' | 'stopped';

/** What a listener's session is, as the control store keeps it. */
export interface SessionDefinition {
  readonly id: string;
  readonly projectId: string;
  /** Mount path, unique: `/stream<id>.mp3`. */
  readonly mount: string;
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
  readonly position: GeoPoint | undefined;
  readonly headingDeg: number | undefined;
  readonly tags: readonly string[];
  readonly createdAtUnixMs: number;
}

export interface SessionEdge {
  readonly sessionId: string;
  readonly state: SessionState;
  readonly sinceUnixMs: number;
  readonly lastError: string | undefined;
}

/** What a listener hears now. */
export interface Hearing {
  readonly sessionId: string;
  readonly voices: readonly { readonly id: string; readonly name: string; readonly gain: number }[];
}

/** `workerData` of a media shard. */
export interface MediaShardOptions {
  readonly shard: string;
  readonly encoder: 'auto' | 'libav' | 'ffmpeg';
  /** No listener and no word from the client for this long ends the session. */
  readonly idleAfterMs: number;
  /** Undefined: built-in mount only. */
  readonly icecastUrl: string | undefined;
}

/**
 * Encoded bytes of all mounts of one tick. Part i is `bytes[offset[i] .. offset[i+1])` for stream
 * number `stream[i]` (see `stream.opened`). Buffers are transferred.
 */
export interface AudioBatch {
  readonly count: number;
  readonly stream: Uint32Array;
  readonly offset: Uint32Array;
  readonly bytes: Uint8Array;
}

export interface ToMediaShard {
  readonly requests: HostRequests & {
    'session.start': {
      readonly params: {
        readonly session: SessionDefinition;
        readonly snapshot?: string | undefined;
      };
      readonly result: { readonly state: SessionState };
    };
    'session.update': {
      readonly params: {
        readonly id: string;
        readonly position?: GeoPoint | undefined;
        readonly headingDeg?: number | undefined;
        readonly tags?: readonly string[] | undefined;
      };
      readonly result: { readonly state: SessionState };
    };
    'session.command': {
      readonly params: {
        readonly id: string;
        readonly command: 'heartbeat' | 'pause' | 'resume' | 'skip' | 'stop';
      };
      readonly result: { readonly state: SessionState };
    };
    'session.hearing': { readonly params: { readonly id: string }; readonly result: Hearing };
  };
  readonly posts: {
    /** Definitions of a project; latest wins; heard within a block. */
    'project.changed': ProjectDefinition;
    /** Listeners attached to a mount of the built-in server. */
    listeners: { readonly sessionId: string; readonly count: number };
  };
  readonly streams: Record<string, never>;
}

export interface FromMediaShard {
  readonly requests: {
    /** Decodes once per process; answers shared memory, held for this shard until released. */
    'media.acquire': {
      readonly params: { readonly mediaId: string; readonly chunk?: number };
      readonly result: PcmMedia;
    };
    'media.release': {
      readonly params: { readonly mediaId: string; readonly chunk?: number };
      readonly result: boolean;
    };
  };
  readonly posts: HostPosts & {
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
    audio: AudioBatch;
    edges: readonly SessionEdge[];
    hearing: readonly Hearing[];
    /** Once a second. */
    'media.status': {
      readonly sessions: number;
      readonly mixes: number;
      readonly lateBlocks: number;
      readonly mixCpuMs: number;
      readonly icecast: 'off' | 'connecting' | 'connected' | 'away';
    };
  };
  readonly streams: Record<string, never>;
}

import type { SeriesAddress, SeriesWriterStatus } from '../../engine/series/series.types.js';
import type { HostPosts, HostRequests } from '../host.protocol.js';

/** Kinds of a channel's values. */
export type ChannelKind = 'number' | 'text' | 'boolean';

/** A device parameter with a history; `id` is interned once, for ever, by the control store. */
export interface ChannelDefinition {
  readonly id: number;
  readonly deviceId: string;
  /** Parameter name as the device says it, e.g. `power_income`. */
  readonly name: string;
  readonly kind: ChannelKind;
  readonly unit: string | undefined;
}

export type ConnectionState =
  | 'connecting'
  | 'connected'
  | 'silent'
  | 'disconnected'
  | 'error'
  | 'parked'
  | 'stopped';

/** A device as the control store keeps it. */
export interface DeviceDefinition {
  readonly id: string;
  readonly name: string;
  /** Personality or plugin it speaks through: `smartos`, `native`, … */
  readonly protocol: string;
  readonly channels: readonly ChannelDefinition[];
}

/** What everybody sees of a device connection. */
export interface DeviceEdge {
  readonly deviceId: string;
  readonly state: ConnectionState;
  readonly sinceUnixMs: number;
  readonly lastSeenUnixMs: number | undefined;
  readonly reconnects: number;
  readonly lastError: string | undefined;
  readonly address: string | undefined;
}

/** `workerData` of a device shard. */
export interface DeviceShardOptions {
  readonly shard: string;
  readonly series: SeriesAddress;
  readonly spoolFolder: string;
  readonly spoolLimitBytes: number;
  /** A device that says nothing for this long is `silent`. */
  readonly silentAfterMs: number;
  /** SMART-OS: create a device when an unknown serial reports. */
  readonly autoRegister: boolean;
  /** Latest values go to the main thread at most this often. */
  readonly changeTickMs: number;
}

/**
 * Frames of device sockets, gathered for ≤ 5 ms. `bytes` holds them end to end; frame i is
 * `bytes[offset[i] .. offset[i+1])`, from socket `connection[i]`, received at `atUnixMs[i]`.
 * All four buffers are transferred. `deviceId[i]` is what the gateway routed by.
 */
export interface FrameBatch {
  readonly protocol: string;
  readonly count: number;
  readonly deviceId: readonly string[];
  readonly connection: Uint32Array;
  readonly atUnixMs: Float64Array;
  readonly offset: Uint32Array;
  readonly bytes: Uint8Array;
}

/**
 * Answers to device sockets and verbatim copies for observers, in order. Row i is
 * `bytes[offset[i] .. offset[i+1])`, UTF-8, for socket `connection[i]`; connection `OBSERVERS` means every
 * browser of that protocol.
 */
export interface ReplyBatch {
  readonly protocol: string;
  readonly count: number;
  readonly connection: Uint32Array;
  readonly offset: Uint32Array;
  readonly bytes: Uint8Array;
}

export const OBSERVERS = 0xffff_ffff;

/** Latest values since the last tick; one row per changed channel. Buffers are transferred. */
export interface ChangeBatch {
  readonly channel: Uint32Array;
  readonly atUnixMs: Float64Array;
  readonly value: Float64Array;
  readonly text: readonly {
    readonly channel: number;
    readonly atUnixMs: number;
    readonly value: string;
  }[];
}

/** Main thread → device shard. */
export interface ToDeviceShard {
  readonly requests: HostRequests & {
    /** Devices this shard owns, with persisted snapshots; sent in chunks of ≤ 2,000 at start and after a loss. */
    'devices.adopt': {
      readonly params: {
        readonly devices: readonly DeviceDefinition[];
        readonly snapshots: Readonly<Record<string, string>>;
        readonly latest: readonly {
          readonly channel: number;
          readonly atUnixMs: number;
          readonly value: number | string;
        }[];
      };
      readonly result: { readonly adopted: number };
    };
    'devices.release': {
      readonly params: { readonly ids: readonly string[] };
      readonly result: number;
    };
    /** Sends a parameter to the device; settles when the device answers or the deadline passes. */
    'device.set': {
      readonly params: {
        readonly deviceId: string;
        readonly name: string;
        readonly value: number | string | boolean;
      };
      readonly result: { readonly state: 'confirmed' | 'unanswered' | 'offline' };
    };
    /** Native batch path: acknowledged after storing. */
    'samples.append': {
      readonly params: {
        readonly deviceId: string;
        readonly samples: readonly {
          readonly name: string;
          readonly atUnixMs: number;
          readonly value: number | string | boolean;
        }[];
      };
      readonly result: { readonly stored: number; readonly where: 'store' | 'spool' };
    };
    'series.status': {
      readonly params: Record<string, never>;
      readonly result: SeriesWriterStatus;
    };
  };
  readonly posts: {
    frames: FrameBatch;
    'connection.opened': {
      readonly connection: number;
      readonly protocol: string;
      readonly address: string;
    };
    'connection.closed': {
      readonly connection: number;
      readonly code: number;
      readonly reason: string;
    };
    /** Verbatim copies are made only while somebody observes. */
    observers: { readonly protocol: string; readonly count: number };
    /** The change feed: definitions edited elsewhere. */
    'devices.changed': readonly DeviceDefinition[];
  };
  readonly streams: Record<string, never>;
}

/** Device shard → main thread. */
export interface FromDeviceShard {
  readonly requests: {
    /** Registers unknown devices and parameters in one transaction; answers their definitions. */
    'devices.intern': {
      readonly params: readonly {
        readonly id: string;
        readonly protocol: string;
        readonly channels: readonly { readonly name: string; readonly kind: ChannelKind }[];
      }[];
      readonly result: readonly DeviceDefinition[];
    };
  };
  readonly posts: HostPosts & {
    replies: ReplyBatch;
    changes: ChangeBatch;
    edges: readonly DeviceEdge[];
    /** Frames taken in since start; the gateway bounds what is under way by it. */
    'frames.taken': { readonly count: number };
  };
  readonly streams: Record<string, never>;
}

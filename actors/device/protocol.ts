import type { SeriesAddress, SeriesWriterStatus } from '../../engine/series/series.types.js';
import type { HostPosts, HostRequests } from '../host.protocol.js';
import type { FeedAttachment } from '../rule/protocol.js';

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
  /** `refuse`: nothing acknowledged is dropped; the other keeps taking samples at the price of the oldest. */
  /** Samples are stored in groups of this long, ms. */
  readonly groupMs: number;
  readonly whenSpoolFull: 'refuse' | 'drop-oldest-segment';
  /** As configured for the store, so that no roll-up is recomputed from raw rows that are gone; 0: kept for ever. */
  readonly rawDays: number;
  /** Names of all writers of the engine, given to one shard: it takes over what others left in the spool. */
  readonly writers?: readonly string[] | undefined;
  /** A device that says nothing for this long is `silent`. */
  readonly silentAfterMs: number;
  /** SMART-OS: create a device when an unknown serial reports. */
  readonly autoRegister: boolean;
  /** Latest values go to the main thread at most this often. */
  readonly changeTickMs: number;
}

/**
 * Frames of device sockets, gathered for ≤ 5 ms. `bytes` holds them end to end; frame i is
 * `bytes[offset[i] .. offset[i+1])`, from socket `connection[i]`, received at `atUnixMs[i]`,
 * which grows by at least a microsecond from frame to frame of a shard. The buffers are transferred.
 * `deviceId[i]` is what the gateway routed by.
 */
export interface FrameBatch {
  readonly protocol: string;
  readonly count: number;
  /** Running number of the first frame at this shard; frame i is `first + i`, unless `numbers` says otherwise. */
  readonly first: number;
  /**
   * Sent again to a new thread because the old one was lost before it answered; `numbers[i]` is the number
   * that frame i had. Its samples may be stored already: their times are taken as they are.
   */
  readonly numbers: Float64Array | undefined;
  readonly deviceId: readonly string[];
  readonly connection: Uint32Array;
  readonly atUnixMs: Float64Array;
  readonly offset: Uint32Array;
  readonly bytes: Uint8Array;
}

/**
 * Answers to device sockets and verbatim copies for observers, in order. Row i is
 * `bytes[offset[i] .. offset[i+1])`, UTF-8, for socket `connection[i]`; connection `OBSERVERS` means every
 * browser of that protocol. `frame[i]` is the number of the frame that row i answers, −1 for rows that answer none.
 */
export interface ReplyBatch {
  readonly protocol: string;
  readonly count: number;
  readonly frame: Float64Array;
  readonly connection: Uint32Array;
  readonly offset: Uint32Array;
  readonly bytes: Uint8Array;
}

export const OBSERVERS = 0xffff_ffff;

/** Latest values since the last tick; one row per changed channel. The columns are in one buffer, which is transferred. */
export interface ChangeBatch {
  readonly channel: Uint32Array;
  readonly atUnixMs: Float64Array;
  readonly value: Float64Array;
  readonly text: readonly {
    readonly channel: number;
    readonly atUnixMs: number;
    readonly value: string;
  }[];
  /** Channels, of any kind, whose value is not known any more. */
  readonly unknown?: readonly { readonly channel: number; readonly atUnixMs: number }[];
}

/**
 * Samples of one device by the native path, in columns: row i is parameter `names[name[i]]` at `atUnixMs[i]` (NaN:
 * on arrival). `kind[i]` is 0 for a number, 1 for a text, 2 for a boolean; `value[i]` is the number, 0 or 1, or
 * for a text its index in `texts`.
 */
export interface SampleColumns {
  readonly deviceId: string;
  readonly names: readonly string[];
  readonly name: Uint16Array;
  readonly atUnixMs: Float64Array;
  readonly kind: Uint8Array;
  readonly value: Float64Array;
  readonly texts: readonly string[];
  /** Answered as soon as the rows are on disk, before the store has them: for callers that cannot wait for it. */
  readonly journal?: boolean;
}

/** Devices that were not taken, with the reason in the user's words. */
export interface InternAnswer {
  readonly devices: readonly DeviceDefinition[];
  readonly refused: readonly { readonly deviceId: string; readonly reason: string }[];
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
        /** How long the device has to answer. */
        readonly deadlineMs: number;
      };
      /** @throws EngineError `device.refused` with the device's words. */
      readonly result: { readonly state: 'confirmed' | 'unanswered' | 'offline' };
    };
    /** Native batch path: acknowledged after storing. */
    'samples.append': {
      readonly params: SampleColumns;
      /** `repeated` of the stored rows were the latest sample once more. */
      readonly result: {
        readonly stored: number;
        readonly repeated: number;
        readonly where: 'store' | 'spool';
      };
    };
    'series.status': {
      readonly params: Record<string, never>;
      readonly result: SeriesWriterStatus;
    };
  };
  readonly posts: {
    frames: FrameBatch;
    /** A socket spoke for a device of this shard for the first time; sent before that frame. */
    'connection.opened': {
      readonly connection: number;
      readonly deviceId: string;
      readonly address: string;
      /** The socket was open before, at a thread that was lost: nothing changed for the device. */
      readonly resumed: boolean;
    };
    'connection.closed': {
      readonly connection: number;
      /** Why it was closed for a fault; undefined: the device went away by itself. */
      readonly error: string | undefined;
    };
    /** All sockets there are were told: devices that a snapshot remembers as connected, and that have none, are gone. */
    'connections.told': { readonly protocol: string };
    /** Verbatim copies are made only while somebody observes. */
    observers: { readonly protocol: string; readonly count: number };
    /** The change feed: definitions edited elsewhere. */
    'devices.changed': readonly DeviceDefinition[];
    /** A rule thread's end of a feed, see `actors/rule/feed.ts`. */
    'feed.attach': FeedAttachment;
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
        readonly channels: readonly {
          readonly name: string;
          readonly kind: ChannelKind;
          readonly unit?: string | undefined;
        }[];
      }[];
      readonly result: InternAnswer;
    };
  };
  readonly posts: HostPosts & {
    replies: ReplyBatch;
    changes: ChangeBatch;
    edges: readonly DeviceEdge[];
  };
  readonly streams: Record<string, never>;
}

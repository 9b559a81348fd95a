import type { SeriesAddress, SeriesWriterStatus } from '../../engine/series/series.types.js';
import type { FromDeviceShard } from '../device/protocol.js';
import type { HostPosts, HostRequests } from '../host.protocol.js';
import type { FeedAttachment } from '../rule/protocol.js';
import type {
  ChannelSpec,
  DeviceIdentity,
  FoundDevice,
  HealthReport,
  PluginManifest,
} from './sdk/plugin.types.js';

/** `workerData` of a plugin thread. */
export interface PluginThreadOptions {
  /** Name of the thread and of its writer: `plugin-shure-text-0`. */
  readonly shard: string;
  /** `file:` URL of the module that exports `plugin`. Built in: compiled beside us. */
  readonly module: string;
  readonly series: SeriesAddress;
  readonly spoolFolder: string;
  readonly spoolLimitBytes: number;
  readonly whenSpoolFull: 'refuse' | 'drop-oldest-segment';
  readonly rawDays: number;
  /** Latest values go to the main thread at most this often, ms. */
  readonly changeTickMs: number;
}

export interface PluginDescription {
  readonly manifest: PluginManifest;
  /** JSON Schema (2020-12) of an instance's configuration; `secret: true` marks secrets. */
  readonly configurationSchema: Readonly<Record<string, unknown>>;
  /** The same of a device's; undefined: none. */
  readonly deviceConfigurationSchema: Readonly<Record<string, unknown>> | undefined;
}

/** From the thread that describes several plugins. */
export interface Described {
  /** `file:` URL. */
  readonly module: string;
  readonly description: PluginDescription;
}

/** What can be set for the site, a vendor (instance) or a device; the nearest wins. */
export interface ConnectionSettings {
  /** An attempt that takes longer is given up. Default 10,000. */
  readonly connectTimeoutMs: number;
  /** First and longest pause between attempts; doubled each time, with jitter. Defaults 1,000 and 60,000. */
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** Attempts in a row after which the state is `error` and the pause the longest. Default 5. */
  readonly maxAttempts: number;
  /** Heard nothing for this long: stale, the connection is given up. Default 600,000; text protocol 10,000. */
  readonly staleAfterMs: number;
  /** A lost connection that is back within this is not announced as lost. Default 15,000. */
  readonly holdDownMs: number;
  /** Meters while somebody looks and while nobody does, ms between two. Defaults 100 and 5,000. */
  readonly meterFastMs: number;
  readonly meterSlowMs: number;
}

/** Limits of an instance's connections. */
export interface InstanceLimits {
  /** Connected at the same time; others take turns. Default 4,096. */
  readonly maxConnections: number;
  /** Attempts under way at the same time. Default 256. */
  readonly maxConnecting: number;
  /** Where there are more devices than connections: how long one keeps its lease. Default 300,000. */
  readonly rotationMs: number;
  /** Values a second of one device; more are dropped and counted. Default 2,000. */
  readonly maxReadsPerS: number;
}

/** Limits of an instance's traffic that the operator can set (settings `net.*`). */
export interface InstanceNet {
  /** A request, or the start of a stream, must be answered within. Default 10,000. */
  readonly timeoutMs: number;
  /** Further tries after a passing failure. Default 3. */
  readonly retries: number;
  /** Requests to one server; more wait for their turn. 1,000, the default: only the plugin's own rates hold. */
  readonly requestsPerS: number;
}

/** A device as its plugin thread knows it. */
export interface PluginDevice {
  readonly id: string;
  readonly name: string;
  readonly instanceId: number;
  readonly externalId: string;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  /** False: `stopped`, by the operator or because it is retired. */
  readonly enabled: boolean;
  readonly settings: ConnectionSettings;
  readonly channels: readonly {
    readonly id: number;
    readonly name: string;
    readonly kind: 'number' | 'text' | 'boolean';
    readonly unit: string | undefined;
  }[];
}

export type LinkState = 'connecting' | 'connected' | 'disconnected' | 'error' | 'stopped';

/** One record a device: `connectedAtUnixMs` etc. are of the present or last connection. */
export interface ConnectionFacts {
  readonly deviceId: string;
  readonly instanceId: number;
  readonly state: LinkState;
  readonly sinceUnixMs: number;
  /** Within the hold-down: lost, but not announced yet. */
  readonly held: boolean;
  /** More devices than connections: waits for its turn. */
  readonly waiting: boolean;
  readonly connectedAtUnixMs: number | undefined;
  readonly disconnectedAtUnixMs: number | undefined;
  readonly lastMessageAtUnixMs: number | undefined;
  /** Attempts since the last success. */
  readonly attempts: number;
  readonly nextAttemptAtUnixMs: number | undefined;
  /** Since it was adopted. */
  readonly reconnects: number;
  readonly errorCount: number;
  readonly errorMessage: string | undefined;
  readonly lastErrorAtUnixMs: number | undefined;
  /** Values dropped: over the rate, not finite, or of a time that cannot be. */
  readonly readsDropped: number;
}

/** What a device said it is, with all parameters it declared. */
export interface IdentityFacts extends DeviceIdentity {
  readonly deviceId: string;
  readonly channels: readonly ChannelSpec[];
}

/** Main thread → plugin thread. Every handler may throw `EngineError`. */
export interface ToPluginThread {
  readonly requests: HostRequests & {
    'plugin.describe': {
      readonly params: Record<string, never>;
      readonly result: PluginDescription;
    };
    /** Nothing is opened. `field`: path with dots. */
    'plugin.validate': {
      readonly params: {
        readonly of: 'instance' | 'device';
        readonly config: Readonly<Record<string, unknown>>;
      };
      readonly result: {
        readonly problems: readonly { readonly field: string; readonly message: string }[];
      };
    };
    /** Opens an instance, or opens it anew with a changed configuration (its devices reconnect). Secrets are filled in. */
    'instance.open': {
      readonly params: {
        readonly instanceId: number;
        readonly name: string;
        readonly config: Readonly<Record<string, unknown>>;
        readonly limits: InstanceLimits;
        readonly net: InstanceNet;
      };
      readonly result: Record<string, never>;
    };
    /** Other limits for what is open, from the next request on; nothing reconnects. @returns false: it is not open. */
    'instance.tune': {
      readonly params: {
        readonly instanceId: number;
        readonly limits: InstanceLimits;
        readonly net: InstanceNet;
      };
      readonly result: boolean;
    };
    'instance.close': {
      readonly params: { readonly instanceId: number };
      readonly result: Record<string, never>;
    };
    'instance.check': {
      readonly params: { readonly instanceId: number };
      readonly result: HealthReport;
    };
    /** Resolves when the search is done; what is found is posted meanwhile. */
    'discover.run': {
      readonly params: {
        readonly scanId: string;
        readonly instanceId: number;
        readonly hosts: readonly string[];
        readonly multicastMs: number;
        readonly server: boolean;
      };
      readonly result: { readonly found: number };
    };
    'discover.cancel': {
      readonly params: { readonly scanId: string };
      readonly result: { readonly cancelled: boolean };
    };
    /** In chunks of ≤ 2,000; ids that are there take the new definition. Their instances must be open or are refused. */
    'devices.adopt': {
      readonly params: {
        readonly devices: readonly PluginDevice[];
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
    /** @throws EngineError `device.refused` with the device's words. */
    'device.command': {
      readonly params: {
        readonly deviceId: string;
        readonly name: string;
        readonly value: number | string | boolean;
        readonly deadlineMs: number;
      };
      readonly result: { readonly state: 'confirmed' | 'unanswered' | 'offline' };
    };
    /** `start` and `stop` are the operator's; `reconnect` drops a connection and tries at once. @returns how many are known. */
    'connections.act': {
      readonly params: {
        readonly ids: readonly string[];
        readonly action: 'start' | 'stop' | 'reconnect';
      };
      readonly result: number;
    };
    'series.status': {
      readonly params: Record<string, never>;
      readonly result: SeriesWriterStatus;
    };
  };
  readonly posts: {
    /** Devices whose meters somebody looks at; all others go slow. */
    'meters.watched': { readonly deviceIds: readonly string[] };
    /** A rule thread's end of a feed, see `actors/rule/feed.ts`. */
    'feed.attach': FeedAttachment;
  };
  readonly streams: Record<string, never>;
}

/** Plugin thread → main thread. `changes` and `edges` as of a device shard. */
export interface FromPluginThread {
  readonly requests: FromDeviceShard['requests'];
  readonly posts: HostPosts &
    Pick<FromDeviceShard['posts'], 'changes' | 'edges'> & {
      connections: readonly ConnectionFacts[];
      identities: readonly IdentityFacts[];
      'discover.found': {
        /** Undefined: it turned up by itself. */
        readonly scanId: string | undefined;
        readonly instanceId: number;
        readonly devices: readonly FoundDevice[];
      };
      'discover.asked': { readonly scanId: string; readonly hosts: number };
      /** An instance failed as a whole; its devices are in `error`. */
      'instance.failed': { readonly instanceId: number; readonly message: string };
      /** Lines a plugin logged. */
      logged: readonly {
        readonly instanceId: number;
        readonly level: 'debug' | 'info' | 'warn' | 'error';
        readonly text: string;
        readonly atUnixMs: number;
      }[];
    };
  readonly streams: Record<string, never>;
}

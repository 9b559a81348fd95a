import type { z } from 'zod';
import type { Clock } from '../../../engine/clock.js';
import type { EngineError } from '../../../engine/errors.js';
import type { PluginNet } from './net.types.js';
import type * as normalise from './normalise.js';
import type { ChannelRole } from './roles.js';

/** Raised when plugins have to be changed to load. */
export const SDK_VERSION = 1;

export type DeviceRole =
  | 'receiver'
  | 'transmitter'
  | 'transceiver'
  | 'charger'
  | 'sensor'
  | 'controller';

/** What a plugin says of itself. */
export interface PluginManifest {
  readonly sdk: typeof SDK_VERSION;
  /** Lower-case letters, digits, hyphens; 2 to 32 characters: `shure-text`. First part of its devices' ids. */
  readonly code: string;
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** One or two sentences for the operator who chooses. */
  readonly description: string;
  readonly vendor: string;
  readonly roles: readonly DeviceRole[];
  /**
   * What an instance is configured with. `server`: one vendor server or broker knows all devices. `devices`: each
   * device has an address of its own. `none`: there is one device, this host or a simulation.
   */
  readonly reach: 'server' | 'devices' | 'none';
  /** Port of a device when none is given. */
  readonly defaultPort?: number;
  /** What `discover` can use. */
  readonly discovers: readonly ('server' | 'multicast' | 'scan')[];
}

/**
 * A driver for one vendor or protocol: it dials out, listens or polls. The module's export `plugin` is one, or a
 * function that makes one of a `PluginKit`: so a plugin in a folder of its own needs to install nothing. The
 * host runs each plugin in a thread of its own, and does for all of them what every driver needs: connections
 * with backoff, silence, leases and limits; rate limits, retries, circuit breakers; the history; commands with
 * deadlines. What a plugin throws becomes the shown error of the instance or the device it threw for.
 */
export interface Plugin<Config = unknown, DeviceConfig = unknown> {
  readonly manifest: PluginManifest;
  /**
   * Of an instance; a strict object. Titles and descriptions (`.meta({title, description})`) label the form; a field
   * with `.meta({ secret: true })` is kept encrypted and never shown again. Defaults are filled in.
   */
  readonly configuration: z.ZodType<Config>;
  /** Of each device beside its address; absent: none. */
  readonly deviceConfiguration?: z.ZodType<DeviceConfig>;
  /** Opens an instance. Must not block; what takes long belongs into `connect`. */
  open(
    context: PluginContext<Config>,
  ): PluginInstance<DeviceConfig> | Promise<PluginInstance<DeviceConfig>>;
}

/** What a plugin that imports nothing is given. */
export interface PluginKit {
  readonly z: typeof z;
  readonly EngineError: typeof EngineError;
  /** Scales of vendors to ours, see `normalise.ts`. */
  readonly normalise: typeof normalise;
}

export interface PluginContext<Config> {
  readonly instanceId: number;
  readonly config: Config;
  readonly clock: Clock;
  /** HTTP, TCP, UDP, WebSocket and event streams with the instance's limits; ended when the instance closes. */
  readonly net: PluginNet;
  /** At most 20 lines a second; secrets of the configuration are blotted out. */
  log(level: 'debug' | 'info' | 'warn' | 'error', text: string): void;
  /** Aborted when the instance closes. */
  readonly signal: AbortSignal;
  /** Offers devices that turned up by themselves (a broker's birth message): into the discovery queue. */
  found(device: FoundDevice): void;
}

/** A running instance. All methods may be called at the same time; each promise settles before its signal's deadline. */
export interface PluginInstance<DeviceConfig = unknown> {
  /** Looks for devices; each is told by `found`, also those known already. @throws EngineError */
  discover?(
    wish: DiscoverWish,
    found: (device: FoundDevice) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Connects one device. Resolves when it is connected: its identity was told. The host calls it again, after its
   * backoff, when it rejects or after `session.lost`. `signal` aborts an attempt that takes too long, and the
   * connection when it is ended.
   * @throws EngineError `device.unreachable` (tried again), `auth.denied`, `input.invalid` (parked until edited)
   */
  connect(target: DeviceTarget<DeviceConfig>, session: DeviceSession): Promise<DeviceConnection>;
  /** Test of the connection to the vendor's server or network. Default: connected. */
  checkHealth?(signal: AbortSignal): Promise<HealthReport>;
  /** Lets go of everything; connections were closed before. */
  close(): Promise<void> | void;
}

export interface DiscoverWish {
  /** Hosts to ask, each an address or a name; empty: none. Scans are expanded and bounded by the host. */
  readonly hosts: readonly string[];
  /** Listen for announcements for this long, ms; 0: not. */
  readonly multicastMs: number;
  /** Ask the vendor's server for its list. */
  readonly server: boolean;
  /** Called for each host that was asked, answered or not: drives the progress. */
  readonly asked: (host: string) => void;
}

export interface FoundDevice {
  /** How `connect` finds it again, unique and lasting within the instance: an address, an id of the server. */
  readonly externalId: string;
  readonly address: string | undefined;
  readonly port?: number;
  readonly role: DeviceRole;
  readonly name?: string;
  readonly model?: string;
  readonly serial?: string;
  readonly mac?: string;
  readonly firmware?: string;
  /** RF channels or charger slots. */
  readonly channels?: number;
  /** Given to `connect` as its configuration, checked against `deviceConfiguration`. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface DeviceTarget<DeviceConfig = unknown> {
  readonly deviceId: string;
  readonly externalId: string;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly config: DeviceConfig;
}

/** What the device says of itself. Absent fields keep what is known. */
export interface DeviceIdentity {
  readonly role?: DeviceRole;
  /** Name as the device has it. */
  readonly name?: string;
  readonly model?: string;
  readonly serial?: string;
  readonly mac?: string;
  readonly firmware?: string;
  /** RF channels, charger slots or other numbered parts, 1-based. */
  readonly parts?: readonly DevicePart[];
}

export interface DevicePart {
  readonly number: number;
  readonly kind: 'rf' | 'charger-slot';
  /** `receive`: a wireless microphone; `send`: an in-ear monitor. Default `receive`. */
  readonly direction?: 'receive' | 'send' | 'bidirectional';
}

/** A parameter of a device: read, set or both. `id` names it in the history. */
export interface ChannelSpec {
  /** 1 to 128 characters, plain text. By custom `<part>.<what>`: `1.rf_a`. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'number' | 'text' | 'boolean';
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  readonly direction: 'input' | 'output' | 'bidirectional';
  /** What it means, for boards and alarms; see `roles.ts` for units. */
  readonly role?: ChannelRole;
  /** Number of the part it belongs to; absent: the device itself. */
  readonly part?: number;
  /** Changes many times a second: boards get each value, tables and the device page one a second. */
  readonly meter?: boolean;
  /** False: follows from another parameter, so it is shown and can be watched, but its history is not kept. */
  readonly history?: false;
  readonly read?: Conversion;
  readonly write?: Conversion;
  /** Sent when the operator presses "safe", and by rules that lost their input. */
  readonly safeValue?: number | string | boolean;
  /** Words of a text parameter that can be set. */
  readonly options?: readonly string[];
}

/** Applied by the host, between what the plugin says and what everybody sees. */
export type Conversion =
  | { readonly kind: 'linear'; readonly factor: number; readonly offset: number }
  | { readonly kind: 'divide'; readonly by: number }
  | { readonly kind: 'clamp'; readonly min: number; readonly max: number };

/** What a connection tells the host. Cheap: `read` costs a few array writes. */
export interface DeviceSession {
  readonly deviceId: string;
  readonly signal: AbortSignal;
  /** Once connected, and again when something of it changed. */
  identify(identity: DeviceIdentity): void;
  /**
   * Declares a parameter; answers its handle for `read`, the same for the same id. Over 512 of one device it throws
   * `conflict`.
   */
  channel(spec: ChannelSpec): number;
  /**
   * A value of a declared parameter, as the device said it. `atUnixMs`: when the device says so; one more than ten
   * minutes off the clock is ignored and told once. Numbers that are not finite are dropped and counted. Null: the
   * device does not know it any more; nothing is stored, and nothing is shown until the next value.
   */
  read(handle: number, value: number | string | boolean | null, atUnixMs?: number): void;
  /** Something was heard, though no value: an answer to a ping. */
  alive(): void;
  /** The connection ended; at most once has an effect. */
  lost(error: EngineError): void;
}

/** A connected device, as the plugin sees it. */
export interface DeviceConnection {
  /**
   * Sends a value. Resolves when the device has answered it.
   * @throws EngineError `device.refused` with the device's words, `not-found` for what cannot be set
   */
  command?(id: string, value: number | string | boolean, signal: AbortSignal): Promise<void>;
  /**
   * How often somebody looks at its meters: `fast` on a board, `slow` when nobody does; `everyMs` as configured for
   * this device. Called once after `connect`, then when it changes.
   */
  metering?(rate: 'fast' | 'slow', everyMs: number): void;
  /** Ends it. May be called after `lost`. */
  close(): void | Promise<void>;
}

export interface HealthReport {
  readonly status: 'healthy' | 'unhealthy' | 'unreachable' | 'error';
  readonly message: string | undefined;
  /** Facts for the operator: version, status code, base address. */
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

import { SystemClock } from '../../../../engine/clock.js';
import type { EngineError } from '../../../../engine/errors.js';
import { PluginNetwork } from '../../sdk/net.js';
import type {
  ChannelSpec,
  DeviceConnection,
  DeviceIdentity,
  DeviceSession,
  FoundDevice,
  PluginInstance,
} from '../../sdk/plugin.types.js';
import { type DeviceConfig, deviceConfig, type InstanceConfig, instanceConfig } from '../config.js';
import { plugin } from '../plugin.js';

/** What one connection told, as a host hears it. */
export class HeardSession implements DeviceSession {
  readonly deviceId: string;
  readonly signal: AbortSignal;
  readonly specs: ChannelSpec[] = [];
  readonly latest = new Map<string, number | string | boolean>();
  readonly reads = new Map<string, number>();
  /** Smallest and largest number of each parameter. */
  readonly range = new Map<string, { min: number; max: number }>();
  identity: DeviceIdentity | undefined;
  identities = 0;
  lostBy: EngineError | undefined;
  losses = 0;

  constructor(deviceId: string, signal: AbortSignal) {
    this.deviceId = deviceId;
    this.signal = signal;
  }

  identify(identity: DeviceIdentity): void {
    this.identity = { ...this.identity, ...identity };
    this.identities += 1;
  }

  channel(spec: ChannelSpec): number {
    const known = this.specs.findIndex((one) => one.id === spec.id);
    if (known !== -1) return known;
    return this.specs.push(spec) - 1;
  }

  read(handle: number, value: number | string | boolean): void {
    const spec = this.specs[handle];
    const kind = typeof value === 'string' ? 'text' : typeof value;
    if (spec?.kind !== kind) throw new Error(`${spec?.id ?? handle} is no ${kind}.`);
    this.latest.set(spec.id, value);
    this.reads.set(spec.id, (this.reads.get(spec.id) ?? 0) + 1);
    if (typeof value !== 'number') return;
    const range = this.range.get(spec.id) ?? { min: value, max: value };
    this.range.set(spec.id, { min: Math.min(range.min, value), max: Math.max(range.max, value) });
  }

  alive(): void {
    // Heard.
  }

  lost(error: EngineError): void {
    this.losses += 1;
    this.lostBy = error;
  }
}

/** A plugin instance with a real network and clock, and without the host's threads. */
export class Bench {
  readonly logged: string[] = [];
  readonly found: FoundDevice[] = [];
  readonly net: PluginNetwork;
  readonly instance: PluginInstance<DeviceConfig>;
  readonly #ended = new AbortController();

  /** `config` over the defaults; announcements are not listened for unless asked. */
  constructor(config: Partial<InstanceConfig> = {}) {
    const clock = new SystemClock();
    this.net = new PluginNetwork({ clock });
    const instance = plugin.open({
      instanceId: 1,
      config: instanceConfig.parse({ announcements: false, ...config }),
      clock,
      net: this.net,
      log: (_level, text) => this.logged.push(text),
      signal: this.#ended.signal,
      found: (device) => this.found.push(device),
    });
    if (instance instanceof Promise) throw new Error('This plugin opens at once.');
    this.instance = instance;
  }

  async connect(
    at: { readonly address: string; readonly port: number },
    config: Partial<DeviceConfig> = {},
  ): Promise<{ session: HeardSession; connection: DeviceConnection; abort: AbortController }> {
    const abort = new AbortController();
    const id = `${at.address}:${at.port}`;
    const session = new HeardSession(`shure-text:1:${id}`, abort.signal);
    const connection = await this.instance.connect(
      {
        deviceId: session.deviceId,
        externalId: id,
        address: at.address,
        port: at.port,
        config: deviceConfig.parse(config),
      },
      session,
    );
    return { session, connection, abort };
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.instance.close();
    await this.net.close();
  }
}

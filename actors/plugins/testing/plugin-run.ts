import { SystemClock } from '../../../engine/clock.js';
import { PluginNetwork } from '../sdk/net.js';
import type { NetLimits } from '../sdk/net.types.js';
import type { DeviceConnection, FoundDevice, Plugin, PluginInstance } from '../sdk/plugin.types.js';
import { RecordingSession } from './recording-session.js';

/** Short, so that tests of faults take moments. */
const LIMITS: Partial<NetLimits> = {
  timeoutMs: 700,
  retries: 1,
  requestsPerS: 1_000,
  backoffMs: 20,
  breakerFailures: 1_000,
};

interface Opened<DeviceConfig> {
  readonly instance: PluginInstance<DeviceConfig>;
  readonly net: PluginNetwork;
  readonly ended: AbortController;
  readonly logged: string[];
}

/** An instance of a plugin with real sockets, without the host around it. */
export class PluginRun<Config, DeviceConfig> {
  readonly #plugin: Plugin<Config, DeviceConfig>;
  readonly #opened: Opened<DeviceConfig>;
  readonly #sessions: RecordingSession[] = [];
  readonly #connections: DeviceConnection[] = [];

  private constructor(plugin: Plugin<Config, DeviceConfig>, opened: Opened<DeviceConfig>) {
    this.#plugin = plugin;
    this.#opened = opened;
  }

  get instance(): PluginInstance<DeviceConfig> {
    return this.#opened.instance;
  }

  get logged(): readonly string[] {
    return this.#opened.logged;
  }

  static async open<Config, DeviceConfig>(
    plugin: Plugin<Config, DeviceConfig>,
    config: unknown,
    limits: Partial<NetLimits> = {},
    servicesAt?: { readonly address: string; readonly port: number },
  ): Promise<PluginRun<Config, DeviceConfig>> {
    const clock = new SystemClock();
    const net = new PluginNetwork({
      clock,
      limits: { ...LIMITS, ...limits },
      ...(servicesAt === undefined ? {} : { servicesAt }),
    });
    const logged: string[] = [];
    const ended = new AbortController();
    const instance = await plugin.open({
      instanceId: 1,
      config: plugin.configuration.parse(config),
      clock,
      net,
      log: (level, text) => logged.push(`${level}: ${text}`),
      signal: ended.signal,
      found: () => {},
    });
    return new PluginRun(plugin, { instance, net, ended, logged });
  }

  /** The device's session and connection. */
  async connect(
    externalId: string,
    target: { readonly address?: string; readonly port?: number; readonly config?: unknown } = {},
  ): Promise<{ readonly session: RecordingSession; readonly connection: DeviceConnection }> {
    const session = new RecordingSession(`${this.#plugin.manifest.code}:1:${externalId}`);
    this.#sessions.push(session);
    const { deviceConfiguration } = this.#plugin;
    const connection = await this.instance.connect(
      {
        deviceId: session.deviceId,
        externalId,
        address: target.address,
        port: target.port,
        config: deviceConfiguration?.parse(target.config ?? {}) as DeviceConfig,
      },
      session,
    );
    this.#connections.push(connection);
    return { session, connection };
  }

  async discover(wish: {
    readonly hosts?: readonly string[];
    readonly server?: boolean;
    readonly multicastMs?: number;
  }): Promise<{ readonly found: readonly FoundDevice[]; readonly asked: readonly string[] }> {
    const found: FoundDevice[] = [];
    const asked: string[] = [];
    await this.instance.discover?.(
      {
        hosts: wish.hosts ?? [],
        server: wish.server ?? false,
        multicastMs: wish.multicastMs ?? 0,
        asked: (host) => asked.push(host),
      },
      (device) => found.push(device),
      new AbortController().signal,
    );
    return { found, asked };
  }

  async close(): Promise<void> {
    const { instance, ended, net } = this.#opened;
    for (const connection of this.#connections) await connection.close();
    for (const session of this.#sessions) session.end();
    await instance.close();
    ended.abort();
    await net.close();
  }
}

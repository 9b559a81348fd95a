import type { TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type {
  DeviceConnection,
  DeviceSession,
  DeviceTarget,
  DiscoverWish,
  FoundDevice,
  HealthReport,
  Plugin,
  PluginContext,
  PluginInstance,
} from '../sdk/plugin.types.js';
import { AnnouncementListener } from './announcements.js';
import { type DeviceConfig, deviceConfig, type InstanceConfig, instanceConfig } from './config.js';
import { type ConnectionEnvironment, ShureConnection } from './connection.js';
import { kindsFrom } from './dcid.js';
import { FAMILIES, type Family } from './families.js';
import type { IdentityFacts } from './identity.js';
import { searchHosts } from './search.js';
import { openTcp, openUdp } from './wire.js';

const PORT = 2_202;
const TICK_MS = 1_000;
/** Who answered where: of more addresses the oldest is forgotten. */
const MAX_REMEMBERED = 8_192;

/** Shure receivers, in-ear transmitters and chargers that speak the network text protocol. */
export const plugin: Plugin<InstanceConfig, DeviceConfig> = {
  manifest: {
    sdk: 1,
    code: 'shure-text',
    name: 'Shure network text protocol',
    version: '1.0.0',
    description:
      'QLX-D, ULX-D, Axient Digital, SLX-D, PSM 1000, UHF-R and networked chargers, directly and without other software.',
    vendor: 'Shure',
    roles: ['receiver', 'transmitter', 'charger'],
    reach: 'devices',
    defaultPort: PORT,
    discovers: ['multicast', 'scan'],
  },
  configuration: instanceConfig,
  deviceConfiguration: deviceConfig,
  open: (context) => new ShureInstance(context),
};

class ShureInstance implements PluginInstance<DeviceConfig> {
  readonly #context: PluginContext<InstanceConfig>;
  readonly #live = new Set<ShureConnection>();
  readonly #remembered = new Map<string, { serial: string | undefined; mac: string | undefined }>();
  #timer: TimerHandle;
  #closed = false;
  #listener: AnnouncementListener | undefined;
  #listenerError: string | undefined;

  constructor(context: PluginContext<InstanceConfig>) {
    this.#context = context;
    this.#timer = this.#arm();
    if (context.config.announcements) void this.#listenAlways();
  }

  /** Not to hear announcements is a pity; the devices that are known work all the same. */
  async #listenAlways(): Promise<void> {
    try {
      const listener = await this.#listen((device) => {
        this.#context.found(device);
      });
      if (this.#closed) listener.close();
      else this.#listener = listener;
    } catch (thrown) {
      this.#listenerError = EngineError.from(thrown).message;
      this.#context.log('warn', `Announcements are not heard: ${this.#listenerError}`);
    }
  }

  async #listen(found: (device: FoundDevice) => void): Promise<AnnouncementListener> {
    const { clock, config, net } = this.#context;
    const listener = new AnnouncementListener(clock, await kindsFrom(config.dcidMap), found);
    await listener.open(net, (error) => {
      this.#context.log('error', `An announcement could not be read: ${error.message}`);
    });
    return listener;
  }

  async discover(
    wish: DiscoverWish,
    found: (device: FoundDevice) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const env = {
      clock: this.#context.clock,
      net: this.#context.net,
      config: this.#context.config,
    };
    await Promise.all([
      searchHosts(env, wish, found, signal),
      wish.multicastMs > 0 ? this.#listenFor(wish.multicastMs, found, signal) : undefined,
    ]);
  }

  async #listenFor(
    ms: number,
    found: (device: FoundDevice) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const listener = await this.#listen(found);
    const { clock } = this.#context;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clock.clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = clock.setTimeout(done, ms);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
    listener.close();
  }

  checkHealth(): Promise<HealthReport> {
    return Promise.resolve({
      status: this.#listenerError === undefined ? 'healthy' : 'unhealthy',
      message: this.#listenerError,
      detail: { connections: this.#live.size, announcements: this.#listener !== undefined },
    });
  }

  #arm(): TimerHandle {
    return this.#context.clock.setTimeout(() => {
      if (this.#closed) return;
      const now = this.#context.clock.monoMs();
      for (const connection of this.#live) connection.tick(now);
      this.#timer = this.#arm();
    }, TICK_MS);
  }

  async connect(
    target: DeviceTarget<DeviceConfig>,
    session: DeviceSession,
  ): Promise<DeviceConnection> {
    const host = target.address;
    if (host === undefined) {
      throw new EngineError(
        'input.invalid',
        'address: this device needs one, an IP address or a host name.',
      );
    }
    const { family, udp } = speaks(target.config);
    const connection: ShureConnection = new ShureConnection(
      this.#environment(target.externalId, session, () => {
        this.#live.delete(connection);
      }),
      session,
      { family, parts: target.config.channels, udp },
    );
    const at = { host, port: target.port ?? PORT, signal: session.signal };
    const onAbort = (): void => {
      this.#live.delete(connection);
      connection.close();
    };
    session.signal.addEventListener('abort', onAbort, { once: true });
    try {
      const wire = udp
        ? await openUdp(this.#context.net, at, connection)
        : await openTcp(this.#context.net, at, connection);
      if (session.signal.aborted) {
        wire.end('');
        throw new EngineError('call.aborted', `The attempt to reach ${host} was given up.`);
      }
      await connection.identify(wire);
    } catch (thrown) {
      session.signal.removeEventListener('abort', onAbort);
      connection.close();
      throw EngineError.from(thrown, 'device.unreachable');
    }
    this.#live.add(connection);
    return {
      command: (id, value, signal) => connection.command(id, value, signal),
      metering: (rate, everyMs) => {
        connection.metering(rate, everyMs);
      },
      close: () => {
        session.signal.removeEventListener('abort', onAbort);
        this.#live.delete(connection);
        connection.close();
      },
    };
  }

  #environment(
    externalId: string,
    session: DeviceSession,
    lost: () => void,
  ): ConnectionEnvironment {
    return {
      clock: this.#context.clock,
      config: this.#context.config,
      log: (level, text) => {
        this.#context.log(level, text);
      },
      identified: (facts) => {
        this.#remember(externalId, session.deviceId, facts);
      },
      lost,
    };
  }

  /** An address that moved to another device must not pass for the one before. */
  #remember(externalId: string, deviceId: string, facts: IdentityFacts): void {
    const before = this.#remembered.get(externalId);
    const changed = (['serial', 'mac'] as const).find(
      (field) =>
        before?.[field] !== undefined &&
        facts[field] !== undefined &&
        before[field] !== facts[field],
    );
    if (changed !== undefined) {
      this.#context.log(
        'warn',
        `Another device answers for ${deviceId}: its ${changed} was ${before?.[changed] ?? ''}, now ${facts[changed] ?? ''}.`,
      );
    }
    this.#remembered.delete(externalId);
    this.#remembered.set(externalId, {
      serial: facts.serial ?? before?.serial,
      mac: facts.mac ?? before?.mac,
    });
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const oldest = this.#remembered.keys().next();
    if (oldest.done !== true) this.#remembered.delete(oldest.value);
  }

  close(): void {
    this.#closed = true;
    this.#context.clock.clearTimeout(this.#timer);
    this.#listener?.close();
    for (const connection of this.#live) connection.close();
    this.#live.clear();
  }
}

function speaks(config: DeviceConfig): { family: Family | undefined; udp: boolean } {
  const chosen = config.model === 'auto' ? undefined : FAMILIES[config.model];
  const transport = config.transport === 'auto' ? (chosen?.transport ?? 'tcp') : config.transport;
  // Only UHF-R speaks over UDP.
  const family = chosen ?? (transport === 'udp' ? FAMILIES.uhfr : undefined);
  return { family, udp: transport === 'udp' };
}

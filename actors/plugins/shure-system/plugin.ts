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
import { configuration, type ShureSystemConfig } from './config.js';
import { familyOf } from './decode.js';
import { ShureConnection } from './device.js';
import { EventSocket } from './event-socket.js';
import { ShureService } from './service.js';

/** Requests of one poll: the device and its channels. */
const REQUESTS_A_POLL = 2;

/** Shure's System API service: REST, and events over a WebSocket where it allows them. */
export const plugin: Plugin<ShureSystemConfig> = {
  manifest: {
    sdk: 1,
    code: 'shure-system',
    name: 'Shure System API',
    version: '1.0.0',
    description:
      'All devices of a Shure System API service: ULX-D, QLX-D, SLX-D, Axient Digital, UHF-R, PSM 1000 and chargers. Live over its WebSocket, by polling where sockets are refused.',
    vendor: 'Shure',
    roles: ['receiver', 'transmitter', 'charger'],
    reach: 'server',
    defaultPort: 10_000,
    discovers: ['server', 'scan'],
  },
  configuration,
  open: (context) => new ShureSystemInstance(context),
};

class ShureSystemInstance implements PluginInstance {
  readonly #context: PluginContext<ShureSystemConfig>;
  readonly #service: ShureService;
  readonly #events: EventSocket | undefined;
  readonly #devices = new Set<ShureConnection>();

  constructor(context: PluginContext<ShureSystemConfig>) {
    this.#context = context;
    this.#service = new ShureService(context.net, context.config);
    if (context.config.transport === 'poll') return;
    this.#events = new EventSocket({
      service: this.#service,
      clock: context.clock,
      signal: context.signal,
      log: (level, text) => context.log(level, text),
    });
  }

  async connect(target: DeviceTarget, session: DeviceSession): Promise<DeviceConnection> {
    const { clock, config } = this.#context;
    const device = new ShureConnection({
      id: target.externalId,
      session,
      service: this.#service,
      clock,
      pollIntervalMs: config.pollIntervalMs,
      refreshMs: config.refreshMs,
      fairMs: () => this.#fairMs(),
      left: (one) => {
        this.#devices.delete(one);
        this.#events?.leave(one);
      },
    });
    await device.start();
    this.#devices.add(device);
    this.#events?.join(device);
    session.signal.addEventListener('abort', () => device.close(), { once: true });
    return device;
  }

  async discover(
    wish: DiscoverWish,
    found: (device: FoundDevice) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#searchIn(wish.hosts, signal);
    for (const host of wish.hosts) wish.asked(host);
    if (!wish.server && wish.hosts.length === 0) return;
    for (const device of await this.#service.devices(signal)) {
      const { id, name, address, model, serial, firmware, channels } = device;
      if (id === undefined) continue;
      found({
        externalId: id,
        address,
        role: familyOf(model) === 'charger' ? 'charger' : 'receiver',
        ...(name === undefined ? {} : { name }),
        ...(model === undefined ? {} : { model }),
        ...(serial === undefined ? {} : { serial }),
        ...(firmware === undefined ? {} : { firmware }),
        ...(channels === undefined ? {} : { channels: channels.length }),
      });
    }
  }

  async checkHealth(signal: AbortSignal): Promise<HealthReport> {
    const { net } = this.#context;
    const facts = (): HealthReport['detail'] => ({
      baseUrl: this.#service.base,
      consecutiveFailures: net.health.consecutiveFailures,
      ...(net.health.lastSuccessUnixMs === undefined
        ? {}
        : { lastSuccessUnixMs: net.health.lastSuccessUnixMs }),
    });
    try {
      const status = await this.#service.health(signal);
      const healthy = status < 400;
      return {
        status: healthy ? 'healthy' : 'unhealthy',
        message: healthy ? undefined : `the service answered ${status}`,
        detail: { ...facts(), statusCode: status },
      };
    } catch (thrown) {
      const error = EngineError.from(thrown);
      const away = error.code === 'device.unreachable' || error.code === 'server.busy';
      const status = away ? 'unreachable' : error.code === 'auth.denied' ? 'unhealthy' : 'error';
      return { status, message: error.message, detail: facts() };
    }
  }

  close(): void {
    this.#events?.close();
    for (const device of [...this.#devices]) device.close();
  }

  /** Devices that are polled share the requests; a period too short for them all is stretched, not overrun. */
  #fairMs(): number {
    const { config, net } = this.#context;
    const { pollIntervalMs } = config;
    const requestsPerSecond = Math.min(config.requestsPerSecond, net.limits.requestsPerS);
    let polled = 0;
    for (const device of this.#devices) if (device.polled) polled += 1;
    return Math.max(pollIntervalMs, (polled * REQUESTS_A_POLL * 1_000) / requestsPerSecond);
  }

  /** The service searches by itself in the addresses it was given. */
  async #searchIn(hosts: readonly string[], signal: AbortSignal): Promise<void> {
    const { discoveryIps, removeDiscoveryIps } = this.#context.config;
    const wanted = new Set([...discoveryIps, ...hosts]);
    const unwanted = new Set(removeDiscoveryIps.filter((ip) => !wanted.has(ip)));
    if (wanted.size === 0 && unwanted.size === 0) return;
    const present = await this.#service.discoveryIps(signal);
    const going = present.filter((ip) => unwanted.has(ip));
    if (going.length > 0) await this.#service.removeDiscoveryIps(going, signal);
    const kept = new Set([...present.filter((ip) => !unwanted.has(ip)), ...wanted]);
    if (kept.size > present.length - going.length) {
      await this.#service.setDiscoveryIps([...kept], signal);
    }
  }
}

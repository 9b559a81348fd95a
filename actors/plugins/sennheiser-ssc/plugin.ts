import { EngineError } from '../../../engine/errors.js';
import { askHosts } from '../sdk/ask-hosts.js';
import { fieldOf, listOf, recordOf, textOf } from '../sdk/payload.js';
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
import { decodeDevice } from '../shure-system/decode.js';
import { SscApi } from './api.js';
import { configuration, type SscConfig } from './config.js';
import { SscDevice } from './device.js';
import { deviceLayout, protocolOf, serverLayout } from './layout.js';
import { channelsOf } from './resources.js';

const PORT = 443;
const WEB = '_https._tcp.local';
/** As devices announce themselves by mDNS. */
const SERVICES = ['_ssc._tcp.local', '_ssc._udp.local', WEB];
const OWN = /sennheiser|\bssc\b|ew-?dx|teamconnect|\btcc|spectera|speechline|sl ?dw/i;

/** Sennheiser's Sound Control Protocol, version 2: REST, and events by subscription. */
export const plugin: Plugin<SscConfig> = {
  manifest: {
    sdk: 1,
    code: 'sennheiser-ssc',
    name: 'Sennheiser SSCv2',
    version: '1.0.0',
    description:
      'EW-DX receivers and TeamConnect ceiling microphones. Third-party access must be switched on, with a password, in Control Cockpit.',
    vendor: 'Sennheiser',
    roles: ['receiver', 'sensor'],
    reach: 'devices',
    defaultPort: PORT,
    discovers: ['scan', 'server', 'multicast'],
  },
  configuration,
  open: (context) => new SennheiserInstance(context),
};

class SennheiserInstance implements PluginInstance {
  readonly #context: PluginContext<SscConfig>;

  constructor(context: PluginContext<SscConfig>) {
    this.#context = context;
  }

  async connect(target: DeviceTarget, session: DeviceSession): Promise<DeviceConnection> {
    const { clock, config, log } = this.#context;
    const api =
      config.layout === 'server'
        ? this.#api(config.serverUrl ?? '', session.signal)
        : this.#api(this.#baseOf(target.address ?? target.externalId, target.port), session.signal);
    const layout =
      config.layout === 'server'
        ? await serverLayout(api, target.externalId)
        : await deviceLayout(api);
    session.identify(layout.identity);
    const device = new SscDevice({
      api,
      layout,
      session,
      clock,
      intervalMs: config.intervalMs,
      log: (text) => log('warn', text),
    });
    try {
      await device.start();
    } catch (thrown) {
      device.close();
      throw thrown;
    }
    return device;
  }

  async discover(
    wish: DiscoverWish,
    found: (device: FoundDevice) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, config, log } = this.#context;
    if (config.layout === 'server') {
      await this.#discoverServer(wish, found, signal);
      return;
    }
    const announced = wish.multicastMs > 0 ? await this.#announced(wish.multicastMs, signal) : [];
    await askHosts({
      hosts: [...wish.hosts, ...announced],
      clock,
      signal,
      asked: (host) => {
        if (wish.hosts.includes(host)) wish.asked(host);
      },
      missed: (host, error) => log('debug', `${host}: ${error.message}`),
      ask: async (host, hostSignal) => {
        const { port, address } = splitHost(host);
        // Whoever answers may be anybody; what a device is, it tells without a login.
        const base = this.#baseOf(address, port);
        const { net } = this.#context;
        const api = new SscApi(net, config, base, hostSignal, { login: false });
        const identity = await api.get('/api/device/identity');
        if (recordOf(identity) === undefined) return;
        const model = textOf(fieldOf(identity, 'product'));
        const serial = textOf(fieldOf(identity, 'serial'));
        const channels = channelsOf(model);
        found({
          externalId: serial === undefined || serial === '' ? host : serial,
          address,
          port: port ?? PORT,
          role: channels === 0 ? 'sensor' : 'receiver',
          ...(model === undefined ? {} : { model }),
          ...(serial === undefined ? {} : { serial }),
          ...(channels === undefined ? {} : { channels }),
        });
      },
    });
  }

  async checkHealth(signal: AbortSignal): Promise<HealthReport> {
    const { config, net } = this.#context;
    const { consecutiveFailures } = net.health;
    if (config.layout === 'device') {
      const message = 'each device is asked by itself';
      return { status: 'healthy', message, detail: { consecutiveFailures } };
    }
    const baseUrl = config.serverUrl ?? '';
    try {
      const version = await this.#api(baseUrl, signal).get('/api/ssc/version');
      const protocol = protocolOf(version);
      return {
        status: 'healthy',
        message: undefined,
        detail: { baseUrl, consecutiveFailures, ...(protocol === undefined ? {} : { protocol }) },
      };
    } catch (thrown) {
      const error = EngineError.from(thrown);
      const status = error.code === 'device.unreachable' ? 'unreachable' : 'unhealthy';
      return { status, message: error.message, detail: { baseUrl, consecutiveFailures } };
    }
  }

  close(): void {
    // Connections and their streams end with their sessions.
  }

  /** Hosts that say by mDNS that they are Sennheiser's: other web servers are left alone. */
  async #announced(forMs: number, signal: AbortSignal): Promise<readonly string[]> {
    const hosts = new Set<string>();
    await this.#context.net.services({ services: SERVICES, forMs, signal }, (service) => {
      const { name, address, port, texts } = service;
      const isWeb = service.service === WEB;
      const words = [name, ...Object.values(texts)].join(' ');
      if (isWeb && !OWN.test(words)) return;
      // SSCv1 ports of others than the web server are not what is spoken here.
      hosts.add(isWeb && port !== PORT ? `${address}:${port}` : address);
    });
    return [...hosts];
  }

  async #discoverServer(
    wish: DiscoverWish,
    found: (device: FoundDevice) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const api = this.#api(this.#context.config.serverUrl ?? '', signal);
    if (wish.hosts.length > 0) {
      const path = '/api/config/discovery/ips';
      const present = listOf(fieldOf(await api.get(path), 'ips')).filter(
        (ip) => typeof ip === 'string',
      );
      await api.put(path, { ips: [...new Set([...present, ...wish.hosts])] });
      for (const host of wish.hosts) wish.asked(host);
    }
    const list = await api.get('/api/devices');
    const devices = Array.isArray(list) ? list : listOf(fieldOf(list, 'devices'));
    for (const value of listOf(devices)) {
      const { id, name, address, model, serial, firmware } = decodeDevice(value) ?? {};
      if (id === undefined) continue;
      found({
        externalId: id,
        address,
        role: 'receiver',
        ...(name === undefined ? {} : { name }),
        ...(model === undefined ? {} : { model }),
        ...(serial === undefined ? {} : { serial }),
        ...(firmware === undefined ? {} : { firmware }),
      });
    }
  }

  #api(base: string, signal: AbortSignal): SscApi {
    const { net, config } = this.#context;
    return new SscApi(net, config, base, signal);
  }

  /** @throws EngineError `input.invalid` for an address that is none */
  #baseOf(address: string, port: number | undefined): string {
    const host = address.includes(':') ? `[${address}]` : address;
    const base = `${this.#context.config.scheme}://${host}:${port ?? PORT}`;
    if (/^[\w.-]+$|^[0-9a-fA-F:.]+$/.test(address) && URL.canParse(base)) return base;
    throw new EngineError('input.invalid', `"${address}" is neither a host name nor an address`);
  }
}

/** `10.0.0.7:8443` → address and port; an IPv6 address has none. */
function splitHost(host: string): { readonly address: string; readonly port?: number } {
  const [, address, port] = /^([^:]+):(\d{1,5})$/.exec(host) ?? [];
  return address === undefined ? { address: host } : { address, port: Number(port) };
}

import { EngineError } from '../../../engine/errors.js';
import { askHosts } from '../sdk/ask-hosts.js';
import { fillBody } from '../sdk/fill.js';
import { Pace } from '../sdk/pace.js';
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
import { accessHeaders, isOwnOrigin } from './access.js';
import {
  configuration,
  deviceConfiguration,
  type HttpJsonConfig,
  type HttpJsonDeviceConfig,
} from './config.js';
import { JsonDevice } from './device.js';
import { ListPoll, listReader } from './list-poll.js';
import { Mapping } from './mapping.js';
import { Poll } from './poll.js';
import { fillUrl } from './template.js';

type Words = Readonly<Record<string, string | number>>;

/** Any device or server that answers JSON over HTTP, by a mapping that the operator writes. */
export const plugin: Plugin<HttpJsonConfig, HttpJsonDeviceConfig> = {
  manifest: {
    sdk: 1,
    code: 'http-json',
    name: 'HTTP / JSON',
    version: '1.0.0',
    description:
      'Asks an address for JSON at a fixed pace and reads values from it by paths; sets values with PUT, POST or PATCH. One address for each device, or one list with many.',
    vendor: 'Any',
    roles: ['sensor', 'controller', 'receiver', 'transmitter', 'transceiver', 'charger'],
    reach: 'devices',
    defaultPort: 80,
    discovers: ['server', 'scan'],
  },
  configuration,
  deviceConfiguration,
  open: (context) => new HttpJsonInstance(context),
};

class HttpJsonInstance implements PluginInstance<HttpJsonDeviceConfig> {
  readonly #context: PluginContext<HttpJsonConfig>;
  readonly #mapping: Mapping;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #list: ListPoll | undefined;

  constructor(context: PluginContext<HttpJsonConfig>) {
    this.#context = context;
    const { config, clock } = context;
    this.#mapping = new Mapping(config);
    this.#headers = accessHeaders(config);
    if (config.list === undefined) return;
    this.#list = new ListPoll({
      clock,
      id: `http-json:${context.instanceId}`,
      periodMs: config.intervalMs,
      poll: this.#poll(fillUrl(config.list.url, {}), context.signal),
      read: listReader(config.list),
    });
  }

  async connect(
    target: DeviceTarget<HttpJsonDeviceConfig>,
    session: DeviceSession,
  ): Promise<DeviceConnection> {
    const { clock, config } = this.#context;
    const template = target.config.url ?? config.url;
    let ended = (): void => {};
    const device = new JsonDevice({
      mapping: this.#mapping,
      session,
      set: (id, value, signal) => this.#set(target, id, value, signal),
      closed: () => ended(),
    });
    if (template === undefined) {
      const list = this.#list;
      if (list === undefined) throw new EngineError('input.invalid', 'url: give an address');
      await list.join(target.externalId, device);
      ended = () => list.leave(target.externalId, device);
      return device;
    }
    const words = wordsOf(target);
    const url = fillUrl(template, words);
    // An address that came with the device must not lead the password of the instance somewhere else.
    const headers = isOwnOrigin(url, config, words) ? this.#headers : {};
    const poll = this.#poll(url, session.signal, headers);
    const turn = async (): Promise<void> => {
      const answer = await poll.ask();
      if (answer.changed) device.take(answer.json);
      else device.same();
    };
    await turn();
    const pace = new Pace({
      clock,
      id: target.deviceId,
      periodMs: config.intervalMs,
      task: turn,
      failed: (error) => {
        if (!session.signal.aborted) device.missed(error);
      },
    });
    ended = () => pace.stop();
    session.signal.addEventListener('abort', ended, { once: true });
    return device;
  }

  async discover(
    wish: DiscoverWish,
    found: (device: FoundDevice) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { config } = this.#context;
    if (wish.server && this.#list !== undefined) {
      for (const { key, address, name, json } of (await this.#list.items()).values()) {
        const identity = this.#mapping.identityOf(json);
        found({ ...foundOf(identity, config), externalId: key, address, ...named(name) });
      }
    }
    const template = config.url;
    if (template === undefined) return;
    await askHosts({
      hosts: wish.hosts,
      clock: this.#context.clock,
      signal,
      asked: wish.asked,
      missed: (host, error) => this.#context.log('debug', `${host}: ${error.message}`),
      ask: async (host, hostSignal) => {
        const url = fillUrl(template, { address: host, port: 80, id: host });
        const answer = await this.#poll(url, hostSignal).ask();
        if (!answer.changed || this.#mapping.matches(answer.json) === 0) return;
        const identity = this.#mapping.identityOf(answer.json);
        found({ ...foundOf(identity, config), externalId: host, address: host });
      },
    });
  }

  async checkHealth(): Promise<HealthReport> {
    const { config, net } = this.#context;
    const detail = { consecutiveFailures: net.health.consecutiveFailures };
    if (this.#list === undefined) {
      const address = { address: config.url ?? '' };
      return { status: 'healthy', message: 'each device is asked by itself', detail: address };
    }
    try {
      const items = await this.#list.items();
      return { status: 'healthy', message: undefined, detail: { ...detail, items: items.size } };
    } catch (thrown) {
      const error = EngineError.from(thrown);
      const status = error.code === 'device.unreachable' ? 'unreachable' : 'unhealthy';
      return { status, message: error.message, detail };
    }
  }

  close(): void {
    this.#list?.close();
  }

  #poll(url: string, signal: AbortSignal, headers = this.#headers): Poll {
    const { net, config } = this.#context;
    return new Poll({ net, url, headers, verifyTls: config.verifyTls, signal });
  }

  async #set(
    target: DeviceTarget<HttpJsonDeviceConfig>,
    id: string,
    value: number | string | boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { net, config } = this.#context;
    const command = config.channels.find((channel) => channel.id === id)?.command;
    if (command === undefined) {
      throw new EngineError('not-found', `"${id}" has no command and cannot be set`);
    }
    const words = { ...wordsOf(target), value, channel: id };
    const sent = command.body === undefined ? undefined : fillBody(command.body, words);
    const headers =
      sent === undefined || sent.json
        ? this.#headers
        : { 'content-type': 'text/plain; charset=utf-8', ...this.#headers };
    const answer = await net.http({
      method: command.method,
      url: fillUrl(command.url, words),
      headers,
      verifyTls: config.verifyTls,
      signal,
      ...(sent === undefined ? {} : { body: sent.body }),
    });
    if (answer.status >= 300) {
      throw new EngineError(
        'device.refused',
        `the device answered ${answer.status}: ${answer.text.slice(0, 200)}`,
      );
    }
  }
}

function wordsOf(target: DeviceTarget<HttpJsonDeviceConfig>): Words {
  return {
    ...target.config.words,
    id: target.externalId,
    port: target.port ?? 80,
    ...(target.address === undefined ? {} : { address: target.address }),
  };
}

function named(name: string | undefined): { readonly name?: string } {
  return name === undefined || name === '' ? {} : { name };
}

function foundOf(
  identity: ReturnType<Mapping['identityOf']>,
  config: HttpJsonConfig,
): Omit<FoundDevice, 'externalId' | 'address'> {
  const { name, model, serial, mac, firmware, parts } = identity;
  return {
    role: config.role,
    ...named(name),
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
    ...(mac === undefined ? {} : { mac }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(parts === undefined ? {} : { channels: parts.length }),
  };
}

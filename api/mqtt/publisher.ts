import { type BrokerAccess, BrokerLink } from '../../actors/plugins/mqtt/link.js';
import type { ChannelSpec } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { AuditPort } from '../automation/ports.js';
import type { ChannelRow, DeviceRow } from '../contract/rows.js';
import { publishedOf, slugOf, stateOf, wishOf } from './entities.js';
import type { Wish } from './protocol.js';

type Value = number | string | boolean;

export interface PublisherOptions {
  readonly access: Pick<BrokerAccess, 'url' | 'user' | 'password' | 'verifyTls'>;
  readonly prefix: string;
  readonly discoveryPrefix: string;
  readonly everyMs: number;
  readonly maxDevices: number;
  readonly clock: Clock;
  readonly devices: () => Iterable<DeviceRow>;
  readonly channels: () => Iterable<ChannelRow>;
  /** Parameters that a device's plugin declared. */
  readonly specs: (deviceId: string) => ReadonlyMap<string, ChannelSpec> | undefined;
  readonly set: (deviceId: string, parameter: string, value: Value, by: string) => Promise<unknown>;
  /** Wishes come by `wish` from the broker, which knows whose they are; else by its messages, which do not say. */
  readonly isOwnBroker: boolean;
  /** Undefined: nobody keeps a log of changes. */
  readonly audit?: AuditPort | undefined;
  readonly log: (level: 'info' | 'warn', text: string) => void;
}

interface Target {
  readonly deviceId: string;
  readonly parameter: string;
  /** What it is now, as far as it is known. */
  readonly value: ChannelRow['value'];
}

/** Messages of one turn; the rest waits for the next, with the values of then. */
const MAX_A_TURN = 500;
const MAX_SETS_PER_SECOND = 100;
/** Retained descriptions of before that are remembered to be taken back. */
const MAX_LEFT = 50_000;
/** Turns after a connection until descriptions of before are taken back: devices come up after a start. */
const SETTLE_TURNS = 30;

/** Every device's parameters for Home Assistant, on a broker. `stop` says goodbye and ends it. */
export class HomeAssistantPublisher {
  readonly #options: PublisherOptions;
  readonly #link: BrokerLink;
  /** Retained messages as the broker has them from this connection, by topic. */
  readonly #told = new Map<string, string>();
  readonly #targets = new Map<string, Target>();
  readonly #left = new Set<string>();
  #timer: TimerHandle | undefined;
  #turns = 0;
  #stopped = false;
  #second = 0;
  #sets = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    const { access, prefix, discoveryPrefix, clock, log } = options;
    this.#link = new BrokerLink({
      access: {
        ...access,
        clean: true,
        keepaliveS: 30,
        will: { topic: `${prefix}/status`, payload: 'offline' },
      },
      clock,
      qos: 1,
      message: (topic, payload, retained) => this.#message(topic, payload, retained),
      ready: () => {
        this.#told.clear();
        this.#turns = 0;
        log('info', 'devices are published by MQTT');
      },
      lost: (error) => log('warn', `devices are not published by MQTT: ${error.message}`),
    });
    if (!options.isOwnBroker) this.#link.subscribe(`${prefix}/+/+/set`);
    this.#link.subscribe(`${discoveryPrefix}/status`);
    this.#link.subscribe(`${discoveryPrefix}/+/+/+/config`);
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.clock.clearTimeout(this.#timer);
    if (this.#link.isReady) {
      const { prefix } = this.#options;
      // A broker that does not answer must not hold up the stop; its last will says the same.
      await Promise.race([
        this.#link.publish(`${prefix}/status`, 'offline', { retain: true }).catch(() => undefined),
        new Promise<void>((resolve) => this.#options.clock.setTimeout(resolve, 500)),
      ]);
    }
    await this.#link.close();
  }

  #arm(): void {
    const { clock, everyMs } = this.#options;
    this.#timer = clock.setTimeout(() => {
      void this.#turn().then(() => {
        if (!this.#stopped) this.#arm();
      });
    }, everyMs);
  }

  async #turn(): Promise<void> {
    if (!this.#link.isReady) return;
    try {
      const wanted = this.#wanted();
      let sent = 0;
      const waiting: Promise<void>[] = [];
      const send = (topic: string, payload: string): void => {
        sent += 1;
        if (payload === '') this.#told.delete(topic);
        else this.#told.set(topic, payload);
        waiting.push(this.#link.publish(topic, payload, { retain: true }));
      };
      for (const [topic, payload] of wanted) {
        if (sent >= MAX_A_TURN) break;
        if (this.#told.get(topic) !== payload) send(topic, payload);
      }
      for (const topic of [...this.#told.keys()]) {
        if (sent >= MAX_A_TURN) break;
        if (!wanted.has(topic)) send(topic, '');
      }
      this.#turns += 1;
      for (const topic of this.#turns > SETTLE_TURNS ? [...this.#left] : []) {
        if (sent >= MAX_A_TURN) break;
        this.#left.delete(topic);
        if (!wanted.has(topic)) send(topic, '');
      }
      await Promise.all(waiting);
    } catch (thrown) {
      // What was not taken is told again.
      this.#told.clear();
      this.#options.log('warn', `MQTT: ${EngineError.from(thrown).message}`);
    }
  }

  /** Retained messages as they have to be, descriptions before states. */
  #wanted(): ReadonlyMap<string, string> {
    const { prefix, maxDevices } = this.#options;
    const wanted = new Map<string, string>([[`${prefix}/status`, 'online']]);
    const devices = new Map<string, DeviceRow>();
    for (const device of this.#options.devices()) {
      if (devices.size >= maxDevices) break;
      devices.set(device.id, device);
      const here = device.state === 'connected' ? 'online' : 'offline';
      wanted.set(`${prefix}/${slugOf(device.id)}/availability`, here);
    }
    this.#targets.clear();
    for (const channel of this.#options.channels()) {
      const device = devices.get(channel.deviceId);
      if (device === undefined) continue;
      const parameter = channel.id.slice(device.id.length + 1);
      const spec = this.#options.specs(device.id)?.get(parameter);
      const one = publishedOf(device, channel, parameter, spec, this.#options);
      wanted.set(one.configTopic, one.config);
      const state = stateOf(channel);
      if (state !== undefined) wanted.set(one.stateTopic, state);
      if (spec === undefined || spec.direction === 'input') continue;
      this.#targets.set(one.stateTopic.replace(/state$/, 'set'), {
        deviceId: device.id,
        parameter,
        value: channel.value,
      });
    }
    return wanted;
  }

  #message(topic: string, bytes: Uint8Array, retained: boolean): void {
    const { prefix, discoveryPrefix } = this.#options;
    if (topic === `${discoveryPrefix}/status`) {
      // Home Assistant started: it asks for everything again.
      if (new TextDecoder().decode(bytes) === 'online') this.#told.clear();
      return;
    }
    if (topic.startsWith(`${discoveryPrefix}/`)) {
      const node = topic.slice(discoveryPrefix.length + 1).split('/')[1] ?? '';
      const ours = node.startsWith(`${prefix.replaceAll('/', '_')}_`);
      if (ours && retained && bytes.length > 0 && this.#left.size < MAX_LEFT) this.#left.add(topic);
      return;
    }
    // A wish that was kept by the broker is one of yesterday.
    if (retained) return;
    const payload = new TextDecoder().decode(bytes.subarray(0, 2_048));
    const { host } = new URL(this.#options.access.url);
    this.wish({ topic, payload, by: 'MQTT', address: host });
  }

  /** Sets what a client asks for, as far as it is published and may be set. Never throws. */
  wish({ topic, payload, by, address }: Wish): void {
    const { clock, specs, set, audit, log } = this.#options;
    const target = this.#targets.get(topic);
    const spec = target && specs(target.deviceId)?.get(target.parameter);
    if (target === undefined || spec === undefined) return;
    const second = Math.floor(clock.monoMs() / 1_000);
    if (second !== this.#second) this.#sets = 0;
    this.#second = second;
    this.#sets += 1;
    const value = wishOf(spec.kind, payload);
    if (value === undefined || this.#sets > MAX_SETS_PER_SECOND) return;
    const { deviceId, parameter: name, value: before } = target;
    set(deviceId, name, value, by === 'MQTT' ? by : `${by} (MQTT)`).then(
      () =>
        audit?.note({
          by,
          address,
          action: `MQTT ${topic}`,
          subject: `/v1/devices/${deviceId}/parameters`,
          before: { name, value: before },
          after: { name, value },
          requestId: null,
        }),
      (thrown: unknown) => log('warn', `${topic}: ${EngineError.from(thrown).message}`),
    );
  }
}

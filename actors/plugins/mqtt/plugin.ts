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
import { configuration, type MqttConfig } from './config.js';
import { Directory } from './directory.js';
import { HomeAssistantIn } from './home-assistant.js';
import { BrokerLink } from './link.js';
import { MappedTopics } from './mapped.js';
import { Payload } from './payload.js';
import { gone, type TopicDevice, type Value } from './topic-device.js';

/** How long an attempt waits for the broker, and for a word of the device, ms. */
const BROKER_MS = 6_000;
const DEVICE_MS = 3_000;
const ALIVE_EVERY_MS = 5_000;
/** Retained messages come right after the subscription. */
const RETAINED_MS = 1_000;

/** Devices behind any MQTT broker: by topics that the operator names, and by Home Assistant's discovery. */
export const plugin: Plugin<MqttConfig> = {
  manifest: {
    sdk: 1,
    code: 'mqtt',
    name: 'MQTT',
    version: '1.0.0',
    description:
      'Reads devices from the topics of any MQTT broker, by a mapping or by Home Assistant discovery; birth and last will say who is there; commands are answered by the state.',
    vendor: 'Any',
    roles: ['sensor', 'controller', 'receiver', 'transmitter', 'transceiver', 'charger'],
    reach: 'server',
    defaultPort: 1883,
    discovers: ['server'],
  },
  configuration,
  open: (context) => new MqttInstance(context),
};

class MqttInstance implements PluginInstance {
  readonly #context: PluginContext<MqttConfig>;
  readonly #directory: Directory;
  readonly #link: BrokerLink;
  readonly #mapped: MappedTopics;
  readonly #homeAssistant: HomeAssistantIn | undefined;
  #timer: TimerHandle | undefined;
  #second = 0;
  #inSecond = 0;
  #flooded = 0;
  #tooLarge = 0;

  constructor(context: PluginContext<MqttConfig>) {
    this.#context = context;
    const { config, clock } = context;
    if (!config.clean && config.clientId === undefined) {
      throw new EngineError('input.invalid', 'clientId: a session that is kept needs one');
    }
    this.#directory = new Directory({
      clock,
      maxDevices: config.maxDevices,
      found: (device) => context.found(device),
      log: (level, text) => context.log(level, text),
    });
    this.#mapped = new MappedTopics(config, this.#directory);
    this.#link = new BrokerLink({
      access: config,
      clock,
      qos: config.qos,
      message: (topic, payload) => this.#message(topic, payload),
      ready: () => context.log('info', `connected to ${config.url}`),
      lost: (error) => {
        for (const device of this.#directory.all()) {
          device.forgetAvailability();
          device.lost(error);
        }
      },
    });
    this.#homeAssistant = config.homeAssistant.enabled
      ? new HomeAssistantIn({
          prefix: config.homeAssistant.prefix,
          role: config.role,
          maxTopics: config.maxTopics,
          directory: this.#directory,
          link: this.#link,
          log: (level, text) => context.log(level, text),
        })
      : undefined;
    for (const filter of this.#mapped.filters) this.#link.subscribe(filter);
    this.#armAlive();
  }

  async connect(target: DeviceTarget, session: DeviceSession): Promise<DeviceConnection> {
    await this.#link.whenReady(BROKER_MS, session.signal);
    const device = await this.#present(target.externalId, session.signal);
    device.attach(session);
    return {
      command: (id, value, signal) => this.#command(device, id, value, signal),
      close: () => device.detach(session),
    };
  }

  async discover(
    _wish: DiscoverWish,
    found: (device: FoundDevice) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#link.whenReady(BROKER_MS, signal);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#context.clock.clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#context.clock.setTimeout(done, RETAINED_MS);
      signal.addEventListener('abort', done, { once: true });
    });
    for (const device of this.#directory.all()) found(this.#directory.foundOf(device));
  }

  async checkHealth(signal: AbortSignal): Promise<HealthReport> {
    const detail = {
      broker: this.#context.config.url,
      devices: this.#directory.size,
      leftOutForRate: this.#flooded,
      leftOutForSize: this.#tooLarge,
    };
    try {
      await this.#link.whenReady(BROKER_MS, signal);
      return { status: 'healthy', message: undefined, detail };
    } catch (thrown) {
      const error = EngineError.from(thrown);
      const status = error.code === 'auth.denied' ? 'unhealthy' : 'unreachable';
      return { status, message: error.message, detail };
    }
  }

  async close(): Promise<void> {
    this.#context.clock.clearTimeout(this.#timer);
    await this.#link.close();
  }

  #message(topic: string, bytes: Uint8Array): void {
    const { clock, config, log } = this.#context;
    const second = Math.floor(clock.monoMs() / 1_000);
    if (second !== this.#second) this.#inSecond = 0;
    this.#second = second;
    this.#inSecond += 1;
    if (this.#inSecond > config.maxMessagesPerSecond) {
      if (this.#flooded === 0)
        log('warn', 'more messages than maxMessagesPerSecond: some are left out');
      this.#flooded += 1;
      return;
    }
    if (bytes.length > config.maxPayloadBytes) {
      if (this.#tooLarge === 0)
        log('warn', `${topic}: ${bytes.length} bytes are more than maxPayloadBytes`);
      this.#tooLarge += 1;
      return;
    }
    const payload = new Payload(bytes);
    if (this.#homeAssistant?.take(topic, payload) === true) return;
    // An empty message takes a retained one back; it is no value.
    if (bytes.length > 0) this.#mapped.take(topic, payload);
  }

  /** The device once it is there; waits a moment for retained messages and for its birth. */
  #present(id: string, signal: AbortSignal): Promise<TopicDevice> {
    const { clock } = this.#context;
    return new Promise((resolve, reject) => {
      let unwatch = (): void => {};
      const settle = (device: TopicDevice | undefined, error?: EngineError): void => {
        clock.clearTimeout(timer);
        unwatch();
        unawait();
        signal.removeEventListener('abort', aborted);
        if (device === undefined) reject(error ?? new EngineError('call.aborted', 'not wanted'));
        else resolve(device);
      };
      const look = (): void => {
        const device = this.#directory.get(id);
        if (device === undefined) return;
        unwatch();
        if (device.available !== false) settle(device);
        else unwatch = device.watch(look);
      };
      const aborted = (): void => settle(undefined);
      const timer = clock.setTimeout(() => {
        const known = this.#directory.get(id) !== undefined;
        const silent = new EngineError(
          'device.unreachable',
          `the broker has told nothing of "${id}" yet: check the topics`,
        );
        settle(undefined, known ? gone() : silent);
      }, DEVICE_MS);
      const unawait = this.#directory.await(id, look);
      if (signal.aborted) aborted();
      else signal.addEventListener('abort', aborted, { once: true });
      look();
    });
  }

  async #command(
    device: TopicDevice,
    id: string,
    value: Value,
    signal: AbortSignal,
  ): Promise<void> {
    const route = device.command(id);
    if (route === undefined) {
      throw new EngineError('not-found', `"${id}" has no command topic and cannot be set`);
    }
    const { clock, config } = this.#context;
    let done = (): void => {};
    const echoed = route.echo
      ? new Promise<void>((resolve, reject) => {
          const timer = clock.setTimeout(() => {
            done();
            reject(
              new EngineError(
                'device.refused',
                `the state of "${id}" did not become ${String(value)} within ${config.commandTimeoutMs} ms`,
              ),
            );
          }, config.commandTimeoutMs);
          const unwatch = device.watch(() => {
            if (!same(device.latest(id), value)) return;
            done();
            resolve();
          });
          const aborted = (): void => {
            done();
            reject(new EngineError('call.aborted', 'the command was given up'));
          };
          signal.addEventListener('abort', aborted, { once: true });
          done = () => {
            clock.clearTimeout(timer);
            unwatch();
            signal.removeEventListener('abort', aborted);
          };
        })
      : Promise.resolve();
    // Handled below too; a broker that is lost meanwhile must not leave it unheard.
    echoed.catch(() => undefined);
    try {
      await this.#link.publish(route.topic, route.payload(value), { retain: route.retain });
      await echoed;
    } finally {
      done();
    }
  }

  /** Devices that have nothing to say are alive as long as the broker is there and does not say otherwise. */
  #armAlive(): void {
    const { clock, config } = this.#context;
    this.#timer = clock.setTimeout(() => {
      const nowMonoMs = clock.monoMs();
      for (const device of this.#link.isReady ? this.#directory.all() : []) {
        const quiet = config.quietMs > 0 && nowMonoMs - device.heardMonoMs > config.quietMs;
        if (!quiet && device.available !== false) device.alive();
      }
      this.#armAlive();
    }, ALIVE_EVERY_MS);
  }
}

function same(state: Value | undefined, wanted: Value): boolean {
  if (typeof state === 'number' && typeof wanted === 'number') {
    return Math.abs(state - wanted) <= Math.max(1e-9, Math.abs(wanted) * 1e-6);
  }
  return state === wanted;
}

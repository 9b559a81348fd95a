import { EngineError } from '../../../engine/errors.js';
import { Random } from '../http/random.js';
import type { Emulation, EmulatorKind, EmulatorOptions } from '../kind.types.js';
import { FAULTS, type Fault, MqttDevice } from './device.js';

const TELLS_EVERY_MS = 1_000;
const FAULT_LASTS_MS = 3_000;

/** Tanks that publish to a broker: `site/<id>/{state,valve,online}`, set by `site/<id>/valve/set`. */
export const mqtt: EmulatorKind = {
  name: 'mqtt',
  description:
    'Tanks with a valve that publish to an MQTT broker, with birth, last will and commands.',
  faults: FAULTS,
  settings: {
    broker: 'mqtt://127.0.0.1:1883 (default)',
    user: 'who signs in',
    password: 'with what',
    base: 'first level of the topics (default site)',
    discovery: 'homeassistant: describes the devices under this prefix',
    every: 'ms between two states (default 1000)',
  },
  start: (options) => Promise.resolve(new Tanks(options)),
};

class Tanks implements Emulation {
  readonly ready: Readonly<Record<string, unknown>>;
  readonly #options: EmulatorOptions;
  readonly #devices: readonly MqttDevice[];
  readonly #everyMs: number;
  readonly #random: Random;
  #timer: unknown;
  #faultAtMs: number;

  constructor(options: EmulatorOptions) {
    const { settings, clock } = options;
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#everyMs = Number(settings.get('every') ?? TELLS_EVERY_MS);
    if (!(this.#everyMs >= 10 && this.#everyMs <= 3_600_000)) {
      throw new EngineError('input.invalid', 'every: 10 to 3600000 ms expected');
    }
    const broker = settings.get('broker') ?? 'mqtt://127.0.0.1:1883';
    if (!/^(mqtts?|wss?):\/\/[^/\s]+/.test(broker)) {
      throw new EngineError(
        'input.invalid',
        'broker: an address as mqtt://127.0.0.1:1883 expected',
      );
    }
    const base = settings.get('base') ?? 'site';
    const site = {
      broker,
      base,
      clock,
      user: settings.get('user'),
      password: settings.get('password'),
      discovery: settings.get('discovery'),
    };
    this.#devices = Array.from(
      { length: options.devices },
      (_, at) => new MqttDevice(site, at + 1, this.#random.whole(0, 4_294_967_295)),
    );
    this.#faultAtMs = clock.monoMs() + options.faultEveryMs;
    this.ready = { broker, base, devices: this.#devices.map(({ id }) => id) };
    for (const device of this.#devices) device.open();
    this.#later();
  }

  control(command: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const fault = FAULTS.find((one) => one === command['fault']);
    if (command['fault'] !== undefined && fault === undefined) {
      throw new EngineError('input.invalid', `fault: one of ${FAULTS.join(', ')} expected`);
    }
    if (fault !== undefined) {
      for (const device of this.#of(command['devices']))
        device.fault(fault, command['on'] !== false);
    }
    const errors = new Set(this.#devices.flatMap(({ error }) => error ?? []));
    return {
      connected: this.#devices.filter(({ connected }) => connected).length,
      published: this.#devices.reduce((sum, { published }) => sum + published, 0),
      errors: [...errors].slice(0, 10),
    };
  }

  async stop(): Promise<void> {
    this.#options.clock.clearTimeout(this.#timer);
    for (const device of this.#devices) device.stop();
    // The goodbyes are still on their way.
    await new Promise<void>((resolve) => {
      this.#options.clock.setTimeout(resolve, 200);
    });
  }

  #of(devices: unknown): readonly MqttDevice[] {
    if (!Array.isArray(devices)) return this.#devices;
    return this.#devices.filter((_, at) => devices.includes(at));
  }

  #later(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      for (const device of this.#devices) device.tick();
      this.#strike();
      this.#later();
    }, this.#everyMs);
  }

  #strike(): void {
    const { clock, faults, faultEveryMs } = this.#options;
    if (faults.length === 0 || clock.monoMs() < this.#faultAtMs) return;
    this.#faultAtMs = clock.monoMs() + this.#random.between(0, 2 * faultEveryMs);
    const name = faults[this.#random.whole(0, faults.length - 1)];
    const fault: Fault | undefined = FAULTS.find((one) => one === name);
    const device = this.#devices[this.#random.whole(0, this.#devices.length - 1)];
    if (fault === undefined || device === undefined) return;
    device.fault(fault, true);
    clock.setTimeout(() => {
      device.fault(fault, false);
    }, FAULT_LASTS_MS);
  }
}

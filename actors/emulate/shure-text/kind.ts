import { setTimeout as pause } from 'node:timers/promises';
import type { Emulation, EmulatorKind, EmulatorOptions } from '../kind.types.js';
import { announce } from './announce.js';
import { EmulatedDevice } from './device.js';
import { DeviceListener, FAULTS, type Fault } from './listener.js';
import { randomFrom } from './radio.js';
import { MODELS, type Model } from './words.js';

const METER_TICK_MS = 20;
const NEWS_EVERY_MS = 2_000;
const RANDOM_FAULT_MS = 5_000;
const DEFAULT_MIX = 'ULXD4Q,QLXD4,AD4Q,ULXD4D,AD4D,SLXD4D,P10T';

/** Shure devices that speak the network text protocol, each on a port (or an address) of its own. */
export const shureText: EmulatorKind = {
  name: 'shure-text',
  description:
    'Shure receivers, in-ear transmitters and chargers: network text protocol over TCP, UHF-R over UDP, multicast announcements.',
  faults: FAULTS,
  settings: {
    models: `mix, in turn; of ${Object.keys(MODELS).join(', ')} (default ${DEFAULT_MIX})`,
    speed: 'batteries drain this many times faster (default 20)',
    addresses: 'first of consecutive addresses, one a device, all on --port: 127.1.0.1',
  },
  start: async (options) => {
    const fleet = new Fleet(options);
    await fleet.open();
    return fleet;
  },
};

class Fleet implements Emulation {
  readonly #options: EmulatorOptions;
  readonly #listeners: DeviceListener[] = [];
  #stopped = false;
  /** Off: nobody's meters run, whatever was asked for. */
  #metering = true;
  #newsAt = 0;
  #faultAtMs = 0;

  constructor(options: EmulatorOptions) {
    this.#options = options;
    const models = mixOf(options.settings.get('models') ?? DEFAULT_MIX);
    const speed = Number(options.settings.get('speed') ?? '20');
    if (!(speed >= 0 && speed <= 100_000))
      throw new Error('speed: a number from 0 to 100000 is wanted.');
    const first = options.settings.get('addresses');
    for (let index = 0; index < options.devices; index++) {
      const random = randomFrom(options.seed * 100_003 + index);
      const model = models[index % models.length] ?? models[0];
      if (model === undefined) throw new Error('models: none given.');
      const device = new EmulatedDevice(index, model, random, speed);
      const host = first === undefined ? options.host : addressAfter(first, index);
      const port = first === undefined && options.port > 0 ? options.port + index : options.port;
      this.#listeners.push(new DeviceListener(device, host, port, options.clock, random));
    }
  }

  async open(): Promise<void> {
    for (const listener of this.#listeners) await listener.open();
    this.#faultAtMs = this.#options.clock.monoMs() + this.#options.faultEveryMs;
    this.#arm();
  }

  get ready(): Readonly<Record<string, unknown>> {
    return {
      devices: this.#listeners.map(({ device, host, port, transport }) => ({
        address: host,
        port,
        transport,
        series: device.model.series,
        model: device.model.model,
        channels: device.model.channels,
        serial: device.serial,
        mac: device.mac,
      })),
    };
  }

  #arm(): void {
    this.#options.clock.setTimeout(() => {
      if (this.#stopped) return;
      const nowMs = this.#options.clock.monoMs();
      if (this.#metering) for (const listener of this.#listeners) listener.tick(nowMs);
      this.#tellNews(nowMs);
      this.#strike(nowMs);
      this.#arm();
    }, METER_TICK_MS);
  }

  /** A share of the devices each tick, so that all have had their turn after the period. */
  #tellNews(nowMs: number): void {
    const count = Math.ceil((this.#listeners.length * METER_TICK_MS) / NEWS_EVERY_MS);
    for (let i = 0; i < count; i++) {
      this.#newsAt = (this.#newsAt + 1) % this.#listeners.length;
      this.#listeners[this.#newsAt]?.tellNews(nowMs);
    }
  }

  #strike(nowMs: number): void {
    const { faults, faultEveryMs, seed } = this.#options;
    if (faults.length === 0 || nowMs < this.#faultAtMs) return;
    const random = randomFrom(seed + Math.floor(nowMs));
    this.#faultAtMs = nowMs + faultEveryMs * (0.5 + random());
    const fault = faultOf(faults[Math.floor(random() * faults.length)]);
    const listener = this.#listeners[Math.floor(random() * this.#listeners.length)];
    if (listener === undefined) return;
    void this.#passing(listener, fault);
  }

  async #passing(listener: DeviceListener, fault: Fault): Promise<void> {
    try {
      await listener.fault(fault, true);
      await pause(RANDOM_FAULT_MS);
      if (!this.#stopped) await listener.fault(fault, false);
    } catch (thrown) {
      process.stderr.write(`emulate: ${fault} failed: ${String(thrown)}\n`);
    }
  }

  async control(
    command: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    if (command['stats'] === true) return this.#stats();
    const { meters } = command;
    if (typeof meters === 'boolean') {
      this.#metering = meters;
      return { meters };
    }
    const chosen = this.#chosen(command['devices']);
    if (command['announce'] === true) {
      const to = typeof command['to'] === 'string' ? command['to'] : undefined;
      for (const { device, host } of chosen) await announce(device.model, host, to);
      return { announced: chosen.length };
    }
    const { radio } = command;
    if (radio !== undefined) {
      const { channel, wish } = radioOf(radio);
      for (const { device } of chosen) device.adjust(channel, wish);
      return { adjusted: chosen.length };
    }
    const say = command['say'];
    if (typeof say === 'string') {
      for (const listener of chosen) listener.say(say);
      return { said: chosen.length };
    }
    const fault = faultOf(command['fault']);
    const on = command['on'] !== false;
    await Promise.all(chosen.map((listener) => listener.fault(fault, on)));
    return { fault, on, devices: chosen.length };
  }

  #chosen(devices: unknown): readonly DeviceListener[] {
    if (devices === undefined || devices === 'all') return this.#listeners;
    if (!Array.isArray(devices)) throw new Error('devices: a list of numbers from 0, or "all".');
    return devices.map((index: unknown) => {
      const listener = typeof index === 'number' ? this.#listeners[index] : undefined;
      if (listener === undefined) throw new Error(`devices: there is no device ${String(index)}.`);
      return listener;
    });
  }

  #stats(): Readonly<Record<string, unknown>> {
    let samples = 0;
    let commands = 0;
    let connections = 0;
    for (const listener of this.#listeners) {
      samples += listener.device.counts.samples;
      commands += listener.device.counts.commands;
      connections += listener.connections;
    }
    return { samples, commands, connections };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}

function mixOf(text: string): readonly Model[] {
  return text.split(',').map((name) => {
    const model = MODELS[name.trim().toUpperCase()];
    if (model === undefined)
      throw new Error(`models: "${name}" is not one of ${Object.keys(MODELS).join(', ')}.`);
    return model;
  });
}

const RADIO_MOST = { channel: 64, battery: 100, speed: 100_000, rf: 1, audio: 1 } as const;

/** `{channel: 1, battery: 15, speed: 600, rf: 0.05, audio: 0, free: true}`, each of them or none. */
function radioOf(value: unknown): {
  readonly channel: number;
  readonly wish: Parameters<EmulatedDevice['adjust']>[1];
} {
  if (typeof value !== 'object' || value === null) throw new Error('radio: an object is wanted.');
  const wish: Record<string, number | boolean> = {};
  for (const [name, said] of Object.entries(value)) {
    const most = name in RADIO_MOST ? RADIO_MOST[name as keyof typeof RADIO_MOST] : undefined;
    const fits =
      name === 'free'
        ? typeof said === 'boolean'
        : most !== undefined && typeof said === 'number' && said >= 0 && said <= most;
    if (!fits) {
      const range =
        most === undefined ? 'channel, battery, speed, rf, audio or free' : `0 to ${most}`;
      throw new Error(`radio.${name}: ${range} is wanted.`);
    }
    wish[name] = said as number | boolean;
  }
  const { channel = 0, ...rest } = wish;
  return { channel: Number(channel), wish: rest };
}

function faultOf(value: unknown): Fault {
  const fault = FAULTS.find((one) => one === value);
  if (fault === undefined) throw new Error(`fault: one of ${FAULTS.join(', ')} is wanted.`);
  return fault;
}

/** `127.1.0.1` and 300 → `127.1.1.46`: only addresses that end in 1 to 254. */
function addressAfter(first: string, index: number): string {
  const parts = first.split('.').map(Number);
  const [a = 127, b = 0, c = 0, d = 1] = parts;
  if (
    parts.length !== 4 ||
    parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)
  ) {
    throw new Error('addresses: the first address is wanted, as 127.1.0.1.');
  }
  const at = d - 1 + index;
  const third = c + Math.floor(at / 254);
  return `${a}.${b + Math.floor(third / 256)}.${third % 256}.${(at % 254) + 1}`;
}

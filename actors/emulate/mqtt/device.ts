import { connect, type MqttClient } from 'mqtt';
import type { Clock } from '../../../engine/clock.js';
import { Random } from '../http/random.js';

export const FAULTS = ['cut', 'stall', 'garbage', 'flood', 'lie', 'stale', 'restart'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Site {
  readonly broker: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** First level of every topic. */
  readonly base: string;
  /** Prefix of Home Assistant's descriptions; undefined: none. */
  readonly discovery: string | undefined;
  readonly clock: Clock;
}

const RETAINED = { retain: true, qos: 1 } as const;
const BACK_AFTER_MS = 1_000;
const FLOOD_MESSAGES = 500;
const LARGEST_WISH_BYTES = 32;

/** A tank with a valve: it fills when the valve is open, and empties on its own. */
export class MqttDevice {
  readonly id: string;
  readonly #site: Site;
  readonly #random: Random;
  readonly #faults = new Set<Fault>();
  #client: MqttClient | undefined;
  #backTimer: unknown;
  #stopped = false;
  #level: number;
  #temperature: number;
  #valve: number;
  published = 0;
  /** Why the broker did not let it in, last. */
  error: string | undefined;

  constructor(site: Site, number: number, seed: number) {
    this.#site = site;
    this.#random = new Random(seed);
    this.id = `tank-${String(number).padStart(4, '0')}`;
    this.#level = this.#random.between(20, 90);
    this.#temperature = this.#random.between(12, 24);
    this.#valve = this.#random.whole(0, 100);
  }

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  open(): void {
    if (this.#stopped || this.#client !== undefined) return;
    const { broker, user, password } = this.#site;
    const client = connect(broker, {
      reconnectPeriod: BACK_AFTER_MS,
      ...(user === undefined ? {} : { username: user }),
      ...(password === undefined ? {} : { password }),
      will: { topic: this.#topic('online'), payload: Buffer.from('offline'), ...RETAINED },
    });
    this.#client = client;
    client.on('connect', () => {
      this.error = undefined;
      client.subscribe(this.#topic('valve/set'));
      this.#birth();
    });
    client.on('error', (error) => {
      this.error = error.message;
    });
    client.on('message', (_topic, payload) => {
      this.#wished(payload);
    });
  }

  /** Measures and tells. */
  tick(): void {
    const random = this.#random;
    this.#level += this.#valve / 100 - 0.4 + random.between(-0.1, 0.1);
    this.#level = Math.max(0, Math.min(100, this.#level));
    this.#temperature += (18 - this.#temperature) * 0.01 + random.between(-0.1, 0.1);
    if (!this.connected || this.#faults.has('stall')) return;
    if (this.#faults.has('garbage')) this.#garbage();
    else this.#tell();
    if (this.#faults.has('flood')) {
      for (let n = 0; n < FLOOD_MESSAGES; n += 1) {
        this.#publish(`flood/${n}`, String(random.next()));
      }
    }
  }

  fault(fault: Fault, on: boolean): void {
    if (on) this.#faults.add(fault);
    else this.#faults.delete(fault);
    if (fault === 'cut' && on) this.#leave();
    // A goodbye without a word: the broker keeps saying that it is there, with its last values.
    if (fault === 'stale' && on) this.#goodbye();
    if ((fault === 'cut' || fault === 'stale') && !on) this.open();
    if (fault === 'restart' && on) {
      this.#faults.delete(fault);
      this.#leave();
      this.#site.clock.clearTimeout(this.#backTimer);
      this.#backTimer = this.#site.clock.setTimeout(() => {
        this.open();
      }, BACK_AFTER_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#site.clock.clearTimeout(this.#backTimer);
    if (this.connected) this.#publish('online', 'offline', true);
    this.#goodbye();
  }

  #topic(what: string): string {
    return `${this.#site.base}/${this.id}/${what}`;
  }

  #publish(what: string, payload: string | Buffer, retained = false): void {
    this.published += 1;
    this.#client?.publish(this.#topic(what), payload, retained ? RETAINED : { qos: 0 });
  }

  #birth(): void {
    if (this.#site.discovery !== undefined) this.#describe(this.#site.discovery);
    this.#publish('online', 'online', true);
    this.#tell();
  }

  #tell(): void {
    const lies = this.#faults.has('lie');
    const rounded = (value: number): number => Math.round(value * 100) / 100;
    const state = {
      tank: { level: lies ? -1e9 : rounded(this.#level) },
      temperature: lies ? 'warm' : rounded(this.#temperature),
    };
    this.#publish('state', JSON.stringify(state), true);
    this.#publish('valve', String(lies ? 1_000 : this.#valve), true);
  }

  #wished(payload: Buffer): void {
    if (this.#faults.has('stall') || payload.length > LARGEST_WISH_BYTES) return;
    const wish = payload.length === 0 ? Number.NaN : Number(payload.toString());
    if (wish >= 0 && wish <= 100) this.#valve = wish;
    this.#publish('valve', String(this.#faults.has('lie') ? 100 - wish : this.#valve), true);
  }

  #garbage(): void {
    const random = this.#random;
    const bytes = Buffer.from(
      Array.from({ length: random.whole(0, 64) }, () => random.whole(0, 255)),
    );
    const texts: readonly [string, ...string[]] = [
      '[[[{',
      '{"tank":null}',
      '{"tank":{"level":{}}}',
      '\0',
      'NaN',
    ];
    this.#publish('state', random.next() < 0.5 ? bytes : random.pick(texts));
    this.#publish('valve', random.pick(texts));
  }

  #describe(prefix: string): void {
    const about = {
      device: {
        identifiers: [this.id],
        name: `Tank ${this.id.slice(5)}`,
        model: 'TK-1',
        sw_version: '1.3.0',
      },
      availability_topic: this.#topic('online'),
    };
    const describe = (component: string, object: string, more: object): void => {
      const config = { ...about, unique_id: `${this.id}-${object}`, name: object, ...more };
      this.#client?.publish(
        `${prefix}/${component}/${this.id}/${object}/config`,
        JSON.stringify(config),
        RETAINED,
      );
    };
    const state = this.#topic('state');
    describe('sensor', 'level', {
      state_topic: state,
      unit_of_measurement: '%',
      value_template: '{{ value_json.tank.level }}',
    });
    describe('sensor', 'temperature', {
      state_topic: state,
      unit_of_measurement: '°C',
      value_template: '{{ value_json.temperature }}',
    });
    const valve = this.#topic('valve');
    describe('number', 'valve', {
      state_topic: valve,
      command_topic: `${valve}/set`,
      min: 0,
      max: 100,
    });
  }

  /** Gone without a goodbye, so that the broker says the last will. */
  #leave(): void {
    this.#client?.end(true);
    this.#client = undefined;
  }

  #goodbye(): void {
    this.#client?.end();
    this.#client = undefined;
  }
}

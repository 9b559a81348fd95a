import type { Clock, TimerHandle } from '../../engine/clock.js';
import { Latency } from './latency.js';
import { DeviceModel, type Wave } from './model.js';
import { type DeviceReport, SimulatedDevice } from './simulated-device.js';

export interface FleetOptions {
  /** The device socket: `ws://host:port/update/`. */
  readonly url: string;
  readonly count: number;
  readonly kind: Wave;
  readonly max: number;
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
  /** Devices introduce themselves with `INIT`. */
  readonly autoRegister: boolean;
  readonly clock: Clock;
  /** New connections in a second. Default 100. */
  readonly connectsPerSecond?: number;
  /** Serials are this and a number of at least four digits. Default none. */
  readonly prefix?: string;
  /** 0 to 1; default `Math.random`. */
  readonly chance?: () => number;
}

export interface FleetStats {
  readonly devices: number;
  readonly connected: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unanswered: number;
  /** Sockets that closed while they should not. */
  readonly lost: number;
  readonly lastError: string | undefined;
  readonly latencyP50Ms: number | undefined;
  readonly latencyP99Ms: number | undefined;
}

const TICK_MS = 50;

/** Many simulated devices in one process, against any server that speaks SMART-OS. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #devices: SimulatedDevice[] = [];
  readonly #latency = new Latency();
  #sent = 0;
  #acknowledged = 0;
  #refused = 0;
  #unanswered = 0;
  #lost = 0;
  #lastError: string | undefined;
  #credit = 0;
  #timer: TimerHandle | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  start(): void {
    this.#tick();
  }

  /** Stops reporting and waits until everything sent is answered, or counted as unanswered. */
  async finish(): Promise<void> {
    for (const device of this.#devices) device.hush();
    while (this.#timer !== undefined && this.#devices.some((device) => device.pending > 0)) {
      await new Promise<void>((resolve) => {
        this.#options.clock.setTimeout(resolve, TICK_MS);
      });
    }
  }

  /** Closes all sockets. */
  stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const device of this.#devices) device.stop();
  }

  stats(): FleetStats {
    return {
      devices: this.#options.count,
      connected: this.#devices.filter((device) => device.connected).length,
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      refused: this.#refused,
      unanswered: this.#unanswered,
      lost: this.#lost,
      lastError: this.#lastError,
      latencyP50Ms: this.#latency.percentile(0.5),
      latencyP99Ms: this.#latency.percentile(0.99),
    };
  }

  #tick(): void {
    const { clock, count, connectsPerSecond = 100 } = this.#options;
    this.#credit += (connectsPerSecond * TICK_MS) / 1_000;
    while (this.#credit >= 1 && this.#devices.length < count) {
      this.#credit -= 1;
      const device = this.#make(this.#devices.length);
      this.#devices.push(device);
      device.start();
    }
    this.#credit = Math.min(this.#credit, connectsPerSecond);
    for (const device of this.#devices) device.checkAnswers();
    this.#timer = clock.setTimeout(() => this.#tick(), TICK_MS);
  }

  #make(index: number): SimulatedDevice {
    const { url, kind, max, minPauseMs, maxPauseMs, autoRegister, clock, prefix } = this.#options;
    const chance = this.#options.chance ?? Math.random;
    const serial = `${prefix ?? ''}${String(index + 1).padStart(4, '0')}`;
    const model = new DeviceModel({ serial, index, wave: kind, max }, chance());
    const report = this.#reporter();
    return new SimulatedDevice({
      url,
      serial,
      model,
      clock,
      chance,
      minPauseMs,
      maxPauseMs,
      autoRegister,
      report,
    });
  }

  #reporter(): DeviceReport {
    return {
      connected: () => {},
      lost: (code) => {
        this.#lost += 1;
        this.#lastError = `a socket closed with code ${code}`;
      },
      sent: () => {
        this.#sent += 1;
      },
      acknowledged: (afterMs) => {
        this.#acknowledged += 1;
        this.#latency.add(afterMs);
      },
      refused: (reason) => {
        this.#refused += 1;
        this.#lastError = reason;
      },
      unanswered: () => {
        this.#unanswered += 1;
        this.#lastError = 'no answer within five seconds';
      },
    };
  }
}

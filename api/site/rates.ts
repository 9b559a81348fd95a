import type { Clock, TimerHandle } from '../../engine/clock.js';

const EVERY_MS = 2_000;

/** Turns growing counters into rates a second, over the last two seconds. */
export class Rates {
  readonly #clock: Clock;
  readonly #read: () => Readonly<Record<string, number>>;
  #before: Readonly<Record<string, number>> = {};
  #beforeMonoMs = 0;
  #rates: Readonly<Record<string, number>> = {};
  #timer: TimerHandle | undefined;

  constructor(clock: Clock, read: () => Readonly<Record<string, number>>) {
    this.#clock = clock;
    this.#read = read;
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  perSecond(): Readonly<Record<string, number>> {
    return this.#rates;
  }

  /** The counters themselves, as last read. */
  totals(): Readonly<Record<string, number>> {
    return this.#before;
  }

  #look(): void {
    const now = this.#read();
    const nowMonoMs = this.#clock.monoMs();
    const seconds = (nowMonoMs - this.#beforeMonoMs) / 1_000;
    const rates = Object.entries(now).map(([name, value]) => {
      const before = this.#before[name];
      // A thread that was replaced counts from 0 again.
      const grew = before === undefined ? 0 : Math.max(0, value - before);
      return [name, Math.round((grew / seconds) * 10) / 10] as const;
    });
    this.#rates = Object.fromEntries(rates);
    this.#before = now;
    this.#beforeMonoMs = nowMonoMs;
    this.#timer = this.#clock.setTimeout(() => this.#look(), EVERY_MS);
  }
}

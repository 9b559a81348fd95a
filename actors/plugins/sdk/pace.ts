import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';

export interface PaceOptions {
  readonly clock: Clock;
  /** Spreads many paces of the same period over it. */
  readonly id: string;
  readonly periodMs: number;
  /** One turn at a time: a turn that is due while the last one runs is left out. */
  readonly task: () => Promise<void>;
  /** What a turn threw. */
  readonly failed: (error: EngineError) => void;
}

/**
 * Turns at absolute times: `phase + k × period`, the phase hashed from the id. A late or long turn never shifts
 * those after it, so thousands of devices keep their rhythm and their spread. Owned by who makes it; `stop` ends it.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #phaseMs: number;
  #dueMonoMs: number;
  #timer: TimerHandle | undefined;
  #running = false;
  #stopped = false;
  #left = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#phaseMs = hashOf(options.id) % Math.max(1, Math.round(options.periodMs));
    this.#dueMonoMs = this.#after(options.clock.monoMs());
    this.#arm();
  }

  /** Turns left out because the one before was not done. */
  get left(): number {
    return this.#left;
  }

  /** Monotonic time of the next turn, ms. */
  get dueMonoMs(): number {
    return this.#dueMonoMs;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #after(monoMs: number): number {
    const { periodMs } = this.#options;
    return (Math.floor((monoMs - this.#phaseMs) / periodMs) + 1) * periodMs + this.#phaseMs;
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimeout(() => this.#turn(), this.#dueMonoMs - clock.monoMs());
  }

  #turn(): void {
    if (this.#stopped) return;
    const { clock, periodMs, task, failed } = this.#options;
    // A timer may fire a little early: the same turn must not come twice.
    this.#dueMonoMs = Math.max(this.#after(clock.monoMs()), this.#dueMonoMs + periodMs);
    this.#arm();
    if (this.#running) {
      this.#left += 1;
      return;
    }
    this.#running = true;
    const done = (): void => {
      this.#running = false;
    };
    task()
      .catch((thrown: unknown) => failed(EngineError.from(thrown)))
      .then(done, done);
  }
}

/** FNV-1a, 32 bits: even and the same on every run. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  // The last characters of numbered ids differ in few bits only: mix them over the whole word.
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b) >>> 0;
  return (hash ^ (hash >>> 16)) >>> 0;
}

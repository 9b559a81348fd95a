/** Time and timers, injected everywhere: nothing else in `engine`, `media` and `actors` reads the time. */
export interface Clock {
  /** Unix time, ms, may carry fractions; may jump when the machine's clock is set. */
  nowMs(): number;
  /** Monotonic time, ms; never jumps, for durations and deadlines. */
  monoMs(): number;
  setTimeout(fn: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

/** Opaque; only the clock that made it may read it. */
export type TimerHandle = unknown;

/** The machine's clock. Timers do not keep the process alive unless `ref` is true. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monoMs(): number {
    return performance.now();
  }

  setTimeout(fn: () => void, delayMs: number): TimerHandle {
    return setTimeout(fn, delayMs);
  }

  clearTimeout(handle: TimerHandle): void {
    clearTimeout(handle as NodeJS.Timeout);
  }
}

/**
 * A clock whose Unix time stands still while `during` runs: what arrives together has one time, that of its arrival, and
 * one look at the clock serves all of it. Monotonic time goes on.
 */
export class ArrivalClock implements Clock {
  readonly #clock: Clock;
  #arrivedUnixMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#arrivedUnixMs ?? this.#clock.nowMs();
  }

  monoMs(): number {
    return this.#clock.monoMs();
  }

  setTimeout(fn: () => void, delayMs: number): TimerHandle {
    return this.#clock.setTimeout(fn, delayMs);
  }

  clearTimeout(handle: TimerHandle): void {
    this.#clock.clearTimeout(handle);
  }

  /** Runs `take` at once, at one time; what it leaves for later has the time of then. */
  during(take: () => void): void {
    this.#arrivedUnixMs = this.#clock.nowMs();
    try {
      take();
    } finally {
      this.#arrivedUnixMs = undefined;
    }
  }
}

interface Pending {
  readonly id: number;
  readonly dueMonoMs: number;
  readonly fn: () => void;
}

/** A clock for tests: time stands still until `advance` or `jump`. */
export class TestClock implements Clock {
  #unixMs: number;
  #monoMs = 0;
  #nextId = 1;
  readonly #pending = new Map<number, Pending>();

  constructor(startUnixMs = 1_800_000_000_000) {
    this.#unixMs = startUnixMs;
  }

  nowMs(): number {
    return this.#unixMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  setTimeout(fn: () => void, delayMs: number): TimerHandle {
    const id = this.#nextId++;
    this.#pending.set(id, { id, dueMonoMs: this.#monoMs + Math.max(0, delayMs), fn });
    return id;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#pending.delete(handle as number);
  }

  /** Timers not yet fired; a test asserts 0 to show that nothing leaked. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Moves time on by `byMs`, firing due timers in order. */
  advance(byMs: number): void {
    const untilMonoMs = this.#monoMs + byMs;
    for (;;) {
      let next: Pending | undefined;
      for (const timer of this.#pending.values()) {
        if (timer.dueMonoMs > untilMonoMs) continue;
        if (next === undefined || timer.dueMonoMs < next.dueMonoMs) next = timer;
      }
      if (next === undefined) break;
      this.#pending.delete(next.id);
      this.#step(next.dueMonoMs);
      next.fn();
    }
    this.#step(untilMonoMs);
  }

  /** The wall clock is set by hand; monotonic time and timers do not notice. */
  jump(byMs: number): void {
    this.#unixMs += byMs;
  }

  #step(toMonoMs: number): void {
    this.#unixMs += toMonoMs - this.#monoMs;
    this.#monoMs = toMonoMs;
  }
}

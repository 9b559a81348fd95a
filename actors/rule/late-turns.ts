import type { Clock, TimerHandle } from '../../engine/clock.js';

/** A turn that begins a wait is told to the machine so much later, ms, unless the condition turned back meanwhile. */
export const LATE_MS = 1_000;
/** Waits that are shorter begin at once. */
const LONG_WAIT_MS = 5 * LATE_MS;

export interface LateTurn {
  readonly type: 'held' | 'ceased';
  readonly atUnixMs: number;
  readonly value: number | string | null;
  /** When it happened: the wait is counted from then. */
  readonly monoMs: number;
}

export const isLongWait = (waitMs: number): boolean => waitMs >= LONG_WAIT_MS;

/**
 * Turns of conditions that begin a long wait, for a moment. A level that swings about its limit, as speech does, begins and breaks off such
 * waits several times a second: what turns back within the moment costs no machine, no store and no page anything. Holds one turn a rule at
 * most.
 */
export class LateTurns<R> {
  readonly #clock: Clock;
  readonly #tell: (rule: R, turn: LateTurn) => void;
  /** The oldest first. */
  readonly #turns = new Map<R, LateTurn>();
  #timer: TimerHandle | undefined;

  constructor(clock: Clock, tell: (rule: R, turn: LateTurn) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  put(rule: R, turn: LateTurn): void {
    this.#turns.delete(rule);
    this.#turns.set(rule, turn);
    this.#timer ??= this.#clock.setTimeout(() => this.#due(), LATE_MS);
  }

  of(rule: R): LateTurn | undefined {
    return this.#turns.get(rule);
  }

  /** It is not told. @returns it */
  take(rule: R): LateTurn | undefined {
    const turn = this.#turns.get(rule);
    if (turn !== undefined) this.#turns.delete(rule);
    return turn;
  }

  close(): void {
    this.#turns.clear();
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #due(): void {
    this.#timer = undefined;
    const nowMonoMs = this.#clock.monoMs();
    for (const [rule, turn] of this.#turns) {
      const leftMs = turn.monoMs + LATE_MS - nowMonoMs;
      // Timers may be early by less than their resolution.
      if (leftMs > 1) {
        this.#timer = this.#clock.setTimeout(() => this.#due(), leftMs);
        return;
      }
      this.#turns.delete(rule);
      this.#tell(rule, turn);
    }
  }
}

import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { RuleWaits } from './protocol.js';

/** A turn that begins a long wait is told to the machine so much later, ms, while somebody looks at its rule, and never sooner. */
export const LATE_MS = 1_000;
/** Waits that are shorter begin at once. */
const LONG_WAIT_MS = 5 * LATE_MS;
/** While nobody looks: this part of the wait, and no more than this, ms. */
const LATE_SHARE = 0.25;
const LATEST_MS = 10_000;
/** Turns that are due are looked for at most this often. */
const LOOK_MS = 100;

export interface LateTurn {
  readonly type: 'held' | 'ceased';
  readonly atUnixMs: number;
  readonly value: number | string | null;
  /** When it happened: the wait is counted from then. */
  readonly monoMs: number;
  /** When the machine is told. */
  readonly dueMonoMs: number;
}

/** How long the machine need not know of a turn that begins a wait of `waitMs`, ms; 0: it is told at once. */
export function lateMsOf(waitMs: number, watched: boolean): number {
  if (waitMs < LONG_WAIT_MS) return 0;
  return watched ? LATE_MS : Math.min(LATEST_MS, Math.max(LATE_MS, waitMs * LATE_SHARE));
}

/**
 * Turns of conditions that begin a long wait, for a while. A level that swings about its limit, as speech does, begins and breaks off such
 * waits several times a minute: what turns back within the while costs no machine, no store and no page anything. Holds one turn a rule at
 * most; `rows` is what others keep of them, so that a wait goes on from its begin after a loss.
 */
export class LateTurns<R extends { readonly id: string }> {
  readonly #clock: Clock;
  readonly #tell: (rule: R, turn: LateTurn) => void;
  readonly #turns = new Map<R, LateTurn>();
  #timer: TimerHandle | undefined;
  #timerMonoMs = Number.POSITIVE_INFINITY;
  #changed = true;

  constructor(clock: Clock, tell: (rule: R, turn: LateTurn) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  put(rule: R, turn: LateTurn): void {
    this.#turns.set(rule, turn);
    this.#changed = true;
    this.#arm(turn.dueMonoMs);
  }

  of(rule: R): LateTurn | undefined {
    return this.#turns.get(rule);
  }

  /** It is not told. @returns it */
  take(rule: R): LateTurn | undefined {
    const turn = this.#turns.get(rule);
    if (turn === undefined) return undefined;
    this.#turns.delete(rule);
    this.#changed = true;
    return turn;
  }

  /** It is told as if somebody had looked from its begin. */
  hurry(rule: R): void {
    const turn = this.#turns.get(rule);
    if (turn === undefined || turn.dueMonoMs <= turn.monoMs + LATE_MS) return;
    this.put(rule, { ...turn, dueMonoMs: turn.monoMs + LATE_MS });
  }

  /** All turns that wait; null: they are as in the last answer. */
  rows(): RuleWaits | null {
    if (!this.#changed) return null;
    this.#changed = false;
    const nowUnixMs = this.#clock.nowMs();
    const nowMonoMs = this.#clock.monoMs();
    const turns = [...this.#turns];
    return {
      id: turns.map(([{ id }]) => id),
      held: turns.map(([, { type }]) => type === 'held'),
      sinceUnixMs: turns.map(([, { monoMs }]) => nowUnixMs - (nowMonoMs - monoMs)),
      atUnixMs: turns.map(([, { atUnixMs }]) => atUnixMs),
      value: turns.map(([, { value }]) => value),
    };
  }

  /** The last rows did not arrive. */
  again(): void {
    this.#changed = true;
  }

  close(): void {
    this.#turns.clear();
    this.#disarm();
  }

  #arm(dueMonoMs: number): void {
    if (dueMonoMs >= this.#timerMonoMs) return;
    this.#disarm();
    this.#timerMonoMs = dueMonoMs;
    const delayMs = Math.max(0, dueMonoMs - this.#clock.monoMs());
    this.#timer = this.#clock.setTimeout(() => this.#due(), delayMs);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerMonoMs = Number.POSITIVE_INFINITY;
  }

  #due(): void {
    this.#disarm();
    const nowMonoMs = this.#clock.monoMs();
    let nextMonoMs = Number.POSITIVE_INFINITY;
    for (const [rule, turn] of this.#turns) {
      // Timers may be early by less than their resolution.
      if (turn.dueMonoMs - nowMonoMs > 1) {
        nextMonoMs = Math.min(nextMonoMs, turn.dueMonoMs);
        continue;
      }
      this.#turns.delete(rule);
      this.#changed = true;
      this.#tell(rule, turn);
    }
    if (Number.isFinite(nextMonoMs)) this.#arm(Math.max(nextMonoMs, nowMonoMs + LOOK_MS));
  }
}

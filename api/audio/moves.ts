import type { SessionMove } from '../../actors/session/protocol.js';
import { together } from '../../actors/session/session.state.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';

/** However often a client moves, its thread hears of it once in this time: a block. */
const TICK_MS = 20;

/** Moves on their way to the media threads: of each session the sum of those since the last tick. */
export class Moves {
  readonly #clock: Clock;
  readonly #send: (moves: readonly SessionMove[]) => void;
  readonly #waiting = new Map<string, SessionMove>();
  #timer: TimerHandle | undefined;
  #sentMonoMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, send: (moves: readonly SessionMove[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(move: SessionMove): void {
    this.#waiting.set(move.id, together(this.#waiting.get(move.id), move));
    if (this.#timer !== undefined) return;
    // The first after a pause goes at once, with what else comes in this turn of the event loop.
    const delayMs = Math.max(0, this.#sentMonoMs + TICK_MS - this.#clock.monoMs());
    this.#timer = this.#clock.setTimeout(() => this.flush(), delayMs);
  }

  forget(id: string): void {
    this.#waiting.delete(id);
  }

  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  /** What waits is sent now. */
  flush(): void {
    if (this.#timer === undefined) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sentMonoMs = this.#clock.monoMs();
    const moves = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#send(moves);
  }
}

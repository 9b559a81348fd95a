import type { Clock, TimerHandle } from '../../engine/clock.js';

/** Work that comes round while there is any: from `wake` on every `delayMs`, until it answers that none is left. */
export class Rounds {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #work: () => boolean;
  #timer: TimerHandle | undefined;

  /** @param work does what is due; true: there will be more, look again. */
  constructor(clock: Clock, delayMs: number, work: () => boolean) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#work = work;
  }

  /** There is something to do. Costs nothing when it was said before. */
  wake(): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.#work()) this.wake();
    }, this.#delayMs);
  }
}

import type { Clock, TimerHandle } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';

interface Waiting {
  readonly go: () => void;
  readonly fail: (error: EngineError) => void;
}

const MAX_WAITING = 1_000;

/** Lets at most `perSecond` through, evenly; the others wait in order, 1,000 at most. */
export class RateQueue {
  readonly #clock: Clock;
  readonly #name: string;
  readonly #waiting: Waiting[] = [];
  readonly #gapMs: number;
  #freeAtMonoMs = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle | undefined;

  constructor(clock: Clock, name: string, perSecond: number) {
    this.#clock = clock;
    this.#name = name;
    this.#gapMs = RateQueue.#gap(name, perSecond);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is this one's turn. @throws EngineError `server.busy`, `call.aborted` */
  turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(aborted(this.#name));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new EngineError(
          'server.busy',
          `${MAX_WAITING} requests of "${this.#name}" are waiting already: poll less often`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(aborted(this.#name));
      };
      const entry: Waiting = {
        go: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        fail: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(entry);
      this.#pump();
    });
  }

  /** Fails all that wait. */
  close(error: EngineError): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const entry of this.#waiting.splice(0)) entry.fail(error);
  }

  #pump(): void {
    if (this.#timer !== undefined) return;
    while (this.#waiting.length > 0) {
      const nowMonoMs = this.#clock.monoMs();
      const waitMs = this.#freeAtMonoMs - nowMonoMs;
      if (waitMs > 0) {
        this.#timer = this.#clock.setTimeout(() => {
          this.#timer = undefined;
          this.#pump();
        }, waitMs);
        return;
      }
      // A timer that fires late by less than a gap is made up for: the rate holds and there is no burst.
      const fromMonoMs = -waitMs < this.#gapMs ? this.#freeAtMonoMs : nowMonoMs;
      this.#freeAtMonoMs = fromMonoMs + this.#gapMs;
      this.#waiting.shift()?.go();
    }
  }

  static #gap(name: string, perSecond: number): number {
    if (!(perSecond > 0) || !Number.isFinite(perSecond)) {
      throw new EngineError('input.invalid', `limit "${name}": perSecond must be above 0`);
    }
    return 1_000 / perSecond;
  }
}

function aborted(name: string): EngineError {
  return new EngineError('call.aborted', `a request of "${name}" was given up while it waited`);
}

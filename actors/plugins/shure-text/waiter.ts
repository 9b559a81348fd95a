import type { Clock } from '../../../engine/clock.js';
import type { EngineError } from '../../../engine/errors.js';

/** Waits for something that comes with what a device says. One wait at a time. */
export class Waiter {
  readonly #clock: Clock;
  #ready: (() => boolean) | undefined;
  #settle: ((outcome: boolean | EngineError) => void) | undefined;
  #ended: EngineError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True as soon as `ready` is, false after `ms`. @throws EngineError when the connection ends before, or has ended */
  async until(ready: () => boolean, ms: number): Promise<boolean> {
    if (this.#ended !== undefined) throw this.#ended;
    const outcome = await new Promise<boolean | EngineError>((resolve) => {
      const timer = this.#clock.setTimeout(() => {
        this.#settle?.(false);
      }, ms);
      this.#ready = ready;
      this.#settle = (result) => {
        this.#clock.clearTimeout(timer);
        this.#ready = undefined;
        this.#settle = undefined;
        resolve(result);
      };
    });
    if (typeof outcome !== 'boolean') throw outcome;
    return outcome;
  }

  /** Something was said. */
  look(): void {
    if (this.#ready?.() === true) this.#settle?.(true);
  }

  end(error: EngineError): void {
    this.#ended = error;
    this.#settle?.(error);
  }
}

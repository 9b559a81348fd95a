import type { Clock, TimerHandle } from '../../engine/clock.js';

/** Icecast 2.4 resets connections when hundreds of sources connect at once. */
export const MAX_CONNECTS = 32;
/** After refused credentials nobody tries for this long, then one source does. */
const REFUSED_PAUSE_MS = 60_000;

/**
 * Paces the sources of one Icecast server: at most `MAX_CONNECTS` connects at a time, first come first
 * served, and after refused credentials one try a minute for all of them together.
 */
export class ConnectGate {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  #refused: string | undefined;
  #timer: TimerHandle | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why no source connects at the moment. */
  get refused(): string | undefined {
    return this.#refused;
  }

  get active(): number {
    return this.#active;
  }

  /** `run` is called when it may connect; it must call `leave` once. The answer takes the request back. */
  enter(run: () => void): () => void {
    this.#waiting.push(run);
    this.#next();
    return () => {
      const at = this.#waiting.indexOf(run);
      if (at >= 0) this.#waiting.splice(at, 1);
    };
  }

  leave(outcome: 'connected' | 'failed' | { readonly refused: string }): void {
    this.#active -= 1;
    if (typeof outcome === 'object') {
      this.#refused = outcome.refused;
      if (this.#timer === undefined) {
        this.#timer = this.#clock.setTimeout(() => {
          this.#timer = undefined;
          this.#start();
        }, REFUSED_PAUSE_MS);
      }
      return;
    }
    if (outcome === 'connected') this.#refused = undefined;
    this.#next();
  }

  close(): void {
    this.#waiting.length = 0;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #next(): void {
    while (this.#refused === undefined && this.#active < MAX_CONNECTS && this.#start());
  }

  #start(): boolean {
    const run = this.#waiting.shift();
    if (run === undefined) return false;
    this.#active += 1;
    run();
    return true;
  }
}

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
  readonly #maxConnects: number;
  #active = 0;
  #refused: string | undefined;
  #timer: TimerHandle | undefined;

  /** @param maxConnects this gate's share, when several threads connect to one server. */
  constructor(clock: Clock, maxConnects = MAX_CONNECTS) {
    this.#clock = clock;
    this.#maxConnects = Math.max(1, maxConnects);
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
    if (typeof outcome === 'object') this.#refused = outcome.refused;
    else if (outcome === 'connected') this.#refused = undefined;
    if (this.#refused === undefined) this.#next();
    else this.#tryLater();
  }

  /** One source tries at the end of the pause; if it fails, another one after the next. */
  #tryLater(): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      if (!this.#start()) this.#refused = undefined;
    }, REFUSED_PAUSE_MS);
  }

  close(): void {
    this.#waiting.length = 0;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #next(): void {
    while (this.#refused === undefined && this.#active < this.#maxConnects && this.#start());
  }

  #start(): boolean {
    const run = this.#waiting.shift();
    if (run === undefined) return false;
    this.#active += 1;
    run();
    return true;
  }
}

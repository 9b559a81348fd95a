import type { Clock, TimerHandle } from '../../engine/clock.js';

/** Told together: a board that opens looks at a hundred devices. */
const TELL_AFTER_MS = 100;

/** Whose meters somebody looks at. Several lookers add up. */
export class MeterWatchers {
  readonly #clock: Clock;
  readonly #tell: (deviceIds: ReadonlySet<string>) => void;
  readonly #lookers = new Map<string, number>();
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(clock: Clock, tell: (deviceIds: ReadonlySet<string>) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** @returns ends it; a second call does nothing. */
  watch(deviceIds: readonly string[]): () => void {
    const ids = [...new Set(deviceIds)];
    for (const id of ids) this.#lookers.set(id, (this.#lookers.get(id) ?? 0) + 1);
    this.again();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      for (const id of ids) {
        const left = (this.#lookers.get(id) ?? 1) - 1;
        if (left === 0) this.#lookers.delete(id);
        else this.#lookers.set(id, left);
      }
      this.again();
    };
  }

  /** A thread is new: it is told too. */
  again(): void {
    if (this.#stopped) return;
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#tell(new Set(this.#lookers.keys()));
    }, TELL_AFTER_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#clock.clearTimeout(this.#timer);
  }
}

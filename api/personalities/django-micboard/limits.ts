import type { Clock } from '../../../engine/clock.js';

const WINDOW_MS = 60_000;
/** More askers than this in a minute are let through: the gateway has a limit of its own. */
const MAX_ASKERS = 20_000;

/** Requests of one asker to one kind of call in a sliding minute. */
export class SlidingLimits {
  readonly #clock: Clock;
  readonly #asked = new Map<string, number[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns undefined when it may pass, else the seconds after which one request more may. */
  take(kind: string, asker: string, max: number): number | undefined {
    const nowMonoMs = this.#clock.monoMs();
    const key = `${kind}\n${asker}`;
    const times = (this.#asked.get(key) ?? []).filter((at) => nowMonoMs - at < WINDOW_MS);
    this.#asked.delete(key);
    if (times.length >= max) {
      this.#asked.set(key, times);
      const oldest = times[0] ?? nowMonoMs;
      return Math.max(1, Math.ceil((oldest + WINDOW_MS - nowMonoMs) / 1_000));
    }
    times.push(nowMonoMs);
    // Kept by last use: whoever asked longest ago is forgotten first.
    this.#asked.set(key, times);
    for (const [oldest, at] of this.#asked) {
      const over = this.#asked.size > MAX_ASKERS;
      if (!over && nowMonoMs - (at.at(-1) ?? 0) < WINDOW_MS) break;
      this.#asked.delete(oldest);
    }
    return undefined;
  }
}

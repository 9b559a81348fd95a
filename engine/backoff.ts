export interface BackoffOptions {
  /** Delay before the first restart, ms. */
  readonly firstMs: number;
  /** No delay is longer, jitter included, ms. */
  readonly maxMs: number;
  /** Share of the delay that is left to chance, 0–1. */
  readonly jitter: number;
  /** 0 ≤ random() < 1. */
  readonly random?: () => number;
}

/**
 * Delay before restart n (from 1): doubles from `firstMs` to `maxMs`. The chance is taken off the
 * capped delay, so that a thousand devices behind one dead switch do not come back in the same
 * millisecond once all of them reached the cap.
 */
export function backoff(options: BackoffOptions): (n: number) => number {
  const { firstMs, maxMs, jitter, random = Math.random } = options;
  return (n) => {
    const delayMs = Math.min(maxMs, firstMs * 2 ** Math.min(n - 1, 52));
    return delayMs * (1 - jitter * random());
  };
}

/** Counts restarts in a sliding window. Empty until the first failure: most actors never fail. */
export class RestartWindow {
  #atMonoMs: number[] | undefined;

  /** Restarts inside the window, this one included; undefined: more than `max`, do not restart. */
  next(nowMonoMs: number, limit: { readonly max: number; readonly windowMs: number }) {
    const recent = (this.#atMonoMs ?? []).filter((at) => at > nowMonoMs - limit.windowMs);
    this.#atMonoMs = recent;
    if (recent.length >= limit.max) return undefined;
    recent.push(nowMonoMs);
    return recent.length;
  }

  clear(): void {
    this.#atMonoMs = undefined;
  }
}

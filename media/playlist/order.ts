/** A number below 2^32 that is as good as drawn, equal for equal arguments. */
export function orderKey(seed: number, round: number, id: number): number {
  let hash = seed ^ Math.imul(round + 1, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash ^= Math.imul(id, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The `limit` first of `items` by `compare`, in order; `compare` must never call two items equal. */
export function firstOf<T>(
  items: Iterable<T>,
  limit: number,
  compare: (a: T, b: T) => number,
): T[] {
  const best: T[] = [];
  for (const item of items) {
    const worst = best.at(-1);
    if (best.length >= limit && (worst === undefined || compare(item, worst) >= 0)) continue;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = best[middle];
      if (other !== undefined && compare(other, item) < 0) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, item);
    if (best.length > limit) best.pop();
  }
  return best;
}

/** Keys of the first window, on average. */
const FIRST_WINDOW = 64;
const KEYS = 2 ** 32;

/**
 * A long list in shuffled order without a sorted copy of it: the order is that of a key, and only the
 * beginning of it is ever worked out, a window of keys at a time, each twice as wide as the last.
 */
export class ShuffledList<T> {
  readonly list: readonly T[];
  readonly #keyOf: (item: T) => number;
  readonly #head: { readonly key: number; readonly item: T }[] = [];
  #upTo = 0;
  #width: number;

  /** Items of equal keys are put in the order of the list. */
  constructor(list: readonly T[], keyOf: (item: T) => number) {
    this.list = list;
    this.#keyOf = keyOf;
    this.#width = Math.ceil((KEYS * FIRST_WINDOW) / Math.max(1, list.length));
  }

  /** The first `limit` that pass. */
  first(limit: number, passes: (item: T) => boolean): T[] {
    const found: T[] = [];
    for (let at = 0; found.length < limit; at++) {
      while (at >= this.#head.length) {
        if (this.#upTo >= KEYS) return found;
        this.#extend();
      }
      const item = this.#head[at]?.item;
      if (item !== undefined && passes(item)) found.push(item);
    }
    return found;
  }

  #extend(): void {
    const from = this.#upTo;
    this.#upTo = Math.min(KEYS, from + this.#width);
    this.#width *= 2;
    const window: { readonly key: number; readonly item: T }[] = [];
    for (const item of this.list) {
      const key = this.#keyOf(item);
      if (key >= from && key < this.#upTo) window.push({ key, item });
    }
    window.sort((a, b) => a.key - b.key);
    for (const entry of window) this.#head.push(entry);
  }
}

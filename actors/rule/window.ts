import type { AggregateFunction } from './rule.types.js';

/** Summaries held at most; a window with more samples keeps pairs of neighbours together. */
const MOST = 1_024;

interface Part {
  /** Newest sample in it. */
  atUnixMs: number;
  count: number;
  sum: number;
  /** Sum of the squares of the distances from the mean: a spread that large values do not drown. */
  spread: number;
  min: number;
  max: number;
}

const none = (): Part => ({
  atUnixMs: Number.NEGATIVE_INFINITY,
  count: 0,
  sum: 0,
  spread: 0,
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
});

function join(a: Part, b: Part): Part {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const apart = b.sum / b.count - a.sum / a.count;
  return {
    atUnixMs: Math.max(a.atUnixMs, b.atUnixMs),
    count,
    sum: a.sum + b.sum,
    spread: a.spread + b.spread + (apart * apart * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/**
 * A sliding window over samples that come in order of time: those later than its end − `spanMs`. Exact up to 1,024 samples;
 * with more, neighbours are summed up and leave together, so its beginning is blurred by the distance of a few samples. Costs the same
 * whatever its length: sums of the older half are kept from each sample to the end of that half, so nothing is taken away again and no
 * error of rounding grows.
 */
export class SlidingWindow {
  readonly spanMs: number;
  /** Older half, oldest last; each with the sum from it to the newest of the older half. */
  #front: { readonly part: Part; readonly total: Part }[] = [];
  #back: Part[] = [];
  #backTotal: Part = none();
  #pairs = 1;

  constructor(spanMs: number) {
    this.spanMs = spanMs;
  }

  get size(): number {
    return this.#front.length + this.#back.length;
  }

  /** Not earlier than the last one. */
  add(atUnixMs: number, value: number): void {
    const last = this.#back.at(-1);
    const one: Part = {
      atUnixMs,
      count: 1,
      sum: value,
      spread: 0,
      min: value,
      max: value,
    };
    this.#backTotal = join(this.#backTotal, one);
    if (last !== undefined && last.count < this.#pairs) {
      this.#back[this.#back.length - 1] = join(last, one);
    } else {
      this.#back.push(one);
      if (this.size > MOST) this.#shrink();
    }
  }

  /** Lets go of what is not later than `endUnixMs` − span. */
  slide(endUnixMs: number): void {
    const fromUnixMs = endUnixMs - this.spanMs;
    for (;;) {
      if (this.#front.length === 0) {
        const oldest = this.#back[0];
        if (oldest === undefined || oldest.atUnixMs > fromUnixMs) break;
        this.#turn();
      }
      const oldest = this.#front.at(-1);
      if (oldest === undefined || oldest.part.atUnixMs > fromUnixMs) break;
      this.#front.pop();
    }
    if (this.size === 0) this.#pairs = 1;
  }

  /** NaN without samples, but 0 for `count` and `sum`. `stddev` is that of the population. */
  result(what: AggregateFunction): number {
    const { count, sum, spread, min, max } = join(
      this.#front.at(-1)?.total ?? none(),
      this.#backTotal,
    );
    if (what === 'count') return count;
    if (what === 'sum') return sum;
    if (count === 0) return Number.NaN;
    switch (what) {
      case 'avg':
        return sum / count;
      case 'min':
        return min;
      case 'max':
        return max;
      case 'range':
        return max - min;
      case 'stddev':
        return Math.sqrt(spread / count);
    }
  }

  clear(): void {
    this.#front = [];
    this.#back = [];
    this.#backTotal = none();
    this.#pairs = 1;
  }

  #turn(): void {
    let total = none();
    for (let part = this.#back.pop(); part !== undefined; part = this.#back.pop()) {
      total = join(total, part);
      this.#front.push({ part, total });
    }
    this.#backTotal = none();
  }

  #shrink(): void {
    const parts = [...this.#front.map(({ part }) => part).reverse(), ...this.#back];
    this.#front = [];
    this.#back = [];
    this.#backTotal = none();
    for (let i = 0; i < parts.length; i += 2) {
      const [a, b] = [parts[i], parts[i + 1]];
      if (a === undefined) continue;
      const both = b === undefined ? a : join(a, b);
      this.#back.push(both);
      this.#backTotal = join(this.#backTotal, both);
    }
    this.#pairs *= 2;
  }
}

/** The latest latencies, for percentiles; older ones are overwritten. */
export class Latency {
  readonly #ms: Float64Array;
  #count = 0;

  constructor(capacity = 20_000) {
    this.#ms = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    this.#ms[this.#count % this.#ms.length] = ms;
    this.#count += 1;
  }

  /** @param share 0.5 for the median. Undefined before the first. */
  percentile(share: number): number | undefined {
    const held = Math.min(this.#count, this.#ms.length);
    if (held === 0) return undefined;
    const sorted = this.#ms.slice(0, held).sort();
    return sorted[Math.min(held - 1, Math.floor(held * share))];
  }
}

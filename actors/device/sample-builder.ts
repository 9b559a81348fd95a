import type { SampleBatch, TextSample } from '../../engine/series/series.types.js';

/** Collects rows of one group commit; columns grow by doubling and are handed over by `take`. */
export class SampleBuilder {
  #channel: Uint32Array;
  #atUnixMs: Float64Array;
  #value: Float64Array;
  #text: TextSample[] = [];
  #rows = 0;

  constructor(capacity = 256) {
    this.#channel = new Uint32Array(capacity);
    this.#atUnixMs = new Float64Array(capacity);
    this.#value = new Float64Array(capacity);
  }

  get rows(): number {
    return this.#rows + this.#text.length;
  }

  add(channel: number, atUnixMs: number, value: number | string): void {
    if (typeof value === 'string') {
      this.#text.push({ channel, atUnixMs, value });
      return;
    }
    if (this.#rows === this.#channel.length) this.#grow();
    this.#channel[this.#rows] = channel;
    this.#atUnixMs[this.#rows] = atUnixMs;
    this.#value[this.#rows] = value;
    this.#rows += 1;
  }

  /** The rows so far; the builder may not be used afterwards. */
  take(): SampleBatch {
    return {
      channel: this.#channel.subarray(0, this.#rows),
      atUnixMs: this.#atUnixMs.subarray(0, this.#rows),
      value: this.#value.subarray(0, this.#rows),
      text: this.#text,
    };
  }

  /** The rows so far for as long as `use` runs; afterwards the builder is empty, and its columns are used again. */
  lend(use: (batch: SampleBatch) => void): void {
    try {
      use(this.take());
    } finally {
      this.#rows = 0;
      this.#text = [];
    }
  }

  #grow(): void {
    const capacity = this.#channel.length * 2;
    const channel = new Uint32Array(capacity);
    channel.set(this.#channel);
    const atUnixMs = new Float64Array(capacity);
    atUnixMs.set(this.#atUnixMs);
    const value = new Float64Array(capacity);
    value.set(this.#value);
    this.#channel = channel;
    this.#atUnixMs = atUnixMs;
    this.#value = value;
  }
}

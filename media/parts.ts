import type { AudioParts } from './ports.js';

/** Gathers the encoded packets of one tick into one transferable piece. Grows to the largest tick seen. */
export class PartsBuilder {
  #bytes = new Uint8Array(64 * 1024);
  #stream = new Uint32Array(256);
  #offset = new Uint32Array(257);
  #count = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `bytes`. */
  add(stream: number, bytes: Uint8Array): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    if (this.#count === this.#stream.length) {
      const streams = new Uint32Array(this.#count * 2);
      streams.set(this.#stream);
      this.#stream = streams;
      const offsets = new Uint32Array(this.#count * 2 + 1);
      offsets.set(this.#offset);
      this.#offset = offsets;
    }
    this.#bytes.set(bytes, this.#length);
    this.#stream[this.#count] = stream;
    this.#count++;
    this.#length = end;
    this.#offset[this.#count] = end;
  }

  /** What was gathered, as buffers of its own; undefined when there is nothing. Starts anew. */
  take(): AudioParts | undefined {
    if (this.#count === 0) return undefined;
    const parts: AudioParts = {
      count: this.#count,
      stream: this.#stream.slice(0, this.#count),
      offset: this.#offset.slice(0, this.#count + 1),
      bytes: this.#bytes.slice(0, this.#length),
    };
    this.#count = 0;
    this.#length = 0;
    return parts;
  }
}

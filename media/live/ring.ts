import { type LiveRing, RATE_HZ } from '../ports.js';

/** 5.5 s, 2 MiB: readers stay within half a second of the writer. */
export const RING_FRAMES = 2 ** 18;

/** The only writer of a ring. */
export class RingWriter {
  readonly ring: LiveRing;
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  readonly #counters: BigInt64Array;
  #written = 0;

  constructor(url: string, frames = RING_FRAMES) {
    this.ring = {
      url,
      frames,
      data: new SharedArrayBuffer(frames * 8),
      written: new SharedArrayBuffer(16),
    };
    this.#left = new Float32Array(this.ring.data, 0, frames);
    this.#right = new Float32Array(this.ring.data, frames * 4, frames);
    this.#counters = new BigInt64Array(this.ring.written);
  }

  get written(): number {
    return this.#written;
  }

  /** Frames `from` up to `from + count` of interleaved stereo; readers see them when it returns. */
  write(samples: Float32Array, from: number, count: number): void {
    const { frames } = this.ring;
    let at = this.#written % frames;
    for (let i = from; i < from + count; i++) {
      this.#left[at] = sane(samples[2 * i] as number);
      this.#right[at] = sane(samples[2 * i + 1] as number);
      at = at + 1 === frames ? 0 : at + 1;
    }
    this.#written += count;
    Atomics.store(this.#counters, 0, BigInt(this.#written));
  }
}

/** A float stream may hold anything; beyond this (+24 dB) or not a number is noise, not sound. */
const sane = (value: number): number => (value > -16 && value < 16 ? value : 0);

export const framesOf = (ms: number): number => Math.round((ms * RATE_HZ) / 1_000);

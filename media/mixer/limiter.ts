import { BLOCK_FRAMES } from '../ports.js';
import type { Kernel } from './kernel.js';
import { MOST_GAIN, SMOOTH_BOUND } from './true-peak.js';

/** Largest true peak that leaves the mixer: −1 dBTP, so that no converter and no lossy codec clips. */
export const CEILING = 0.891_25;
/** What is aimed at: meters differ by tenths of a decibel near 20 kHz, and gains move under the interpolator. */
const AIM = CEILING * 0.96;
/** Samples up to here cannot make a true peak above the aim, whatever their signs. */
const SAFE_PEAK = AIM / MOST_GAIN;

const SUB_FRAMES = 64;
const SUB_BLOCKS = BLOCK_FRAMES / SUB_FRAMES;
/** Frames that the interpolator looks back and ahead, rounded up to whole vectors. */
const REACH_FRAMES = 8;
/** Frames that wait in the limiter, so that its gain is down before a peak is out: 1.5 ms. */
export const LATENCY_FRAMES = SUB_FRAMES + REACH_FRAMES;
/** Sound before a block's own: what the interpolator looks back at, and what waits. */
export const CARRY_FRAMES = REACH_FRAMES + LATENCY_FRAMES;
/** Frames of a plane while a block is mixed: what is carried over, then the block. */
export const PLANE_FRAMES = CARRY_FRAMES + BLOCK_FRAMES;
/** Where the finished block begins in its plane. */
export const OUT_FRAME = REACH_FRAMES;
/** Back to full gain in 400 ms. */
const RELEASE_STEP = SUB_FRAMES / (0.4 * 48_000);

/** What a stream's limiter carries from block to block. `copy` it to go on in another stream. */
export class Limiter {
  /** The last `CARRY_FRAMES` frames as they were mixed: left, then right. */
  readonly tail = new Float32Array(2 * CARRY_FRAMES);
  gain = 1;
  /** Gain that the first frames to come out next need. */
  need = 1;

  copy(other: Limiter): void {
    this.tail.set(other.tail);
    this.gain = other.gain;
    this.need = other.need;
  }
}

/** Addresses in the kernel's memory, bytes. */
export interface LimiterPlaces {
  readonly left: number;
  readonly right: number;
  readonly taps: number;
  readonly out: number;
}

/**
 * Holds blocks under the ceiling, measured as true peak. A block whose samples all lie under
 * `SAFE_PEAK` (−7.5 dBFS) costs one look for its peak: the interpolator multiplies by 2.02 at most. In a louder one each stretch of
 * 64 frames is looked at; where its peak and its bends still leave room it costs no more, and only what
 * is left is oversampled. Gains move in straight lines over 64 frames.
 */
export class LimiterKernel {
  readonly #kernel: Kernel;
  readonly #places: LimiterPlaces;
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  readonly #out: Float32Array;
  readonly #needs = new Float64Array(SUB_BLOCKS + 1);

  constructor(kernel: Kernel, memory: ArrayBuffer, places: LimiterPlaces) {
    this.#kernel = kernel;
    this.#places = places;
    this.#left = new Float32Array(memory, places.left, PLANE_FRAMES);
    this.#right = new Float32Array(memory, places.right, PLANE_FRAMES);
    this.#out = new Float32Array(memory, places.out, 2);
  }

  /** Puts what `limiter` carries before an empty block. */
  begin(limiter: Limiter): void {
    const { tail } = limiter;
    const [left, right] = [this.#left, this.#right];
    for (let i = 0; i < CARRY_FRAMES; i++) {
      left[i] = tail[i] as number;
      right[i] = tail[CARRY_FRAMES + i] as number;
    }
    left.fill(0, CARRY_FRAMES);
    right.fill(0, CARRY_FRAMES);
  }

  /** Leaves the finished block at `OUT_FRAME` of its planes. */
  finish(limiter: Limiter): void {
    const looked = CARRY_FRAMES - 2 * REACH_FRAMES;
    let peak = this.#peakOf(looked, PLANE_FRAMES - looked);
    if (!Number.isFinite(peak)) {
      silenceBroken(this.#left);
      silenceBroken(this.#right);
      peak = this.#peakOf(looked, PLANE_FRAMES - looked);
    }
    const { tail } = limiter;
    const [left, right] = [this.#left, this.#right];
    for (let i = 0; i < CARRY_FRAMES; i++) {
      tail[i] = left[BLOCK_FRAMES + i] as number;
      tail[CARRY_FRAMES + i] = right[BLOCK_FRAMES + i] as number;
    }
    const quiet = peak <= SAFE_PEAK || this.#fits(1, SUB_BLOCKS);
    if (quiet && limiter.gain === 1 && limiter.need === 1) return;
    this.#limit(limiter, quiet);
  }

  #limit(limiter: Limiter, quiet: boolean): void {
    const needs = this.#needs;
    needs[0] = limiter.need;
    for (let j = 1; j <= SUB_BLOCKS; j++) needs[j] = quiet ? 1 : this.#need(j);
    let gain = limiter.gain;
    for (let j = 0; j < SUB_BLOCKS; j++) {
      const to = Math.min(needs[j] as number, needs[j + 1] as number, gain + RELEASE_STEP);
      if (gain !== 1 || to !== 1) {
        const at = (OUT_FRAME + j * SUB_FRAMES) * 4;
        const { left, right } = this.#places;
        const step = (to - gain) / SUB_FRAMES;
        this.#kernel.scale(left + at, right + at, SUB_FRAMES * 4, gain, step);
      }
      gain = to;
    }
    limiter.gain = gain;
    limiter.need = needs[SUB_BLOCKS] as number;
  }

  /** Gain that the stretch `j` needs to stay under the aim. */
  #need(j: number): number {
    if (this.#fits(j, 1)) return 1;
    const { left, right, taps, out } = this.#places;
    const at = (OUT_FRAME + j * SUB_FRAMES) * 4;
    const peak = this.#out[0] as number;
    this.#kernel.truePeak(left + at, right + at, SUB_FRAMES * 4, taps, out);
    const most = Math.max(peak, this.#out[0] as number);
    return most > AIM ? AIM / most : 1;
  }

  /** True when peak and bends of some stretches leave room for any true peak. Leaves the peak in `out`. */
  #fits(from: number, count: number): boolean {
    const { left, right, out } = this.#places;
    // As far as the interpolator sees; bends at its outermost frames reach one further.
    const reach = REACH_FRAMES - 2;
    const at = (OUT_FRAME + from * SUB_FRAMES - reach) * 4;
    this.#kernel.bend(left + at, right + at, (count * SUB_FRAMES + 2 * reach) * 4, out);
    const peak = this.#out[0] as number;
    if (peak <= SAFE_PEAK) return true;
    return SMOOTH_BOUND.level * peak + SMOOTH_BOUND.bend * (this.#out[1] as number) <= AIM;
  }

  #peakOf(fromFrame: number, frames: number): number {
    const { left, right, out } = this.#places;
    this.#kernel.peak(left + fromFrame * 4, right + fromFrame * 4, frames * 4, out);
    return this.#out[0] as number;
  }
}

/** A file may decode to infinities; they must not stay in the limiter for ever. */
function silenceBroken(plane: Float32Array): void {
  for (let i = 0; i < plane.length; i++) if (!Number.isFinite(plane[i])) plane[i] = 0;
}

import { BLOCK_FRAMES } from '../ports.js';
import { type Kernel, openKernel } from './kernel.js';
import type { PcmSource } from './source.js';

/** Largest sample that leaves the mixer: −1 dBFS, so that a lossy codec's overshoot does not clip. */
export const CEILING = 0.891_25;

/** Lookahead of the limiter: its gain is down before the peak is out. 1.3 ms. */
const LOOK_FRAMES = 64;
const SUB_BLOCKS = BLOCK_FRAMES / LOOK_FRAMES;
/** Back to full gain in 400 ms. */
const RELEASE_STEP = LOOK_FRAMES / (0.4 * 48_000);

const PLANE_BYTES = (LOOK_FRAMES + BLOCK_FRAMES) * 4;
const LEFT_AT = 0;
const RIGHT_AT = PLANE_BYTES;
const PEAK_AT = 2 * PLANE_BYTES;
const WINDOWS_AT = PEAK_AT + 64;
const WINDOW_PLANE_BYTES = BLOCK_FRAMES * 4;
/** Windows kept at once: distinct (media, place) pairs of one tick beyond this are read again. */
const WINDOWS = 256;

/** What a stream's limiter carries from block to block. `copy` it to go on in another stream. */
export class Limiter {
  /** The last `LOOK_FRAMES` frames, not sent yet: left, then right. */
  readonly tail = new Float32Array(2 * LOOK_FRAMES);
  gain = 1;
  /** Gain that the tail needs. */
  need = 1;

  copy(other: Limiter): void {
    this.tail.set(other.tail);
    this.gain = other.gain;
    this.need = other.need;
  }
}

/** A part of a source that was read into the kernel's memory. */
interface Window {
  source: PcmSource | undefined;
  frame: number;
  tick: number;
  readonly at: number;
  readonly left: Float32Array;
  readonly right: Float32Array;
}

/**
 * Mixes blocks of 20 ms, one mix after the other: `begin`, `add` per voice, `finish`. Allocates nothing
 * once made. A source's window is read once per tick for all mixes that hear it at the same place,
 * which is the rule for loops. One per thread.
 */
export class Mixer {
  /** The finished block; valid until the next `begin`. */
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly #kernel: Kernel;
  readonly #accLeft: Float32Array;
  readonly #accRight: Float32Array;
  readonly #peak: Float32Array;
  readonly #windows: Window[] = [];
  readonly #bySource = new WeakMap<PcmSource, Window>();
  readonly #needs = new Float32Array(SUB_BLOCKS + 1);
  #nextWindow = 0;

  constructor() {
    const { kernel, memory } = openKernel(WINDOWS_AT + WINDOWS * 2 * WINDOW_PLANE_BYTES);
    this.#kernel = kernel;
    const planeFrames = LOOK_FRAMES + BLOCK_FRAMES;
    this.#accLeft = new Float32Array(memory, LEFT_AT, planeFrames);
    this.#accRight = new Float32Array(memory, RIGHT_AT, planeFrames);
    this.left = new Float32Array(memory, LEFT_AT, BLOCK_FRAMES);
    this.right = new Float32Array(memory, RIGHT_AT, BLOCK_FRAMES);
    this.#peak = new Float32Array(memory, PEAK_AT, 1);
    for (let i = 0; i < WINDOWS; i++) {
      const at = WINDOWS_AT + i * 2 * WINDOW_PLANE_BYTES;
      this.#windows.push({
        source: undefined,
        frame: 0,
        tick: -1,
        at,
        left: new Float32Array(memory, at, BLOCK_FRAMES),
        right: new Float32Array(memory, at + WINDOW_PLANE_BYTES, BLOCK_FRAMES),
      });
    }
  }

  /** Starts a block of the stream that `limiter` belongs to. */
  begin(limiter: Limiter): void {
    const tail = limiter.tail;
    for (let i = 0; i < LOOK_FRAMES; i++) {
      this.#accLeft[i] = tail[i] as number;
      this.#accRight[i] = tail[LOOK_FRAMES + i] as number;
    }
    this.#accLeft.fill(0, LOOK_FRAMES);
    this.#accRight.fill(0, LOOK_FRAMES);
  }

  /**
   * Adds a block of `source` from `frame` on, its gains going in a straight line from the first to the
   * second of each pair. `tick` names the block being mixed, for all mixes alike.
   */
  add(
    source: PcmSource,
    frame: number,
    loop: boolean,
    tick: number,
    leftFrom: number,
    leftTo: number,
    rightFrom: number,
    rightTo: number,
  ): void {
    const at = this.#windowAt(source, frame, loop, tick);
    this.#kernel.mix(
      at,
      at + WINDOW_PLANE_BYTES,
      LEFT_AT + LOOK_FRAMES * 4,
      RIGHT_AT + LOOK_FRAMES * 4,
      WINDOW_PLANE_BYTES,
      leftFrom,
      rightFrom,
      (leftTo - leftFrom) / BLOCK_FRAMES,
      (rightTo - rightFrom) / BLOCK_FRAMES,
    );
  }

  /** Limits the block and leaves it in `left` and `right`: `LOOK_FRAMES` late, nothing above `CEILING`. */
  finish(limiter: Limiter): void {
    const peak = this.#peakOf(LOOK_FRAMES, BLOCK_FRAMES);
    if (!(peak <= CEILING) || limiter.gain < 1 || limiter.need < 1) this.#limit(limiter, peak);
    const tail = limiter.tail;
    for (let i = 0; i < LOOK_FRAMES; i++) {
      tail[i] = this.#accLeft[BLOCK_FRAMES + i] as number;
      tail[LOOK_FRAMES + i] = this.#accRight[BLOCK_FRAMES + i] as number;
    }
  }

  #limit(limiter: Limiter, peak: number): void {
    if (!Number.isFinite(peak)) {
      silenceBroken(this.#accLeft);
      silenceBroken(this.#accRight);
    }
    const needs = this.#needs;
    needs[0] = limiter.need;
    for (let j = 1; j <= SUB_BLOCKS; j++) {
      const most = this.#peakOf(j * LOOK_FRAMES, LOOK_FRAMES);
      needs[j] = most > CEILING ? CEILING / most : 1;
    }
    let gain = limiter.gain;
    for (let j = 0; j < SUB_BLOCKS; j++) {
      const now = needs[j] as number;
      const next = needs[j + 1] as number;
      const to = Math.min(now, next, gain + RELEASE_STEP);
      if (gain !== 1 || to !== 1) {
        const at = j * LOOK_FRAMES * 4;
        const step = (to - gain) / LOOK_FRAMES;
        this.#kernel.scale(LEFT_AT + at, RIGHT_AT + at, LOOK_FRAMES * 4, gain, step);
      }
      gain = to;
    }
    limiter.gain = gain;
    limiter.need = needs[SUB_BLOCKS] as number;
  }

  #peakOf(fromFrame: number, frames: number): number {
    const at = fromFrame * 4;
    this.#kernel.peak(LEFT_AT + at, RIGHT_AT + at, frames * 4, PEAK_AT);
    return this.#peak[0] as number;
  }

  #windowAt(source: PcmSource, frame: number, loop: boolean, tick: number): number {
    const known = this.#bySource.get(source);
    if (known?.source === source && known.frame === frame && known.tick === tick) return known.at;
    const window = this.#windows[this.#nextWindow] as Window;
    this.#nextWindow = (this.#nextWindow + 1) % WINDOWS;
    source.read(frame, loop, window.left, window.right);
    window.source = source;
    window.frame = frame;
    window.tick = tick;
    this.#bySource.set(source, window);
    return window.at;
  }
}

/** A file may decode to infinities; they must not stay in the limiter for ever. */
function silenceBroken(plane: Float32Array): void {
  for (let i = 0; i < plane.length; i++) if (!Number.isFinite(plane[i])) plane[i] = 0;
}

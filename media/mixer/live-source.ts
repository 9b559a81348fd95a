import { BLOCK_FRAMES, type LiveRing } from '../ports.js';
import type { SoundSource, Window } from './sound-source.js';
import { fadeIn, fadeOut } from './source.js';

/** How far behind its writer a live source is read: more than a decoder hands over at once. 400 ms. */
export const LIVE_DELAY_FRAMES = 20 * BLOCK_FRAMES;

/**
 * A live ring as a mixer reads it: a fixed delay behind the writer. Frame 0 of the ring lies at the
 * anchor on the common clock, which the first reader sets in shared memory, so that all threads hear
 * the same at the same tick. When the writer stands still the last block fades out and silence follows
 * until the delay is full again; when it runs too far ahead the place is set anew, with a fade. One reader per thread.
 */
export class LiveSource implements SoundSource {
  readonly url: string;
  readonly no: number;
  readonly span = Number.POSITIVE_INFINITY;
  window: Window | undefined;
  #ring: LiveRing | undefined;
  #left: Float32Array = new Float32Array(0);
  #right: Float32Array = new Float32Array(0);
  #counters: BigInt64Array = new BigInt64Array(2);
  #anchors: BigInt64Array = new BigInt64Array(2);
  #delay = LIVE_DELAY_FRAMES;
  /** Anchor in use while it sounds. */
  #anchor = 0;
  #sounding = false;
  /** The block that follows the last one read. */
  #nextFrame = Number.NaN;
  /** What had been written when it fell silent. */
  #stalledAt = 0;
  /** Times it fell silent while it was read. */
  stalls = 0;

  constructor(url: string, no: number) {
    this.url = url;
    this.no = no;
  }

  get ready(): boolean {
    return this.#ring !== undefined;
  }

  /** It was heard in the last block that was read. */
  get sounding(): boolean {
    return this.#sounding;
  }

  /** Takes a ring, or lets go of it. */
  attach(ring: LiveRing | undefined): void {
    this.#ring = ring;
    this.#sounding = false;
    if (ring === undefined) return;
    this.#left = new Float32Array(ring.data, 0, ring.frames);
    this.#right = new Float32Array(ring.data, ring.frames * 4, ring.frames);
    this.#counters = new BigInt64Array(ring.written);
    // A ring without room for an anchor is placed by this thread alone.
    const shares = this.#counters.length > 1;
    this.#anchors = shares ? this.#counters : new BigInt64Array(new SharedArrayBuffer(16));
    this.#delay = Math.min(LIVE_DELAY_FRAMES, Math.floor(ring.frames / 4));
    this.#stalledAt = 0;
  }

  /** Fills the block at `frame` of the common clock. Call it once a block, blocks in order. */
  read(frame: number, _loop: boolean, left: Float32Array, right: Float32Array): void {
    const ring = this.#ring;
    if (ring === undefined) {
      left.fill(0);
      right.fill(0);
      return;
    }
    const written = this.#written;
    const fresh = frame !== this.#nextFrame || !this.#sounding;
    this.#nextFrame = frame + BLOCK_FRAMES;
    if (fresh) this.#sounding = this.#enter(frame, written);
    if (!this.#sounding) {
      left.fill(0);
      right.fill(0);
      return;
    }
    this.#copy(frame - this.#anchor, left, right);
    if (fresh) fadeIn(left, right);
    const ahead = written - (frame - this.#anchor);
    const shared = Number(Atomics.load(this.#anchors, 1));
    // The next block must be here now, because it is this one that has to fade.
    if (
      ahead >= 2 * BLOCK_FRAMES &&
      ahead <= ring.frames - 4 * BLOCK_FRAMES &&
      shared === this.#anchor
    )
      return;
    fadeOut(left, right);
    this.#sounding = false;
    if (ahead < 2 * BLOCK_FRAMES) {
      this.stalls++;
      this.#stalledAt = written;
    } else {
      this.#stalledAt = 0;
    }
  }

  get #written(): number {
    return Number(Atomics.load(this.#counters, 0));
  }

  /** Finds the place for the block at `frame`; false while there is too little to read. */
  #enter(frame: number, written: number): boolean {
    const ring = this.#ring;
    if (ring === undefined || written - this.#stalledAt < this.#delay) return false;
    const shared = Atomics.load(this.#anchors, 1);
    if (shared !== 0n && this.#fits(frame - Number(shared), written, ring.frames)) {
      this.#anchor = Number(shared);
      return true;
    }
    const own = frame - (written - this.#delay);
    const found = Atomics.compareExchange(this.#anchors, 1, shared, BigInt(own));
    this.#anchor = found === shared ? own : Number(found);
    return this.#fits(frame - this.#anchor, written, ring.frames);
  }

  #fits(place: number, written: number, ringFrames: number): boolean {
    const ahead = written - place;
    return ahead >= 2 * BLOCK_FRAMES && ahead <= ringFrames - 4 * BLOCK_FRAMES && place >= 0;
  }

  #copy(place: number, left: Float32Array, right: Float32Array): void {
    const total = this.#left.length;
    let from = place % total;
    for (let i = 0; i < left.length; i++) {
      left[i] = this.#left[from] as number;
      right[i] = this.#right[from] as number;
      from = from + 1 === total ? 0 : from + 1;
    }
  }
}

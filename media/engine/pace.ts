import type { Clock } from '../../engine/clock.js';
import { BLOCK_MS } from '../ports.js';

/** A stall up to this long is made good block by block; beyond it the missed sound is left out. */
const CATCH_UP_BLOCKS = 50;

/**
 * Which block of 20 ms is due. While nothing is to be mixed it rests: blocks pass uncounted by any timer, and
 * none of them is late; after the rest the next one is the one that would have come anyway.
 */
export class Pace {
  readonly #clock: Clock;
  /** Tick of block 0: ticks count 20 ms since 1970, so that loops agree between shards and restarts. */
  readonly #originTick: number;
  readonly #startMonoMs: number;
  /** Blocks due so far, rendered, left out or rested through. */
  #due = 0;
  #block = 0;
  #late = 0;
  #resting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originTick = Math.floor(clock.nowMs() / BLOCK_MS);
    this.#startMonoMs = clock.monoMs();
  }

  /** The stream clock: blocks rendered or rested through, without holes. */
  get block(): number {
    return this.#block;
  }

  /** Blocks begun more than one block late, and blocks left out after a stall. */
  get late(): number {
    return this.#late;
  }

  /** The common clock at the next block. */
  get tick(): number {
    return this.#originTick + (this.#resting ? this.#next() : this.#due);
  }

  /** Until the next block, ms; 0 when it is due. */
  get waitMs(): number {
    const dueMs = this.#startMonoMs + this.#due * BLOCK_MS;
    // Timers count whole milliseconds and would else fire before it is due, and again after one.
    return Math.max(0, Math.ceil(dueMs - this.#clock.monoMs()));
  }

  get resting(): boolean {
    return this.#resting;
  }

  /** Whether a block is to be rendered at `nowMs`; leaves out what is too late to be made good. */
  begins(nowMs: number): boolean {
    const behindMs = nowMs - (this.#startMonoMs + this.#due * BLOCK_MS);
    if (behindMs < 0) return false;
    const missed = Math.floor(behindMs / BLOCK_MS) - CATCH_UP_BLOCKS;
    if (missed > 0) {
      this.#due += missed;
      this.#late += missed;
    }
    if (behindMs >= BLOCK_MS) this.#late++;
    return true;
  }

  /** A block is over, also one that broke. */
  ended(): void {
    this.#block++;
    this.#due++;
  }

  rest(): void {
    this.#resting = true;
  }

  /** False when it did not rest. */
  wake(): boolean {
    if (!this.#resting) return false;
    const passed = this.#next() - this.#due;
    this.#due += passed;
    this.#block += passed;
    this.#resting = false;
    return true;
  }

  #next(): number {
    const passedMs = this.#clock.monoMs() - this.#startMonoMs;
    return Math.max(this.#due, Math.ceil(passedMs / BLOCK_MS));
  }
}

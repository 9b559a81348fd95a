import { BLOCK_FRAMES, RATE_HZ } from '../ports.js';
import type { Random } from './random.js';

/** Targets are this many equal steps apart. */
const PAN_STEPS = 200;

export interface SavedPan {
  readonly now: number;
  readonly target: number;
  readonly left: number;
}

const clampPan = (value: number): number => Math.max(-1, Math.min(1, value));

/**
 * A voice that wanders from side to side: it walks to a target in the track's range, in a straight line
 * over a drawn time, then draws the next. It moves while the track sounds and stays where it was between two assets.
 */
export class PanWalk {
  /** −1 left … 1 right, at the beginning and the end of the block. */
  from = 0;
  to = 0;
  #target = 0;
  /** Blocks until the target is reached. */
  #left = 0;
  #begun = false;

  /** Goes on by one block. */
  step(
    range: readonly [number, number],
    durationS: readonly [number, number],
    random: Random,
  ): void {
    this.from = this.to;
    if (!this.#begun) {
      this.#begun = true;
      this.from = draw(range, random);
      this.to = this.from;
    }
    const still = range[0] === range[1] && this.to === clampPan(range[0]);
    if (still) return;
    if (this.#left === 0) {
      this.#target = draw(range, random);
      const blocks = Math.round((random.between(durationS) * RATE_HZ) / BLOCK_FRAMES);
      this.#left = Math.max(1, blocks);
    }
    this.to = this.from + (this.#target - this.from) / this.#left;
    this.#left--;
  }

  /** No movement in this block. */
  rest(): void {
    this.from = this.to;
  }

  /** Undefined: it never moved. */
  save(): SavedPan | undefined {
    if (!this.#begun) return undefined;
    return { now: this.to, target: this.#target, left: this.#left };
  }

  restore(saved: SavedPan): void {
    this.from = saved.now;
    this.to = saved.now;
    this.#target = saved.target;
    this.#left = saved.left;
    this.#begun = true;
  }
}

function draw(range: readonly [number, number], random: Random): number {
  const step = Math.round(random.next() * PAN_STEPS);
  return clampPan(range[0] + ((range[1] - range[0]) * step) / PAN_STEPS);
}

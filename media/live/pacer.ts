import type { Clock, TimerHandle } from '../../engine/clock.js';
import { RATE_HZ } from '../ports.js';
import { framesOf, type RingWriter } from './ring.js';

const TICK_MS = 20;
/** Decoded sound kept ahead of the ring; more, and the decoder waits, and with it the sender. */
const AHEAD_FRAMES = 8 * RATE_HZ;
/** Sound to have before it begins, or goes on after it ran out: rides out a sender's uneven pace. */
const PRIME_FRAMES = framesOf(500);

/**
 * Takes decoded sound as it comes and writes it to a ring at the pace of the clock. When it runs out the ring
 * stands still until half a second is there again. Bounded: `push` waits while 8 s are ahead.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #writer: RingWriter;
  readonly #onFlow: (flowing: boolean) => void;
  readonly #waiting: (() => void)[] = [];
  #pending: Float32Array[] = [];
  #pendingFrames = 0;
  /** Frames of the first pending piece that are written already. */
  #taken = 0;
  #flowing = false;
  #ending = false;
  #sinceMonoMs = 0;
  #sent = 0;
  #timer: TimerHandle | undefined;
  #closed = false;

  constructor(clock: Clock, writer: RingWriter, onFlow: (flowing: boolean) => void) {
    this.#clock = clock;
    this.#writer = writer;
    this.#onFlow = onFlow;
  }

  get flowing(): boolean {
    return this.#flowing;
  }

  /** Interleaved stereo; kept as it is. Resolves when there is room for more, and at the end. */
  async push(samples: Float32Array): Promise<void> {
    if (this.#closed || samples.length < 2) return;
    this.#ending = false;
    this.#pending.push(samples);
    this.#pendingFrames += Math.floor(samples.length / 2);
    this.#arm();
    while (this.#pendingFrames > AHEAD_FRAMES && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Nothing comes for a while: what is there is played without waiting for more. */
  end(): void {
    this.#ending = true;
  }

  /** Idempotent; pending sound is dropped. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = [];
    this.#pendingFrames = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#tick();
    }, TICK_MS);
  }

  #tick(): void {
    if (!this.#flowing) {
      if (this.#pendingFrames < (this.#ending ? 1 : PRIME_FRAMES)) {
        if (this.#pendingFrames > 0) this.#arm();
        return;
      }
      this.#flowing = true;
      this.#sinceMonoMs = this.#clock.monoMs();
      this.#sent = 0;
      this.#onFlow(true);
    }
    const elapsedMs = this.#clock.monoMs() - this.#sinceMonoMs;
    // A stall of this thread is made good at once, but never faster than the ring can be read.
    const due = Math.min(framesOf(elapsedMs) - this.#sent, this.#writer.ring.frames / 4);
    const wrote = this.#write(due);
    this.#sent = wrote < due ? 0 : framesOf(elapsedMs);
    if (wrote < due) {
      this.#flowing = false;
      this.#onFlow(false);
    }
    if (this.#pendingFrames <= AHEAD_FRAMES) {
      for (const resolve of this.#waiting.splice(0)) resolve();
    }
    if (this.#flowing || this.#pendingFrames > 0) this.#arm();
  }

  #write(most: number): number {
    let wrote = 0;
    while (wrote < most) {
      const piece = this.#pending[0];
      if (piece === undefined) break;
      const frames = Math.floor(piece.length / 2);
      const count = Math.min(frames - this.#taken, most - wrote);
      this.#writer.write(piece, this.#taken, count);
      this.#taken += count;
      wrote += count;
      if (this.#taken < frames) break;
      this.#pending.shift();
      this.#taken = 0;
    }
    this.#pendingFrames -= wrote;
    return wrote;
  }
}

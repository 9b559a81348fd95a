/** Sound kept at most: 1.4 s; a power of two. */
const RING_FRAMES = 2 ** 16;
const RATE_HZ = 48_000;
/** What is there is marked in pieces of this; a block of 20 ms is 15 of them. */
const MARK = 64;
/** Depth kept between the newest sound and what is played, frames: grows with the jitter that is seen. */
const LEAST_DEPTH = 0.06 * RATE_HZ;
const MOST_DEPTH = 0.12 * RATE_HZ;
/** Farther from the wish than this the pace is bent, until it is nearer than the other. */
const STIR = 0.01 * RATE_HZ;
const CALM = 0.002 * RATE_HZ;
/** Strongest change of pace: 0.5 %, a twelfth of a semitone. */
const MOST_BEND = 0.005;
/** Farther behind than this above the wish: it jumps to now instead of bending. */
const JUMP = 0.25 * RATE_HZ;
/** A gap is bridged by what came before, fading out. */
const CONCEAL = 0.02 * RATE_HZ;
const CONCEAL_MOST = 0.06 * RATE_HZ;
/** Cross-fade at every jump and after a gap. */
const SEAM = 240;

export interface JitterStats {
  /** Newest sound minus what is played, ms. */
  readonly depthMs: number;
  readonly targetMs: number;
  /** Frames that were made up since the start, because nothing was there. */
  readonly concealedFrames: number;
  readonly jumps: number;
  /** Pace, 1: as it is. */
  readonly rate: number;
}

/**
 * Plays blocks that come unevenly and from a clock of its own at an even pace: waits until its depth is there, keeps
 * it by bending the pace by up to half a percent, bridges gaps, and jumps to now where it fell far behind. Its
 * depth follows the jitter, between 60 and 120 ms. Bounded: older sound is overwritten. Blocks are placed by frames
 * on the stream's clock.
 */
export class JitterBuffer {
  readonly #left = new Float32Array(RING_FRAMES);
  readonly #right = new Float32Array(RING_FRAMES);
  /** Which frame a place of the ring holds; one mark a block of `MARK` frames. */
  readonly #has = new Float64Array(RING_FRAMES / MARK).fill(-1);
  /** End of the newest sound. */
  #head = 0;
  /** What is played next; has fractions while the pace is bent. */
  #at = 0;
  #playing = false;
  #target = LEAST_DEPTH;
  /** Arrival jitter: slow fall, quick rise, frames. */
  #jitter = 0;
  #arrivedMs: number | undefined;
  #rate = 1;
  #bending = false;
  /** Depth without the steps of arriving blocks. */
  #smooth = 0;
  /** Frames made up since the last real one. */
  #gap = 0;
  /** Place of the last real frame. */
  #gapEnd = 0;
  #concealed = 0;
  #jumps = 0;
  #seam = 0;
  #lastLeft = 0;
  #lastRight = 0;

  get stats(): JitterStats {
    return {
      depthMs: this.#playing ? ((this.#head - this.#at) / RATE_HZ) * 1_000 : 0,
      targetMs: (this.#target / RATE_HZ) * 1_000,
      concealedFrames: this.#concealed,
      jumps: this.#jumps,
      rate: this.#rate,
    };
  }

  /**
   * Takes a block that begins at `frame` of the stream's clock, a multiple of its length, which is a multiple of `MARK`.
   * `nowMs`: when it came, on any steady clock.
   */
  push(frame: number, left: Float32Array, right: Float32Array, nowMs: number): void {
    const end = frame + left.length;
    // Another stream, or another time: begin anew.
    if (this.#head > 0 && Math.abs(end - this.#head) > RING_FRAMES / 2) this.reset();
    this.#observe(end, nowMs);
    for (let i = 0; i < left.length; i++) {
      const to = (frame + i) & (RING_FRAMES - 1);
      this.#left[to] = left[i] as number;
      this.#right[to] = right[i] as number;
    }
    for (let i = 0; i < left.length; i += MARK) this.#has[this.#markOf(frame + i)] = frame + i;
    this.#head = Math.max(this.#head, end);
    if (!this.#playing && this.#at === 0) this.#at = frame;
  }

  /** Forgets everything; waits for its depth again. */
  reset(): void {
    this.#has.fill(-1);
    this.#head = 0;
    this.#at = 0;
    this.#playing = false;
    this.#arrivedMs = undefined;
    this.#rate = 1;
  }

  /** Fills the next frames; silence while there is nothing. */
  pull(left: Float32Array, right: Float32Array): void {
    if (!this.#ready()) {
      this.#silence(left, right);
      return;
    }
    this.#steer(left.length);
    for (let i = 0; i < left.length; i++) {
      const real = this.#frame(i, left, right);
      // While it makes sound up anyway, it takes the time to become as deep as it should be.
      if (real || this.#head - this.#at > this.#target) this.#at += this.#rate;
    }
  }

  /** It begins, and begins again after it ran dry, when its whole depth is there. */
  #ready(): boolean {
    if (this.#playing) return true;
    if (this.#head === 0 || this.#head - this.#at < this.#target) return false;
    this.#at = Math.floor(this.#head - this.#target);
    this.#smooth = this.#target;
    this.#playing = true;
    this.#seam = SEAM;
    return true;
  }

  #steer(frames: number): void {
    const depth = this.#head - this.#at;
    if (depth < frames && this.#gap > CONCEAL_MOST) {
      // Ran dry: wait for the whole depth, so that it does not stutter.
      this.#playing = false;
      return;
    }
    if (depth - this.#target > JUMP) {
      this.#at = Math.floor(this.#head - this.#target);
      this.#smooth = this.#target;
      this.#jumps += 1;
      this.#seam = SEAM;
      this.#rate = 1;
      return;
    }
    this.#smooth += (depth - this.#smooth) * 0.02;
    const over = this.#smooth - this.#target;
    this.#bending = Math.abs(over) > (this.#bending ? CALM : STIR);
    const bend = this.#bending ? over / RATE_HZ / 4 : 0;
    const wanted = 1 + Math.max(-MOST_BEND, Math.min(MOST_BEND, bend));
    this.#rate += (wanted - this.#rate) * 0.05;
    if (bend === 0 && Math.abs(this.#rate - 1) < 1e-5) {
      this.#rate = 1;
      this.#at = Math.round(this.#at);
    }
  }

  /** False: nothing was there, and it is made up. */
  #frame(i: number, left: Float32Array, right: Float32Array): boolean {
    const whole = Math.floor(this.#at);
    const part = this.#at - whole;
    const real = part === 0 ? this.#there(whole) : this.#there(whole - 1) && this.#there(whole + 2);
    let l: number;
    let r: number;
    if (real) {
      if (this.#gap > 0) {
        this.#gap = 0;
        this.#seam = SEAM;
      }
      l = part === 0 ? this.#of(this.#left, whole) : this.#between(this.#left, whole, part);
      r = part === 0 ? this.#of(this.#right, whole) : this.#between(this.#right, whole, part);
    } else {
      if (this.#gap === 0) this.#gapEnd = whole - 1;
      const fade = Math.max(0, 1 - this.#gap / CONCEAL_MOST);
      // To and fro, so that the sound has no jump where the repetition begins.
      const turn = this.#gap % (2 * CONCEAL);
      const from = this.#gapEnd - (turn < CONCEAL ? turn : 2 * CONCEAL - turn);
      l = fade * this.#of(this.#left, from);
      r = fade * this.#of(this.#right, from);
      this.#gap += 1;
      this.#concealed += 1;
    }
    if (this.#seam > 0) {
      // From the last frame that was heard to the new place.
      const old = this.#seam / SEAM;
      l = l * (1 - old) + this.#lastLeft * old;
      r = r * (1 - old) + this.#lastRight * old;
      this.#seam -= 1;
    } else {
      this.#lastLeft = l;
      this.#lastRight = r;
    }
    left[i] = l;
    right[i] = r;
    return real;
  }

  #silence(left: Float32Array, right: Float32Array): void {
    for (let i = 0; i < left.length; i++) {
      this.#lastLeft *= 0.98;
      this.#lastRight *= 0.98;
      left[i] = this.#lastLeft;
      right[i] = this.#lastRight;
    }
  }

  /** Jitter is how much later a block comes than the quickest ones; the wish is that and two blocks. */
  #observe(end: number, nowMs: number): void {
    const lateMs = nowMs - (end / RATE_HZ) * 1_000;
    this.#arrivedMs ??= lateMs;
    // The quickest way through falls at once, and rises slowly: the two clocks drift.
    this.#arrivedMs = Math.min(lateMs, this.#arrivedMs + 0.05);
    const jitter = ((lateMs - this.#arrivedMs) / 1_000) * RATE_HZ;
    this.#jitter = Math.max(jitter, this.#jitter * 0.998);
    this.#target = Math.max(LEAST_DEPTH, Math.min(MOST_DEPTH, this.#jitter + 0.03 * RATE_HZ));
  }

  #there(frame: number): boolean {
    return frame < this.#head && this.#has[this.#markOf(frame)] === frame - (frame % MARK);
  }

  #markOf(frame: number): number {
    return Math.floor(frame / MARK) % (RING_FRAMES / MARK);
  }

  #of(plane: Float32Array, frame: number): number {
    return plane[frame & (RING_FRAMES - 1)] as number;
  }

  /** Four points: a straight line between two would dull the sound at every bend. */
  #between(plane: Float32Array, frame: number, part: number): number {
    const a = this.#of(plane, frame - 1);
    const b = this.#of(plane, frame);
    const c = this.#of(plane, frame + 1);
    const d = this.#of(plane, frame + 2);
    const slope = (c - a) / 2;
    const curve = a - 2.5 * b + 2 * c - d / 2;
    const twist = (d - a) / 2 + 1.5 * (b - c);
    return ((twist * part + curve) * part + slope) * part + b;
  }
}

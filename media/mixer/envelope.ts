const CORNERS = 4;

/**
 * Gain of a voice over its own frames: straight between at most four corners, 0 before the first and
 * after the last. Corners are whole frames.
 */
export class Envelope {
  readonly #frame = new Float64Array(CORNERS);
  readonly #gain = new Float64Array(CORNERS);
  #count = 0;

  /** Starts anew from its first corner. */
  begin(frame: number, gain: number): this {
    this.#count = 0;
    return this.to(frame, gain);
  }

  /** Goes on in a straight line; a frame before the last corner's counts as that one. */
  to(frame: number, gain: number): this {
    const last = this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#corner(this.#count - 1);
    if (this.#count === CORNERS) throw new RangeError('an envelope has four corners');
    this.#frame[this.#count] = Math.max(last, frame);
    this.#gain[this.#count] = gain;
    this.#count++;
    return this;
  }

  /** Gain at a frame, which need not be whole. */
  at(frame: number): number {
    const part = this.#partOf(frame);
    return part < 0 ? 0 : this.#within(part, frame);
  }

  /** Gain just before a frame: what a straight line that ends there goes to. */
  upTo(frame: number): number {
    for (let part = 0; part < this.#count - 1; part++) {
      if (frame > this.#corner(part) && frame <= this.#corner(part + 1)) {
        return this.#within(part, frame);
      }
    }
    return 0;
  }

  /** True when the gain is one straight line over `from`..`to`. */
  straight(from: number, to: number): boolean {
    const count = this.#count;
    if (count === 0 || to <= this.#corner(0) || from >= this.#corner(count - 1)) return true;
    const part = this.#partOf(from);
    return part >= 0 && to <= this.#corner(part + 1);
  }

  /** Weighs two planes whose first frame is `from` of this envelope. */
  weigh(from: number, left: Float32Array, right: Float32Array): void {
    let at = 0;
    while (at < left.length) {
      const part = this.#partOf(from + at);
      const next = this.#nextCorner(from + at) - from;
      const end = Math.min(left.length, next);
      if (part < 0) {
        left.fill(0, at, end);
        right.fill(0, at, end);
      } else {
        const gain = this.#within(part, from + at);
        const step = this.#within(part, from + at + 1) - gain;
        for (let i = at; i < end; i++) {
          const now = gain + (i - at) * step;
          left[i] = (left[i] as number) * now;
          right[i] = (right[i] as number) * now;
        }
      }
      at = end;
    }
  }

  /** Corners as `[frame, gain]`, to be kept and set again. */
  save(): [number, number][] {
    return Array.from({ length: this.#count }, (_, i) => [this.#corner(i), this.#gain[i] ?? 0]);
  }

  #corner(i: number): number {
    return this.#frame[i] as number;
  }

  /** The part that holds `frame`; −1 outside. A corner belongs to the part it begins. */
  #partOf(frame: number): number {
    const last = this.#count - 1;
    if (last < 1 || frame < this.#corner(0) || frame >= this.#corner(last)) return -1;
    let part = 0;
    while (frame >= this.#corner(part + 1)) part++;
    return part;
  }

  #within(part: number, frame: number): number {
    const [from, to] = [this.#corner(part), this.#corner(part + 1)];
    const [a, b] = [this.#gain[part] as number, this.#gain[part + 1] as number];
    return a + ((b - a) * (frame - from)) / (to - from);
  }

  /** First corner after `frame`. */
  #nextCorner(frame: number): number {
    for (let i = 0; i < this.#count; i++) if (this.#corner(i) > frame) return this.#corner(i);
    return Number.POSITIVE_INFINITY;
  }
}

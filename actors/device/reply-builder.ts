import type { ReplyBatch } from './protocol.js';

/** The number of a row that answers no frame. */
export const NO_FRAME = -1;

/** Rows of a `ReplyBatch`, end to end in one growing buffer. */
export class ReplyBuilder {
  #bytes: Buffer;
  #used = 0;
  readonly #connection: number[] = [];
  readonly #frame: number[] = [];
  readonly #offset: number[] = [0];

  constructor(capacityBytes = 4_096) {
    this.#bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  get count(): number {
    return this.#connection.length;
  }

  /** @param frame number of the frame that this answers, or `NO_FRAME`. */
  addText(connection: number, frame: number, text: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.#reserve(text.length * 3);
    this.#used += this.#bytes.write(text, this.#used, 'utf8');
    this.#row(connection, frame);
  }

  addBytes(connection: number, frame: number, bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#row(connection, frame);
  }

  /** The rows so far; the builder may not be used afterwards. */
  take(protocol: string): ReplyBatch {
    return {
      protocol,
      count: this.#connection.length,
      frame: Float64Array.from(this.#frame),
      connection: Uint32Array.from(this.#connection),
      offset: Uint32Array.from(this.#offset),
      bytes: this.#bytes.subarray(0, this.#used),
    };
  }

  #row(connection: number, frame: number): void {
    this.#connection.push(connection);
    this.#frame.push(frame);
    this.#offset.push(this.#used);
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + bytes));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }
}

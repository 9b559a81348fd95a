import { BLOCK_ROW_BYTES, blockBytes, writeBlock } from './native-block.js';

/** Rows that a first set of arrays holds. */
const MIN_ROWS = 256;
/** Arrays that hold this many times the rows of the largest group of late are dropped. */
const MAX_SLACK = 4;
/** A smaller block is not worth keeping. */
const MIN_SPARE_BYTES = 65_536;

interface Arrays {
  readonly rows: number;
  readonly channel: Uint32Array;
  /** Unix µs as int64: low half, then high half. */
  readonly at: Uint32Array;
  readonly value: Float64Array;
}

const NO_ARRAYS: Arrays = {
  rows: 0,
  channel: new Uint32Array(0),
  at: new Uint32Array(0),
  value: new Float64Array(0),
};

/**
 * Sample rows in three growing columns, sealed as one block of ClickHouse's format `Native` by copies of whole columns. The
 * arrays serve group after group. What is kept between groups is bounded: arrays of at most four times the rows of the largest
 * group of late, and one block. The columns are in the byte order of the machine: the platforms of the engine are little endian.
 */
export class SampleColumns {
  #arrays = NO_ARRAYS;
  #rows = 0;
  /** Rows of the largest group of late: falls by a sixteenth a group. */
  #peak = 0;
  #spare: Buffer | undefined;

  /** Bytes of the rows gathered. */
  get bytes(): number {
    return this.#rows * BLOCK_ROW_BYTES;
  }

  /**
   * Appends rows; both columns have the same length.
   * @returns their times, for the caller to write before anything else: of row i the low and the high half of its Unix
   *   µs at 2i and 2i + 1.
   */
  append(channel: Uint32Array, value: Float64Array): Uint32Array {
    const from = this.#rows;
    const to = from + channel.length;
    if (to > this.#arrays.rows) this.#grow(to);
    this.#arrays.channel.set(channel, from);
    this.#arrays.value.set(value, from);
    this.#rows = to;
    return this.#arrays.at.subarray(from * 2, to * 2);
  }

  /** One block of the rows gathered, of no bytes when there are none; the next rows begin another. */
  seal(): Buffer {
    const rows = this.#rows;
    if (rows === 0) return Buffer.alloc(0);
    const { channel, at, value } = this.#arrays;
    const size = blockBytes(rows);
    const block = this.#blockOf(size);
    writeBlock(block, rows, {
      channel: new Uint8Array(channel.buffer, 0, rows * 4),
      at: new Uint8Array(at.buffer, 0, rows * 8),
      value: new Uint8Array(value.buffer, 0, rows * 8),
    });
    this.#rows = 0;
    this.#peak = Math.max(rows, this.#peak - Math.ceil(this.#peak / 16));
    if (this.#arrays.rows > Math.max(MIN_ROWS, this.#peak * MAX_SLACK)) this.#arrays = NO_ARRAYS;
    return block;
  }

  /** Takes back a block that `seal` gave and nobody holds any more: the next of about its size is written over it. */
  giveBack(block: Uint8Array): void {
    if (block.buffer.byteLength < MIN_SPARE_BYTES || !(block.buffer instanceof ArrayBuffer)) return;
    this.#spare = Buffer.from(block.buffer);
  }

  /** The spare one when it is large enough and not of more than twice the size: a block that waits must not hold much more than it has. */
  #blockOf(size: number): Buffer {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare !== undefined && spare.length >= size && spare.length <= size * 2) {
      return spare.subarray(0, size);
    }
    // Groups of one load differ a little: an eighth more fits the next ones too.
    const room = size < MIN_SPARE_BYTES ? size : size + Math.ceil(size / 8);
    return Buffer.allocUnsafeSlow(room).subarray(0, size);
  }

  #grow(rows: number): void {
    const old = this.#arrays;
    const room = Math.max(MIN_ROWS, rows, old.rows === 0 ? this.#peak : old.rows * 2);
    this.#arrays = {
      rows: room,
      channel: new Uint32Array(room),
      at: new Uint32Array(room * 2),
      value: new Float64Array(room),
    };
    this.#arrays.channel.set(old.channel.subarray(0, this.#rows));
    this.#arrays.at.set(old.at.subarray(0, this.#rows * 2));
    this.#arrays.value.set(old.value.subarray(0, this.#rows));
  }
}

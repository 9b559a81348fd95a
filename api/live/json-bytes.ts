import { EngineError } from '../../engine/errors.js';

const FIRST_BYTES = 65_536;
/** What is larger is given back when little of it is used. */
const KEPT_BYTES = 1_048_576;
const QUOTE = 34;
const BACKSLASH = 92;
const DOT = 46;
const MINUS = 45;
const ZERO = 48;
/** Longer text goes through the platform's encoder. */
const SHORT_CHARS = 128;
const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/**
 * JSON as UTF-8, written into one buffer that is used again for every message, so that a tick
 * leaves no strings behind. Grows to the largest use;
 * above 1 MiB it shrinks by half with each `clear` after which less than an eighth was in use.
 */
export class JsonBytes {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    const capacity = this.#bytes.length;
    if (capacity > KEPT_BYTES && this.#length < capacity / 8) {
      this.#bytes = Buffer.allocUnsafeSlow(capacity / 2);
    }
    this.#length = 0;
  }

  /** Forgets what was written from `length` on. */
  cut(length: number): void {
    this.#length = length;
  }

  /** What was written from `from` on; good until something more is written. */
  view(from: number): Buffer {
    return this.#bytes.subarray(from, this.#length);
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Bytes that are JSON already. */
  bytes(source: Uint8Array): void {
    const many = source.length;
    this.#reserve(many);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < many; i++) bytes[at++] = source[i] ?? 0;
    this.#length = at;
  }

  /** Once more what was written between two places. */
  again(from: number, to: number): void {
    this.#reserve(to - from);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = from; i < to; i++) bytes[at++] = bytes[i] ?? 0;
    this.#length = at;
  }

  /** Text that is JSON already. */
  raw(text: string): void {
    const many = text.length;
    if (many > SHORT_CHARS) {
      this.#long(text);
      return;
    }
    this.#reserve(many * 3);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < many; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.#long(text);
        return;
      }
      bytes[at++] = code;
    }
    this.#length = at;
  }

  /** A cell of a row. What JSON cannot say (NaN, a missing cell) is null. */
  cell(cell: unknown): void {
    if (typeof cell === 'number') this.#number(cell);
    else if (typeof cell === 'string') this.#text(cell);
    else if (cell === true) this.bytes(TRUE);
    else if (cell === false) this.bytes(FALSE);
    else if (cell === undefined || cell === null) this.bytes(NULL);
    else {
      const text: string | undefined = JSON.stringify(cell);
      this.raw(text ?? 'null');
    }
  }

  #text(text: string): void {
    const many = text.length;
    if (many > SHORT_CHARS) {
      this.#long(JSON.stringify(text));
      return;
    }
    this.#reserve(many + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = 0; i < many; i++) {
      const code = text.charCodeAt(i);
      if (code > 127 || code < 32 || code === QUOTE || code === BACKSLASH) {
        this.#long(JSON.stringify(text));
        return;
      }
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
  }

  /** As `JSON.stringify` writes it: the shortest text that reads back as this number. */
  #number(value: number): void {
    if (Number.isSafeInteger(value)) {
      this.#integer(value);
      return;
    }
    // Meters have one place or two: equal after the division means that this decimal is the shortest there is.
    const hundredths = Math.round(value * 100);
    if (hundredths / 100 !== value || !Number.isSafeInteger(hundredths)) {
      this.raw(Number.isFinite(value) ? String(value) : 'null');
      return;
    }
    const size = Math.abs(hundredths);
    const whole = Math.floor(size / 100);
    const rest = size - whole * 100;
    if (value < 0) this.byte(MINUS);
    this.#integer(whole);
    this.#reserve(3);
    const tenths = Math.floor(rest / 10);
    this.#bytes[this.#length++] = DOT;
    this.#bytes[this.#length++] = ZERO + tenths;
    if (rest !== tenths * 10) this.#bytes[this.#length++] = ZERO + (rest - tenths * 10);
  }

  /** A safe integer; −0 is 0. */
  #integer(value: number): void {
    this.#reserve(17);
    let rest = value;
    if (rest < 0) {
      this.#bytes[this.#length++] = MINUS;
      rest = -rest;
    }
    let digits = 1;
    for (let limit = 10; rest >= limit; limit *= 10) digits++;
    const end = this.#length + digits;
    let at = end;
    while (rest > 0xffff_ffff) {
      const next = Math.floor(rest / 10);
      this.#bytes[--at] = ZERO + (rest - next * 10);
      rest = next;
    }
    let small = rest >>> 0;
    while (at > this.#length) {
      const next = (small / 10) >>> 0;
      this.#bytes[--at] = ZERO + (small - next * 10);
      small = next;
    }
    this.#length = end;
  }

  #long(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  #reserve(many: number): void {
    const wanted = this.#length + many;
    if (wanted <= this.#bytes.length) return;
    let capacity = this.#bytes.length;
    while (capacity < wanted) capacity *= 2;
    if (capacity > MAX_BYTES) {
      throw new EngineError('internal', `a live message of more than ${MAX_BYTES} bytes`);
    }
    const bigger = Buffer.allocUnsafeSlow(capacity);
    this.#bytes.copy(bigger, 0, 0, this.#length);
    this.#bytes = bigger;
  }
}

/** Rows of the largest window, of the longest cells there are, are far below. */
const MAX_BYTES = 1_073_741_824;

const TAB = 9;
const NEWLINE = 10;
const DOT = 46;
const MINUS = 45;
const ZERO = 48;

/** No sample row is longer: 10 digits of channel, 17 of time, 25 of value, 3 separators. */
const MAX_ROW_BYTES = 56;

/**
 * Rows as ClickHouse's tab-separated text, in one growing buffer. Numbers are written digit by digit: at this
 * rate a string a cell would be most of the cost of an insert. Floats round-trip exactly; -0 becomes 0; NaN and
 * infinities are `nan`, `inf`, `-inf`.
 */
export class RowText {
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes = 65_536) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** @param atUs Unix µs, an integer from 0 to 4,294,967,295,999,999. */
  sample(channel: number, atUs: number, value: number): void {
    this.#reserve(MAX_ROW_BYTES);
    this.#head(channel, atUs);
    this.#float(value);
    this.#bytes[this.#length++] = NEWLINE;
  }

  text(channel: number, atUs: number, value: string): void {
    this.#reserve(MAX_ROW_BYTES);
    this.#head(channel, atUs);
    this.#escaped(value);
    this.#byte(NEWLINE);
  }

  /** `at`, then cells of text. */
  event(atUs: number, cells: readonly string[]): void {
    this.#reserve(MAX_ROW_BYTES);
    this.#time(atUs);
    for (const cell of cells) {
      this.#byte(TAB);
      this.#escaped(cell);
    }
    this.#byte(NEWLINE);
  }

  /** The rows written so far, without a copy; do not write to this object afterwards. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #head(channel: number, atUs: number): void {
    this.#digits(channel, 1);
    this.#bytes[this.#length++] = TAB;
    this.#time(atUs);
    this.#bytes[this.#length++] = TAB;
  }

  /** Ten digits of seconds: fewer would be read as a calendar year. */
  #time(atUs: number): void {
    const seconds = Math.floor(atUs / 1_000_000);
    this.#digits(seconds, 10);
    this.#bytes[this.#length++] = DOT;
    this.#digits(atUs - seconds * 1_000_000, 6);
  }

  #float(value: number): void {
    const thousandths = Math.round(value * 1_000);
    // Equal after the division means that the decimal text with three places reads back as this very float.
    if (thousandths / 1_000 === value && Math.abs(thousandths) < 4_000_000_000) {
      const size = Math.abs(thousandths);
      if (thousandths < 0) this.#bytes[this.#length++] = MINUS;
      const whole = Math.floor(size / 1_000);
      this.#digits(whole, 1);
      const rest = size - whole * 1_000;
      if (rest !== 0) {
        this.#bytes[this.#length++] = DOT;
        this.#digits(rest, 3);
      }
      return;
    }
    const text = Number.isFinite(value)
      ? String(value)
      : Number.isNaN(value)
        ? 'nan'
        : value > 0
          ? 'inf'
          : '-inf';
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
  }

  /** A non-negative integer below 2³², with leading zeros up to `minDigits`. */
  #digits(value: number, minDigits: number): void {
    let count = minDigits;
    let limit = 10 ** minDigits;
    while (value >= limit) {
      limit *= 10;
      count++;
    }
    let at = this.#length + count;
    this.#length = at;
    let rest = value >>> 0;
    for (let i = 0; i < count; i++) {
      const next = (rest / 10) >>> 0;
      this.#bytes[--at] = ZERO + (rest - next * 10);
      rest = next;
    }
  }

  #escaped(text: string): void {
    const safe = /[\\\t\n\r\0]/.test(text)
      ? text
          .replaceAll('\\', '\\\\')
          .replaceAll('\t', '\\t')
          .replaceAll('\n', '\\n')
          .replaceAll('\r', '\\r')
          .replaceAll('\0', '\\0')
      : text;
    this.#reserve(safe.length * 3);
    this.#length += this.#bytes.write(safe, this.#length);
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const bigger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + bytes));
    this.#bytes.copy(bigger, 0, 0, this.#length);
    this.#bytes = bigger;
  }
}

/** Calls `visit` with channel and Unix µs of every sample row in `text`, as `RowText` wrote it. */
export function eachSampleRow(
  text: Uint8Array,
  visit: (channel: number, atUs: number) => void,
): void {
  let i = 0;
  while (i < text.length) {
    let channel = 0;
    for (let byte = text[i++]; byte !== undefined && byte !== TAB; byte = text[i++]) {
      channel = channel * 10 + (byte - ZERO);
    }
    let atUs = 0;
    for (let byte = text[i++]; byte !== undefined && byte !== TAB; byte = text[i++]) {
      if (byte !== DOT) atUs = atUs * 10 + (byte - ZERO);
    }
    visit(channel, atUs);
    const end = text.indexOf(NEWLINE, i);
    i = end === -1 ? text.length : end + 1;
  }
}

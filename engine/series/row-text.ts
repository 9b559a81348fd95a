const TAB = 9;
const NEWLINE = 10;
const DOT = 46;
const ZERO = 48;

/** What a row has before its cells of text is no longer: 10 digits of channel, 17 of time, 2 separators. */
const MAX_HEAD_BYTES = 29;

/** Rows of few kinds that come seldom, texts and events, as ClickHouse's tab-separated text in one growing buffer. */
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
  text(channel: number, atUs: number, value: string): void {
    this.#reserve(MAX_HEAD_BYTES);
    this.#head(channel, atUs);
    this.#escaped(value);
    this.#byte(NEWLINE);
  }

  /** `at`, then cells of text. */
  event(atUs: number, cells: readonly string[]): void {
    this.#reserve(MAX_HEAD_BYTES);
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

/** Calls `visit` with channel and Unix µs of every sample row in `text`, as earlier versions wrote them to the spool. */
export function eachTextRow(
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

/** A sample as `eachTextRow` and the store read it, for people: exact, with a line's end. */
export function sampleLine(channel: number, atUs: number, value: number): string {
  const seconds = Math.floor(atUs / 1_000_000);
  const at = `${pad(seconds, 10)}.${pad(atUs - seconds * 1_000_000, 6)}`;
  const number = Number.isNaN(value) ? 'nan' : String(value).replace('Infinity', 'inf');
  return `${channel}\t${at}\t${Object.is(value, -0) ? '-0' : number}\n`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

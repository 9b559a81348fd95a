/** First word of a frame. UHF-R and PSM 1000 say `REPORT` where the others say `REP`; `METER` is UHF-R's. */
export type Verb = 'get' | 'set' | 'rep' | 'report' | 'sample' | 'meter' | 'other';

/** More words than any frame has; further ones are not looked at. */
const MAX_WORDS = 48;
/** Different keys kept as strings; when devices invented more, the further ones are decoded each time. */
const MAX_KEYS = 512;
const KEY_SLOTS = 2_048;

const SPACE = 0x20;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const ZERO = 0x30;
const NINE = 0x39;

/** Keys as strings, found by their bytes without making one. Devices say the same words, so all frames share one. */
class KeyTable {
  readonly #texts = new Array<string | undefined>(KEY_SLOTS);
  #count = 0;

  find(bytes: Uint8Array, from: number, to: number): string {
    let hash = to - from;
    for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + (bytes[i] ?? 0)) | 0;
    for (let probe = 0; probe < KEY_SLOTS; probe++) {
      const slot = (hash + probe) & (KEY_SLOTS - 1);
      const text = this.#texts[slot];
      if (text === undefined) {
        const made = asText(bytes, from, to);
        if (this.#count < MAX_KEYS) {
          this.#texts[slot] = made;
          this.#count += 1;
        }
        return made;
      }
      if (text.length === to - from && equals(text, bytes, from)) return text;
    }
    return asText(bytes, from, to);
  }
}

const keys = new KeyTable();

function equals(text: string, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}

/** The protocol is ASCII; whatever else comes is taken byte by byte, control characters as spaces. */
function asText(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? SPACE;
    text += String.fromCharCode(byte < SPACE || byte === 0x7f ? SPACE : byte);
  }
  return text;
}

/**
 * One frame, seen in the bytes it came in: valid only within the call that delivers it, then overwritten by the next.
 * `< VERB [channel] KEY value … >`; values are numbered from 0.
 */
export class Frame {
  verb: Verb = 'other';
  /** −1: of the device. 0: all channels. */
  channel = -1;
  /** Empty when the frame has none. */
  key = '';
  /** How many values follow the key; a `{…}` string is one. */
  count = 0;

  #bytes: Uint8Array = new Uint8Array(0);
  #first = 0;
  #words = 0;
  readonly #from = new Int32Array(MAX_WORDS);
  readonly #to = new Int32Array(MAX_WORDS);

  /** Takes what stood between the delimiters. False: there is no verb or no key. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes = bytes;
    this.#split(bytes, from, to);
    const words = this.#words;
    if (words < 2) return false;
    this.verb = verbOf(bytes, this.#from[0] ?? 0, this.#to[0] ?? 0);
    const second = digits(bytes, this.#from[1] ?? 0, this.#to[1] ?? 0);
    const keyAt = second >= 0 && second < 1_000 ? 2 : 1;
    if (words <= keyAt) return false;
    this.channel = keyAt === 2 ? second : -1;
    const keyFrom = this.#from[keyAt] ?? 0;
    const keyTo = this.#to[keyAt] ?? 0;
    if (keyTo - keyFrom > 64) return false;
    this.key = keys.find(bytes, keyFrom, keyTo);
    this.#first = keyAt + 1;
    this.count = words - this.#first;
    return true;
  }

  /** Value `index` as a whole number of up to nine digits, sign allowed; NaN when it is anything else. */
  integer(index: number): number {
    if (index >= this.count) return Number.NaN;
    const from = this.#from[this.#first + index] ?? 0;
    const to = this.#to[this.#first + index] ?? 0;
    const sign = this.#bytes[from];
    if (sign === 0x2d || sign === 0x2b) {
      const value = digits(this.#bytes, from + 1, to);
      return value < 0 ? Number.NaN : sign === 0x2d ? -value : value;
    }
    const value = digits(this.#bytes, from, to);
    return value < 0 ? Number.NaN : value;
  }

  /** Byte `at` of value `index`; 0 past its end. */
  byte(index: number, at: number): number {
    if (index >= this.count) return 0;
    const position = (this.#from[this.#first + index] ?? 0) + at;
    return position < (this.#to[this.#first + index] ?? 0) ? (this.#bytes[position] ?? 0) : 0;
  }

  length(index: number): number {
    if (index >= this.count) return 0;
    return (this.#to[this.#first + index] ?? 0) - (this.#from[this.#first + index] ?? 0);
  }

  /** Value `index` as text, without braces and padding; '' when there is none. */
  word(index: number): string {
    if (index >= this.count) return '';
    return this.#plain(
      this.#from[this.#first + index] ?? 0,
      this.#to[this.#first + index] ?? 0,
    ).trim();
  }

  /** All that follows the key as one text: names without braces may hold spaces. */
  text(): string {
    if (this.count === 0) return '';
    return this.#plain(this.#from[this.#first] ?? 0, this.#to[this.#words - 1] ?? 0).trim();
  }

  #plain(from: number, to: number): string {
    if (this.#bytes[from] === BRACE_OPEN && this.#bytes[to - 1] === BRACE_CLOSE) {
      return asText(this.#bytes, from + 1, to - 1);
    }
    return asText(this.#bytes, from, to);
  }

  #split(bytes: Uint8Array, from: number, to: number): void {
    let words = 0;
    let i = from;
    while (i < to && words < MAX_WORDS) {
      let byte = bytes[i] ?? SPACE;
      if (byte <= SPACE) {
        i += 1;
        continue;
      }
      const start = i;
      if (byte === BRACE_OPEN) {
        while (i < to && bytes[i] !== BRACE_CLOSE) i += 1;
        if (i < to) i += 1;
      } else {
        while (byte > SPACE && byte !== BRACE_OPEN) {
          i += 1;
          if (i >= to) break;
          byte = bytes[i] ?? SPACE;
        }
      }
      this.#from[words] = start;
      this.#to[words] = i;
      words += 1;
    }
    this.#words = words;
  }
}

/** −1 when it is not one to nine digits. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > 9) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < ZERO || byte > NINE) return -1;
    value = value * 10 + (byte - ZERO);
  }
  return value;
}

function verbOf(bytes: Uint8Array, from: number, to: number): Verb {
  const length = to - from;
  const first = bytes[from];
  if (length === 6) {
    if (first === 0x53 && equals('SAMPLE', bytes, from)) return 'sample';
    if (first === 0x52 && equals('REPORT', bytes, from)) return 'report';
  } else if (length === 3) {
    if (first === 0x52 && equals('REP', bytes, from)) return 'rep';
    if (first === 0x47 && equals('GET', bytes, from)) return 'get';
    if (first === 0x53 && equals('SET', bytes, from)) return 'set';
  } else if (length === 5 && equals('METER', bytes, from)) return 'meter';
  return 'other';
}

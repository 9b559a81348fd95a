/**
 * Frames of SMART-OS device sockets, as bytes in and facts out. Pure: no time, no state.
 *
 * A frame is `{"type":"UPDT","message":"0007:0137:{\"power_income\":55.2}"}`: a running number of at
 * least four digits, the device's serial, and an object of parameters, all inside one JSON string.
 */

/** Bytes of one frame that are looked at; longer frames are refused. */
export const MAX_FRAME_BYTES = 1_048_576;
const MAX_SERIAL_CHARS = 64;
const MAX_NUMBER_CHARS = 32;
const MAX_FIELDS = 256;

export type SmartosFrame =
  | {
      readonly ok: true;
      /** `INIT` and `UPDT` carry parameters; `SET` answers a command of ours; anything else is only passed on. */
      readonly kind: 'INIT' | 'UPDT' | 'SET' | 'other';
      /** The running number as the device wrote it. */
      readonly number: string;
      readonly serial: string;
      /** Parameters of `INIT` and `UPDT`, names as sent; empty otherwise. */
      readonly fields: Readonly<Record<string, unknown>>;
      /** What follows the second colon, for `SET`; empty otherwise. */
      readonly answer: string;
    }
  | {
      readonly ok: false;
      /** As far as they could be read, else empty. */
      readonly number: string;
      readonly serial: string;
      /** Names the part that is wrong. */
      readonly reason: string;
    };

const NO_FIELDS: Readonly<Record<string, unknown>> = Object.freeze({});

const fail = (reason: string, number = '', serial = ''): SmartosFrame => ({
  ok: false,
  number: printable(number, MAX_NUMBER_CHARS),
  serial: printable(serial, MAX_SERIAL_CHARS),
  reason,
});

/** Reads the frame in `bytes[start .. end)`. Never throws. */
export function decodeFrame(bytes: Buffer, start = 0, end = bytes.length): SmartosFrame {
  if (end - start > MAX_FRAME_BYTES) return fail(`a frame may hold ${MAX_FRAME_BYTES} bytes`);
  const outer = parseObject(bytes.toString('utf8', start, end));
  if (outer === undefined) return fail('a frame must be a JSON object with type and message');
  const type = outer['type'];
  const message = outer['message'];
  if (typeof message !== 'string') return fail('message must be a text "number:serial:{…}"');
  const first = message.indexOf(':');
  const second = first < 0 ? -1 : message.indexOf(':', first + 1);
  if (second < 0) return fail('message must be "number:serial:{…}", a colon is missing');
  const number = message.slice(0, first);
  const serial = message.slice(first + 1, second);
  if (typeof type !== 'string') return fail('type must be a text', number, serial);
  if (number === '' || number.length > MAX_NUMBER_CHARS || !isPlain(number)) {
    return fail(`the running number must have 1 to ${MAX_NUMBER_CHARS} characters`, number, serial);
  }
  if (!isSerial(serial)) {
    return fail(`the serial must have 1 to ${MAX_SERIAL_CHARS} characters`, number, serial);
  }
  if (type === 'SET') {
    const answer = message.slice(second + 1, second + 1 + 500);
    return { ok: true, kind: 'SET', number, serial, fields: NO_FIELDS, answer };
  }
  if (type !== 'INIT' && type !== 'UPDT') {
    return { ok: true, kind: 'other', number, serial, fields: NO_FIELDS, answer: '' };
  }
  const fields = parseObject(message.slice(second + 1));
  if (fields === undefined) {
    return fail('what follows the serial must be a JSON object', number, serial);
  }
  const names = Object.keys(fields).length;
  if (names > MAX_FIELDS) return fail(`a frame may hold ${MAX_FIELDS} fields`, number, serial);
  return { ok: true, kind: type, number, serial, fields, answer: '' };
}

/**
 * Name of the parameter that a field stands for: `INIT` dumps private attributes, so one leading
 * underscore is dropped. Undefined when the plain name is in the same frame, which then counts.
 */
export function parameterName(
  field: string,
  fields: Readonly<Record<string, unknown>>,
): string | undefined {
  if (field.charCodeAt(0) !== UNDERSCORE || field.length === 1) return field;
  const plain = field.slice(1);
  return Object.hasOwn(fields, plain) ? undefined : plain;
}

/**
 * The serial that a frame names, for routing; cheap for frames in the usual shape, a full parse for
 * others. Undefined when none can be read. The decoder has the last word: it may still refuse the frame.
 */
export function peekSerial(bytes: Buffer): string | undefined {
  const at = usualPrefix(bytes);
  if (at >= 0) {
    const limit = Math.min(bytes.length, at + MAX_SERIAL_CHARS + 1);
    for (let i = at; i < limit; i++) {
      const byte = bytes[i] ?? 0;
      if (byte === COLON) return i === at ? undefined : bytes.toString('latin1', at, i);
      // Escapes, the end of the text and multibyte characters are left to the parser.
      if (byte === BACKSLASH || byte === QUOTE || byte < 0x20 || byte > 0x7e) break;
    }
  }
  if (bytes.length > MAX_FRAME_BYTES) return undefined;
  const message = parseObject(bytes.toString('utf8'))?.['message'];
  if (typeof message !== 'string') return undefined;
  const first = message.indexOf(':');
  const second = first < 0 ? -1 : message.indexOf(':', first + 1);
  const serial = second < 0 ? '' : message.slice(first + 1, second);
  return isSerial(serial) ? serial : undefined;
}

/** `{"type":"INFO","message":"0007:0137:OK"}`. */
export function okReply(number: string, serial: string): string {
  return isAsciiPlain(number) && isAsciiPlain(serial)
    ? `{"type":"INFO","message":"${number}:${serial}:OK"}`
    : infoReply(`${number}:${serial}:OK`);
}

/** `{"type":"INFO","message":"0007:0137:ERROR: reason"}`; parts that could not be read are empty. */
export function errorReply(number: string, serial: string, reason: string): string {
  return infoReply(`${number}:${serial}:ERROR: ${reason}`);
}

export function infoReply(message: string): string {
  return JSON.stringify({ type: 'INFO', message });
}

/**
 * Asks a device to set a parameter. A device that knows it answers `{"type":"SET","message":"N:S:OK"}` or
 * `…:ERROR: reason` with the same number, or simply reports the new value; older ones log it and go on.
 */
export function setRequest(
  number: number,
  serial: string,
  name: string,
  value: number | string | boolean,
): string {
  const text = `${String(number).padStart(4, '0')}:${serial}:${JSON.stringify({ [name]: value })}`;
  return JSON.stringify({ type: 'SET', message: text });
}

/** Cuts and cleans text of a stranger before it is shown or sent back. */
export function printable(text: string, maxChars: number): string {
  const cut = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
  return isPlain(cut) ? cut : Array.from(cut, (c) => (isPlain(c) ? c : '\ufffd')).join('');
}

const UNDERSCORE = 0x5f;
const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const TYPE_KEY = Buffer.from('"type"');
const MESSAGE_KEY = Buffer.from('"message"');

/** Offset of the serial when the frame starts as devices write it, −1 otherwise. */
function usualPrefix(bytes: Buffer): number {
  if (bytes[0] !== BRACE) return -1;
  let i = skipKey(bytes, skipSpace(bytes, 1), TYPE_KEY);
  if (i < 0 || bytes[i] !== QUOTE) return -1;
  const typeEnd = plainEnd(bytes, i + 1, 16, QUOTE);
  if (typeEnd < 0) return -1;
  i = skipSpace(bytes, typeEnd + 1);
  if (bytes[i] !== COMMA) return -1;
  i = skipKey(bytes, skipSpace(bytes, i + 1), MESSAGE_KEY);
  if (i < 0 || bytes[i] !== QUOTE) return -1;
  const numberEnd = plainEnd(bytes, i + 1, MAX_NUMBER_CHARS, COLON);
  return numberEnd < 0 ? -1 : numberEnd + 1;
}

function skipSpace(bytes: Buffer, from: number): number {
  let i = from;
  while (bytes[i] === 0x20) i += 1;
  return i;
}

/** Offset of the value after `key` and its colon, −1 when another key stands there. */
function skipKey(bytes: Buffer, from: number, key: Buffer): number {
  for (let k = 0; k < key.length; k++) if (bytes[from + k] !== key[k]) return -1;
  const colon = skipSpace(bytes, from + key.length);
  return bytes[colon] === COLON ? skipSpace(bytes, colon + 1) : -1;
}

/** Offset of `end` after at most `max` letters and digits, −1 otherwise. */
function plainEnd(bytes: Buffer, from: number, max: number, end: number): number {
  for (let i = from; i <= from + max; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === end) return i;
    const alphanumeric =
      (byte >= 0x30 && byte <= 0x39) ||
      (byte >= 0x41 && byte <= 0x5a) ||
      (byte >= 0x61 && byte <= 0x7a);
    if (!alphanumeric) return -1;
  }
  return -1;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

function isSerial(serial: string): boolean {
  return serial !== '' && serial.length <= MAX_SERIAL_CHARS && isPlain(serial);
}

/** No control characters and no halves of characters. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && !whole(text, i))) {
      return false;
    }
  }
  return true;
}

function whole(text: string, i: number): boolean {
  const code = text.charCodeAt(i);
  if (code > 0xdfff) return true;
  const next = text.charCodeAt(i + 1);
  if (code < 0xdc00) return next >= 0xdc00 && next <= 0xdfff;
  const before = text.charCodeAt(i - 1);
  return before >= 0xd800 && before < 0xdc00;
}

function isAsciiPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return false;
  }
  return true;
}

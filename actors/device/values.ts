import type { ChannelKind } from './protocol.js';

/** Longest text value, characters. */
export const MAX_TEXT_CHARS = 4_096;
/** Longest parameter name, characters. */
export const MAX_NAME_CHARS = 128;

/** Kind of a channel whose first value is `value`; undefined: such a value cannot be kept. */
export function kindOf(value: unknown): ChannelKind | undefined {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'boolean' : undefined;
}

/**
 * A value in the kind of its channel. A channel keeps the kind of its first value; later values of another
 * kind are converted where nothing is lost (`"12.5"` → 12.5, true ↔ 1, anything → text) and refused otherwise.
 * Numbers stand for themselves, booleans are 0 and 1, texts stay texts. Undefined: it does not fit.
 */
export function convert(
  kind: ChannelKind,
  value: number | string | boolean,
): number | string | undefined {
  if (kind === 'number') return asNumber(value);
  if (kind === 'text') return String(value);
  const number = typeof value === 'string' ? BOOLEAN_WORDS.get(value.toLowerCase()) : Number(value);
  return number === 0 || number === 1 ? number : undefined;
}

/** Why a value cannot be kept whatever its channel, naming the field; undefined: it can. */
export function refusal(name: string, value: unknown): string | undefined {
  const shown = name.length > 40 ? `${name.slice(0, 40)}…` : name;
  if (name === '' || name.length > MAX_NAME_CHARS) {
    return `field "${shown}": a name has 1 to ${MAX_NAME_CHARS} characters`;
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : `field "${shown}": the number is too large`;
  }
  if (typeof value === 'string') {
    return value.length <= MAX_TEXT_CHARS
      ? undefined
      : `field "${shown}": a text has at most ${MAX_TEXT_CHARS} characters`;
  }
  return typeof value === 'boolean'
    ? undefined
    : `field "${shown}": send a number, a text, true or false`;
}

const BOOLEAN_WORDS: ReadonlyMap<string, number> = new Map([
  ['true', 1],
  ['false', 0],
  ['1', 1],
  ['0', 0],
]);

function asNumber(value: number | string | boolean): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  const trimmed = value.trim();
  if (trimmed === '') return undefined;
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : undefined;
}

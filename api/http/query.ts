import { decodePart } from './router.js';

/** At most this many pairs are read; the URL itself is bounded by the server. */
const MAX_PAIRS = 200;

/** A query string as an object: a key given once is a string, given again an array. @throws `input.invalid`. */
export function parseQuery(raw: string): Readonly<Record<string, string | readonly string[]>> {
  const out: Record<string, string | string[]> = Object.create(null) as Record<string, string>;
  if (raw === '') return out;
  for (const pair of raw.split('&', MAX_PAIRS)) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const key = decodePart(
      (at < 0 ? pair : pair.slice(0, at)).replaceAll('+', ' '),
      'query string',
    );
    const value =
      at < 0 ? '' : decodePart(pair.slice(at + 1).replaceAll('+', ' '), `query value "${key}"`);
    const before = out[key];
    if (before === undefined) out[key] = value;
    else if (Array.isArray(before)) before.push(value);
    else out[key] = [before, value];
  }
  return out;
}

import type { Polygon, Ring } from '../../../../media/ports.js';

/** What is wrong with one value; whoever reads the value knows the name of its field. */
export class ValueFault extends Error {}

/** Reads one value of a body or query. @throws ValueFault saying what is expected. */
export type Codec<T> = (raw: unknown) => T;

/** Ids of rows: what every store can hold. */
export const MAX_ID = 2_147_483_647;

/**
 * True for what clients send when they have nothing to say: no value, an empty one, and the words that a script
 * makes of a missing one.
 */
export function isAbsent(raw: unknown): boolean {
  if (raw === undefined || raw === null) return true;
  if (typeof raw !== 'string') return false;
  const text = raw.trim();
  return text === '' || text === 'undefined' || text === 'null';
}

/** Form fields may be given twice: the last one counts. */
function single(raw: unknown): unknown {
  return Array.isArray(raw) && raw.length > 0 ? (raw as unknown[])[raw.length - 1] : raw;
}

/** A finite number, as a number or as text. */
export function float(min = -Number.MAX_VALUE, max = Number.MAX_VALUE): Codec<number> {
  return (given) => {
    const raw = single(given);
    const value =
      typeof raw === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(raw)
        ? Number(raw)
        : raw;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new ValueFault('A valid number is required.');
    }
    if (value < min) throw new ValueFault(`It must be at least ${min}.`);
    if (value > max) throw new ValueFault(`It must be at most ${max}.`);
    return value;
  };
}

/** A whole number; `3.0` counts as one. */
export function int(min: number, max: number): Codec<number> {
  const number = float();
  return (raw) => {
    let value: number;
    try {
      value = number(raw);
    } catch {
      throw new ValueFault('A valid integer is required.');
    }
    if (!Number.isInteger(value)) throw new ValueFault('A valid integer is required.');
    if (value < min) throw new ValueFault(`It must be at least ${min}.`);
    if (value > max) throw new ValueFault(`It must be at most ${max}.`);
    return value;
  };
}

/** Id of a row. Whether it exists is found out by the store. */
export const id: Codec<number> = int(1, MAX_ID);

const TRUE = new Set(['true', '1', 'y', 'yes', 't', 'on']);
const FALSE = new Set(['false', '0', 'n', 'no', 'f', 'off']);

export const bool: Codec<boolean> = (given) => {
  const raw = single(given);
  if (typeof raw === 'boolean') return raw;
  if (raw === 1) return true;
  if (raw === 0) return false;
  const text = typeof raw === 'string' ? raw.trim().toLowerCase() : '';
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw new ValueFault('Must be a valid boolean: true or false.');
};

export function text(max: number, min = 0): Codec<string> {
  return (given) => {
    const raw = single(given);
    const value = typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : raw;
    if (typeof value !== 'string') throw new ValueFault('Not a valid string.');
    if (value.includes('\0')) throw new ValueFault('Null characters are not allowed.');
    if (value.trim().length < min) throw new ValueFault('This field may not be blank.');
    if (value.length > max) throw new ValueFault(`It may have at most ${max} characters.`);
    // Half of a surrogate pair cannot be stored everywhere.
    return value.replace(
      /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g,
      '�',
    );
  };
}

/** One of several words; `fold` gives the spelling that is compared. */
export function choice<T extends string>(
  words: readonly T[],
  fold: (text: string) => string = (word) => word,
): Codec<T> {
  return (given) => {
    const raw = single(given);
    const asked = typeof raw === 'string' || typeof raw === 'number' ? fold(String(raw)) : '';
    const found = words.find((word) => word === asked);
    if (found === undefined) throw new ValueFault(`It must be one of ${words.join(', ')}.`);
    return found;
  };
}

export const lower = (word: string): string => word.trim().toLowerCase();

/** `null`, empty and missing words become null. */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return (raw) => (isAbsent(raw) ? null : codec(raw));
}

/** Ids as `"3,4"`, `"3,4,"`, `[3, "4"]`, `3`, a JSON array in text, or nothing. Each once, as given. */
export const ids: Codec<readonly number[]> = (raw) => {
  const parts = listOf(raw);
  if (parts.length > 10_000) throw new ValueFault('Too many ids.');
  const found = new Set<number>();
  for (const part of parts) {
    if (isAbsent(part)) continue;
    try {
      found.add(id(part));
    } catch {
      throw new ValueFault('A list of ids is required, such as "3,4".');
    }
  }
  return [...found];
};

function listOf(raw: unknown): readonly unknown[] {
  if (Array.isArray(raw)) return (raw as unknown[]).flatMap((part) => listOf(part));
  if (isAbsent(raw)) return [];
  if (typeof raw !== 'string') return [raw];
  const plain = raw.trim();
  if (!plain.startsWith('[')) return plain.split(',');
  return plain
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((part) => part.replace(/["'\s]/g, ''));
}

const DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(\.\d{1,9})?)?)?(Z|[+ -]\d{2}:?\d{2})?$/i;

/** An ISO date; without a zone it is UTC. Unix ms. */
export const date: Codec<number> = (given) => {
  const raw = single(given);
  const found = typeof raw === 'string' ? DATE.exec(raw.trim()) : null;
  if (found !== null) {
    const [, day = '', time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = found;
    // A plus sign that nobody encoded arrives as a space.
    const offset = zone.replace(' ', '+').replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2');
    const value = Date.parse(
      `${day}T${time}:${seconds}${fraction.slice(0, 4)}${offset.toUpperCase()}`,
    );
    if (!Number.isNaN(value)) return value;
  }
  throw new ValueFault('A date is required, such as 2017-06-07T13:07:58.');
};

/** Unix ms as the API writes times: UTC without saying so, microseconds always there. */
export const isoNaive = (unixMs: number): string => {
  const whole = Math.floor(unixMs);
  const micros = Math.floor((unixMs - whole) * 1_000);
  return `${new Date(whole).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}`;
};

export const isoOrNull = (unixMs: number | null): string | null =>
  unixMs === null ? null : isoNaive(unixMs);

const MAX_POINTS = 50_000;

/** GeoJSON MultiPolygon or Polygon, as an object or as JSON text. Open rings are closed. */
export const multiPolygon: Codec<readonly Polygon[]> = (given) => {
  const shape = typeof given === 'string' ? fromJson(given) : given;
  const { type, coordinates } = isRecord(shape) ? shape : {};
  const polygons = type === 'MultiPolygon' ? coordinates : type === 'Polygon' ? [coordinates] : 0;
  let points = 0;
  const ring = (raw: unknown): Ring => {
    if (!Array.isArray(raw)) throw wrongShape();
    const out = (raw as unknown[]).map(pointOf);
    points += out.length;
    if (points > MAX_POINTS) throw new ValueFault(`It may have at most ${MAX_POINTS} points.`);
    const [first] = out;
    const last = out.at(-1);
    if (first === undefined || last === undefined) throw wrongShape();
    if (first[0] !== last[0] || first[1] !== last[1]) out.push(first);
    if (out.length < 4) throw new ValueFault('A ring needs at least three different points.');
    return out;
  };
  if (!Array.isArray(polygons)) throw wrongShape();
  return (polygons as unknown[]).map((rings) => {
    if (!Array.isArray(rings) || rings.length === 0) throw wrongShape();
    return (rings as unknown[]).map(ring);
  });
};

function pointOf(raw: unknown): readonly [number, number] {
  const [east, north]: unknown[] = Array.isArray(raw) ? (raw as unknown[]) : [];
  const fits =
    typeof east === 'number' &&
    typeof north === 'number' &&
    Math.abs(east) <= 360 &&
    Math.abs(north) <= 90;
  if (!fits) throw new ValueFault('Each point must be [longitude, latitude] in degrees.');
  return [east, north];
}

const wrongShape = (): ValueFault =>
  new ValueFault(
    'It must be a GeoJSON MultiPolygon: {"type": "MultiPolygon", "coordinates": [[[[0, 0], …]]]}.',
  );

function fromJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    throw wrongShape();
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const multiPolygonOf = (shape: readonly Polygon[]): object => ({
  type: 'MultiPolygon',
  coordinates: shape,
});

/** Text that may be empty; words for "nothing" are empty too. */
export function blankable(max: number): Codec<string> {
  const plain = text(max);
  return (raw) => (isAbsent(raw) ? '' : plain(raw));
}

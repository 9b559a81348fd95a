import { unprocessable } from './ask.js';
import type { NewPoint } from './intake.js';

export const MAX_BATCH = 500;
/** The store keeps times from 1970 to 2262; later ones are mistakes of unit. */
const MAX_UNIX_MS = 9_000_000_000_000;

interface Fields {
  readonly value?: unknown;
  readonly event_public_id?: unknown;
  readonly timestamp?: unknown;
}

/**
 * One datapoint as it was sent. By hand and not by schema: this is the path of the samples.
 * @throws Refusal 422 with the place of what is wrong.
 */
export function pointIn(raw: unknown, at: readonly (string | number)[]): NewPoint {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw unprocessable(at, 'Input should be a valid dictionary', 'model_type');
  }
  const { value, event_public_id: publicId, timestamp } = raw as Fields;
  const number = numberOf(value);
  if (number === undefined) {
    if (value === undefined) throw unprocessable([...at, 'value'], 'Field required', 'missing');
    const why = 'Input should be a valid number';
    throw unprocessable([...at, 'value'], why, 'float_type', shown(value));
  }
  if (typeof publicId !== 'string') {
    const field = [...at, 'event_public_id'];
    if (publicId === undefined) throw unprocessable(field, 'Field required', 'missing');
    throw unprocessable(field, 'Input should be a valid string', 'string_type', shown(publicId));
  }
  if (timestamp === undefined || timestamp === null) {
    return { publicId, value: number, atUnixMs: Number.NaN };
  }
  const atUnixMs = timeOf(timestamp);
  if (atUnixMs === undefined) {
    const why = 'Input should be a valid datetime: ISO 8601, or Unix seconds';
    throw unprocessable([...at, 'timestamp'], why, 'datetime_type', shown(timestamp));
  }
  return { publicId, value: number, atUnixMs };
}

/** The datapoints of a batch. @throws Refusal 422, also for more than 500. */
export function batchIn(raw: unknown): readonly NewPoint[] {
  const list = listIn(raw);
  if (list === undefined) {
    throw unprocessable(['body', 'datapoints'], 'Field required', 'missing');
  }
  if (list.length > MAX_BATCH) {
    const why = `List should have at most ${MAX_BATCH} items after validation, not ${list.length}`;
    throw unprocessable(['body', 'datapoints'], why, 'too_long');
  }
  return list.map((one, i) => pointIn(one, ['body', 'datapoints', i]));
}

/** `datapoints` of a message; undefined: it has no such list. */
export function listIn(raw: unknown): readonly unknown[] | undefined {
  if (typeof raw !== 'object' || raw === null || !('datapoints' in raw)) return undefined;
  return Array.isArray(raw.datapoints) ? (raw.datapoints as unknown[]) : undefined;
}

function numberOf(value: unknown): number | undefined {
  const number =
    typeof value === 'boolean' || (typeof value === 'string' && value.trim() !== '')
      ? Number(value)
      : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function timeOf(timestamp: unknown): number | undefined {
  let atUnixMs: number | undefined;
  if (typeof timestamp === 'number') {
    // Python's clients send seconds; nobody measured before 1971, so larger numbers are ms.
    atUnixMs = timestamp > 20_000_000_000 ? timestamp : timestamp * 1_000;
  } else if (typeof timestamp === 'string') atUnixMs = parsed(timestamp);
  if (atUnixMs === undefined || !(atUnixMs > 0 && atUnixMs < MAX_UNIX_MS)) return undefined;
  return Math.round(atUnixMs * 1_000) / 1_000;
}

const ISO = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** ISO 8601 to the µs; without a zone it is UTC. */
function parsed(text: string): number | undefined {
  const [, time, fraction = '', zone = 'Z'] = ISO.exec(text.trim()) ?? [];
  if (time === undefined) return undefined;
  const whole = Date.parse(`${time.replace(' ', 'T')}${zone.length === 3 ? `${zone}:00` : zone}`);
  return Number.isNaN(whole) ? undefined : whole + Number(`0.${fraction || '0'}`) * 1_000;
}

const shown = (value: unknown): unknown =>
  typeof value === 'object' ? null : typeof value === 'string' ? value.slice(0, 100) : value;

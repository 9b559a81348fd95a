import { EngineError } from '../../engine/errors.js';

const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-8000-0000([0-9a-f]{8})$/;

/** A stored value: which channel it is of, and when it was. */
export interface Datapoint {
  /** Number in the series store. */
  readonly channel: number;
  readonly atUnixMs: number;
}

/**
 * The UUID (version 8) of a stored value, made of its channel and its time in µs: nothing has to be kept for it, the same
 * value always has the same one, and those of one time sort by it.
 */
export function datapointId({ channel, atUnixMs }: Datapoint): string {
  const us = Math.round(atUnixMs * 1_000)
    .toString(16)
    .padStart(15, '0');
  const tail = channel.toString(16).padStart(8, '0');
  return `${us.slice(0, 8)}-${us.slice(8, 12)}-8${us.slice(12)}-8000-0000${tail}`;
}

/** @throws EngineError `not-found` for a UUID that is of no stored value. */
export function parseDatapointId(id: string): Datapoint {
  const found = UUID.exec(id.toLowerCase());
  if (found === null) throw new EngineError('not-found', `"${id}" is the id of no stored value`);
  const [, high = '', middle = '', low = '', channel = ''] = found;
  return {
    atUnixMs: Number.parseInt(high + middle + low, 16) / 1_000,
    channel: Number.parseInt(channel, 16),
  };
}

/** The same in SQL, of columns `channel` (UInt32) and `at` (DateTime64(6)). */
export const DATAPOINT_ID_SQL = `concat(
  substring(leftPad(lower(hex(toUInt64(toUnixTimestamp64Micro(at)))), 16, '0') AS us, 2, 8), '-',
  substring(us, 10, 4), '-8', substring(us, 14, 3), '-8000-0000',
  leftPad(lower(hex(toUInt32(channel))), 8, '0'))`;

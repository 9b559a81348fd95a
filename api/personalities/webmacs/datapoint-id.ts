/**
 * A datapoint is a sample: its public id is made of the channel's number and the time in µs, so that it needs no table
 * of its own. Shaped as a UUID of version 8: 60 bits of time, 12 of a check, 32 of the channel.
 */
export interface PointKey {
  readonly channel: number;
  readonly atUs: bigint;
}

const MAX_US = 1n << 60n;
const SHAPE = /^([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-b([0-9a-f]{3})-0000([0-9a-f]{8})$/;

/** Whole µs of a time in ms. */
export const microsOf = (atUnixMs: number): bigint => BigInt(Math.round(atUnixMs * 1_000));

export function pointId(channel: number, atUnixMs: number): string {
  const atUs = microsOf(atUnixMs);
  const time = atUs.toString(16).padStart(15, '0');
  const check = checkOf(channel, atUs).toString(16).padStart(3, '0');
  const number = channel.toString(16).padStart(8, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-8${time.slice(12)}-b${check}-0000${number}`;
}

/** Undefined: no datapoint has this id. */
export function pointOf(id: string): PointKey | undefined {
  const [, high = '', middle = '', low = '', check = '', number = ''] =
    SHAPE.exec(id.toLowerCase()) ?? [];
  if (high === '') return undefined;
  const atUs = BigInt(`0x${high}${middle}${low}`);
  const channel = Number.parseInt(number, 16);
  if (atUs >= MAX_US || Number.parseInt(check, 16) !== checkOf(channel, atUs)) return undefined;
  return { channel, atUs };
}

function checkOf(channel: number, atUs: bigint): number {
  const mixed = (atUs ^ (BigInt(channel) << 20n)) * 0x9e3779b97f4a7c15n;
  return Number((mixed >> 24n) & 0xfffn);
}

/** ISO 8601 in UTC, to the µs. */
export function isoMicros(atUnixMs: number): string {
  const us = Math.round(atUnixMs * 1_000);
  const ms = Math.floor(us / 1_000);
  const rest = String(us - ms * 1_000).padStart(3, '0');
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}

import { crc32 } from 'node:zlib';
import { EngineError } from '../errors.js';
import type { StoreBatch } from './batch.js';
import { blockRows } from './native-block.js';

/**
 * A record of a spool segment: magic `ESPL`, payload length, CRC-32 of the payload (each uint32, little endian),
 * payload. The payload is the length of a JSON head (uint32), the head, and the three parts of a batch: samples, in the
 * format that the head names, texts and events.
 */
export const RECORD_HEAD_BYTES = 12;
const MAGIC = Buffer.from('ESPL', 'latin1');
/** A length above this is damage, not a record. */
export const MAX_RECORD_BYTES = 268_435_456;

interface Head {
  readonly token: string;
  readonly rows: number;
  /** Format of the samples. Absent: tab-separated text, as of versions before this was written. */
  readonly format?: string;
  readonly samples: number;
  readonly text: number;
  readonly events: number;
  readonly dirty: readonly number[];
  readonly unverified: readonly number[];
  readonly attempted: boolean;
}

/** A batch on disk. `attempted`: it was sent to the store, and nobody knows whether it arrived. */
export interface SpooledBatch {
  readonly batch: StoreBatch;
  readonly attempted: boolean;
}

/** The pieces of one record, to be written one after the other. */
export function encodeRecord(batch: StoreBatch, attempted: boolean): Uint8Array[] {
  const head: Head = {
    token: batch.token,
    rows: batch.rows,
    ...(batch.samplesFormat === 'TabSeparated' ? {} : { format: batch.samplesFormat }),
    samples: batch.samples.length,
    text: batch.text.length,
    events: batch.events.length,
    dirty: batch.dirty,
    unverified: batch.unverified,
    attempted,
  };
  const json = Buffer.from(JSON.stringify(head));
  const headLength = Buffer.alloc(4);
  headLength.writeUInt32LE(json.length);
  const payload = [headLength, json, batch.samples, batch.text, batch.events];
  let length = 0;
  let crc = 0;
  for (const piece of payload) {
    length += piece.length;
    crc = crc32(piece, crc);
  }
  const frame = Buffer.alloc(RECORD_HEAD_BYTES);
  MAGIC.copy(frame);
  frame.writeUInt32LE(length, 4);
  frame.writeUInt32LE(crc, 8);
  return [frame, ...payload];
}

/** @throws EngineError `spool.corrupt` when a payload whose CRC was right is not a batch. */
export function decodePayload(payload: Buffer): SpooledBatch {
  try {
    const jsonEnd = 4 + payload.readUInt32LE(0);
    const head = JSON.parse(payload.toString('utf8', 4, jsonEnd)) as Head;
    const textAt = jsonEnd + head.samples;
    const eventsAt = textAt + head.text;
    if (eventsAt + head.events !== payload.length) throw new Error('lengths do not add up');
    const samples = payload.subarray(jsonEnd, textAt);
    if (head.format !== undefined && head.format !== 'Native') throw new Error('unknown format');
    if (head.format === 'Native') blockRows(samples);
    return {
      attempted: head.attempted,
      batch: {
        token: head.token,
        rows: head.rows,
        samplesFormat: head.format ?? 'TabSeparated',
        samples,
        text: payload.subarray(textAt, eventsAt),
        events: payload.subarray(eventsAt),
        dirty: head.dirty,
        unverified: head.unverified,
      },
    };
  } catch (cause) {
    throw new EngineError('spool.corrupt', 'a spool record is not a batch', { cause });
  }
}

/** What lies at an offset of a segment. */
export type Found =
  | { readonly kind: 'record'; readonly payload: Buffer; readonly end: number }
  | { readonly kind: 'end' }
  /** Bytes up to `end` are no record; a whole record (or the end of the segment) follows. */
  | { readonly kind: 'damage'; readonly end: number; readonly torn: boolean };

/**
 * Reads what lies at `offset`. Damage is skipped up to the next place where a whole record with the right CRC
 * begins; when there is none it reaches to the end and counts as torn: the last write did not finish.
 */
export function readRecord(segment: Buffer, offset: number): Found {
  if (offset >= segment.length) return { kind: 'end' };
  const record = recordAt(segment, offset);
  if (record !== undefined) return { kind: 'record', ...record };
  let next = segment.indexOf(MAGIC, offset + 1);
  while (next !== -1) {
    if (recordAt(segment, next) !== undefined) return { kind: 'damage', end: next, torn: false };
    next = segment.indexOf(MAGIC, next + 1);
  }
  return { kind: 'damage', end: segment.length, torn: true };
}

function recordAt(segment: Buffer, offset: number): { payload: Buffer; end: number } | undefined {
  if (offset + RECORD_HEAD_BYTES > segment.length) return undefined;
  if (!segment.subarray(offset, offset + 4).equals(MAGIC)) return undefined;
  const length = segment.readUInt32LE(offset + 4);
  const end = offset + RECORD_HEAD_BYTES + length;
  if (length > MAX_RECORD_BYTES || end > segment.length) return undefined;
  const payload = segment.subarray(offset + RECORD_HEAD_BYTES, end);
  return crc32(payload) === segment.readUInt32LE(offset + 8) ? { payload, end } : undefined;
}

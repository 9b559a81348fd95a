import { EngineError } from '../errors.js';

/** Columns of a block of samples, in the order of its data. */
export const SAMPLE_COLUMNS = ['channel', 'at', 'value'] as const;

/** Bytes of one row: channel 4, time 8, value 8. */
export const BLOCK_ROW_BYTES = 20;

/**
 * A block of ClickHouse's format `Native`, as its HTTP interface takes it from clients that name no protocol version: the
 * number of columns and of rows (varuint), then of each column its name and type (varuint length, bytes) and its data, all
 * little endian, one value after the other. Blocks one after the other are a stream. The types are those of the tables
 * in `migrations.ts`, so that the store converts nothing.
 */
const [CHANNEL_HEAD, AT_HEAD, VALUE_HEAD] = [
  columnHead('channel', 'UInt32'),
  columnHead('at', "DateTime64(6, 'UTC')"),
  columnHead('value', 'Float64'),
];
const HEADS_BYTES = CHANNEL_HEAD.length + AT_HEAD.length + VALUE_HEAD.length;
/** A varuint of a number of rows is no longer: 2³⁵ rows. */
const MAX_ROWS_BYTES = 5;

/** Where the data of a block's columns begin in the bytes it is a part of. */
interface Block {
  readonly rows: number;
  readonly channelAt: number;
  readonly timeAt: number;
  readonly valueAt: number;
  readonly end: number;
}

/** Columns of equal length, little endian: uint32, int64 µs, float64. */
export interface BlockColumns {
  readonly channel: Uint8Array;
  readonly at: Uint8Array;
  readonly value: Uint8Array;
}

/** Bytes of a block of `rows` rows. */
export function blockBytes(rows: number): number {
  return 1 + varuint(rows).length + HEADS_BYTES + rows * BLOCK_ROW_BYTES;
}

/** Writes a block of `rows` rows to the begin of `into`, which has `blockBytes(rows)` bytes at least. */
export function writeBlock(into: Uint8Array, rows: number, columns: BlockColumns): void {
  let offset = 0;
  const pieces = [
    [SAMPLE_COLUMNS.length, ...varuint(rows)],
    CHANNEL_HEAD,
    columns.channel,
    AT_HEAD,
    columns.at,
    VALUE_HEAD,
    columns.value,
  ];
  for (const piece of pieces) {
    into.set(piece, offset);
    offset += piece.length;
  }
}

/**
 * Calls `visit` with channel, Unix µs and value of every row of the blocks in `bytes`.
 * @throws EngineError `spool.corrupt` before the first row when `bytes` are not blocks of samples.
 */
export function eachBlockRow(
  bytes: Uint8Array,
  visit: (channel: number, atUs: number, value: number) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { rows, channelAt, timeAt, valueAt } of blocksOf(bytes)) {
    for (let i = 0; i < rows; i++) {
      const low = view.getUint32(timeAt + i * 8, true);
      const high = view.getUint32(timeAt + i * 8 + 4, true);
      const value = view.getFloat64(valueAt + i * 8, true);
      visit(view.getUint32(channelAt + i * 4, true), high * 4_294_967_296 + low, value);
    }
  }
}

/** Rows of the blocks in `bytes`. @throws EngineError `spool.corrupt` when they are not blocks of samples. */
export function blockRows(bytes: Uint8Array): number {
  return blocksOf(bytes).reduce((sum, block) => sum + block.rows, 0);
}

function blocksOf(bytes: Uint8Array): Block[] {
  const blocks: Block[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const block = blockAt(bytes, offset);
    if (block === undefined) {
      throw new EngineError('spool.corrupt', `no block of samples begins at byte ${offset}`);
    }
    blocks.push(block);
    offset = block.end;
  }
  return blocks;
}

function blockAt(bytes: Uint8Array, offset: number): Block | undefined {
  if (bytes[offset] !== SAMPLE_COLUMNS.length) return undefined;
  let rows = 0;
  let at = offset + 1;
  for (let byte = 128; byte >= 128; at++) {
    if (at - offset > MAX_ROWS_BYTES) return undefined;
    byte = bytes[at] ?? 0;
    rows += (byte % 128) * 128 ** (at - offset - 1);
  }
  const channelAt = at + CHANNEL_HEAD.length;
  const timeAt = channelAt + rows * 4 + AT_HEAD.length;
  const valueAt = timeAt + rows * 8 + VALUE_HEAD.length;
  const end = valueAt + rows * 8;
  const whole =
    end <= bytes.length &&
    endsWith(bytes, channelAt, CHANNEL_HEAD) &&
    endsWith(bytes, timeAt, AT_HEAD) &&
    endsWith(bytes, valueAt, VALUE_HEAD);
  return whole ? { rows, channelAt, timeAt, valueAt, end } : undefined;
}

/** Whether `head` lies right before `end`. */
function endsWith(bytes: Uint8Array, end: number, head: Uint8Array): boolean {
  return head.every((byte, i) => bytes[end - head.length + i] === byte);
}

function columnHead(name: string, type: string): Uint8Array {
  const sized = (text: string) => [text.length, ...Buffer.from(text, 'latin1')];
  return Uint8Array.from([...sized(name), ...sized(type)]);
}

/** Seven bits a byte, the lowest first; all but the last have the highest bit set. */
function varuint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}

import type { SortKey } from '../contract/live.js';
import { cellReader } from './filter.js';
import type { RowRecord } from './table.js';

export type Compare = (a: RowRecord, b: RowRecord) => number;

/**
 * Compares rows by the keys, then by `id`. Numbers come before text before booleans before lists; text
 * compares without case; a missing cell (also null and NaN) is last in both directions.
 */
export function compileOrder(keys: readonly SortKey[]): Compare {
  const parts = keys.map(({ field, direction }) => ({
    read: cellReader(field),
    sign: direction === 'desc' ? -1 : 1,
  }));
  return (a, b) => {
    for (const { read, sign } of parts) {
      const left = read(a.row);
      const right = read(b.row);
      if (left === right) continue;
      const order = compareCells(left, right, sign);
      if (order !== 0) return order;
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };
}

function compareCells(a: unknown, b: unknown, sign: number): number {
  const kindA = kindOf(a);
  const kindB = kindOf(b);
  if (kindA !== kindB) {
    if (kindA === MISSING || kindB === MISSING) return kindA - kindB;
    return (kindA - kindB) * sign;
  }
  if (kindA === NUMBER) return ((a as number) - (b as number)) * sign;
  if (kindA === MISSING) return 0;
  const textA = String(a).toLowerCase();
  const textB = String(b).toLowerCase();
  return textA < textB ? -sign : textA > textB ? sign : 0;
}

const NUMBER = 0;
const MISSING = 9;

function kindOf(cell: unknown): number {
  switch (typeof cell) {
    case 'number':
      return Number.isNaN(cell) ? MISSING : NUMBER;
    case 'string':
      return 1;
    case 'boolean':
      return 2;
    case 'object':
      return cell === null ? MISSING : 3;
    default:
      return MISSING;
  }
}

/**
 * A number by which most rows can be compared without looking at them: that of the first sort key when it is a
 * number, infinity when it is missing, else NaN. Equal or NaN: `compileOrder` decides.
 */
export function compileKey(keys: readonly SortKey[]): (record: RowRecord) => number {
  const [first] = keys;
  if (first === undefined) return () => Number.NaN;
  const read = cellReader(first.field);
  const sign = first.direction === 'desc' ? -1 : 1;
  return ({ row }) => {
    const cell = read(row);
    const kind = kindOf(cell);
    if (kind === NUMBER) return (cell as number) * sign;
    return kind === MISSING ? Number.POSITIVE_INFINITY : Number.NaN;
  };
}

/** Rows in order, with their keys beside them: a search stays inside one small array. */
export interface Sorted {
  readonly rows: RowRecord[];
  readonly keys: Float64Array;
}

/** Compares by the scratch keys first. */
export function byKey(compare: Compare): Compare {
  return (a, b) => {
    if (a.key < b.key) return -1;
    return a.key > b.key ? 1 : compare(a, b);
  };
}

/**
 * Leaves out the rows that bear the stamp and puts `added` (sorted, with their keys) in: binary search for the
 * places, one pass to copy.
 */
export function rearrange(
  sorted: Sorted,
  out: number | undefined,
  added: readonly RowRecord[],
  compare: Compare,
): Sorted {
  const kept = out === undefined ? sorted : without(sorted, out);
  if (added.length === 0) return kept;
  const size = kept.rows.length + added.length;
  const rows: RowRecord[] = [];
  const keys = new Float64Array(size);
  let from = 0;
  for (const record of added) {
    const place = placeOf(kept, record, from, compare);
    keys.set(kept.keys.subarray(from, place), rows.length);
    while (from < place) rows.push(kept.rows[from++] as RowRecord);
    keys[rows.length] = record.key;
    rows.push(record);
  }
  keys.set(kept.keys.subarray(from), rows.length);
  while (from < kept.rows.length) rows.push(kept.rows[from++] as RowRecord);
  return { rows, keys };
}

function without(sorted: Sorted, out: number): Sorted {
  const rows: RowRecord[] = [];
  const keys = new Float64Array(sorted.rows.length);
  sorted.rows.forEach((record, i) => {
    if (record.stamp === out) return;
    keys[rows.length] = sorted.keys[i] ?? Number.NaN;
    rows.push(record);
  });
  return { rows, keys: keys.subarray(0, rows.length) };
}

function placeOf(sorted: Sorted, record: RowRecord, from: number, compare: Compare): number {
  const { rows, keys } = sorted;
  const { key } = record;
  let low = from;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = keys[middle] as number;
    const before =
      other < key || (!(other > key) && compare(rows[middle] as RowRecord, record) < 0);
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}

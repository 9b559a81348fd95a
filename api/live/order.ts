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

/** Puts `added` (sorted) into `kept` (sorted): binary search for the places, one pass to copy. */
export function mergeSorted(
  kept: readonly RowRecord[],
  added: readonly RowRecord[],
  compare: Compare,
): RowRecord[] {
  const out: RowRecord[] = new Array<RowRecord>(kept.length + added.length);
  let from = 0;
  let at = 0;
  for (const record of added) {
    const place = placeOf(kept, record, from, compare);
    while (from < place) out[at++] = kept[from++] as RowRecord;
    out[at++] = record;
  }
  while (from < kept.length) out[at++] = kept[from++] as RowRecord;
  return out;
}

function placeOf(
  sorted: readonly RowRecord[],
  record: RowRecord,
  from: number,
  compare: Compare,
): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(sorted[middle] as RowRecord, record) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

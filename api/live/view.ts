import type { Filter, SortKey } from '../contract/live.js';
import { compileFilter, filterFields, type Predicate } from './filter.js';
import { byKey, type Compare, compileKey, compileOrder, rearrange, type Sorted } from './order.js';
import { nextStamp, type RowRecord } from './table.js';

/**
 * All rows that match one filter, in one order, shared by every topic that looks at a window of them. A tick
 * costs one pass over the rows, and only when a row entered, left or moved.
 */
export class View {
  /** Columns that decide who is in it and where, in order, as text: views with the same ones look at the same changes. */
  readonly reads: string;
  #sorted: Sorted;
  readonly #members: Set<RowRecord>;
  readonly #matches: Predicate;
  readonly #compare: Compare;
  readonly #keyOf: (record: RowRecord) => number;
  readonly #filterFields: ReadonlySet<string>;
  readonly #sortFields: ReadonlySet<string>;

  constructor(records: Iterable<RowRecord>, filter: Filter | undefined, sort: readonly SortKey[]) {
    this.#matches = compileFilter(filter);
    this.#compare = compileOrder(sort);
    this.#filterFields = filterFields(filter);
    this.#sortFields = new Set(sort.map((key) => key.field));
    this.#keyOf = compileKey(sort);
    this.reads = JSON.stringify([...new Set([...this.#filterFields, ...this.#sortFields])].sort());
    const rows: RowRecord[] = [];
    for (const record of records) if (this.#matches(record.row)) rows.push(record);
    this.#members = new Set(rows);
    this.#sorted = rearrange(EMPTY, undefined, this.#sort(rows), this.#compare);
  }

  /** Matching rows in order. Never changed in place: a tick that moves rows makes a new array. */
  get order(): readonly RowRecord[] {
    return this.#sorted.rows;
  }

  /** Rows of a tick that may have entered, left or moved, of all that changed in it. */
  touched(changed: readonly RowRecord[]): readonly RowRecord[] {
    return changed.filter(
      (record) =>
        record.fresh || touches(record, this.#filterFields) || touches(record, this.#sortFields),
    );
  }

  /** Takes a tick's changes, `touched` of them at least. False: nobody entered, left or may have moved. */
  apply(changed: readonly RowRecord[], removed: readonly RowRecord[]): boolean {
    const out = nextStamp();
    const placed: RowRecord[] = [];
    let taken = 0;
    for (const record of removed) {
      if (!this.#members.delete(record)) continue;
      record.stamp = out;
      taken++;
    }
    for (const record of changed) {
      const was = this.#members.has(record);
      const asked = record.fresh || touches(record, this.#filterFields);
      const is = asked ? this.#matches(record.row) : was;
      if (was && !is) {
        this.#members.delete(record);
        record.stamp = out;
        taken++;
      } else if (!was && is) {
        this.#members.add(record);
        placed.push(record);
      } else if (is && touches(record, this.#sortFields)) {
        record.stamp = out;
        taken++;
        placed.push(record);
      }
    }
    if (taken === 0 && placed.length === 0) return false;
    const gone = taken === 0 ? undefined : out;
    this.#sorted = rearrange(this.#sorted, gone, this.#sort(placed), this.#compare);
    return true;
  }

  #sort(rows: RowRecord[]): readonly RowRecord[] {
    for (const record of rows) record.key = this.#keyOf(record);
    return rows.sort(byKey(this.#compare));
  }
}

const EMPTY: Sorted = { rows: [], keys: new Float64Array(0) };

function touches(record: RowRecord, fields: ReadonlySet<string>): boolean {
  if (fields.size === 0) return false;
  const { changed, changes } = record;
  for (let i = 0; i < changes; i++) if (fields.has(changed[i] ?? '')) return true;
  return false;
}

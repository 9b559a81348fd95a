import type { Filter, SortKey } from '../contract/live.js';
import { compileFilter, filterFields, type Predicate } from './filter.js';
import { type Compare, compileOrder, mergeSorted } from './order.js';
import { nextStamp, type RowRecord } from './table.js';

/**
 * All rows that match one filter, in one order, shared by every topic that looks at a window of them. A tick
 * costs one pass over the rows, and only when a row entered, left or moved.
 */
export class View {
  #order: RowRecord[];
  readonly #members: Set<RowRecord>;
  readonly #matches: Predicate;
  readonly #compare: Compare;
  readonly #filterFields: ReadonlySet<string>;
  readonly #sortFields: ReadonlySet<string>;

  constructor(records: Iterable<RowRecord>, filter: Filter | undefined, sort: readonly SortKey[]) {
    this.#matches = compileFilter(filter);
    this.#compare = compileOrder(sort);
    this.#filterFields = filterFields(filter);
    this.#sortFields = new Set(sort.map((key) => key.field));
    this.#order = [];
    for (const record of records) if (this.#matches(record.row)) this.#order.push(record);
    this.#order.sort(this.#compare);
    this.#members = new Set(this.#order);
  }

  /** Matching rows in order. Never changed in place: a tick that moves rows makes a new array. */
  get order(): readonly RowRecord[] {
    return this.#order;
  }

  /** Takes a tick's changes. False: nobody entered, left or may have moved. */
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
      const is = was && !touches(record, this.#filterFields) ? true : this.#matches(record.row);
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
    const kept = taken === 0 ? this.#order : this.#order.filter((record) => record.stamp !== out);
    placed.sort(this.#compare);
    this.#order = mergeSorted(kept, placed, this.#compare);
    return true;
  }
}

function touches(record: RowRecord, fields: ReadonlySet<string>): boolean {
  if (fields.size === 0) return false;
  const { changed } = record;
  if (changed === undefined) return false;
  for (const field of changed) if (fields.has(field)) return true;
  return false;
}

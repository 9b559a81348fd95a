import type { LiveResource, Row } from '../contract/live.js';
import type { LiveTable, RowWriter, TableWatch } from './table.types.js';

/** A row and what changed in it since the last tick. Belongs to its table; the hub's views point at it. */
export interface RowRecord {
  readonly id: string;
  /** The id as JSON: it is written more often than read. */
  readonly idJson: string;
  /** Changed in place: readers copy what they keep. */
  readonly row: Record<string, unknown> & { readonly id: string };
  /**
   * Fields changed since the last tick: the first `changes` of them. The list is used again for each tick; made anew it
   * would be garbage at the rate of the meters.
   */
  readonly changed: string[];
  changes: number;
  /** In the list of rows of the next tick: with no changes too when it was removed and put back. */
  dirty: boolean;
  /** Was removed; a row that is put back within the tick is there again. */
  gone: boolean;
  /** Came since the last tick: views do not know it. */
  fresh: boolean;
  /** Scratch mark of whoever walks rows now: a number nobody else uses, see `nextStamp`. */
  stamp: number;
  /** Scratch sort key of the view that places rows now. */
  key: number;
}

let stamp = 0;
/** A new mark for `RowRecord.stamp`. */
export function nextStamp(): number {
  stamp = stamp >= Number.MAX_SAFE_INTEGER ? 1 : stamp + 1;
  return stamp;
}

/**
 * The rows of one resource, in memory. A write costs a map lookup and a comparison; equal values are not a
 * change. Changes are kept by field until the hub drains them, so memory is bounded by the rows, whatever the
 * rate of writes.
 */
export class MemoryTable implements LiveTable {
  readonly resource: LiveResource;
  readonly #records = new Map<string, RowRecord>();
  #dirty: RowRecord[] = [];
  #removed = new Map<string, RowRecord>();
  #tracking = false;
  readonly #watches = new Set<Watch>();
  #refresh: ((row: Row | undefined) => void) | undefined;
  /** Views that the hub keeps of it. */
  views = 0;

  constructor(resource: LiveResource) {
    this.resource = resource;
  }

  get size(): number {
    return this.#records.size;
  }

  get observed(): boolean {
    return this.views > 0 || this.#watches.size > 0;
  }

  onRead(refresh: (row: Row | undefined) => void): void {
    this.#refresh = refresh;
  }

  get(id: string): Row | undefined {
    const row = this.#records.get(id)?.row;
    if (row !== undefined) this.#refresh?.(row);
    return row;
  }

  has(id: string): boolean {
    return this.#records.has(id);
  }

  *written(): IterableIterator<Row> {
    for (const record of this.#records.values()) yield record.row;
  }

  *rows(): IterableIterator<Row> {
    this.#refresh?.(undefined);
    for (const record of this.#records.values()) yield record.row;
  }

  records(): IterableIterator<RowRecord> {
    this.#refresh?.(undefined);
    return this.#records.values();
  }

  put(row: Row): void {
    const known = this.#records.get(row.id);
    if (known !== undefined) {
      this.#replace(known, row);
      return;
    }
    const gone = this.#removed.get(row.id);
    if (gone !== undefined) {
      // Removed and back within one tick: for the clients it only changed.
      this.#removed.delete(row.id);
      this.#records.set(row.id, gone);
      gone.fresh = true;
      gone.gone = false;
      // A view made in between does not know it, so it counts as changed even when it is the same.
      this.#soil(gone);
      this.#note(row.id);
      this.#replace(gone, row);
      return;
    }
    const fresh: Record<string, unknown> & { readonly id: string } = { id: row.id };
    const fields = Object.keys(row);
    for (const field of fields) if (usable(field)) fresh[field] = row[field];
    const record: RowRecord = {
      id: row.id,
      idJson: JSON.stringify(row.id),
      row: fresh,
      changed: [],
      changes: 0,
      dirty: false,
      gone: false,
      fresh: this.#tracking,
      stamp: 0,
      key: 0,
    };
    this.#records.set(row.id, record);
    this.#note(row.id);
    if (!this.#tracking) return;
    record.changed.push(...fields);
    record.changes = fields.length;
    this.#soil(record);
  }

  patch(id: string, fields: Readonly<Record<string, unknown>>): boolean {
    const record = this.#records.get(id);
    if (record === undefined) return false;
    for (const field of Object.keys(fields)) {
      if (usable(field)) this.#assign(record, field, fields[field]);
    }
    return true;
  }

  set(id: string, field: string, value: string | number | boolean | null): boolean {
    const record = this.#records.get(id);
    if (record === undefined) return false;
    this.assign(record, field, value);
    return true;
  }

  writer(id: string): RowWriter {
    return new Writer(this, id);
  }

  /** For writers: of a record of this table that is not gone. */
  assign(record: RowRecord, field: string, value: unknown): void {
    if (usable(field)) this.#assign(record, field, value);
  }

  /** For writers. */
  record(id: string): RowRecord | undefined {
    return this.#records.get(id);
  }

  remove(id: string): boolean {
    const record = this.#records.get(id);
    if (record === undefined) return false;
    this.#records.delete(id);
    record.gone = true;
    this.#note(id);
    if (this.#tracking) this.#removed.set(id, record);
    return true;
  }

  watch(): TableWatch {
    const watch = new Watch(this.#records.keys(), () => this.#watches.delete(watch));
    this.#watches.add(watch);
    return watch;
  }

  /** Starts keeping changes, for the one hub that drains them. */
  track(): void {
    this.#tracking = true;
  }

  /** Hands over what changed since the last call, then forgets it. `seen` must not write to the table. */
  drain(seen: (changed: readonly RowRecord[], removed: readonly RowRecord[]) => void): void {
    if (this.#dirty.length === 0 && this.#removed.size === 0) return;
    const dirty = this.#dirty;
    const removed = [...this.#removed.values()];
    this.#dirty = [];
    this.#removed = new Map();
    const alive = removed.length === 0 ? dirty : dirty.filter((record) => !record.gone);
    try {
      seen(alive, removed);
    } finally {
      for (const record of dirty) {
        record.changes = 0;
        record.dirty = false;
        record.fresh = false;
      }
    }
  }

  #replace(record: RowRecord, row: Row): void {
    for (const field of Object.keys(record.row)) {
      if (field in row) continue;
      this.#mark(record, field);
      delete record.row[field];
    }
    for (const field of Object.keys(row)) {
      if (usable(field)) this.#assign(record, field, row[field]);
    }
  }

  #assign(record: RowRecord, field: string, value: unknown): void {
    const before = record.row[field];
    if (Object.is(before, value) || (typeof value === 'object' && same(before, value))) return;
    record.row[field] = value;
    this.#mark(record, field);
  }

  #note(id: string): void {
    for (const watch of this.#watches) watch.ids.add(id);
  }

  #mark(record: RowRecord, field: string): void {
    if (this.#watches.size > 0) this.#note(record.id);
    if (!this.#tracking) return;
    const { changed, changes } = record;
    for (let i = 0; i < changes; i++) if (changed[i] === field) return;
    changed[changes] = field;
    record.changes = changes + 1;
    this.#soil(record);
  }

  #soil(record: RowRecord): void {
    if (record.dirty) return;
    record.dirty = true;
    this.#dirty.push(record);
  }
}

/** Finds its row once, and again when it was removed and put anew. */
class Writer implements RowWriter {
  readonly #table: MemoryTable;
  readonly #id: string;
  #record: RowRecord | undefined;

  constructor(table: MemoryTable, id: string) {
    this.#table = table;
    this.#id = id;
  }

  set(field: string, value: string | number | boolean | null): boolean {
    if (this.#record === undefined || this.#record.gone)
      this.#record = this.#table.record(this.#id);
    if (this.#record === undefined) return false;
    this.#table.assign(this.#record, field, value);
    return true;
  }
}

class Watch implements TableWatch {
  ids: Set<string>;
  readonly #end: () => void;

  constructor(ids: Iterable<string>, end: () => void) {
    this.ids = new Set(ids);
    this.#end = end;
  }

  drain(): ReadonlySet<string> {
    const { ids } = this;
    if (ids.size > 0) this.ids = new Set();
    return ids;
  }

  end(): void {
    this.#end();
    this.ids = new Set();
  }
}

/** `id` never changes, and `__proto__` is no column. */
function usable(field: string): boolean {
  return field !== 'id' && field !== '__proto__';
}

function same(a: unknown, b: unknown): boolean {
  return (
    Array.isArray(a) &&
    Array.isArray(b) &&
    a.length === b.length &&
    a.every((item, i) => Object.is(item, b[i]))
  );
}

import type { LiveResource, Row } from '../contract/live.js';
import type { LiveTable, TableWatch } from './table.types.js';

/** A row and what changed in it since the last tick. Belongs to its table; the hub's views point at it. */
export interface RowRecord {
  readonly id: string;
  /** The id as JSON: it is written more often than read. */
  readonly idJson: string;
  /** Changed in place: readers copy what they keep. */
  readonly row: Record<string, unknown> & { readonly id: string };
  /** Fields changed since the last tick; undefined: none. */
  changed: string[] | undefined;
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

  constructor(resource: LiveResource) {
    this.resource = resource;
  }

  get size(): number {
    return this.#records.size;
  }

  get(id: string): Row | undefined {
    return this.#records.get(id)?.row;
  }

  *rows(): IterableIterator<Row> {
    for (const record of this.#records.values()) yield record.row;
  }

  records(): IterableIterator<RowRecord> {
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
      if (gone.changed === undefined) {
        // A view made in between does not know it, so it counts as changed even when it is the same.
        gone.changed = [];
        this.#dirty.push(gone);
      }
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
      changed: undefined,
      fresh: this.#tracking,
      stamp: 0,
      key: 0,
    };
    this.#records.set(row.id, record);
    this.#note(row.id);
    if (this.#tracking) {
      record.changed = fields;
      this.#dirty.push(record);
    }
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
    if (usable(field)) this.#assign(record, field, value);
    return true;
  }

  remove(id: string): boolean {
    const record = this.#records.get(id);
    if (record === undefined) return false;
    this.#records.delete(id);
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
    const alive =
      removed.length === 0
        ? dirty
        : dirty.filter((record) => this.#records.get(record.id) === record);
    try {
      seen(alive, removed);
    } finally {
      for (const record of dirty) {
        record.changed = undefined;
        record.fresh = false;
      }
      for (const record of removed) record.changed = undefined;
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
    if (record.changed === undefined) {
      record.changed = [field];
      this.#dirty.push(record);
    } else if (!record.changed.includes(field)) record.changed.push(field);
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

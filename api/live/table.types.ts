import type { LiveResource, Row } from '../contract/live.js';

/**
 * The rows of one live resource, on the main thread. Writers change rows at any rate; the hub looks once a
 * tick (50 ms) and sends each topic its changed fields. Rows are flat: field name → JSON scalar or short list.
 */
export interface LiveTable {
  readonly resource: LiveResource;
  readonly size: number;
  get(id: string): Row | undefined;
  rows(): IterableIterator<Row>;
  has(id: string): boolean;
  /** Rows as they were last written: for one who looks at all of them often, and not at what `onRead` would refresh. */
  written(): IterableIterator<Row>;
  /** Adds or replaces a row. */
  put(row: Row): void;
  /** Changes fields of a row; a null field stays as null. Unknown id: false. */
  patch(id: string, fields: Readonly<Record<string, unknown>>): boolean;
  /** The fast path: one field. */
  set(id: string, field: string, value: string | number | boolean | null): boolean;
  /** For one who sets fields of the same row again and again; the row need not be there yet. */
  writer(id: string): RowWriter;
  remove(id: string): boolean;
  /** Somebody follows its changes: a view of a client, or a watch. */
  readonly observed: boolean;
  /**
   * Of one who does not write every change while nobody follows them: `refresh` is called before a row is read, and with
   * undefined before all are.
   */
  onRead(refresh: (row: Row | undefined) => void): void;
  /** Notes ids from now on; every row that is there counts as changed. */
  watch(): TableWatch;
}

/** Sets fields of one row, whichever row has its id at the time. */
export interface RowWriter {
  /** As `LiveTable.set`. */
  set(field: string, value: string | number | boolean | null): boolean;
}

/** Which rows of a table changed, for one who looks now and then. Holds an id a row at most, until it is asked. */
export interface TableWatch {
  /** Ids of rows that were added, changed or removed since the last call. */
  drain(): ReadonlySet<string>;
  /** Idempotent; nothing is noted any more. */
  end(): void;
}

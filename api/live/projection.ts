import type { JsonBytes } from './json-bytes.js';
import type { RowRecord } from './table.js';

/** Where the JSON of a row in some columns lies, of a tick. */
export interface Fragment {
  tick: number;
  from: number;
  to: number;
}

/** Fragments of rows that nobody looks at any more go when there are this many and few of them were asked for. */
const MOST_IDLE = 4_096;

const OPEN = Buffer.from('[');
const CHANGED = Buffer.from(',{');
const END = Buffer.from('}]');
const ID = Buffer.from('{"id":');

/**
 * The columns a topic sends, and the JSON of rows in them. Topics with equal columns share one projection, and
 * with it each row's fragment of a tick. Of rows that are not in a window any more it holds a place each, up to a bound.
 */
export class Projection {
  /** How many topics use it. */
  topics = 0;
  readonly #fields: ReadonlySet<string> | undefined;
  readonly #changes = new Map<RowRecord, Fragment>();
  readonly #entries = new Map<RowRecord, Fragment>();
  #asked = 0;
  #tick = 0;

  /** @param fields undefined: all columns. */
  constructor(fields: readonly string[] | undefined) {
    this.#fields = fields === undefined ? undefined : new Set(fields);
  }

  /** `out` was cleared: what was written before is gone, and so are these rows. */
  begin(removed: readonly RowRecord[]): void {
    this.#tick += 1;
    const held = this.#changes.size + this.#entries.size;
    if (held > MOST_IDLE && this.#asked < held / 8) {
      this.#changes.clear();
      this.#entries.clear();
    }
    this.#asked = 0;
    for (const record of removed) {
      this.#changes.delete(record);
      this.#entries.delete(record);
    }
  }

  /** `["id",{changed columns}]`, written once a tick; undefined when none of the columns changed. */
  change(record: RowRecord, out: JsonBytes): Fragment | undefined {
    this.#asked += 1;
    const place = this.#placeOf(this.#changes, record);
    if (place.tick !== this.#tick) {
      place.tick = this.#tick;
      place.from = out.length;
      this.#writeChange(record, out);
      place.to = out.length;
    }
    return place.to > place.from ? place : undefined;
  }

  /** `["id",{"id":…, all columns}]`, written once a tick. */
  entry(record: RowRecord, out: JsonBytes): Fragment {
    this.#asked += 1;
    const place = this.#placeOf(this.#entries, record);
    if (place.tick !== this.#tick) {
      place.tick = this.#tick;
      place.from = out.length;
      out.bytes(OPEN);
      out.raw(record.idJson);
      out.byte(COMMA);
      this.row(record, out);
      out.byte(CLOSE);
      place.to = out.length;
    }
    return place;
  }

  /** `{"id":…, all columns}`. */
  row(record: RowRecord, out: JsonBytes): void {
    out.bytes(ID);
    out.raw(record.idJson);
    for (const field of Object.keys(record.row)) {
      if (field === 'id' || (this.#fields !== undefined && !this.#fields.has(field))) continue;
      out.byte(COMMA);
      out.bytes(keyOf(field));
      out.cell(record.row[field]);
    }
    out.byte(BRACE);
  }

  #placeOf(places: Map<RowRecord, Fragment>, record: RowRecord): Fragment {
    let place = places.get(record);
    if (place === undefined) {
      place = { tick: 0, from: 0, to: 0 };
      places.set(record, place);
    }
    return place;
  }

  #writeChange(record: RowRecord, out: JsonBytes): void {
    const { changed, changes, row } = record;
    let first = true;
    for (let i = 0; i < changes; i++) {
      const field = changed[i] ?? 'id';
      if (field === 'id' || (this.#fields !== undefined && !this.#fields.has(field))) continue;
      if (first) {
        out.bytes(OPEN);
        out.raw(record.idJson);
        out.bytes(CHANGED);
        first = false;
      } else out.byte(COMMA);
      out.bytes(keyOf(field));
      out.cell(row[field]);
    }
    if (!first) out.bytes(END);
  }
}

const COMMA = 44;
const CLOSE = 93;
const BRACE = 125;

/** Column names repeat in every row; the table is bounded and starts over when it is full. */
const KEYS = new Map<string, Uint8Array>();
const MAX_KEYS = 10_000;

function keyOf(field: string): Uint8Array {
  let key = KEYS.get(field);
  if (key === undefined) {
    if (KEYS.size >= MAX_KEYS) KEYS.clear();
    key = Buffer.from(`${JSON.stringify(field)}:`);
    KEYS.set(field, key);
  }
  return key;
}

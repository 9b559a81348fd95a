import type { RowRecord } from './table.js';

/**
 * The columns a topic sends, and the JSON of rows in them. Topics with equal columns share one projection, and
 * with it each row's fragment of a tick.
 */
export class Projection {
  /** How many topics use it. */
  topics = 0;
  readonly #fields: ReadonlySet<string> | undefined;
  readonly #changes = new Map<RowRecord, string>();
  readonly #wholes = new Map<RowRecord, string>();

  /** @param fields undefined: all columns. */
  constructor(fields: readonly string[] | undefined) {
    this.#fields = fields === undefined ? undefined : new Set(fields);
  }

  /** `["id",{changed columns}]`, or empty when none of the columns changed. */
  change(record: RowRecord): string {
    let text = this.#changes.get(record);
    if (text === undefined) {
      text = this.#encodeChange(record);
      this.#changes.set(record, text);
    }
    return text;
  }

  /** `["id",{all columns}]`. */
  entry(record: RowRecord): string {
    return `[${record.idJson},${this.row(record)}]`;
  }

  /** `{"id":…, all columns}`. */
  row(record: RowRecord): string {
    let text = this.#wholes.get(record);
    if (text === undefined) {
      text = `{"id":${record.idJson}`;
      for (const field of Object.keys(record.row)) {
        if (field === 'id' || (this.#fields !== undefined && !this.#fields.has(field))) continue;
        text += `,${keyOf(field)}${cellJson(record.row[field])}`;
      }
      text += '}';
      this.#wholes.set(record, text);
    }
    return text;
  }

  /** Rows changed or may change: forget the fragments. */
  forget(): void {
    if (this.#changes.size > 0) this.#changes.clear();
    if (this.#wholes.size > 0) this.#wholes.clear();
  }

  #encodeChange(record: RowRecord): string {
    let cells = '';
    for (const field of record.changed ?? []) {
      if (field === 'id' || (this.#fields !== undefined && !this.#fields.has(field))) continue;
      cells += `${cells === '' ? '' : ','}${keyOf(field)}${cellJson(record.row[field])}`;
    }
    return cells === '' ? '' : `[${record.idJson},{${cells}}]`;
  }
}

/** Column names repeat in every row; the table is bounded and starts over when it is full. */
const KEYS = new Map<string, string>();
const MAX_KEYS = 10_000;

function keyOf(field: string): string {
  let key = KEYS.get(field);
  if (key === undefined) {
    if (KEYS.size >= MAX_KEYS) KEYS.clear();
    key = `${JSON.stringify(field)}:`;
    KEYS.set(field, key);
  }
  return key;
}

/** JSON of a cell; what JSON cannot say (NaN, a missing cell) is null. */
function cellJson(cell: unknown): string {
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : 'null';
  if (cell === undefined || cell === null) return 'null';
  if (cell === true) return 'true';
  if (cell === false) return 'false';
  const text: string | undefined = JSON.stringify(cell);
  return text ?? 'null';
}

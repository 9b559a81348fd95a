import { EngineError } from '../../engine/errors.js';

/** How a field is kept: flags as 0 and 1, `json` as text. Any may be null where its type says so. */
export type ColumnKind = 'int' | 'real' | 'text' | 'flag' | 'json';

/** Every field of a row but its id. */
export type Columns<T> = Readonly<Record<Exclude<Extract<keyof T, string>, 'id'>, ColumnKind>>;

export type StoredValue = string | number | null;
export type StoredRow = Readonly<Record<string, unknown>>;

/** As many as there are fields of rows. */
const columnNames = new Map<string, string>();

/** `maxVolume` → `max_volume`. */
export function columnOf(field: string): string {
  let name = columnNames.get(field);
  if (name === undefined) {
    name = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    columnNames.set(field, name);
  }
  return name;
}

/** @throws EngineError `input.invalid` for a number that is not finite. */
export function toStored(kind: ColumnKind, field: string, value: unknown): StoredValue {
  if (value === null || value === undefined) return null;
  switch (kind) {
    case 'flag':
      return value === true ? 1 : 0;
    case 'json':
      return JSON.stringify(value);
    case 'text':
      // A NUL ends text for one database and is refused by the other.
      return String(value).replaceAll('\0', '');
    case 'int':
    case 'real': {
      const fits = typeof value === 'number' && Number.isFinite(value);
      if (fits && (kind === 'real' || Number.isSafeInteger(value))) return value;
      throw new EngineError(
        'input.invalid',
        `${field} must be a ${kind === 'int' ? 'whole ' : ''}number`,
        { context: { field } },
      );
    }
  }
}

/** @throws EngineError `store.refused` when the database holds something else: it was edited by hand. */
export function fromStored(kind: ColumnKind, value: unknown, where: string): unknown {
  if (value === null || value === undefined) return null;
  if (kind === 'int' || kind === 'real' || kind === 'flag') {
    if (typeof value !== 'number') throw damaged(where, 'not a number');
    return kind === 'flag' ? value === 1 : value;
  }
  if (typeof value !== 'string') throw damaged(where, 'not text');
  if (kind === 'text') return value;
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw damaged(where, 'not JSON', cause);
  }
}

function damaged(where: string, what: string, cause?: unknown): EngineError {
  return new EngineError('store.refused', `control store: ${where} is damaged: ${what}`, { cause });
}

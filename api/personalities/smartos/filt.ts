import { EngineError } from '../../../engine/errors.js';

/** One line of a browser's query: `filter:FIELD:OP:VALUE`, `sort:FIELD:DIR:abc|123`, `live:filtered|all`. */
export interface FiltQuery {
  readonly filters: readonly FiltCondition[];
  readonly sorts: readonly FiltSort[];
  /** Ours: whether updates are sent for matching rows only. Undefined: as before. */
  readonly live: 'filtered' | 'all' | undefined;
}

export interface FiltCondition {
  readonly field: string;
  readonly op: '<' | '>' | '<=' | '>=' | '==' | '=' | '^';
  readonly value: string;
}

export interface FiltSort {
  readonly field: string;
  readonly descending: boolean;
  /** `123` compares as numbers, `abc` as text; by default as the values are. */
  readonly as: 'text' | 'number' | 'natural';
}

export type Cell = string | number | boolean | null;
export type FiltRow = Readonly<Record<string, Cell>>;

const MAX_LINES = 50;
const MAX_LINE_CHARS = 1_000;
const OPS = new Set<string>(['<', '>', '<=', '>=', '==', '=', '^']);

/**
 * Reads the message of a `FILT` frame. Of several conditions with the same field and operation the last counts.
 * @throws EngineError `input.invalid` naming the line that is wrong.
 */
export function parseFilt(message: unknown): FiltQuery {
  if (!Array.isArray(message)) throw invalid('message must be a list of texts');
  if (message.length > MAX_LINES) throw invalid(`a query has at most ${MAX_LINES} lines`);
  const filters = new Map<string, FiltCondition>();
  const sorts = new Map<string, FiltSort>();
  let live: FiltQuery['live'];
  for (const [i, line] of message.entries()) {
    const at = `line ${i + 1}`;
    if (typeof line !== 'string' || line.length > MAX_LINE_CHARS) {
      throw invalid(`${at} must be a text of at most ${MAX_LINE_CHARS} characters`);
    }
    const [word = '', field = '', third = '', ...rest] = line.split(':');
    if (word === 'filter') {
      const condition = conditionOf(at, field, third, rest);
      filters.set(`${field}\0${third}`, condition);
    } else if (word === 'sort') {
      if (field === '') throw invalid(`${at}: a field is missing`);
      // Sorting by a field again replaces its first mention.
      sorts.delete(field);
      sorts.set(field, { field, descending: third === '>', as: comparison(rest[0]) });
    } else if (word === 'live' && (field === 'filtered' || field === 'all')) live = field;
    else throw invalid(`${at} must begin with filter:, sort: or live:filtered, live:all`);
  }
  return { filters: [...filters.values()], sorts: [...sorts.values()], live };
}

/** @throws EngineError `input.invalid` when a field is in no row. */
export function checkFields(query: FiltQuery, known: (field: string) => boolean): void {
  for (const { field } of [...query.filters, ...query.sorts]) {
    if (!known(field)) throw invalid(`there is no field "${field.slice(0, 100)}"`);
  }
}

/** All conditions hold. Comparisons are of numbers; `=` contains and `^` starts with, both without case. */
export function matches(query: FiltQuery, row: FiltRow): boolean {
  return query.filters.every((condition) => holds(condition, row[condition.field] ?? null));
}

/** The rows that match, in order; ties and unsorted rows by serial number. Missing values come last. */
export function select(query: FiltQuery, rows: readonly FiltRow[]): FiltRow[] {
  const found = rows.filter((row) => matches(query, row));
  const keys = [...query.sorts, { field: 'serial_number', descending: false, as: 'text' } as const];
  return found.sort((a, b) => {
    for (const key of keys) {
      const order = compare(a[key.field] ?? null, b[key.field] ?? null, key);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** The same for queries that let the same rows through. */
export function filterKey(query: FiltQuery): string {
  return JSON.stringify(
    query.filters.map(({ field, op, value }) => [field, op, value.toLowerCase()]).sort(),
  );
}

function conditionOf(
  at: string,
  field: string,
  op: string,
  rest: readonly string[],
): FiltCondition {
  if (field === '') throw invalid(`${at}: a field is missing`);
  if (!OPS.has(op)) {
    throw invalid(`${at}: "${op.slice(0, 20)}" is not one of ${[...OPS].join(' ')}`);
  }
  if (rest.length === 0) throw invalid(`${at} must be filter:field:operation:value`);
  // A value may hold colons.
  const value = rest.join(':');
  if (op !== '=' && op !== '^' && (value.trim() === '' || !Number.isFinite(Number(value)))) {
    throw invalid(`${at}: ${op} compares numbers, "${value.slice(0, 50)}" is none`);
  }
  return { field, op: op as FiltCondition['op'], value };
}

function comparison(word: string | undefined): FiltSort['as'] {
  if (word === '123') return 'number';
  return word === 'abc' ? 'text' : 'natural';
}

function holds({ op, value }: FiltCondition, cell: Cell): boolean {
  if (cell === null) return false;
  if (op === '=') return String(cell).toLowerCase().includes(value.toLowerCase());
  if (op === '^') return String(cell).toLowerCase().startsWith(value.toLowerCase());
  const left = numberOf(cell);
  const right = Number(value);
  if (left === undefined) return false;
  switch (op) {
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '<=':
      return left <= right;
    case '>=':
      return left >= right;
    case '==':
      return left === right;
  }
}

function compare(a: Cell, b: Cell, { descending, as }: FiltSort): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  const sign = descending ? -1 : 1;
  if (as !== 'text') {
    const left = as === 'number' ? numberOf(a) : naturalOf(a);
    const right = as === 'number' ? numberOf(b) : naturalOf(b);
    if (left !== undefined && right !== undefined) return (left - right) * sign;
    // What is no number comes after the numbers.
    if (left !== undefined) return -1;
    if (right !== undefined) return 1;
  }
  const left = String(a).toLowerCase();
  const right = String(b).toLowerCase();
  return left < right ? -sign : left > right ? sign : 0;
}

function naturalOf(cell: Cell): number | undefined {
  return typeof cell === 'string' ? undefined : Number(cell);
}

function numberOf(cell: Cell): number | undefined {
  if (typeof cell === 'string' && cell.trim() === '') return undefined;
  const number = Number(cell);
  return Number.isFinite(number) ? number : undefined;
}

function invalid(message: string): EngineError {
  return new EngineError('input.invalid', message);
}

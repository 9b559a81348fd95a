import type { Filter, FilterOp, LiveQueryInput, SortKey } from '../../api/contract/live.js';

/** A row of the filter builder; `value` is what was typed. */
export interface FilterRow {
  readonly field: string;
  readonly op: FilterOp;
  readonly value: string;
}

export const FILTER_OPS: readonly { readonly op: FilterOp; readonly word: string }[] = [
  { op: 'contains', word: 'contains' },
  { op: 'startsWith', word: 'starts with' },
  { op: '==', word: '= equals' },
  { op: '!=', word: '≠ is not' },
  { op: '<', word: '< below' },
  { op: '>', word: '> above' },
  { op: '<=', word: '≤ at most' },
  { op: '>=', word: '≥ at least' },
];

const isOp = (text: string): text is FilterOp => FILTER_OPS.some(({ op }) => op === text);
const ORDERED: ReadonlySet<FilterOp> = new Set(['<', '>', '<=', '>=']);

/** What is typed as the value a filter compares: a number where it reads as one and the operator counts. */
export function filterValue(op: FilterOp, text: string): string | number | boolean {
  const trimmed = text.trim();
  if (op === 'contains' || op === 'startsWith') return trimmed;
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  const value = Number(trimmed.replace(',', '.'));
  return trimmed !== '' && Number.isFinite(value) ? value : trimmed;
}

/** Says what is wrong with a filter row, or undefined. Rows without a value are not sent. */
export function filterFault(row: FilterRow): string | undefined {
  if (row.value.trim() === '') return undefined;
  if (ORDERED.has(row.op) && typeof filterValue(row.op, row.value) !== 'number') {
    return `“${row.op}” compares numbers: type one, such as 80 or 12.5.`;
  }
  return undefined;
}

/** `values.power_income~<~80`: one address parameter a filter. */
export function filterToText(row: FilterRow): string {
  return `${row.field}~${row.op}~${row.value}`;
}

/** Undefined for text that is not a filter. */
export function filterFromText(text: string): FilterRow | undefined {
  const first = text.indexOf('~');
  const second = text.indexOf('~', first + 1);
  if (first < 1 || second < 0) return undefined;
  const op = text.slice(first + 1, second);
  if (!isOp(op)) return undefined;
  return { field: text.slice(0, first), op, value: text.slice(second + 1) };
}

/** `values.power_inject~desc`. */
export function sortToText(key: SortKey): string {
  return `${key.field}~${key.direction}`;
}

export function sortFromText(text: string): SortKey | undefined {
  const at = text.lastIndexOf('~');
  const direction = text.slice(at + 1);
  if (at < 1 || (direction !== 'asc' && direction !== 'desc')) return undefined;
  return { field: text.slice(0, at), direction };
}

/** The filters of an address; what is none is left out. */
export function filtersFrom(texts: readonly string[]): FilterRow[] {
  return texts.map(filterFromText).filter((row): row is FilterRow => row !== undefined);
}

/** The sorts of an address; what is none is left out. */
export function sortsFrom(texts: readonly string[]): SortKey[] {
  return texts.map(sortFromText).filter((key): key is SortKey => key !== undefined);
}

/**
 * Every row must match; an empty one asks nothing. “Equals” of what reads as a number also finds the same
 * text (`0001` as typed, and the number 1), because the table does not know of a column which of both it is.
 */
export function filterOf(rows: readonly FilterRow[]): Filter | undefined {
  const terms: Filter[] = [];
  for (const row of rows) {
    if (row.value.trim() === '' || filterFault(row) !== undefined) continue;
    const value = filterValue(row.op, row.value);
    const term: Filter = { field: row.field, op: row.op, value };
    const both = typeof value !== 'string' && (row.op === '==' || row.op === '!=');
    const text: Filter = { field: row.field, op: row.op, value: row.value.trim() };
    if (!both) terms.push(term);
    else terms.push(row.op === '==' ? { or: [term, text] } : { and: [term, text] });
  }
  if (terms.length === 0) return undefined;
  return terms.length === 1 ? terms[0] : { and: terms };
}

/** One page of a table as a live query. `page` counts from 1. */
export function pageQuery(options: {
  readonly resource: LiveQueryInput['resource'];
  readonly filter: Filter | undefined;
  readonly sort: readonly SortKey[];
  readonly page: number;
  readonly size: number;
  readonly fields?: readonly string[];
}): LiveQueryInput {
  return {
    resource: options.resource,
    ...(options.filter ? { filter: options.filter } : {}),
    sort: options.sort.slice(0, 4).map((key) => ({ ...key })),
    window: { offset: (options.page - 1) * options.size, limit: options.size },
    ...(options.fields ? { fields: [...options.fields] } : {}),
  };
}

import { EngineError } from '../../engine/errors.js';
import type { Filter, FilterOp } from '../contract/live.js';

type Cells = Readonly<Record<string, unknown>>;
export type Predicate = (row: Cells) => boolean;
type Leaf = Extract<Filter, { field: string }>;

/** Reads a cell; names that every object inherits are no columns. */
export function cellReader(field: string): (row: Cells) => unknown {
  return field in Object.prototype ? () => undefined : (row) => row[field];
}

/** Comparisons and combinations in a filter. */
export function countNodes(filter: Filter): number {
  if ('field' in filter) return 1;
  if ('not' in filter) return 1 + countNodes(filter.not);
  const parts = 'and' in filter ? filter.and : filter.or;
  return parts.reduce((sum, part) => sum + countNodes(part), 1);
}

/** Columns that a filter reads. */
export function filterFields(filter: Filter | undefined, into = new Set<string>()): Set<string> {
  if (filter === undefined) return into;
  if ('field' in filter) into.add(filter.field);
  else if ('not' in filter) filterFields(filter.not, into);
  else for (const part of 'and' in filter ? filter.and : filter.or) filterFields(part, into);
  return into;
}

/** The same text for filters that mean the same: order, repetition and letter case of text do not matter. */
export function canonicalFilter(filter: Filter): string {
  if ('field' in filter) {
    const value = typeof filter.value === 'string' ? filter.value.toLowerCase() : filter.value;
    return JSON.stringify([filter.field, filter.op, value]);
  }
  if ('not' in filter) return `{"not":${canonicalFilter(filter.not)}}`;
  const [word, parts] = 'and' in filter ? ['and', filter.and] : ['or', filter.or];
  const texts = [...new Set(parts.map(canonicalFilter))].sort();
  const only = texts[0];
  return texts.length === 1 && only !== undefined ? only : `{"${word}":[${texts.join(',')}]}`;
}

/**
 * Turns a filter into a function. Text compares without case. `<` and its kin compare number with number and
 * text with text, anything else is no match; `== null` matches a missing cell. `contains` looks into text and
 * numbers, and in a list for an equal item. An empty `and` matches all, an empty `or` nothing.
 */
export function compileFilter(filter: Filter | undefined): Predicate {
  if (filter === undefined) return () => true;
  if ('field' in filter) return compileLeaf(filter);
  if ('not' in filter) {
    const inner = compileFilter(filter.not);
    return (row) => !inner(row);
  }
  if ('and' in filter) {
    const parts = filter.and.map(compileFilter);
    return (row) => parts.every((part) => part(row));
  }
  const oneOf = compileOneOf(filter.or);
  if (oneOf !== undefined) return oneOf;
  const parts = filter.or.map(compileFilter);
  return (row) => parts.some((part) => part(row));
}

/** Many ids of one column are looked up, not compared one by one. Undefined: it is another kind of `or`. */
function compileOneOf(parts: readonly Filter[]): Predicate | undefined {
  const [first] = parts;
  if (first === undefined || !('field' in first) || parts.length < 3) return undefined;
  const wanted = new Set<unknown>();
  for (const part of parts) {
    if (!('field' in part) || part.field !== first.field || part.op !== '==') return undefined;
    wanted.add(fold(part.value));
  }
  const read = cellReader(first.field);
  return (row) => wanted.has(fold(read(row)));
}

function compileLeaf({ field, op, value }: Leaf): Predicate {
  const read = cellReader(field);
  const wanted = typeof value === 'string' ? value.toLowerCase() : value;
  switch (op) {
    case '==':
      return (row) => fold(read(row)) === wanted;
    case '!=':
      return (row) => fold(read(row)) !== wanted;
    case 'contains':
      return containsLeaf(read, String(wanted));
    case 'startsWith': {
      const text = String(wanted);
      return (row) => asText(read(row)).startsWith(text);
    }
    case '<':
    case '>':
    case '<=':
    case '>=':
      return orderLeaf(read, op, wanted);
    default:
      throw new EngineError('input.invalid', `filter operation ${String(op)} is not known`);
  }
}

function containsLeaf(read: (row: Cells) => unknown, text: string): Predicate {
  return (row) => {
    const cell = read(row);
    if (Array.isArray(cell)) return cell.some((item) => asText(item) === text);
    return asText(cell).includes(text);
  };
}

function orderLeaf(
  read: (row: Cells) => unknown,
  op: Extract<FilterOp, '<' | '>' | '<=' | '>='>,
  wanted: string | number | boolean | null,
): Predicate {
  if (typeof wanted !== 'number' && typeof wanted !== 'string') return () => false;
  const type = typeof wanted;
  const holds = HOLDS[op];
  return (row) => {
    const cell = fold(read(row));
    return typeof cell === type && holds(cell as number, wanted as number);
  };
}

/** JavaScript compares two texts with the same operators; the callers saw to equal types. */
const HOLDS = {
  '<': (a: number, b: number) => a < b,
  '>': (a: number, b: number) => a > b,
  '<=': (a: number, b: number) => a <= b,
  '>=': (a: number, b: number) => a >= b,
} as const;

/** Text without case; a missing cell is null. */
function fold(cell: unknown): unknown {
  if (typeof cell === 'string') return cell.toLowerCase();
  return cell === undefined ? null : cell;
}

function asText(cell: unknown): string {
  if (typeof cell === 'string') return cell.toLowerCase();
  return typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : '';
}

import type { ValueColumn } from '../data/columns.js';
import { columnLabel, type DeviceRow } from '../data/devices.js';
import { number } from '../data/format.js';
import type { Column } from '../parts/table.js';

type Known = ReadonlyMap<string, ValueColumn>;

/** Least width in px and share of what is left over. */
const WIDTHS: Readonly<Record<string, readonly [minPx: number, grow: number]>> = {
  name: [190, 2],
  id: [110, 1],
  state: [132, 0.6],
  lastSeenUnixMs: [112, 0.6],
  sinceUnixMs: [112, 0.6],
  lastError: [220, 2],
  address: [120, 1],
  reconnects: [110, 0.5],
};

/** How a field of a device is shown as a column; wide enough for its words. */
export function columnOf(field: string, known: Known): Column {
  const label = columnLabel(field);
  const [minPx, grow] = WIDTHS[field] ?? [
    Math.min(220, Math.max(96, Math.round(40 + label.length * 8.4))),
    1,
  ];
  const figures = field === 'reconnects' || known.get(field)?.numeric === true;
  return {
    field,
    label,
    hint: `${label}: press to sort, with Shift to sort by several`,
    minPx,
    grow,
    align: figures ? 'end' : 'start',
  };
}

export function valueIn(row: DeviceRow, field: string): unknown {
  return (row as unknown as Readonly<Record<string, unknown>>)[field];
}

/** A value as it is shown: figures with the digits of their column. */
export function textOf(row: DeviceRow, field: string, known: Known): string {
  const value = valueIn(row, field);
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return number(value, known.get(field)?.decimals ?? 0);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return String(value);
}

const STATES = ['connected', 'connecting', 'silent', 'disconnected', 'error', 'parked', 'stopped'];
const MOST_SUGGESTIONS = 20;

/** What is offered while a filter's value is typed: states, and text that is in the table now. */
export function suggestions(
  field: string,
  rows: readonly DeviceRow[],
  known: Known,
): readonly string[] {
  if (field === 'state') return STATES;
  if (known.get(field)?.numeric !== false) return [];
  const seen = new Set<string>();
  for (const row of rows) {
    const value = valueIn(row, field);
    if (typeof value === 'string') seen.add(value);
    if (seen.size === MOST_SUGGESTIONS) break;
  }
  return [...seen];
}

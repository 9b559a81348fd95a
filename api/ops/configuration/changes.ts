import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import type { ConfigurationDiff } from '../../contract/configuration.js';
import type { Configuration, ConfigurationRow } from './document.js';
import type { ConfigurationTable } from './tables.js';

const MOST_ROWS = 500;
const MOST_CHARACTERS = 1_000;

/** What of one table is other in another configuration. */
export interface TableChange {
  readonly name: string;
  readonly of: ConfigurationTable;
  readonly added: readonly ConfigurationRow[];
  readonly changed: readonly (readonly [before: ConfigurationRow, after: ConfigurationRow])[];
  readonly removed: readonly ConfigurationRow[];
}

/** Tables with a change, in their order. */
export function changesOf(
  tables: ReadonlyMap<string, ConfigurationTable>,
  current: Configuration,
  wanted: Configuration,
): readonly TableChange[] {
  return [...tables].flatMap(([name, of]) => {
    const before = new Map((current.get(name) ?? []).map((row) => [row.id, row]));
    const after = wanted.get(name) ?? [];
    const kept = new Set(after.map(({ id }) => id));
    const added = after.filter(({ id }) => !before.has(id));
    const removed = [...before.values()].filter(({ id }) => !kept.has(id));
    const changed = after.flatMap((row) => {
      const was = before.get(row.id);
      return was === undefined || isDeepStrictEqual(plain(was), plain(row))
        ? []
        : [[was, row] as const];
    });
    if (added.length + removed.length + changed.length === 0) return [];
    return [{ name, of, added, changed, removed }];
  });
}

/** Without what JSON cannot hold, as it is stored. */
const plain = (row: object): unknown => JSON.parse(JSON.stringify(row));

/** Ids by table. */
export const shown = (changes: readonly TableChange[]): ConfigurationDiff['changes'] =>
  Object.fromEntries(
    changes.map(({ name, added, changed, removed }) => [
      name,
      {
        added: added.map(({ id }) => id),
        changed: changed.map(([{ id }]) => id),
        removed: removed.map(({ id }) => id),
      },
    ]),
  );

/** Each row that changes, with its fields before and after. */
export function rowChanges(changes: readonly TableChange[]): ConfigurationDiff['rows'] {
  const rows = changes.flatMap(({ name: table, added, changed, removed }) => {
    const whole = (kind: 'added' | 'removed') => (row: ConfigurationRow) => ({
      ...headOf(table, row, kind),
      fields: [],
    });
    return [
      ...added.map(whole('added')),
      ...changed.map(([before, after]) => ({
        ...headOf(table, after, 'changed' as const),
        fields: fieldsOf(before, after),
      })),
      ...removed.map(whole('removed')),
    ];
  });
  return rows.slice(0, MOST_ROWS);
}

function headOf<K extends 'added' | 'changed' | 'removed'>(
  table: string,
  row: ConfigurationRow,
  kind: K,
) {
  const name = row['name'] ?? row['title'] ?? row['key'] ?? row['scopeId'];
  return { table, id: row.id, kind, name: typeof name === 'string' ? name.slice(0, 200) : '' };
}

function fieldsOf(before: ConfigurationRow, after: ConfigurationRow) {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields
    .filter((field) => !isDeepStrictEqual(plain({ v: before[field] }), plain({ v: after[field] })))
    .map((field) => ({ field, before: asYaml(before[field]), after: asYaml(after[field]) }));
}

function asYaml(value: unknown): string {
  if (value === undefined) return '';
  const text = stringify(value, { lineWidth: 0 }).trimEnd();
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}

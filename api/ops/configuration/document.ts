import { parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import { type FieldError, InvalidRequest } from '../../http/problem.js';
import { innerFaults } from '../../http/union-faults.js';
import type { AnyRow, Values } from '../../routes/table-routes.js';
import type { ConfigurationTable } from './tables.js';

const FORMAT = 'earshot-configuration';
const VERSION = 1;
const MOST_PROBLEMS = 200;

/** A row as the document has it. */
export type ConfigurationRow = AnyRow & Readonly<Values>;
/** Rows by table, each list in order of its ids. */
export type Configuration = ReadonlyMap<string, readonly ConfigurationRow[]>;
export type Tables = ReadonlyMap<string, ConfigurationTable>;

/** The same configuration is the same text. */
export function printConfiguration(tables: Tables, configuration: Configuration): string {
  const rows = [...tables.keys()].map((name) => [name, configuration.get(name) ?? []]);
  return stringify(
    { format: FORMAT, version: VERSION, tables: Object.fromEntries(rows) as unknown },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

/**
 * Rows of a text; tables that are not named are missing, which means that they stay as they are.
 * @throws InvalidRequest with each problem as `table/id/field`.
 */
export function parseConfiguration(tables: Tables, text: string): Configuration {
  const parsed = parseDocument(text, { uniqueKeys: true, merge: false });
  const [fault] = parsed.errors;
  if (fault !== undefined) throw wrong('body', fault.message.split('\n')[0] ?? 'is no YAML');
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: 0 });
  } catch {
    throw wrong('body', 'has aliases: write what they stand for in full');
  }
  const whole = z
    .strictObject({
      format: z.literal(FORMAT),
      version: z.literal(VERSION),
      tables: z.record(z.string(), z.array(z.unknown()).max(10_000)),
    })
    .safeParse(value);
  if (!whole.success) {
    throw new InvalidRequest(
      whole.error.issues.map(({ path, message }) => ({
        field: ['body', ...path].join('.'),
        message,
      })),
    );
  }
  const problems: FieldError[] = [];
  const configuration = new Map<string, readonly ConfigurationRow[]>();
  for (const [name, rows] of Object.entries(whole.data.tables)) {
    const table = tables.get(name);
    if (table === undefined) {
      problems.push({
        field: name,
        message: `is no table of a configuration: it has ${[...tables.keys()].join(', ')}`,
      });
    } else configuration.set(name, rowsOf(name, table, rows, problems));
  }
  refuse(problems);
  return configuration;
}

/** @throws InvalidRequest when there are problems; the first 200 of them. */
export function refuse(problems: readonly FieldError[]): void {
  if (problems.length > 0) throw new InvalidRequest(problems.slice(0, MOST_PROBLEMS));
}

function rowsOf(
  name: string,
  { input }: ConfigurationTable,
  rows: readonly unknown[],
  problems: FieldError[],
): readonly ConfigurationRow[] {
  const schema = z.strictObject({ id: z.int().min(1), ...input });
  const known = new Set<number>();
  const good: ConfigurationRow[] = [];
  for (const [at, row] of rows.entries()) {
    const checked = schema.safeParse(row);
    const id = idOf(row) ?? `row ${at + 1}`;
    if (!checked.success) {
      for (const { path, message } of innerFaults(checked.error.issues, row)) {
        problems.push({ field: `${name}/${id}/${path.join('.')}`, message });
      }
    } else if (known.has(checked.data.id)) {
      problems.push({ field: `${name}/${id}/id`, message: 'another row has this id too' });
    } else {
      known.add(checked.data.id);
      good.push(checked.data as ConfigurationRow);
    }
  }
  return good.sort((a, b) => a.id - b.id);
}

const idOf = (row: unknown): number | undefined =>
  typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'number'
    ? row.id
    : undefined;

const wrong = (field: string, message: string) => new InvalidRequest([{ field, message }]);

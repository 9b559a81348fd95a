import { type RawBuilder, sql } from 'kysely';
import type { z } from 'zod';
import { EngineError } from '../errors.js';
import type { DialectName } from './dialects.js';

type ColumnType = 'text' | 'integer' | 'double';

/** Rows a statement; also how often a long transaction lets the event loop breathe. */
const BULK_ROWS = 1_000;

const POSTGRES_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  integer: 'bigint',
  double: 'double precision',
};

/**
 * Many rows as one parameter: a sub-query to use as `insert into … select … from ${bulkRows(…)} as r`.
 * The database reads the JSON itself, which costs a tenth of a statement with a parameter for each field.
 * Values are JSON scalars; keys are `columns` (plain identifiers of ours, never input).
 */
export function bulkRows(
  dialect: DialectName,
  columns: Readonly<Record<string, ColumnType>>,
  rows: readonly Readonly<Record<string, string | number | null>>[],
): RawBuilder<unknown> {
  const json = JSON.stringify(rows);
  if (dialect === 'postgres') {
    const typed = Object.entries(columns).map(
      ([name, type]) => sql`${sql.ref(name)} ${sql.raw(POSTGRES_TYPES[type])}`,
    );
    return sql`(select * from jsonb_to_recordset(${json}::jsonb) as t(${sql.join(typed)}))`;
  }
  const picked = Object.keys(columns).map(
    (name) => sql`value->>${sql.lit(name)} as ${sql.ref(name)}`,
  );
  return sql`(select ${sql.join(picked)} from json_each(${json}))`;
}

/** Cuts rows into statements of `BULK_ROWS`, letting other work run between them. */
export async function inBulks<T>(
  rows: readonly T[],
  each: (rows: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < rows.length; from += BULK_ROWS) {
    // The SQLite driver answers on this thread; without a pause a large batch would hold up everything else.
    if (from > 0) await new Promise((resolve) => setImmediate(resolve));
    await each(rows.slice(from, from + BULK_ROWS));
  }
}

/**
 * Checks a row, or the JSON of a column, as it comes back from the database.
 * @throws EngineError `store.refused` naming the table and what is wrong: somebody edited it by hand.
 */
export function fromRow<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || 'value'}: ${issue.message}`);
  throw new EngineError('store.refused', `control store: ${what} is damaged: ${issues.join('; ')}`);
}

/** Parses the JSON text of a column and checks it. @throws EngineError `store.refused`. */
export function fromJson<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EngineError('store.refused', `control store: ${what} is not JSON`, { cause });
  }
  return fromRow(schema, value, what);
}

/** Control characters and halves of surrogate pairs: no database and no terminal takes them well. */
const UNSTORABLE = /[\p{Cc}\p{Cs}]/u;

/** True for text that may be an id or a name: not empty, at most `maxLength` characters, printable. */
export function isPlainText(text: string, maxLength: number): boolean {
  return text.length > 0 && text.length <= maxLength && !UNSTORABLE.test(text);
}

/** @throws EngineError `input.invalid` naming the field. */
export function requirePlainText(field: string, text: string, maxLength: number): void {
  if (isPlainText(text, maxLength)) return;
  throw new EngineError(
    'input.invalid',
    `${field} must be 1 to ${maxLength} characters without control characters`,
    { context: { field } },
  );
}

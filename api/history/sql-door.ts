import { ClickHouseError } from '@clickhouse/client';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQueries } from '../../engine/series/queries.js';
import { guardedSql, type SqlSurroundings } from './sql-guard.js';

export interface SqlLimits {
  readonly maxRows: number;
  readonly maxSeconds: number;
}

export interface SqlColumn {
  readonly name: string;
  readonly type: string;
}

/** Statements at once; the embedded store gives no more connections to strangers either. */
const MAX_AT_ONCE = 2;
const MAX_BYTES = 268_435_456;
const MEMORY_BYTES = 1_000_000_000;
const SURROUNDINGS_MS = 60_000;

/** Reads for people who know SQL: one SELECT on the site's own tables and views, within limits. */
export class SqlDoor {
  readonly #queries: SeriesQueries;
  readonly #database: string;
  readonly #monoMs: () => number;
  #around: { readonly atMonoMs: number; readonly known: SqlSurroundings } | undefined;
  #open = 0;

  constructor(queries: SeriesQueries, database: string, monoMs: () => number) {
    this.#queries = queries;
    this.#database = database;
    this.#monoMs = monoMs;
  }

  /**
   * @returns columns, and the rows as they come: as lines of CSV, or as JSON arrays one a line. The caller reads the rows
   * to their end or leaves them: either ends the statement.
   * @throws EngineError `input.invalid` with the store's words, `input.too-large` at a limit, `server.busy`, `store.away`.
   */
  async read(
    sql: string,
    format: 'json' | 'csv',
    limits: SqlLimits,
    signal: AbortSignal,
  ): Promise<{
    readonly columns: readonly SqlColumn[];
    readonly rows: AsyncGenerator<Uint8Array>;
  }> {
    if (this.#open >= MAX_AT_ONCE) {
      throw new EngineError('server.busy', `${MAX_AT_ONCE} statements run: try again`);
    }
    this.#open += 1;
    let begun = false;
    try {
      const statement = guardedSql(sql, await this.#surroundings());
      const settings = {
        readonly: 1,
        max_execution_time: limits.maxSeconds,
        timeout_overflow_mode: 'throw',
        max_memory_usage: MEMORY_BYTES,
        max_result_rows: limits.maxRows,
        max_result_bytes: MAX_BYTES,
        result_overflow_mode: 'throw',
        max_threads: 2,
        allow_introspection_functions: 0,
        output_format_json_quote_denormals: 1,
      };
      const columns = await this.#columns(statement, settings, signal);
      begun = true;
      const lines = format === 'csv' ? 'CSV' : 'JSONCompactEachRow';
      return { columns, rows: this.#rows(statement, lines, settings, signal) };
    } catch (thrown) {
      throw sqlError(thrown);
    } finally {
      if (!begun) this.#open -= 1;
    }
  }

  async #columns(
    statement: string,
    settings: Readonly<Record<string, string | number>>,
    signal: AbortSignal,
  ): Promise<SqlColumn[]> {
    const chunks: Uint8Array[] = [];
    const rows = this.#queries.stream(`DESCRIBE (${statement})`, 'JSONCompact', {
      settings,
      signal,
    });
    for await (const chunk of rows) chunks.push(chunk);
    const answer = JSON.parse(Buffer.concat(chunks).toString()) as { readonly data: string[][] };
    return answer.data.map(([name = '', type = '']) => ({ name, type }));
  }

  async *#rows(
    statement: string,
    format: 'CSV' | 'JSONCompactEachRow',
    settings: Readonly<Record<string, string | number>>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    try {
      let bytes = 0;
      for await (const chunk of this.#queries.stream(statement, format, { settings, signal })) {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) {
          throw new EngineError('input.too-large', `an answer has at most ${MAX_BYTES} bytes`);
        }
        yield chunk;
      }
    } catch (thrown) {
      throw sqlError(thrown);
    } finally {
      this.#open -= 1;
    }
  }

  async #surroundings(): Promise<SqlSurroundings> {
    const nowMonoMs = this.#monoMs();
    if (this.#around !== undefined && nowMonoMs - this.#around.atMonoMs < SURROUNDINGS_MS) {
      return this.#around.known;
    }
    const [databases, functions] = await Promise.all([
      this.#queries.rows<{ name: string }>(
        'SELECT lower(name) AS name FROM system.databases WHERE name != {own:String}',
        { own: this.#database },
      ),
      this.#queries.rows<{ name: string }>(
        'SELECT lower(name) AS name FROM system.table_functions',
      ),
    ]);
    const known = {
      databases: new Set(databases.map(({ name }) => name)),
      tableFunctions: new Set(functions.map(({ name }) => name)),
    };
    this.#around = { atMonoMs: nowMonoMs, known };
    return known;
  }
}

/** TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED, TOO_MANY_ROWS_OR_BYTES. */
const LIMITS = new Set(['159', '160', '241', '396']);
/** Too many statements, or the engine ended them. */
const BUSY = new Set(['202', '394']);

function sqlError(thrown: unknown): EngineError {
  const error = EngineError.from(thrown);
  const { cause } = error;
  if (!(cause instanceof ClickHouseError) || BUSY.has(String(cause.code))) return error;
  const text = cause.message.trim().slice(0, 1_000);
  return LIMITS.has(String(cause.code))
    ? new EngineError('input.too-large', `sql: over the limits of a statement: ${text}`, { cause })
    : new EngineError('input.invalid', `sql: ${text}`, { cause });
}

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  PostgresDialect,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from 'kysely';
import Database from 'libsql';
import pg from 'pg';
import { EngineError } from '../errors.js';

export type DialectName = 'sqlite' | 'postgres';

/** Two ways into one store: the reader never waits for a transaction under way. */
export interface OpenedStore {
  readonly dialect: DialectName;
  readonly writer: Dialect;
  /** The same as `writer` when one pool serves both. */
  readonly reader: Dialect;
  /** What the operator sees: a file, or an URL without its password. */
  readonly home: string;
}

/** How long a writer waits for another process that holds the file. */
const BUSY_TIMEOUT_MS = 5_000;

class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // A deferred transaction that turns into a writer after another process wrote fails at once,
    // whatever the busy timeout says; one that starts as a writer waits for its turn.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

class ImmediateSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.#config);
  }
}

/**
 * SQLite in a file: write-ahead log, every commit synced to disk before it is answered. The file is made
 * readable for its owner only, since it holds password hashes.
 */
export function sqliteStore(file: string): OpenedStore {
  let writer: Database.Database;
  let reader: Database.Database;
  try {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a', 0o600));
    writer = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    writer.pragma('journal_mode = WAL');
    writer.pragma('synchronous = FULL');
    writer.pragma('foreign_keys = ON');
    reader = new Database(file, { timeout: BUSY_TIMEOUT_MS });
    reader.pragma('query_only = ON');
  } catch (cause) {
    throw new EngineError(
      'store.refused',
      `control store ${file} cannot be opened: ${EngineError.from(cause).message}`,
      { cause },
    );
  }
  return {
    dialect: 'sqlite',
    writer: new ImmediateSqliteDialect({ database: writer }),
    reader: new SqliteDialect({ database: reader }),
    home: file,
  };
}

/** Counters and sequence numbers stay far below 2^53, so that they are plain numbers here. */
const INT8_OID = 20;

const parserOf: typeof pg.types.getTypeParser = (
  oid: number,
  format?: 'text' | 'binary',
): ((text: string) => unknown) =>
  oid === INT8_OID ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown);

/** Largest number of connections of one engine. */
const POOL_MAX = 8;

/** A Postgres server by URL. `onError` hears losses of idle connections; the pool replaces them. */
export function postgresStore(url: string, onError: (error: Error) => void): OpenedStore {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_MAX,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 30_000,
    application_name: 'earshot',
    types: { getTypeParser: parserOf },
  });
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', onError);
  const dialect = new PostgresDialect({ pool });
  return { dialect: 'postgres', writer: dialect, reader: dialect, home: withoutPassword(url) };
}

/** The URL as it may be shown and logged. */
export function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'postgres';
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  shown.searchParams.delete('password');
  return shown.toString();
}

import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Dialect, PostgresDialect, SqliteDialect, SqliteDriver } from 'kysely';
import Database from 'libsql';
import pg from 'pg';
import { EngineError } from '../errors.js';
import { WriteAheadLog } from './wal.js';

export type DialectName = 'sqlite' | 'postgres';

/** Two ways into one store: the reader never waits for a transaction under way. */
export interface OpenedStore {
  readonly dialect: DialectName;
  readonly writer: Dialect;
  readonly reader: Dialect;
  /** What the operator sees: a file, or an URL without its password. */
  readonly home: string;
  /** Where commits are answered before they are on disk: what makes them so. */
  readonly log?: WriteAheadLog;
}

/** How often a writer asks again for the file while another process has it, and how long it waits in between. */
const BUSY_TRIES = 500;
const BUSY_WAIT_MS = 10;
/** What is not worth waiting for with other work: opening, and recovery after a crash of another process. */
const OPEN_TIMEOUT_MS = 2_000;

/** Statements kept by their text; a longer one has as many values as somebody gave, and hardly comes again. */
const KEPT_STATEMENTS = 300;
const KEPT_CHARS = 4_000;

/** A database that keeps its statements: to prepare one costs more than to run it. Each is run to its end before its next run. */
class KeptStatements {
  readonly #database: Database.Database;
  readonly #kept = new Map<string, Database.Statement>();

  constructor(database: Database.Database) {
    this.#database = database;
  }

  prepare(text: string): Database.Statement {
    const kept = this.#kept.get(text);
    // Again the newest: the one longest unused goes.
    if (kept !== undefined) this.#kept.delete(text);
    const statement = kept ?? this.#database.prepare(text);
    if (text.length > KEPT_CHARS) return statement;
    this.#kept.set(text, statement);
    if (this.#kept.size > KEPT_STATEMENTS) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return statement;
  }

  close(): void {
    this.#kept.clear();
    this.#database.close();
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    super({ database: new KeptStatements(database) });
    this.#database = database;
  }

  override async beginTransaction(): Promise<void> {
    // A deferred transaction that turns into a writer after another process wrote fails at once, whatever the
    // busy timeout says; one that starts as a writer takes its turn. SQLite's own timeout would block the thread,
    // and for ever when the other writer is on it too.
    for (let tries = 1; ; tries++) {
      try {
        // Not a prepared statement: one that was busy stays open in this driver, and no commit succeeds beside it.
        this.#database.exec('begin immediate');
        return;
      } catch (thrown) {
        if (!isBusy(thrown) || tries === BUSY_TRIES) throw thrown;
        await delay(BUSY_WAIT_MS);
      }
    }
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Database.SqliteError && thrown.code.startsWith('SQLITE_BUSY');
}

class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: Database.Database;

  constructor(database: Database.Database) {
    super({ database });
    this.#database = database;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.#database);
  }
}

/**
 * SQLite in a file, whose write-ahead log is synced and moved beside the thread that writes. The file is made
 * readable for its owner only, since it holds password hashes. `onError` hears when the log cannot be moved any more.
 */
export function sqliteStore(file: string, onError: (error: EngineError) => void): OpenedStore {
  let writer: Database.Database;
  let reader: Database.Database;
  try {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a', 0o600));
    writer = new Database(file, { timeout: OPEN_TIMEOUT_MS });
    writer.pragma('journal_mode = WAL');
    writer.pragma('synchronous = NORMAL');
    writer.pragma('wal_autocheckpoint = 0');
    writer.pragma('journal_size_limit = 0');
    writer.pragma('foreign_keys = ON');
    writer.pragma('busy_timeout = 0');
    reader = new Database(file, { timeout: OPEN_TIMEOUT_MS });
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
    writer: new ImmediateSqliteDialect(writer),
    reader: new SqliteDialect({ database: new KeptStatements(reader) }),
    home: file,
    log: new WriteAheadLog({
      file,
      onLost: (error) => {
        if (writer.open) writer.pragma('wal_autocheckpoint = 1000');
        onError(error);
      },
    }),
  };
}

/** Counters and sequence numbers stay far below 2^53, so that they are plain numbers here. */
const INT8_OID = 20;

const parserOf: typeof pg.types.getTypeParser = (
  oid: number,
  format?: 'text' | 'binary',
): ((text: string) => unknown) =>
  oid === INT8_OID ? Number : (pg.types.getTypeParser(oid, format) as (text: string) => unknown);

/** Connections of each pool. Writers queue for the feed's head anyway, so that few will do. */
const POOL_MAX = 4;

/**
 * A Postgres server by URL. `onError` hears losses of idle connections; the pools replace them. Readers have
 * connections of their own, so that a burst of writes does not hold them up.
 */
export function postgresStore(url: string, onError: (error: Error) => void): OpenedStore {
  const dialect = () => new PostgresDialect({ pool: postgresPool(url, onError) });
  return {
    dialect: 'postgres',
    writer: dialect(),
    reader: dialect(),
    home: withoutPassword(url),
  };
}

function postgresPool(url: string, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_MAX,
    // Also the time for which a query may wait for a free connection.
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 30_000,
    application_name: 'earshot',
    types: { getTypeParser: parserOf },
  });
  // Without a listener the loss of an idle connection would end the process.
  // The pool listens to idle connections only: one that breaks while a query is under way would end the process.
  // The query itself is told and rejects, so there is nothing more to say.
  pool.on('connect', (connection) => {
    connection.on('error', () => undefined);
  });
  pool.on('error', (error: Error & { client?: unknown }) => {
    // The driver hangs its whole connection on the error, password and all; it must not reach a log.
    delete error.client;
    // A server that stops while the last connections are being closed is no news.
    if (!pool.ending) onError(error);
  });
  return pool;
}

/** The URL as it may be shown and logged. */
export function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'postgres';
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  shown.searchParams.delete('password');
  return shown.toString();
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { Kysely, sql, type Transaction } from 'kysely';
import type { Clock } from '../clock.js';
import { EngineError } from '../errors.js';
import { controlError } from './control-errors.js';
import { type DialectName, type OpenedStore, postgresStore, sqliteStore } from './dialects.js';
import { type Change, ChangeFeed, type ChangeOp } from './feed.js';
import { appendChanges, type FeedTables } from './feed-log.js';
import { type Migration, migrate } from './migrate.js';

export interface ControlOptions {
  /** `postgres://…`; wins over `file`. */
  readonly url?: string | undefined;
  /** SQLite file; made when missing. */
  readonly file?: string | undefined;
  readonly clock: Clock;
  readonly migrations: readonly Migration[];
  /**
   * How often changes of other processes are looked for, ms; 0 never. Default 500 on Postgres, 0 on SQLite,
   * which one engine has for itself.
   */
  readonly feedPollMs?: number;
  /** Changes kept for followers that are behind; older ones make them read everything again. Default 100,000. */
  readonly feedKeepRows?: number;
  /** Failures nobody waits for: a lost idle connection, a listener that threw. */
  readonly onError: (error: EngineError) => void;
}

/** What a writing transaction sees. Valid until its function settles. */
export interface WriteScope<DB> {
  readonly db: Transaction<DB>;
  /** Puts a change into the feed; the last one of a row in a transaction counts. */
  changed(domain: string, id: string, op: ChangeOp): void;
}

/** Writes waiting for their turn; more are refused with `server.busy`. */
const MAX_PENDING_WRITES = 4_000;
const POSTGRES_POLL_MS = 500;
const KEEP_ROWS = 100_000;

/**
 * The store of small state. Reads see what was committed and never wait for a write under way; writes are
 * transactions, answered when they are on disk, and announced by the feed afterwards.
 */
export class Control<DB extends FeedTables> {
  readonly dialect: DialectName;
  /** A file, or an URL without its password. */
  readonly home: string;
  readonly clock: Clock;
  readonly feed: ChangeFeed;
  readonly #reader: Kysely<DB>;
  readonly #writer: Kysely<DB>;
  readonly #keepRows: number;
  readonly #log: OpenedStore['log'];
  readonly #writes = new Set<Promise<unknown>>();
  /**
   * What runs inside a write. While it is on, Node before 24 follows every promise of the process, so it is on only
   * while the function of a write runs: nothing can be inside of one at another time.
   */
  readonly #inside = new AsyncLocalStorage<true>();
  /** Functions of writes that have begun and not settled. */
  #running = 0;
  /** SQLite has one writer: a queue in order of arrival. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(store: OpenedStore, options: ControlOptions) {
    this.dialect = store.dialect;
    this.home = store.home;
    this.clock = options.clock;
    this.#log = store.log;
    this.#writer = new Kysely<DB>({ dialect: store.writer });
    this.#reader = new Kysely<DB>({ dialect: store.reader });
    this.#keepRows = options.feedKeepRows ?? KEEP_ROWS;
    this.feed = new ChangeFeed({
      db: this.#reader as unknown as Kysely<FeedTables>,
      clock: options.clock,
      pollMs: options.feedPollMs ?? (store.dialect === 'postgres' ? POSTGRES_POLL_MS : 0),
      onError: options.onError,
    });
  }

  /** Brings the schema up to date; called once by `openControl`. */
  async migrate(migrations: readonly Migration[]): Promise<readonly number[]> {
    return await this.#guarded(async () => {
      const done = await migrate(this.#writer, this.dialect, migrations, this.clock.nowMs());
      await this.#log?.synced();
      return done;
    });
  }

  /** @throws EngineError `store.away`, `store.refused`, `server.stopping`. */
  async read<T>(query: (db: Kysely<DB>) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    return await this.#guarded(() => query(this.#reader));
  }

  /**
   * One transaction: all or nothing, on disk when this resolves. One inside another is refused.
   * @throws EngineError `conflict`, `server.busy`, `store.away`, `store.refused`, `server.stopping`, or what `change` throws.
   */
  async write<T>(change: (scope: WriteScope<DB>) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    if (this.#inside.getStore() === true) {
      throw new EngineError(
        'internal',
        'a write inside a write would wait for itself: use its scope',
      );
    }
    if (this.#writes.size >= MAX_PENDING_WRITES) {
      throw new EngineError(
        'server.busy',
        `${MAX_PENDING_WRITES} changes wait for the control store; try again`,
      );
    }
    const run = () => this.#guarded(() => this.#transact(change));
    const committed = this.dialect === 'postgres' ? run() : this.#lastWrite.then(run, run);
    // The next one need not wait for the disk.
    if (this.dialect === 'sqlite') this.#lastWrite = committed;
    const mine = committed.then(async ({ result, changes }) => {
      await this.#log?.synced();
      this.feed.committed(changes);
      return result;
    });
    this.#writes.add(mine);
    try {
      return await mine;
    } finally {
      this.#writes.delete(mine);
    }
  }

  /** Asks the store something small. @throws EngineError `store.away`, `store.refused`. */
  async ping(): Promise<{ readonly version: string; readonly latencyMs: number }> {
    const startMonoMs = this.clock.monoMs();
    const version = this.dialect === 'postgres' ? sql`version()` : sql`sqlite_version()`;
    const { rows } = await this.read((db) =>
      sql<{ version: string }>`select ${version} as version`.execute(db),
    );
    return {
      version: rows[0]?.version ?? 'unknown',
      latencyMs: this.clock.monoMs() - startMonoMs,
    };
  }

  /** Lets accepted writes finish, refuses new ones, then closes. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.feed.close();
    await Promise.allSettled(this.#writes);
    await this.#reader.destroy();
    await this.#writer.destroy();
    await this.#log?.close();
  }

  async #transact<T>(
    change: (scope: WriteScope<DB>) => Promise<T>,
  ): Promise<{ readonly result: T; readonly changes: readonly Change[] }> {
    await this.#log?.room();
    const noted = new Map<string, { domain: string; id: string; op: ChangeOp }>();
    return await this.#writer.transaction().execute(async (db) => {
      const scope: WriteScope<DB> = {
        db,
        changed: (domain, id, op) => noted.set(`${domain}\0${id}`, { domain, id, op }),
      };
      const result = await this.#marked(() => change(scope));
      const changes = await appendChanges(
        db as unknown as Kysely<FeedTables>,
        this.dialect,
        [...noted.values()],
        { nowUnixMs: this.clock.nowMs(), keepRows: this.#keepRows },
      );
      return { result, changes };
    });
  }

  /** A write that `work` begins before it has settled is known as one inside. */
  async #marked<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await this.#inside.run(true, work);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#inside.disable();
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing === undefined) return;
    throw new EngineError('server.stopping', 'the control store is closed');
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw controlError(thrown);
    }
  }
}

/**
 * Opens the store and brings its schema up to date. The caller closes it.
 * @throws EngineError `input.invalid` without `url` and `file`; `store.away` when a server cannot be reached;
 * `store.refused` when the file or server cannot be used, or was written by a newer release.
 */
export async function openControl<DB extends FeedTables>(
  options: ControlOptions,
): Promise<Control<DB>> {
  const control = new Control<DB>(openStore(options), options);
  try {
    await control.migrate(options.migrations);
  } catch (thrown) {
    await control.close();
    const error = controlError(thrown);
    // Whoever starts the engine needs the place and the driver's words; clients of a running one do not get them.
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    throw new EngineError(error.code, `${control.home}: ${error.message}${cause}`, {
      cause: thrown,
    });
  }
  return control;
}

function openStore(options: ControlOptions): OpenedStore {
  if (options.url !== undefined) {
    return postgresStore(options.url, (error) => options.onError(controlError(error)));
  }
  if (options.file !== undefined) return sqliteStore(options.file, options.onError);
  throw new EngineError('input.invalid', 'the control store needs a databaseUrl or a file');
}

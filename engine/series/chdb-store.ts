import { randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { drainPending, Session } from 'chdb';
import { EngineError } from '../errors.js';
import { type Connection, ConnectionPool } from './chdb-pool.js';
import {
  type HttpQuery,
  parseRawInsert,
  parseStatement,
  postamble,
  preamble,
  quote,
  type RawInsert,
  type RawInsertFormat,
  type Statement,
} from './chdb-request.js';

/** Limits of every read; a result that is built whole has a bound, one that is streamed needs none. */
const READ_LIMITS: ReadonlyMap<string, string> = new Map([
  ['max_memory_usage', '2000000000'],
  ['max_bytes_before_external_group_by', '500000000'],
  ['max_bytes_before_external_sort', '500000000'],
  ['max_result_bytes', '268435456'],
]);
const NO_SETTINGS: ReadonlyMap<string, string> = new Map();
/** Connections for statements of strangers, at once. */
const MAX_GUARDED = 2;

export interface Answer {
  readonly format: string;
  /** Rows written, of an insert. */
  readonly writtenRows: number;
  readonly body: AsyncIterable<Uint8Array> | Uint8Array;
}

/** The ClickHouse engine opened in one folder, with connections for inserts, statements and reads apart. */
export class ChdbStore {
  readonly #inserts: ConnectionPool;
  readonly #statements: ConnectionPool;
  readonly #reads: ConnectionPool;
  /** Streams last as long as their reader likes: they must not keep a chart waiting. */
  readonly #streams: ConnectionPool;
  readonly #scratch: string;
  readonly #folder: string;
  #guarded = 0;

  /** @throws chdb's error, `Code: 76` in its text, when another process has the folder open. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#scratch = join(folder, 'scratch');
    this.#inserts = new ConnectionPool('insert', folder, 2, 64, '');
    rmSync(this.#scratch, { recursive: true, force: true });
    mkdirSync(this.#scratch, { recursive: true });
    this.#statements = new ConnectionPool('statement', folder, 1, 16, '');
    const limits = preamble(READ_LIMITS, NO_SETTINGS);
    this.#reads = new ConnectionPool('read', folder, 3, 64, limits);
    this.#streams = new ConnectionPool('export', folder, 2, 16, limits);
  }

  /** Engine version, asked of the engine. */
  async readVersion(signal: AbortSignal): Promise<string> {
    return this.#reads.use(signal, async ({ session }) =>
      (await session.queryAsync('SELECT version()', { format: 'TabSeparated' })).text().trim(),
    );
  }

  /**
   * Runs one request and hands the answer to `deliver`; the connection is kept until `deliver` settles.
   * @throws chdb's error with `clickhouseCode`, or EngineError `server.busy`, `input.invalid`.
   */
  async run(
    http: HttpQuery,
    body: readonly Uint8Array[],
    signal: AbortSignal,
    deliver: (answer: Answer) => Promise<void>,
  ): Promise<void> {
    const insert = http.query === '' ? undefined : parseRawInsert(http.query);
    if (insert !== undefined) {
      await this.#inserts.use(signal, async (connection) => {
        await useDatabase(connection, http.database);
        const writtenRows =
          insert.format === 'Native'
            ? await insertFile(connection, insert, http, body, join(this.#scratch, randomUUID()))
            : await insertRaw(connection, insert, insert.format, http, body);
        await deliver({ format: 'TabSeparated', writtenRows, body: new Uint8Array(0) });
      });
      return;
    }
    const text = joined(body).toString();
    const whole = http.query === '' ? text : text === '' ? http.query : `${http.query}\n${text}`;
    const statement = parseStatement(whole, http.defaultFormat);
    if (http.settings.has('readonly')) {
      await this.#runGuarded(statement, http, signal, deliver);
      return;
    }
    const reads = statement.delivery === 'whole' ? this.#reads : this.#streams;
    const pool = statement.lane === 'read' ? reads : this.#statements;
    await pool.use(signal, (connection) =>
      this.#runStatement(connection, statement, http, signal, deliver),
    );
  }

  /**
   * A connection that was made read-only cannot be made anything else again, so it has a life of one statement. The settings
   * are set before the statement, which cannot change them.
   */
  async #runGuarded(
    statement: Statement,
    http: HttpQuery,
    signal: AbortSignal,
    deliver: (answer: Answer) => Promise<void>,
  ): Promise<void> {
    if (statement.lane !== 'read' || statement.delivery === 'file') {
      throw new EngineError('input.invalid', 'a read-only statement is a SELECT in a text format');
    }
    if (this.#guarded >= MAX_GUARDED) {
      throw new EngineError('server.busy', `${MAX_GUARDED} read-only statements run: try again`);
    }
    this.#guarded += 1;
    const session = new Session(this.#folder);
    try {
      await useDatabase({ session, database: 'default' }, http.database);
      const settings = new Map([...READ_LIMITS, ...http.settings]);
      settings.delete('readonly');
      await session.queryAsync(preamble(settings, http.params));
      await session.queryAsync('SET readonly = 1');
      const { sql, format } = statement;
      if (statement.delivery === 'stream') {
        const stream = session.queryStream(sql, { format, signal });
        try {
          await deliver({ format, writtenRows: 0, body: rawChunks(stream) });
        } finally {
          stream.cancel();
        }
      } else {
        const result = await session.queryAsync(sql, { format });
        await deliver({ format, writtenRows: 0, body: result.bytes() });
      }
    } finally {
      session.close();
      this.#guarded -= 1;
    }
  }

  async #runStatement(
    connection: Connection,
    statement: Statement,
    http: HttpQuery,
    signal: AbortSignal,
    deliver: (answer: Answer) => Promise<void>,
  ): Promise<void> {
    const { session } = connection;
    const settings = new Map(http.settings);
    if (statement.lane === 'read' && statement.delivery !== 'whole') {
      settings.set('max_result_bytes', '0');
    }
    await useDatabase(connection, http.database);
    const before = preamble(settings, http.params);
    const { sql, format } = statement;
    try {
      if (statement.delivery === 'stream') {
        if (before !== '') await session.queryAsync(before);
        const stream = session.queryStream(sql, { format, signal });
        try {
          await deliver({ format, writtenRows: 0, body: rawChunks(stream) });
        } finally {
          stream.cancel();
        }
      } else if (statement.delivery === 'file') {
        const file = join(this.#scratch, randomUUID());
        try {
          const into = `INTO OUTFILE ${quote(file)} FORMAT ${format}`;
          await session.queryAsync(`${before} ${sql} ${into}`);
          await deliver({ format, writtenRows: 0, body: createReadStream(file) });
        } finally {
          rmSync(file, { force: true });
        }
      } else {
        const result = await session.queryAsync(`${before} ${sql}`, { format });
        await deliver({ format, writtenRows: 0, body: result.bytes() });
      }
    } finally {
      if (settings.size > 0) {
        const base = statement.lane === 'read' ? READ_LIMITS : NO_SETTINGS;
        await session.queryAsync(postamble(settings, base));
      }
    }
  }

  /** Ends the connections; resolves when nothing native runs any more. */
  async close(): Promise<void> {
    for (const pool of [this.#inserts, this.#statements, this.#reads, this.#streams]) pool.close();
    await drainPending();
  }
}

async function useDatabase(connection: Connection, database: string | undefined): Promise<void> {
  const wanted = database ?? 'default';
  if (connection.database === wanted) return;
  await connection.session.queryAsync(`USE \`${wanted.replaceAll('`', '')}\``);
  connection.database = wanted;
}

async function insertRaw(
  connection: Connection,
  insert: RawInsert,
  format: RawInsertFormat,
  http: HttpQuery,
  body: readonly Uint8Array[],
): Promise<number> {
  const summary = await connection.session.insert({
    table: insert.table,
    values: joined(body),
    format,
    settings: Object.fromEntries(http.settings),
    ...(insert.columns === undefined ? {} : { columns: insert.columns }),
  });
  return summary.rowsSent ?? summary.rowsWritten;
}

/**
 * Inserts a body that the engine cannot take behind its statement, by a file that is removed right after: the
 * engine reads it as the client of ClickHouse reads one, and the insert is the same as by HTTP.
 */
async function insertFile(
  { session }: Connection,
  insert: RawInsert,
  http: HttpQuery,
  body: readonly Uint8Array[],
  path: string,
): Promise<number> {
  if (body.length === 0) return 0;
  try {
    await writePieces(path, body);
    const columns = insert.columns === undefined ? '' : ` (${insert.columns.join(', ')})`;
    const settings = [...http.settings].map(([name, value]) => `${name}=${quote(value)}`);
    const set = settings.length === 0 ? '' : ` SETTINGS ${settings.join(', ')}`;
    const { rowsRead } = await session.queryAsync(
      `INSERT INTO ${insert.table}${columns} FROM INFILE ${quote(path)} COMPRESSION 'none'${set} FORMAT ${insert.format}`,
    );
    return rowsRead;
  } finally {
    await rm(path, { force: true });
  }
}

async function writePieces(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    const { bytesWritten } = await file.writev(pieces);
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (bytesWritten !== size) {
      throw new EngineError('internal', `of ${size} bytes to insert ${bytesWritten} were written`);
    }
  } finally {
    await file.close();
  }
}

function joined(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined
    ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
    : Buffer.concat(pieces);
}

async function* rawChunks(stream: AsyncIterable<{ raw(): Uint8Array }>) {
  for await (const chunk of stream) yield chunk.raw();
}

import { EngineError, type ErrorCode } from '../errors.js';

/** SQLite names and Postgres SQLSTATEs, exact or as a prefix, → our code. First match wins. */
const CODES: readonly (readonly [prefix: string, code: ErrorCode, says: string])[] = [
  ['SQLITE_CONSTRAINT_UNIQUE', 'conflict', 'it exists already'],
  ['SQLITE_CONSTRAINT_PRIMARYKEY', 'conflict', 'it exists already'],
  ['SQLITE_CONSTRAINT_FOREIGNKEY', 'conflict', 'something it refers to does not exist'],
  ['SQLITE_BUSY', 'server.busy', 'another process holds the control store; try again'],
  ['SQLITE_LOCKED', 'server.busy', 'another process holds the control store; try again'],
  ['SQLITE_FULL', 'store.away', 'the disk of the control store is full'],
  ['SQLITE_IOERR', 'store.away', 'the disk of the control store cannot be used'],
  ['SQLITE_NOTADB', 'store.refused', 'the file is not an SQLite database'],
  ['SQLITE_CORRUPT', 'store.refused', 'the file of the control store is damaged'],
  ['23505', 'conflict', 'it exists already'],
  ['23503', 'conflict', 'something it refers to does not exist'],
  ['40', 'server.busy', 'another transaction was in the way; try again'],
  ['55P03', 'server.busy', 'another transaction was in the way; try again'],
  ['57', 'store.away', 'the database server is stopping or cancelled the query'],
  ['53', 'store.away', 'the database server has no room'],
  ['08', 'store.away', 'the connection to the database server was lost'],
  ['28', 'store.refused', 'the database server refuses the login'],
  ['3D000', 'store.refused', 'the database does not exist'],
  ['ECONN', 'store.away', 'the database server cannot be reached'],
  ['ENOENT', 'store.away', 'the database server cannot be reached'],
  ['ENOTFOUND', 'store.away', 'the database server cannot be reached'],
  ['EAI_AGAIN', 'store.away', 'the database server cannot be reached'],
  ['EHOSTUNREACH', 'store.away', 'the database server cannot be reached'],
  ['ETIMEDOUT', 'store.away', 'the database server cannot be reached'],
  ['EPIPE', 'store.away', 'the connection to the database server was lost'],
];

function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}

/** What a unique constraint is about, as the API names it: `userId, key: `; empty where the driver does not say. */
function fieldsOf(thrown: unknown, text: string): string {
  const detail = typeof thrown === 'object' && thrown !== null && 'detail' in thrown;
  const columns =
    /^UNIQUE constraint failed: (.+)$/.exec(text)?.[1]?.replaceAll(/\w+\./g, '') ??
    /^Key \((.+?)\)=\(/.exec(detail ? String(thrown.detail) : '')?.[1];
  if (columns === undefined) return '';
  return `${columns.replaceAll('"', '').replaceAll(/_(\w)/g, (_, first: string) => first.toUpperCase())}: `;
}

/**
 * Wraps what a driver threw: `conflict`, `server.busy`, `store.away` (worth trying again) or
 * `store.refused`. An `EngineError` is returned as it is.
 */
export function controlError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const code = codeOf(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const known = CODES.find(([prefix]) => code.startsWith(prefix));
  if (known !== undefined) {
    const of = known[1] === 'conflict' ? fieldsOf(thrown, text) : '';
    return new EngineError(known[1], `control store: ${of}${known[2]}`, { cause: thrown });
  }
  // The pool and the driver throw some connection losses without a code.
  const away = /timeout exceeded when trying to connect|connection terminated|not queryable/i;
  return new EngineError(
    away.test(text) ? 'store.away' : 'store.refused',
    away.test(text)
      ? 'control store: the connection to the database server was lost'
      : 'control store: the database refused; the log says why',
    { cause: thrown },
  );
}

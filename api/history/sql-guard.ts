import { EngineError } from '../../engine/errors.js';

/** What the store says it has: names are lower case. */
export interface SqlSurroundings {
  /** All but the one that may be read. */
  readonly databases: ReadonlySet<string>;
  readonly tableFunctions: ReadonlySet<string>;
}

/** Table functions that read nothing but what they are given. */
const HARMLESS_SOURCES = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'values',
  'generateseries',
  'generate_series',
  'null',
]);
/** Refused whatever the store says: those that reach files, networks, other databases, or only waste time. */
const REFUSED_FUNCTIONS = new Set(
  `file url s3 gcs hdfs remote remotesecure cluster clusterallreplicas mysql postgresql sqlite mongodb redis odbc jdbc
  executable input merge view viewexplain viewifpermitted dictionary loop fuzzjson fuzzquery generaterandom sleep
  sleepeachrow hascolumnintable joinget joingetornull catboostevaluate evalmlmethod addresstoline addresstosymbol
  addresstolinewithinlines demangle getclienthttpheader getserverport getmacro filesystemavailable filesystemcapacity
  filesystemunreserved python azureblobstorage deltalake iceberg hudi mergetreeindex mergetreeprojection
  timeseriesdata timeseriestags timeseriesmetrics throwif displayname`
    .split(/\s+/)
    .filter((name) => name !== ''),
);
/** Words that begin a clause which writes, changes limits or looks behind the tables. */
const REFUSED_WORDS = new Set([
  'into',
  'outfile',
  'settings',
  'insert',
  'explain',
  'show',
  'describe',
  'apply',
  'format',
]);
const ALWAYS_REFUSED_DATABASES = new Set(['system', 'information_schema', 'default']);
const MAX_CHARS = 20_000;

interface Token {
  readonly kind: 'word' | 'quoted' | 'other';
  /** Lower case. */
  readonly text: string;
}

/**
 * Checks one SELECT of a stranger before the store sees it, which is read-only then as well. It refuses rather than
 * guesses: comments, parameters and characters that are no plain SQL are not let through.
 * @returns the statement without a semicolon at its end. @throws EngineError `input.invalid` naming what is not possible.
 */
export function guardedSql(sql: string, around: SqlSurroundings): string {
  const bare = sql.replace(/[\s;]+$/, '').trim();
  if (bare.length > MAX_CHARS) throw refused(`a statement has at most ${MAX_CHARS} characters`);
  const tokens = [...tokensOf(bare)];
  const [first] = tokens;
  if (first?.kind !== 'word' || !['select', 'with'].includes(first.text)) {
    throw refused('a statement is one SELECT; it begins with SELECT or WITH');
  }
  for (const [i, token] of tokens.entries()) checkToken(token, tokens[i + 1], around);
  return bare;
}

function checkToken(token: Token, after: Token | undefined, around: SqlSurroundings): void {
  if (token.kind === 'other') return;
  const { text } = token;
  const isCall = after?.kind === 'other' && after.text === '(';
  if (token.kind === 'word' && REFUSED_WORDS.has(text) && !(text === 'format' && isCall)) {
    throw refused(
      `${text.toUpperCase()} is not possible here; a column of that name is written in double quotes`,
    );
  }
  if (isCall && isRefusedFunction(text, around)) {
    throw refused(`${text}(…) is not possible here: only tables and views of the site are read`);
  }
  const isQualified = after?.kind === 'other' && after.text === '.';
  if (isQualified && (around.databases.has(text) || ALWAYS_REFUSED_DATABASES.has(text))) {
    throw refused(`"${text}" is not to be read: name the tables and views of the site alone`);
  }
}

function isRefusedFunction(name: string, { tableFunctions }: SqlSurroundings): boolean {
  if (HARMLESS_SOURCES.has(name) || name === 'format') return false;
  return REFUSED_FUNCTIONS.has(name) || tableFunctions.has(name) || name.startsWith('dict');
}

/** Words, quoted names and single characters; strings are left out. */
function* tokensOf(sql: string): Generator<Token> {
  for (let at = 0; at < sql.length; ) {
    const char = sql.charAt(at);
    if (/\s/.test(char)) {
      at += 1;
    } else if (char === "'") {
      at = endOfString(sql, at);
      yield { kind: 'other', text: 'string' };
    } else if (char === '"' || char === '`') {
      const end = sql.indexOf(char, at + 1);
      const name = end < 0 ? '' : sql.slice(at + 1, end);
      if (
        end < 0 ||
        sql.charAt(end + 1) === char ||
        !/^[\x20-\x7e]+$/.test(name) ||
        /[\\.]/.test(name)
      ) {
        throw refused('a quoted name is closed and has no dots, quotes or backslashes in it');
      }
      yield { kind: 'quoted', text: name.toLowerCase() };
      at = end + 1;
    } else if (/[A-Za-z_]/.test(char)) {
      const [word = char] = /^[A-Za-z0-9_]+/.exec(sql.slice(at, at + 300)) ?? [];
      yield { kind: 'word', text: word.toLowerCase() };
      at += word.length;
    } else if (/[0-9]/.test(char)) {
      // `1.5` is a number, and in `t.1.2` there are no names behind the dots.
      const [number = char] = /^[0-9][0-9A-Za-z_]*(\.[0-9]+)?/.exec(sql.slice(at, at + 100)) ?? [];
      yield { kind: 'other', text: 'number' };
      at += number.length;
    } else {
      const two = sql.slice(at, at + 2);
      if (two === '--' || two === '/*' || char === '#') {
        throw refused('comments are not possible here (two minus signs: put a space in between)');
      }
      if (!/[(),.*+\-/%<>=!?:[\]|&^~]/.test(char)) {
        throw refused(`"${char}" is not possible here, except in a string`);
      }
      yield { kind: 'other', text: char };
      at += 1;
    }
  }
}

/** @returns where the text goes on behind the string that begins at `start`. */
function endOfString(sql: string, start: number): number {
  for (let at = start + 1; at < sql.length; at += 1) {
    const char = sql.charAt(at);
    if (char === '\\') at += 1;
    else if (char === "'") {
      if (sql.charAt(at + 1) !== "'") return at + 1;
      at += 1;
    }
  }
  throw refused('a string is not closed');
}

const refused = (message: string) => new EngineError('input.invalid', `sql: ${message}`);

import { EngineError } from '../errors.js';

/** Formats whose rows may be cut anywhere between lines, so a result can be streamed chunk by chunk. */
const STREAMABLE = new Set([
  'TabSeparated',
  'TSV',
  'TabSeparatedRaw',
  'CSV',
  'JSONEachRow',
  'JSONCompactEachRow',
]);
/** Formats with a head or a foot that would be repeated in every chunk: made as a file, then sent. */
const WHOLE_FILE = new Set(['Parquet', 'ORC', 'Arrow', 'ArrowStream', 'Native']);
/** Text formats whose bytes the engine takes behind the statement, where an empty line ends them. */
const RAW_INSERT = new Set([
  'JSONEachRow',
  'JSONCompactEachRow',
  'CSV',
  'CSVWithNames',
  'TSV',
  'TabSeparated',
  'TSVWithNames',
  'TabSeparatedWithNames',
] as const);

export type RawInsertFormat = typeof RAW_INSERT extends Set<infer F> ? F : never;

/** URL parameters of the ClickHouse HTTP interface that are not query settings. */
const NOT_SETTINGS = new Set([
  'query',
  'query_id',
  'database',
  'user',
  'password',
  'default_format',
  'session_id',
  'session_timeout',
  'session_check',
  'role',
  'compress',
  'decompress',
  'enable_http_compression',
  'wait_end_of_query',
  'send_progress_in_http_headers',
  'buffer_size',
  'quota_key',
  'cancel_http_readonly_queries_on_client_close',
]);

/** What the URL of a request asks for, besides its body. */
export interface HttpQuery {
  /** SQL from `?query=`, empty when all of it is in the body. */
  readonly query: string;
  readonly queryId: string | undefined;
  readonly database: string | undefined;
  readonly defaultFormat: string;
  readonly gzipAnswer: boolean;
  readonly settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}` placeholders, in the escaped text form of the HTTP interface. */
  readonly params: ReadonlyMap<string, string>;
}

/** @throws EngineError `input.invalid` when a setting's or parameter's name is no identifier. */
export function parseHttpQuery(search: URLSearchParams, acceptEncoding: string): HttpQuery {
  const settings = new Map<string, string>();
  const params = new Map<string, string>();
  for (const [key, value] of search) {
    if (NOT_SETTINGS.has(key) || key.startsWith('http_')) continue;
    const isParam = key.startsWith('param_');
    const name = isParam ? key.slice('param_'.length) : key;
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
      throw new EngineError('input.invalid', `"${key}" is not the name of a setting or parameter`);
    }
    (isParam ? params : settings).set(name, value);
  }
  return {
    query: search.get('query') ?? '',
    queryId: search.get('query_id') ?? undefined,
    database: search.get('database') ?? undefined,
    defaultFormat: search.get('default_format') ?? 'TabSeparated',
    gzipAnswer: search.get('enable_http_compression') === '1' && /\bgzip\b/.test(acceptEncoding),
    settings,
    params,
  };
}

export interface RawInsert {
  readonly table: string;
  readonly columns: readonly string[] | undefined;
  /** `Native` is read from a file: bytes of numbers may look like an empty line. */
  readonly format: RawInsertFormat | 'Native';
}

const NAME = '[A-Za-z_][A-Za-z0-9_]*';
const INSERT = new RegExp(
  `^\\s*INSERT\\s+INTO\\s+(?:TABLE\\s+)?(${NAME}(?:\\.${NAME})?)\\s*(?:\\(([^)]*)\\)\\s*)?FORMAT\\s+(\\w+)\\s*$`,
  'i',
);

/** The parts of `INSERT INTO t (a, b) FORMAT F` whose rows come in the body; undefined for any other statement. */
export function parseRawInsert(sql: string): RawInsert | undefined {
  const found = INSERT.exec(sql.replaceAll('`', ''));
  if (found === null) return undefined;
  const [, table = '', list, format = ''] = found;
  if (format !== 'Native' && !isRawInsertFormat(format)) return undefined;
  const columns = list
    ?.split(',')
    .map((column) => column.trim())
    .filter((column) => column !== '');
  if (columns?.some((column) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(column)) === true)
    return undefined;
  return { table, columns: columns?.length === 0 ? undefined : columns, format };
}

function isRawInsertFormat(format: string): format is RawInsertFormat {
  return (RAW_INSERT as ReadonlySet<string>).has(format);
}

export type Lane = 'read' | 'write';
export type Delivery = 'stream' | 'file' | 'whole';

/** How a statement is run and its result delivered. `sql` has lost its FORMAT clause when `format` came from it. */
export interface Statement {
  readonly sql: string;
  readonly format: string;
  readonly lane: Lane;
  readonly delivery: Delivery;
}

export function parseStatement(text: string, defaultFormat: string): Statement {
  const bare = text.replace(/[\s;]+$/, '');
  const lane = /^[\s(]*(?:SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b/i.test(bare)
    ? 'read'
    : 'write';
  const clause = lane === 'read' ? /\sFORMAT\s+(\w+)$/i.exec(bare) : null;
  const format = clause?.[1] ?? defaultFormat;
  const sql = clause === null ? bare : bare.slice(0, clause.index);
  const delivery =
    lane === 'write'
      ? 'whole'
      : STREAMABLE.has(format)
        ? 'stream'
        : WHOLE_FILE.has(format)
          ? 'file'
          : 'whole';
  return { sql, format, lane, delivery };
}

/** SQL string literal. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Statements that make a connection ready for the query, empty when there is nothing to set. */
export function preamble(
  settings: ReadonlyMap<string, string>,
  params: ReadonlyMap<string, string>,
): string {
  const parts: string[] = [];
  for (const [name, value] of settings) parts.push(`SET ${name}=${quote(value)};`);
  for (const [name, value] of params) parts.push(`SET param_${name}=${quote(value)};`);
  return parts.join(' ');
}

/** Puts the settings back to what the connection had, so that the next query does not inherit them. */
export function postamble(
  settings: ReadonlyMap<string, string>,
  base: ReadonlyMap<string, string>,
): string {
  const value = (name: string) => {
    const own = base.get(name);
    return own === undefined ? 'DEFAULT' : quote(own);
  };
  return [...settings.keys()].map((name) => `SET ${name}=${value(name)};`).join(' ');
}

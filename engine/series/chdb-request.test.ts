import { expect, test } from 'vitest';
import {
  parseHttpQuery,
  parseRawInsert,
  parseStatement,
  postamble,
  preamble,
  quote,
} from './chdb-request.js';

test('settings, parameters and the rest of the URL are told apart', () => {
  const search = new URLSearchParams(
    'query=SELECT%201&database=d&query_id=q&max_threads=2&param_name=a%27b&http_wait=1&enable_http_compression=1',
  );
  const http = parseHttpQuery(search, 'gzip, deflate');
  expect(http).toMatchObject({ query: 'SELECT 1', database: 'd', queryId: 'q', gzipAnswer: true });
  expect([...http.settings]).toEqual([['max_threads', '2']]);
  expect([...http.params]).toEqual([['name', "a'b"]]);
  expect(preamble(http.settings, http.params)).toBe("SET max_threads='2'; SET param_name='a\\'b';");
  expect(postamble(http.settings, new Map())).toBe('SET max_threads=DEFAULT;');
  expect(postamble(http.settings, new Map([['max_threads', '4']]))).toBe("SET max_threads='4';");
});

test('a setting whose name is SQL is refused', () => {
  const search = new URLSearchParams([['max_threads=1; DROP TABLE samples; --', '1']]);
  expect(() => parseHttpQuery(search, '')).toThrow(/not the name of a setting/);
});

test('a literal cannot end itself', () => {
  expect(quote(`'; DROP TABLE samples; -- \\`)).toBe(`'\\'; DROP TABLE samples; -- \\\\'`);
});

test('only a plain insert of a text format or of blocks goes the raw way', () => {
  expect(parseRawInsert('INSERT INTO `samples` (channel, at)\nFORMAT TabSeparated\n')).toEqual({
    table: 'samples',
    columns: ['channel', 'at'],
    format: 'TabSeparated',
  });
  expect(parseRawInsert('INSERT INTO d.t FORMAT JSONEachRow')?.columns).toBeUndefined();
  expect(parseRawInsert('INSERT INTO t (a) FORMAT Native')?.format).toBe('Native');
  expect(parseRawInsert('INSERT INTO t SELECT 1')).toBeUndefined();
  expect(parseRawInsert('INSERT INTO t FORMAT RowBinary')).toBeUndefined();
  expect(parseRawInsert('INSERT INTO t (a; DROP TABLE t) FORMAT CSV')).toBeUndefined();
});

test('a statement says which connection runs it and how its result travels', () => {
  expect(parseStatement('SELECT 1\nFORMAT CSV;\n', 'TabSeparated')).toEqual({
    sql: 'SELECT 1',
    format: 'CSV',
    lane: 'read',
    delivery: 'stream',
  });
  expect(parseStatement('WITH x AS (SELECT 1) SELECT * FROM x', 'JSON').delivery).toBe('whole');
  expect(parseStatement('SELECT 1 FORMAT Parquet', 'JSON').delivery).toBe('file');
  expect(parseStatement('ALTER TABLE t DELETE WHERE 1', 'JSON').lane).toBe('write');
});

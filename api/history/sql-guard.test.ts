import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EngineError } from '../../engine/errors.js';
import { guardedSql } from './sql-guard.js';

const around = {
  databases: new Set(['system', 'default', 'other']),
  tableFunctions: new Set(['url', 'file', 'somethingnew', 'numbers']),
};
const guard = (sql: string) => guardedSql(sql, around);

test.each([
  'SELECT name, avg(value) FROM earshot_samples WHERE at > now() - INTERVAL 1 DAY GROUP BY name;',
  "WITH 'a;b--c /* INTO OUTFILE */ it''s \\' system.tables' AS x SELECT x",
  "SELECT s.value, 1.5e3, t.1 FROM earshot_samples AS s WHERE name LIKE '%é%'",
  'SELECT "settings", `show` FROM (SELECT 1 AS "settings", 2 AS `show`)',
  "SELECT format('{} {}', 'a', 'b'), [1, 2][1], toString(1)::String FROM numbers(3)",
  'SELECT a ? 1 : 2 FROM (SELECT 1 AS a) ORDER BY a DESC LIMIT 1',
])('lets %s through', (sql) => {
  expect(guard(sql)).toBe(sql.replace(/;$/, ''));
});

test.each([
  "SELECT * FROM url('http://x/', 'CSV')",
  "SELECT * FROM file('/etc/passwd')",
  "SELECT file('/etc/passwd')",
  'SELECT "file"(\'/etc/passwd\')',
  "SELECT `FILE` ('/etc/passwd')",
  "SELECT * APPLY file FROM (SELECT '/etc/passwd')",
  'SELECT * FROM somethingNew(1)',
  "SELECT dictGet('a', 'b', 1)",
  'SELECT sleep(3)',
  'SELECT * FROM system.tables',
  'SELECT * FROM system . tables',
  'SELECT * FROM "system"."tables"',
  'SELECT * FROM `SYSTEM`.tables',
  'SELECT * FROM "system.tables"',
  'SELECT * FROM information_schema.tables',
  'SELECT * FROM other.secrets',
  'SELECT 1 WHERE 1 IN system.one',
  "SELECT 1 INTO OUTFILE '/tmp/x'",
  'SELECT 1 FORMAT CSV',
  'SELECT 1 SETTINGS readonly = 0',
  'SELECT 1; SELECT 2',
  'SELECT 1;;; DROP TABLE samples',
  'DROP TABLE samples',
  'INSERT INTO samples SELECT 1, now(), 2',
  'WITH 1 AS x INSERT INTO samples SELECT 1',
  'ALTER TABLE samples DELETE WHERE 1',
  'SET readonly = 0',
  'EXPLAIN SELECT 1',
  'SELECT * FROM (EXPLAIN SELECT 1)',
  'SHOW TABLES',
  'SELECT 1 -- comment',
  'SELECT /* x */ 1',
  'SELECT 1 # x',
  'SELECT {x:Identifier}',
  'SELECT $$a$$',
  'SELECT “a”',
  "SELECT 'a",
  'SELECT "a',
  'SELECT "a\\"" FROM x',
  '',
  ';',
  'SELECT \u0000',
])('refuses %s', (sql) => {
  expect(() => guard(sql)).toThrow(/^sql: /);
});

test('any text is let through or refused, and what is let through has no second statement outside of strings', () => {
  const piece = fc.constantFrom(
    'SELECT ',
    "'",
    '"',
    '`',
    '\\',
    ';',
    '--',
    '/*',
    '*/',
    '(',
    ')',
    '.',
    ' ',
    'system',
    'file',
    'INTO',
    '$',
    '{',
    'a',
    '1',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      const sql = `SELECT ${pieces.join('')}`;
      let passed: string;
      try {
        passed = guard(sql);
      } catch (error) {
        expect(error).toBeInstanceOf(EngineError);
        return;
      }
      // Something stands where a string was: `system''.` names nothing of `system`.
      const outside = passed.replaceAll(/'(?:\\.|''|[^'\\])*'|"[^"]*"|`[^`]*`/gs, ' 0 ');
      expect(outside).not.toMatch(/;|--|\/\*|\$|\{|\bsystem\s*\.|\bfile\s*\(|\bINTO\b/);
    }),
    { numRuns: 3_000 },
  );
});

import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { wholeRows } from './rows.js';

const through = async (...parts: readonly string[]): Promise<string> =>
  await text(Readable.from(parts.map((part) => Buffer.from(part))).pipe(wholeRows('events')));

test('rows pass as they are, even those that speak of errors', async () => {
  const rows = '1\tCode: 241. DB::Exception in a field\n2\tfine\n';
  expect(await through(rows)).toBe(rows);
});

test('an error behind the rows fails the table and names it', async () => {
  await expect(
    through('1\tfine\n', 'Code: 241. DB::Exc', 'eption: Memory limit exceeded\n'),
  ).rejects.toThrow(/events could not be read whole: Code: 241.*Memory limit/);
});

test.each([
  [
    'in a field that is not the last',
    '1\tfine\tx\n2\tfiCode: 241. DB::Exception: Memory limit\n',
    'columns',
  ],
  [
    'in the last field',
    '1\tfine\n2\tfiCode: 241. DB::Exception: limit (version 26.7.1 (official build))\n',
    'Code: 241',
  ],
  ['that cuts the row without a word', '1\tfine\n2\tfi', 'is cut'],
  ['before the last field', '1\tfine\tx\n2\n', 'columns'],
])('an error in the middle of a row fails the table: %s', async (_, rows, reason) => {
  await expect(through(rows.slice(0, 9), rows.slice(9))).rejects.toThrow(reason);
});

test('an empty table, one row and rows in any pieces are whole', async () => {
  for (const rows of ['', '1\t2\n', '1\t2\t3\n4\t\\t\t6\n', '\n\n']) {
    expect(await through(rows)).toBe(rows);
    expect(await through(...rows)).toBe(rows);
  }
});

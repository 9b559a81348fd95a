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

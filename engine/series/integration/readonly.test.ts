import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeriesQueries } from '../queries.js';
import { batchOf, openStoreBench, type StoreBench } from '../testing.js';

let bench: StoreBench;
let queries: SeriesQueries;
beforeAll(async () => {
  bench = await openStoreBench();
  queries = new SeriesQueries(bench.address);
  await bench.writer().append(batchOf([[1, 1_700_000_000_000, 4]]));
});
afterAll(async () => {
  await queries.close();
  await bench.close();
});

const settings = { readonly: 1, output_format_json_escape_forward_slashes: 0 };

async function read(sql: string): Promise<string> {
  let text = '';
  const rows = queries.stream(sql, 'JSONCompactEachRow', { settings });
  for await (const chunk of rows) text += Buffer.from(chunk).toString();
  return text;
}

test.each([
  "SELECT * FROM file('/etc/hostname', 'LineAsString')",
  "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
  "SELECT count() FROM remote('127.0.0.1:1', 'system', 'one')",
  'SELECT 1 SETTINGS readonly = 0',
  'SELECT 1 SETTINGS max_memory_usage = 0',
  'SELECT 1; DROP TABLE samples',
  'DROP TABLE samples',
  'WITH 1 AS x INSERT INTO migrations SELECT x, now()',
])('a read-only statement of the embedded store does not do %s', async (sql) => {
  await expect(read(sql)).rejects.toThrow(
    /readonly|Multi-statements|not supported|a read-only statement/,
  );
  expect(await read('SELECT value FROM samples')).toBe('[4]\n');
});

test('read-only statements leave the connections of others as they were', async () => {
  for (let i = 0; i < 10; i += 1) expect(await read('SELECT 1')).toBe('[1]\n');
  await bench.writer().append(batchOf([[1, 1_700_000_001_000, 5]]));
  expect(await bench.rows('SELECT sum(value) FROM samples SETTINGS max_threads = 1')).toEqual([
    [9],
  ]);
});

test('the views join names, and show names that came after the samples', async () => {
  await queries.insert('channel_names', [
    {
      channel: 1,
      device: 'tank',
      device_name: 'Tank 1',
      parameter: 'level',
      unit: 'cm',
      kind: 'number',
      removed: 0,
    },
  ]);
  const row = '"tank/level", "tank", "Tank 1", "level", "cm"';
  expect(await read('SELECT * FROM earshot_samples ORDER BY at LIMIT 1')).toBe(
    `["2023-11-14 22:13:20.000000", 1, ${row}, 4]\n`,
  );
  expect(await read('SELECT name, minimum, maximum, points, last FROM earshot_minutes')).toBe(
    '["tank/level", 4, 5, 2, 5]\n',
  );
  for (const view of ['hours', 'days', 'texts', 'events', 'alarms', 'listening', 'channels']) {
    await read(`SELECT * FROM earshot_${view}`);
  }
});

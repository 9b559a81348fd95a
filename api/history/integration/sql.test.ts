import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../engine/series/testing.js';
import { type HistorySite, historySite } from './site.js';

let site: HistorySite;
const at = Date.now() - 3_600_000;

beforeAll(async () => {
  site = await historySite();
  await site.samples('tank', [
    ['level', at, 1],
    ['level', at + 1_000, 3],
    ['note', at, 'a "b", c\nd'],
  ]);
});
afterAll(() => site.server.stop());

const ask = (sql: string, more: object = {}) => site.text('POST', '/v1/sql', { sql, ...more });

test('one SELECT reads the views with the names of now, as JSON and as CSV', async () => {
  await site.call('PATCH', '/v1/devices/tank', { name: 'Tank 1' });
  await until('the new name is there', async () =>
    (await ask('SELECT device_name FROM earshot_channels')).text.includes('Tank 1'),
  );
  const sql = 'SELECT name, device_name, value FROM earshot_samples ORDER BY at';
  const json = await ask(sql);
  expect(json.status).toBe(200);
  expect(JSON.parse(json.text)).toEqual({
    columns: [
      { name: 'name', type: 'String' },
      { name: 'device_name', type: 'String' },
      { name: 'value', type: 'Float64' },
    ],
    rows: [
      ['tank/level', 'Tank 1', 1],
      ['tank/level', 'Tank 1', 3],
    ],
  });
  const csv = await ask('SELECT name, value FROM earshot_texts', { format: 'csv' });
  expect(csv.text).toBe('"name","value"\n"tank/note","a ""b"", c\nd"\n');
  const none = await ask('SELECT value FROM earshot_samples WHERE value > 1000');
  expect(JSON.parse(none.text)).toMatchObject({ rows: [] });
  const many = await ask('SELECT number, toString(number) AS t FROM numbers(300000)', {
    maxRows: 1_000_000,
  });
  expect((JSON.parse(many.text) as { rows: unknown[] }).rows).toHaveLength(300_000);
});

test.each([
  "SELECT * FROM url('http://127.0.0.1:1/', 'CSV')",
  "SELECT file('/etc/hostname')",
  'SELECT * FROM system.tables',
  'SELECT * FROM "system.tables"',
  "SELECT 1 INTO OUTFILE '/tmp/earshot-never'",
  'SELECT 1 SETTINGS readonly = 0',
  'SELECT 1; SELECT 2',
  'DROP TABLE samples',
  'SELECT nothing FROM earshot_samples',
  'SELECT (',
])('refuses %s with the reason', async (sql) => {
  const answer = await ask(sql);
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('sql: ');
});

test('a statement over its limits of rows, time or memory is refused and the next one runs', async () => {
  const rows = await ask('SELECT number FROM numbers(1000)', { maxRows: 10 });
  expect(rows.status).toBe(413);
  const time = await ask('SELECT count() FROM numbers(10000000000000)', { maxSeconds: 1 });
  expect(time.status).toBe(413);
  const memory = await ask('SELECT length(groupArray(number)) FROM numbers(1000000000)');
  expect(memory.status).toBe(413);
  expect((await ask('SELECT 1')).status).toBe(200);
});

test('a statement ends when its client leaves, and the third at once waits for another time', async () => {
  const leave = new AbortController();
  const slow = [1, 2].map(() =>
    fetch(`${site.server.url}/v1/sql`, {
      method: 'POST',
      headers: { cookie: site.cookie, 'content-type': 'application/json' },
      body: JSON.stringify({
        sql: 'SELECT count() FROM numbers(10000000000000)',
        maxSeconds: 300,
      }),
      signal: leave.signal,
    }).catch(() => undefined),
  );
  await until('both run', async () => (await ask('SELECT 1')).status === 503);
  leave.abort();
  await Promise.all(slow);
  await until('they ended', async () => (await ask('SELECT 1')).status === 200, 20_000);
});

test('only an admin may ask', async () => {
  const made = await site.call('POST', '/v1/users', {
    username: 'op',
    password: 'a long password 1',
    role: 'operator',
  });
  expect(made.status).toBe(201);
  const cookie = await site.server.signIn('op', 'a long password 1');
  const answer = await fetch(`${site.server.url}/v1/sql`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ sql: 'SELECT 1' }),
  });
  expect(answer.status).toBe(403);
});

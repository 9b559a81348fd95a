import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import { SeriesQueries } from '../../../engine/series/queries.js';
import { openStoreBench, type StoreBench, until } from '../../../engine/series/testing.js';
import { exportRows } from '../export-rows.js';
import { type ExportSource, Exports } from '../exports.js';

const clock = new SystemClock();
const folder = mkdtempSync(join(tmpdir(), 'earshot-exports-'));
const DAY = 1_700_006_400_000;
let bench: StoreBench;
let queries: SeriesQueries;

beforeAll(async () => {
  bench = await openStoreBench();
  queries = new SeriesQueries(bench.address);
  await bench.client.command({
    query: `INSERT INTO samples SELECT number % 10, fromUnixTimestamp64Milli(toInt64(${DAY} + number * 10), 'UTC'), number
      FROM numbers(8000000)`,
  });
}, 120_000);
afterAll(async () => {
  await queries.close();
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (name: string, more: object = {}) =>
  Exports.open({
    folder: join(folder, name),
    clock,
    onFault: (error) => {
      throw error;
    },
    ...more,
  });
const everything = (): ExportSource =>
  exportRows(queries, bench.reader, {
    channels: undefined,
    fromUnixMs: DAY,
    toUnixMs: DAY + 86_400_000,
    format: 'csv',
    aggregation: undefined,
    intervalMs: 0,
  });
const wish = (source: ExportSource) => ({ format: 'csv' as const, title: 't', by: 'ann', source });

test('a job that is cancelled leaves no file and no query behind', async () => {
  const exports = await open('cancel');
  const { id } = await exports.start(wish(everything()));
  await until('it writes', () => exports.get(id).bytes > 0);
  await exports.remove(id);
  await until('it ended', () => exports.get(id).state === 'cancelled');
  expect(readdirSync(join(folder, 'cancel'))).toEqual([`${id}.job`]);
  expect(() => exports.download(id)).toThrow(/cancelled/);
  expect(await bench.rows('SELECT 1')).toEqual([[1]]);
  await exports.close();
});

test('a store that is killed in the middle fails the job, and no short file looks whole', async () => {
  const exports = await open('kill');
  const { id } = await exports.start(wish(everything()));
  await until('it writes', () => exports.get(id).bytes > 1_000_000);
  process.kill(bench.store.status().pid ?? 0, 'SIGKILL');
  await until('it ended', () => !['queued', 'running'].includes(exports.get(id).state));
  expect(exports.get(id)).toMatchObject({ state: 'failed' });
  expect(exports.get(id).error).toMatch(/store/);
  expect(() => exports.download(id)).toThrow(/no file/);
  expect(readdirSync(join(folder, 'kill'))).toEqual([`${id}.job`]);
  await until('the store is back', async () =>
    bench.rows('SELECT 1').then(
      () => true,
      () => false,
    ),
  );
  const again = await exports.start(wish(everything()));
  await until('it is whole', () => exports.get(again.id).state === 'done', 120_000);
  let lines = 0;
  for await (const chunk of exports.download(again.id).stream) {
    lines += Buffer.from(chunk).toString('latin1').split('\n').length - 1;
  }
  expect(lines).toBe(8_000_001);
  await exports.close();
}, 180_000);

test('what a stop of the engine broke off is failed afterwards, and what was done stays', async () => {
  const exports = await open('restart');
  const done = await exports.start(
    wish(async function* () {
      yield Buffer.from('a\n');
    }),
  );
  await until('it is done', () => exports.get(done.id).state === 'done');
  const slow = await exports.start(
    wish(async function* (signal) {
      yield Buffer.from('a\n');
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('ended')));
      });
    }),
  );
  await until('it runs', () => exports.get(slow.id).state === 'running');
  await exports.close();
  const next = await open('restart');
  expect(next.get(slow.id)).toMatchObject({ state: 'failed', error: 'the engine was stopped' });
  expect(next.get(done.id)).toMatchObject({ state: 'done' });
  expect(next.download(done.id).job.bytes).toBe(2);
  await next.close();
});

test('files have a bound together, go after their time, and only so many jobs wait', async () => {
  const exports = await open('bound', { maxBytes: 10, keepMs: 0 });
  const large = await exports.start(
    wish(async function* () {
      yield Buffer.alloc(11);
    }),
  );
  await until('it ended', () => exports.get(large.id).state === 'failed');
  expect(exports.get(large.id).error).toContain('10 bytes');
  const small = await exports.start(
    wish(async function* () {
      yield Buffer.alloc(5);
    }),
  );
  await until('it is done', () => exports.get(small.id).state === 'done');
  await exports.tidy();
  expect(exports.list()).toEqual([]);
  expect(existsSync(join(folder, 'bound', `${small.id}.csv`))).toBe(false);
  const waits: ExportSource = async function* (signal) {
    yield Buffer.alloc(1);
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('ended')));
    });
  };
  const all = await Promise.allSettled(
    Array.from({ length: 30 }, () => exports.start(wish(waits))),
  );
  expect(all.some(({ status }) => status === 'rejected')).toBe(true);
  expect(exports.list().filter(({ state }) => state === 'running').length).toBeLessThanOrEqual(2);
  await exports.close();
});

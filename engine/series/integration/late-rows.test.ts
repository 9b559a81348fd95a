import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { SystemClock } from '../../clock.js';
import { connectSeries } from '../client.js';
import { RollupRepair } from '../repair.js';
import { batchOf, openStoreBench, type StoreBench } from '../testing.js';

vi.setConfig({ testTimeout: 120_000 });

/** 2025-06-15, noon UTC. */
const NOON = 1_749_988_800_000;
const TABLES = ['samples_1m', 'samples_1h', 'samples_1d'];
let bench: StoreBench;
/** From today: marks do not outlive 400 days. */
let nowUnixMs = Date.now();
/** Timers as they are, and the time of marks by hand. */
class HandClock extends SystemClock {
  override nowMs(): number {
    return nowUnixMs;
  }
}
beforeAll(async () => {
  bench = await openStoreBench();
});
afterAll(() => bench.close());

async function expectRight(channel: number, rows: number): Promise<void> {
  for (const table of TABLES) {
    const counted = await bench.rows(
      `SELECT toUInt32(sum(points)), sum(total) FROM ${table} WHERE channel = ${channel}`,
    );
    expect([table, ...counted]).toEqual([table, [rows, (rows * (rows - 1)) / 2]]);
  }
}

test('an hour that late rows keep coming for is recomputed seldom, and when they end: the roll-ups are right then', async () => {
  const writer = bench.writer({ name: 'late', clock: new HandClock() });
  const repair = new RollupRepair({
    address: bench.address,
    writer: 'late',
    liveNames: undefined,
    rawDays: 0,
    quietMs: 3_000,
    maxWaitMs: 10_000,
  });
  await writer.append(batchOf([[1, NOON, 0]]));
  const repairedAfterS: number[] = [];
  for (let second = 1; second <= 30; second += 1) {
    nowUnixMs += 1_000;
    // Before all that is there, and the first one once more.
    await writer.append(batchOf([[1, NOON - second * 1_000, second]]));
    await writer.append(batchOf([[1, NOON, 0]]));
    if ((await repair.step(nowUnixMs, 'due')) > 0) repairedAfterS.push(second);
  }
  expect(repairedAfterS).toEqual([11, 22]);
  nowUnixMs += 3_000;
  expect(await repair.step(nowUnixMs, 'due')).toBeGreaterThan(0);
  await expectRight(1, 31);
  expect(await repair.step(nowUnixMs + 60_000, 'due')).toBe(0);
  // Somebody who asks for it waits for nothing.
  await writer.append(batchOf([[1, NOON, 0]]));
  expect(await repair.step(nowUnixMs, 'due')).toBe(0);
  expect(await writer.repairRollups()).toBe(1);
  await expectRight(1, 31);
  await repair.close();
});

test('an hour that is quiet does not wait for one that is not', async () => {
  const writer = bench.writer({ name: 'two', clock: new HandClock() });
  const repair = new RollupRepair({
    address: bench.address,
    writer: 'two',
    liveNames: undefined,
    rawDays: 0,
    quietMs: 3_000,
    maxWaitMs: 600_000,
  });
  await writer.append(batchOf([2, 3].map((channel) => [channel, NOON, 0] as const)));
  await writer.append(batchOf([2, 3].map((channel) => [channel, NOON, 0] as const)));
  nowUnixMs += 3_000;
  await writer.append(batchOf([[2, NOON, 0]]));
  expect(await repair.step(nowUnixMs, 'due')).toBe(1);
  await expectRight(3, 1);
  expect(await repair.step(nowUnixMs, 'due')).toBe(0);
  await repair.close();
});

test('settings of a client are of its statements alone', async () => {
  const slow = connectSeries(bench.address, { settings: { max_threads: 1, priority: '100' } });
  const query = `SELECT toUInt64(getSetting('max_threads')) AS threads, toUInt64(getSetting('priority')) AS priority`;
  const asked = async (client: typeof slow) =>
    await (await client.query({ query, format: 'JSONEachRow' })).json<Record<string, unknown>>();
  expect((await asked(slow)).map((row) => Object.values(row).map(Number))).toEqual([[1, 100]]);
  expect((await asked(bench.client)).map((row) => Number(row['priority']))).toEqual([0]);
  await slow.close();
});

/** Columns of a rollup in which every row counts. */
const asStored = (table: string, channel: number) =>
  bench.rows(`SELECT at, sum(points), round(sum(total), 6), min(minimum), max(maximum), max(lastAt),
    argMaxMerge(lastValue) FROM ${table} WHERE channel = ${channel} GROUP BY at ORDER BY at`);
const asRaw = (start: string, channel: number) =>
  bench.rows(`SELECT ${start}(samples.at) AS bucket, count(), round(sum(value), 6), min(value), max(value),
    max(samples.at), argMax(value, samples.at) FROM samples FINAL WHERE channel = ${channel} AND isFinite(value)
    GROUP BY bucket ORDER BY bucket`);
const deletes = async (): Promise<number> => {
  const [[count] = []] = await bench.rows('SELECT count() FROM system.mutations');
  return Number(count);
};

test('rows that come again are taken off by a row, without a delete', async () => {
  const writer = bench.writer({ name: 'again' });
  const rows = [5, -2, 7, 7].map((value, i) => [10, NOON + i * 40_000, value] as const);
  const before = await deletes();
  for (let times = 0; times < 5; times += 1) await writer.append(batchOf(rows));
  // And one that is late, and new.
  await writer.append(batchOf([[10, NOON - 90_000, 3]]));
  expect(await writer.repairRollups()).toBe(2);
  expect(await asStored('samples_1m', 10)).toEqual(await asRaw('toStartOfMinute', 10));
  expect(await asStored('samples_1d', 10)).toEqual(await asRaw('toStartOfDay', 10));
  expect(await deletes()).toBe(before);
});

test('whatever is repeated, late or replaced, again and again: every column of every rollup is as the raw rows say', async () => {
  // Few times and buckets, so that most rows replace one of another value: extremes and last values too.
  const sample = fc.record({
    second: fc.nat(90).map((n) => n * 79),
    value: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom(1e6, 0.5, Number.NaN)),
  });
  const writer = bench.writer({ name: 'any' });
  let channel = 100;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(sample, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 3 }),
      async (batches) => {
        channel += 1;
        for (const batch of batches) {
          const rows = batch.map(
            ({ second, value }) => [channel, NOON + second * 1_000, value] as const,
          );
          await writer.append(batchOf(rows));
          await writer.append(batchOf(rows.slice(0, 7)));
          await writer.repairRollups();
          for (const [table, start] of [
            ['samples_1m', 'toStartOfMinute'],
            ['samples_1h', 'toStartOfHour'],
            ['samples_1d', 'toStartOfDay'],
          ] as const) {
            expect(await asStored(table, channel)).toEqual(await asRaw(start, channel));
          }
        }
      },
    ),
    // Deletes take the store long: no failing case is made smaller.
    { numRuns: 4, endOnFailure: true },
  );
});

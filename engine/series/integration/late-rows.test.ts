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

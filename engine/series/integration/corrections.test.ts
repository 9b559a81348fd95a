import { afterAll, beforeAll, expect, test } from 'vitest';
import { Corrections } from '../corrections.js';
import { SeriesQueries } from '../queries.js';
import { enforceRetention } from '../retention.js';
import { batchOf, openStoreBench, type StoreBench } from '../testing.js';
import type { StoreWriter } from '../writer.js';

let bench: StoreBench;
let queries: SeriesQueries;
let corrections: Corrections;
let writer: StoreWriter;
const HOUR = 1_700_006_400_000;
const DAY_MS = 86_400_000;

beforeAll(async () => {
  bench = await openStoreBench();
  queries = new SeriesQueries(bench.address);
  corrections = new Corrections(queries, () => Date.now());
  writer = bench.writer({ name: 'device-0' });
});
afterAll(async () => {
  await queries.close();
  await bench.close();
});

const target = (channel: number) => ({ channel, writer: 'device-0' });
const samples = (channel: number) =>
  bench.rows(`SELECT toUnixTimestamp64Milli(at) - ${HOUR}, value FROM samples FINAL
    WHERE channel = ${channel} ORDER BY at`);
const rollup = async (channel: number, table = 'samples_1h') => {
  await writer.repairRollups();
  return bench.rows(`SELECT sum(points), sum(total), min(minimum), max(maximum) FROM ${table}
    WHERE channel = ${channel}`);
};
const ramp = (channel: number, count: number) =>
  batchOf(Array.from({ length: count }, (_, i) => [channel, HOUR + i * 1_000, i] as const));

test('samples are set in the place of others, and the roll-ups follow', async () => {
  await writer.append(ramp(1, 10));
  const result = await corrections.set(target(1), [
    { atUnixMs: HOUR + 2_000, value: 100 },
    { atUnixMs: HOUR + 2_500, value: 7 },
  ]);
  expect(result).toEqual({ before: 10, after: 11, channelHours: 1 });
  expect((await samples(1)).slice(2, 4)).toEqual([
    [2000, 100],
    [2500, 7],
  ]);
  for (const table of ['samples_1m', 'samples_1h', 'samples_1d']) {
    expect(await rollup(1, table)).toEqual([[11, 45 - 2 + 100 + 7, 0, 100]]);
  }
});

test('a span is deleted and nothing beside it', async () => {
  await writer.append(ramp(2, 10));
  await writer.append(ramp(3, 10));
  const result = await corrections.remove({
    channels: [target(2)],
    fromUnixMs: HOUR + 3_000,
    toUnixMs: HOUR + 9_000,
  });
  expect(result).toEqual({ before: 10, after: 4, channelHours: 1 });
  expect((await samples(2)).map((row) => row[1])).toEqual([0, 1, 2, 9]);
  expect(await samples(3)).toHaveLength(10);
  expect(await rollup(2)).toEqual([[4, 12, 0, 9]]);
  expect(await rollup(3)).toEqual([[10, 45, 0, 9]]);
});

test('a span is moved onto itself or into another hour, and its texts with it', async () => {
  await writer.append({
    ...ramp(4, 10),
    text: [{ channel: 4, atUnixMs: HOUR + 100, value: 'word' }],
  });
  const span = { channels: [target(4)], fromUnixMs: HOUR, toUnixMs: HOUR + 10_000 };
  await corrections.shift(span, 2_000);
  expect(await samples(4)).toEqual(Array.from({ length: 10 }, (_, i) => [2_000 + i * 1_000, i]));
  await corrections.shift({ ...span, toUnixMs: HOUR + 20_000 }, -7_200_000);
  expect((await samples(4))[0]).toEqual([2_000 - 7_200_000, 0]);
  expect(await samples(4)).toHaveLength(10);
  expect(
    await bench.rows(
      `SELECT toUnixTimestamp64Milli(at) - ${HOUR} FROM samples_text FINAL WHERE channel = 4`,
    ),
  ).toEqual([[100 + 2_000 - 7_200_000]]);
  expect(await rollup(4)).toEqual([[10, 45, 0, 9]]);
  expect(
    await bench.rows(
      `SELECT name FROM system.tables WHERE database = 'earshot' AND name LIKE 'correction_%'`,
    ),
  ).toEqual([]);
});

test('a correction that touches too many hours is refused before it begins', async () => {
  await expect(
    corrections.remove({ channels: [target(1)], fromUnixMs: 0, toUnixMs: HOUR }),
  ).rejects.toMatchObject({ code: 'input.too-large' });
  await expect(
    corrections.shift({ channels: [target(1)], fromUnixMs: 0, toUnixMs: HOUR }, 0),
  ).rejects.toThrow(/byMs/);
});

test('channels with a time of their own lose what is older, raw and rolled up; others keep everything', async () => {
  const now = HOUR + 10 * DAY_MS;
  for (const channel of [11, 12]) {
    await writer.append(
      batchOf(Array.from({ length: 10 }, (_, day) => [channel, HOUR + day * DAY_MS, day] as const)),
    );
    await writer.append({
      ...batchOf([]),
      text: [{ channel, atUnixMs: HOUR, value: 'old' }],
    });
  }
  const signal = new AbortController().signal;
  const wish = { channels: [11], rawDays: 3, rollupDays: 5 };
  expect(await enforceRetention(queries, wish, now, signal)).toBeGreaterThan(0);
  expect(await enforceRetention(queries, wish, now, signal)).toBe(0);
  expect((await samples(11)).map((row) => row[1])).toEqual([7, 8, 9]);
  expect(await samples(12)).toHaveLength(10);
  const count = (table: string, channel: number) =>
    bench.rows(`SELECT count() FROM ${table} FINAL WHERE channel = ${channel}`);
  for (const table of ['samples_1m', 'samples_1h', 'samples_1d']) {
    expect(await count(table, 11)).toEqual([[5]]);
    expect(await count(table, 12)).toEqual([[10]]);
  }
  expect(await count('samples_text', 11)).toEqual([[0]]);
  expect(await count('samples_text', 12)).toEqual([[1]]);

  // A late sample of a day whose raw rows are gone does not spoil what the roll-up still has of it.
  await writer.append(batchOf([[11, HOUR + 6 * DAY_MS, 50]]));
  await writer.append(batchOf([[11, HOUR + 6 * DAY_MS + 1, 51]]));
  await writer.repairRollups();
  const [kept] = await bench.rows(`SELECT min(minimum) FROM samples_1d
    WHERE channel = 11 AND at = toStartOfDay(fromUnixTimestamp64Milli(${HOUR + 6 * DAY_MS}, 'UTC'))`);
  expect(kept).toEqual([6]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finestAt, horizonOf, planBuckets } from './plan.js';
import type { SeriesQuery } from './series.types.js';

const EVERYTHING = { raw: 0, '1m': 0, '1h': 0, '1d': 0 };
const NOW = 1_800_000_000_000;
const DAY = 86_400_000;

const query = (spanMs: number, more: Partial<SeriesQuery> = {}): SeriesQuery => ({
  channels: [1],
  fromUnixMs: NOW - spanMs,
  toUnixMs: NOW,
  aggregation: 'avg',
  maxPoints: 2_000,
  ...more,
});

test('a day is answered from minutes, a month from hours, ten years from days', () => {
  expect(planBuckets(query(DAY), EVERYTHING)).toEqual({ source: '1m', intervalMs: 60_000 });
  expect(planBuckets(query(30 * DAY, { maxPoints: 1_000 }), EVERYTHING).source).toBe('1h');
  expect(planBuckets(query(3_650 * DAY), EVERYTHING).source).toBe('1d');
  expect(planBuckets(query(60_000), EVERYTHING).source).toBe('raw');
});

test('a width that was asked for is kept when its points fit', () => {
  expect(planBuckets(query(DAY, { intervalMs: 90_000 }), EVERYTHING)).toEqual({
    source: 'raw',
    intervalMs: 90_000,
  });
  expect(planBuckets(query(DAY, { intervalMs: 300_000 }), EVERYTHING).source).toBe('1m');
});

test('a range older than what is kept raw is answered from what is kept', () => {
  const horizon = {
    raw: NOW - 30 * DAY,
    '1m': NOW - 365 * DAY,
    '1h': NOW - 3_650 * DAY,
    '1d': 0,
  };
  const old = { ...query(1_000), fromUnixMs: NOW - 40 * DAY, toUnixMs: NOW - 40 * DAY + 60_000 };
  expect(planBuckets(old, horizon)).toEqual({ source: '1m', intervalMs: 60_000 });
  const older = { ...old, fromUnixMs: NOW - 400 * DAY };
  expect(planBuckets({ ...older, intervalMs: 1_000 }, horizon).source).toBe('1h');
});

test('no plan gives more buckets than points were asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 * 365 * DAY }),
      fc.integer({ min: 0, max: NOW }),
      fc.integer({ min: 2, max: 5_000 }),
      fc.integer({ min: 0, max: 10 * DAY }),
      (spanMs, fromUnixMs, maxPoints, intervalMs) => {
        const toUnixMs = fromUnixMs + spanMs;
        const asked = { ...query(1), fromUnixMs, toUnixMs, maxPoints, intervalMs };
        const plan = planBuckets(asked, EVERYTHING);
        const first = Math.floor(fromUnixMs / plan.intervalMs);
        expect(Math.floor((toUnixMs - 1) / plan.intervalMs) - first + 1).toBeLessThanOrEqual(
          maxPoints,
        );
        const widthMs = { raw: 1, '1m': 60_000, '1h': 3_600_000, '1d': DAY }[plan.source];
        expect(plan.intervalMs % widthMs).toBe(0);
      },
    ),
  );
});

test('a channel that is kept for another time is read where its rows are', () => {
  const of = (rawFromUnixMs: number, rollupFromUnixMs: number) =>
    horizonOf(EVERYTHING, { rawFromUnixMs, rollupFromUnixMs });
  const old = query(60_000, { fromUnixMs: NOW - 5 * DAY, toUnixMs: NOW - 5 * DAY + 60_000 });
  const rawGone = of(NOW - DAY, 0);
  expect(planBuckets(old, rawGone)).toEqual({ source: '1m', intervalMs: 60_000 });
  expect(finestAt(old.fromUnixMs, rawGone)).toBe('1m');
  // Its roll-ups went first: minutes are made of samples, whatever is asked.
  const rolledGone = of(0, NOW - DAY);
  expect(planBuckets({ ...old, intervalMs: 60_000 }, rolledGone)).toEqual({
    source: 'raw',
    intervalMs: 60_000,
  });
  expect(planBuckets(query(30 * DAY, { maxPoints: 100 }), rolledGone).source).toBe('raw');
  // Nothing reaches so far: what reaches furthest is read, and the rest is a gap.
  expect(planBuckets(old, of(NOW - DAY, NOW - 2 * DAY))).toEqual({
    source: '1m',
    intervalMs: 60_000,
  });
  expect(finestAt(old.fromUnixMs, of(NOW - 2 * DAY, NOW - DAY))).toBe('raw');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planBuckets } from './plan.js';
import type { SeriesQuery } from './series.types.js';

const EVERYTHING = { rawFromUnixMs: 0, minuteFromUnixMs: 0, hourFromUnixMs: 0 };
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
    rawFromUnixMs: NOW - 30 * DAY,
    minuteFromUnixMs: NOW - 365 * DAY,
    hourFromUnixMs: NOW - 3_650 * DAY,
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

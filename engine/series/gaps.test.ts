import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gapsOf } from './gaps.js';

const range = { fromUnixMs: 0, toUnixMs: 100_000, intervalMs: 0, factor: 3, nowUnixMs: 1e12 };
const every = (ms: number, from: number, to: number) =>
  Array.from({ length: Math.floor((to - from) / ms) }, (_, i) => from + i * ms);

test('a pause of more than three usual intervals is a gap, at the ends too', () => {
  const times = [...every(1_000, 10_000, 40_000), ...every(1_000, 60_000, 80_000)];
  expect(gapsOf(times, range)).toEqual([
    { fromUnixMs: 0, toUnixMs: 10_000 },
    { fromUnixMs: 39_000, toUnixMs: 60_000 },
    { fromUnixMs: 79_000, toUnixMs: 100_000 },
  ]);
  expect(gapsOf(times, { ...range, nowUnixMs: 80_000 }).at(-1)?.toUnixMs).toBe(60_000);
  expect(gapsOf(times, { ...range, factor: 0 })).toEqual([]);
});

test('both extremes of a bucket are one point', () => {
  const times = every(10_000, 0, 100_000).flatMap((at) => [at + 1, at + 9_000]);
  expect(gapsOf(times, { ...range, intervalMs: 10_000 })).toEqual([]);
  const holed = times.filter((at) => at < 30_000 || at >= 80_000);
  expect(gapsOf(holed, { ...range, intervalMs: 10_000 })).toEqual([
    { fromUnixMs: 30_000, toUnixMs: 80_000 },
  ]);
});

test('no gap holds a sample, and samples at an even pace have none', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 99_999 }), { maxLength: 60 }), (all) => {
      const times = [...new Set(all)].sort((a, b) => a - b);
      for (const { fromUnixMs, toUnixMs } of gapsOf(times, range)) {
        expect(toUnixMs).toBeGreaterThan(fromUnixMs);
        expect(times.some((at) => at > fromUnixMs && at < toUnixMs)).toBe(false);
      }
    }),
  );
  expect(gapsOf(every(500, 0, 100_000), range)).toEqual([]);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InsertPace } from './insert-pace.js';

/** Inserts one after the other, each as soon as the pace lets it. @returns when they began and the last one's end, ms. */
function paced(maxSpacingMs: number, lengthsMs: readonly number[]) {
  const pace = new InsertPace(maxSpacingMs);
  const began: number[] = [];
  let nowMs = 1_000;
  for (const lengthMs of lengthsMs) {
    nowMs += pace.waitMs(nowMs);
    began.push(nowMs);
    pace.ended(nowMs, nowMs + lengthMs);
    nowMs += lengthMs;
  }
  return { pace, began, endMs: nowMs };
}

test('a few inserts go at once, and a steady load of them takes an eighth of the time', () => {
  const { began } = paced(10_000, Array<number>(1_000).fill(20));
  expect(began.slice(0, 25)).toEqual(Array.from({ length: 25 }, (_, i) => 1_000 + i * 20));
  expect((began.at(-1) ?? 0) - (began[499] ?? 0)).toBeCloseTo(500 * 180, 0);
});

test('after a pause inserts go at once again', () => {
  const { pace, endMs } = paced(500, Array<number>(200).fill(40));
  expect(pace.waitMs(endMs)).toBeGreaterThan(100);
  expect(pace.waitMs(endMs + 500)).toBe(0);
});

test('no insert waits for longer than the spacing, however slow the store', () => {
  const lengths = fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { maxLength: 100 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5_000 }), lengths, (maxSpacingMs, lengthsMs) => {
      const { pace, began, endMs } = paced(maxSpacingMs, lengthsMs);
      for (const [i, beganMs] of began.entries()) {
        const before = i === 0 ? 1_000 : (began[i - 1] ?? 0) + (lengthsMs[i - 1] ?? 0);
        expect(beganMs - before).toBeLessThanOrEqual(maxSpacingMs + 1e-6);
      }
      expect(pace.waitMs(endMs + maxSpacingMs)).toBeCloseTo(0, 6);
    }),
  );
});

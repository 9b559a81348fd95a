import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SlidingWindow } from './window.js';

it('it says what a look at all samples of the span says', () => {
  const sample = fc.tuple(
    fc.integer({ min: 0, max: 40 }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  );
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 300 }),
      fc.integer({ min: 1, max: 500 }),
      (steps, spanMs) => {
        const window = new SlidingWindow(spanMs);
        const all: [number, number][] = [];
        let at = 0;
        for (const [stepMs, value] of steps) {
          at += stepMs;
          window.add(at, value);
          window.slide(at);
          all.push([at, value]);
          const inside = all.filter(([one]) => one > at - spanMs).map(([, one]) => one);
          const sum = inside.reduce((total, one) => total + one, 0);
          const mean = sum / inside.length;
          const spread = inside.reduce((total, one) => total + (one - mean) ** 2, 0);
          expect(window.result('count')).toBe(inside.length);
          expect(window.result('min')).toBe(Math.min(...inside));
          expect(window.result('max')).toBe(Math.max(...inside));
          expect(window.result('range')).toBe(Math.max(...inside) - Math.min(...inside));
          expect(Math.abs(window.result('sum') - sum)).toBeLessThan(1e-3);
          expect(Math.abs(window.result('avg') - mean)).toBeLessThan(1e-3);
          const deviation = Math.sqrt(spread / inside.length);
          expect(Math.abs(window.result('stddev') - deviation)).toBeLessThan(1e-2);
        }
      },
    ),
  );
});

it('it holds no more than its bound, and what it sums up leaves together', () => {
  const window = new SlidingWindow(100_000);
  for (let at = 0; at < 100_000; at++) {
    window.add(at, 1);
    window.slide(at);
  }
  expect(window.size).toBeLessThanOrEqual(1_024);
  expect(window.result('count')).toBe(100_000);
  window.slide(150_000);
  expect(Math.abs(window.result('count') - 49_999)).toBeLessThan(200);
  window.slide(300_000);
  expect([window.size, window.result('count'), window.result('sum')]).toEqual([0, 0, 0]);
  expect(window.result('avg')).toBeNaN();
});

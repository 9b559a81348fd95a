import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoff, RestartWindow } from './backoff.js';

describe('backoff', () => {
  it('doubles up to its cap', () => {
    const delayMs = backoff({ firstMs: 100, maxMs: 1_000, jitter: 0 });
    expect([1, 2, 3, 4, 5, 6, 2_000].map(delayMs)).toEqual([
      100, 200, 400, 800, 1_000, 1_000, 1_000,
    ]);
  });

  it('stays between the share that is not left to chance and the cap, at any attempt', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (n, jitter, chance) => {
          const delayMs = backoff({ firstMs: 50, maxMs: 5_000, jitter, random: () => chance })(n);
          const plainMs = Math.min(5_000, 50 * 2 ** Math.min(n - 1, 52));
          expect(delayMs).toBeLessThanOrEqual(plainMs);
          expect(delayMs).toBeGreaterThanOrEqual(plainMs * (1 - jitter) - 1e-9);
        },
      ),
    );
  });

  // Jitter that is added before the cap is cut off by it: then all come back in the same millisecond.
  it('still differs between two devices once both reached the cap', () => {
    const delayMs = (random: number) =>
      backoff({ firstMs: 50, maxMs: 5_000, jitter: 0.5, random: () => random })(30);
    expect(delayMs(0.9)).not.toBe(delayMs(0.1));
  });
});

describe('a restart window', () => {
  it('counts the restarts inside it and refuses one too many', () => {
    const window = new RestartWindow();
    const limit = { max: 2, windowMs: 100 };
    expect(window.next(0, limit)).toBe(1);
    expect(window.next(50, limit)).toBe(2);
    expect(window.next(99, limit)).toBeUndefined();
    expect(window.next(100, limit)).toBe(2);
    window.clear();
    expect(window.next(101, limit)).toBe(1);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bandsOf } from './bands.js';

const box = (x: number, y: number, height = 40) => ({ x, y, width: 100, height });

describe('bands of a board', () => {
  it('hold what is beside each other, though not at the very same height', () => {
    const bands = bandsOf([box(0, 10), box(110, 14), box(0, 60), box(220, 8, 30)]);
    expect(bands).toEqual([
      { top: 8, height: 46, places: [3, 0, 1] },
      { top: 60, height: 40, places: [2] },
    ]);
  });

  it('are none of nothing', () => {
    expect(bandsOf([])).toEqual([]);
  });

  it('hold every box once, wholly, and never overlap', () => {
    const boxes = fc.array(
      fc.record({
        x: fc.integer({ min: 0, max: 2_000 }),
        y: fc.integer({ min: 0, max: 5_000 }),
        width: fc.integer({ min: 1, max: 300 }),
        height: fc.integer({ min: 1, max: 200 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(boxes, (all) => {
        const bands = bandsOf(all);
        expect(bands.flatMap(({ places }) => places).toSorted((a, b) => a - b)).toEqual(
          all.map((_, place) => place),
        );
        for (const { top, height, places } of bands) {
          for (const place of places) {
            const one = all[place];
            expect(one && one.y >= top && one.y + one.height <= top + height).toBe(true);
          }
        }
        for (const [at, { top, height }] of bands.entries()) {
          expect(top + height).toBeLessThanOrEqual(bands[at + 1]?.top ?? Number.POSITIVE_INFINITY);
        }
      }),
    );
  });
});

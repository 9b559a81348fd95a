import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dragged, fitted, scaleBar, toMetres, toPixels, zoomed } from './plan-view.js';

const metre = fc.double({ min: -5_000, max: 5_000, noNaN: true });
const px = fc.double({ min: 0, max: 4_000, noNaN: true });
const size = fc.record({
  width: fc.double({ min: 50, max: 4_000, noNaN: true }),
  height: fc.double({ min: 50, max: 4_000, noNaN: true }),
});
const view = fc.record({
  eastM: metre,
  northM: metre,
  pxPerM: fc.double({ min: 0.05, max: 100, noNaN: true }),
});

test('a place is found again where it was drawn', () => {
  fc.assert(
    fc.property(view, size, metre, metre, (of, on, eastM, northM) => {
      const [east, north] = toMetres(of, on, toPixels(of, on, [eastM, northM]));
      expect(east).toBeCloseTo(eastM, 4);
      expect(north).toBeCloseTo(northM, 4);
    }),
  );
});

test('what lies under the pointer stays there, however near one looks', () => {
  const factor = fc.double({ min: 0.001, max: 1_000, noNaN: true });
  fc.assert(
    fc.property(view, size, px, px, factor, (of, on, x, y, by) => {
      const [x2, y2] = toPixels(zoomed(of, on, [x, y], by), on, toMetres(of, on, [x, y]));
      expect(x2).toBeCloseTo(x, 3);
      expect(y2).toBeCloseTo(y, 3);
    }),
  );
});

test('a drag takes the ground with it', () => {
  fc.assert(
    fc.property(view, size, px, px, (of, on, x, y) => {
      const [x2, y2] = toPixels(dragged(of, [x, y]), on, toMetres(of, on, [10, 20]));
      expect(x2).toBeCloseTo(x + 10, 3);
      expect(y2).toBeCloseTo(y + 20, 3);
    }),
  );
});

test('the whole site has room, with air around it', () => {
  const on = { width: 400, height: 300 };
  const of = fitted([-100, -50], [100, 50], on, 20);
  expect(toPixels(of, on, [-100, 0])[0]).toBeCloseTo(20);
  expect(toPixels(of, on, [100, 0])[0]).toBeCloseTo(380);
  expect(toPixels(of, on, [0, 50])[1]).toBeGreaterThanOrEqual(20);
  // A single point, and a paper without room, are no reason to divide by nothing.
  expect(fitted([3, 4], [3, 4], { width: 0, height: 0 }, 20)).toMatchObject({
    eastM: 3,
    northM: 4,
    pxPerM: expect.any(Number),
  });
});

test('the bar of the scale is a round distance that has room', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.02, max: 200, noNaN: true }), (pxPerM) => {
      const { metres, px: long } = scaleBar(pxPerM, 120);
      expect(long).toBeLessThanOrEqual(120 + 1e-6);
      expect(long).toBeGreaterThan(120 / 2.6);
      expect(Number(metres.toPrecision(1))).toBeCloseTo(metres, 9);
    }),
  );
});

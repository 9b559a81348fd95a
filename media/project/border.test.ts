import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PreparedShape, toVec } from '../geometry.js';
import type { Polygon, Ring } from '../ports.js';
import { at, square } from '../testing/definitions.js';
import { anyStar } from '../testing/geometry.js';
import { attenuationBorderOf, boundaryOf } from './border.js';

const depths = (shape: readonly Polygon[], ring: Ring): number[] => {
  const prepared = new PreparedShape(shape);
  return ring.map(([longitude, latitude]) => {
    const place = toVec({ latitude, longitude });
    return prepared.contains(place) ? prepared.boundaryDistanceM(place) : -1;
  });
};

describe('boundaryOf', () => {
  it('has every ring of every polygon, closed', () => {
    const [outer = []] = square(at(0, 0), 100);
    const [hole = []] = square(at(0, 0), 20);
    const other = square(at(5_000, 0), 50);
    expect(boundaryOf([[outer, hole.slice(0, -1)], other])).toEqual({
      type: 'MultiLineString',
      coordinates: [outer, hole, other[0]],
    });
  });

  it('is nothing for a shape of nothing', () => {
    for (const shape of [[], [[]], [[[]]], [[[[0, 99] as const]]]])
      expect(boundaryOf(shape)).toBeUndefined();
    expect(attenuationBorderOf([], 10)).toBeUndefined();
  });
});

describe('attenuationBorderOf', () => {
  it('draws a square in from each side', () => {
    const border = attenuationBorderOf([square(at(0, 0), 100)], 20);
    expect(border?.coordinates).toHaveLength(5);
    for (const [longitude, latitude] of border?.coordinates ?? []) {
      const corner = at(80, 80);
      expect(Math.abs(longitude)).toBeCloseTo(corner.longitude, 8);
      expect(Math.abs(latitude)).toBeCloseTo(corner.latitude, 8);
    }
  });

  it('is the outline itself without a width', () => {
    for (const width of [0, -5, Number.NaN]) {
      const border = attenuationBorderOf([square(at(0, 0), 100)], width);
      expect(border?.coordinates).toHaveLength(5);
      for (const depth of depths([square(at(0, 0), 100.001)], border?.coordinates ?? []))
        expect(depth).toBeCloseTo(0.001, 3);
    }
  });

  it('keeps the largest part', () => {
    const border = attenuationBorderOf(
      [square(at(-500, 0), 50), square(at(500, 0), 60), square(at(0, 500), 15)],
      20,
    );
    for (const [longitude] of border?.coordinates ?? [])
      expect(longitude).toBeGreaterThan(at(450, 0).longitude);
  });

  it('is four times the same interior place when nothing is left', () => {
    for (const width of [100.1, 101, 5_000, 1e9]) {
      const shape = [square(at(0, 0), 100)];
      const ring = attenuationBorderOf(shape, width)?.coordinates ?? [];
      expect(ring).toHaveLength(4);
      expect(new Set(ring.map(String)).size).toBe(1);
      expect(Math.min(...depths(shape, ring))).toBeGreaterThan(40);
    }
  });

  it('survives an outline that crosses itself or has no inside', () => {
    const bowTie: Polygon = [
      [
        [0, 0],
        [0.01, 0.01],
        [0.01, 0],
        [0, 0.01],
        [0, 0],
      ],
    ];
    const line: Polygon = [
      [
        [0, 0],
        [0.01, 0],
        [0.02, 0],
        [0, 0],
      ],
    ];
    for (const polygon of [bowTie, line])
      expect(attenuationBorderOf([polygon], 10)?.coordinates.length).toBeGreaterThanOrEqual(4);
  });

  it('lies inside, as deep as it is told, anywhere on Earth', () => {
    fc.assert(
      fc.property(
        anyStar({ minM: 50, maxM: 20_000 }),
        fc.double({ min: 0.02, max: 1.5, noNaN: true }),
        (star, part) => {
          const widthM = star.innerM * part;
          const ring = attenuationBorderOf([star.polygon], widthM)?.coordinates ?? [];
          expect(ring.length).toBeGreaterThanOrEqual(4);
          expect(ring.at(-1)).toEqual(ring[0]);
          for (const depth of depths([star.polygon], ring)) {
            if (new Set(ring.map(String)).size === 1) expect(depth).toBeGreaterThan(0);
            // The buffer leaves out corners that matter less than a hundredth of its width.
            else expect(Math.abs(depth - widthM)).toBeLessThan(widthM * 0.02 + 0.02);
          }
          for (const [i, [longitude]] of ring.entries())
            if (star.farFromPole)
              expect(Math.abs(longitude - (ring[i + 1]?.[0] ?? longitude))).toBeLessThan(180);
        },
      ),
      { numRuns: 300 },
    );
  });
});

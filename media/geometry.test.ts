import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bearingDeg,
  distanceM,
  EARTH_RADIUS_M,
  fromVec,
  isPosition,
  PreparedShape,
  toVec,
  wrapLongitude,
} from './geometry.js';
import type { GeoPoint, Polygon } from './ports.js';
import { boxesAround, boxesOf } from './project/spatial.js';
import { anyPlace, anyStar, travel } from './testing/geometry.js';

const point = (latitude: number, longitude: number): GeoPoint => ({ latitude, longitude });
const anywhere = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

/** A regular polygon around a place: all its corners are `radius` metres away. */
function disc(center: GeoPoint, radius: number, corners = 32): Polygon {
  const ring = Array.from({ length: corners + 1 }, (_, i): readonly [number, number] => {
    const corner = travel(center, (360 * (i % corners)) / corners, radius);
    return [corner.longitude, corner.latitude];
  });
  return [ring];
}

describe('distance', () => {
  it('matches known places', () => {
    // A degree of a great circle of 6,371 km.
    expect(distanceM(point(0, 0), point(0, 1))).toBeCloseTo(111_194.93, 1);
    expect(distanceM(point(89.5, 0), point(89.5, 180))).toBeCloseTo(111_194.93, 1);
    expect(distanceM(point(0, 179.5), point(0, -179.5))).toBeCloseTo(111_194.93, 1);
    expect(distanceM(point(90, 0), point(-90, 77))).toBeCloseTo(Math.PI * EARTH_RADIUS_M, 0);
  });

  it('is symmetric, never negative, and obeys the triangle', () => {
    fc.assert(
      fc.property(anywhere, anywhere, anywhere, (a, b, c) => {
        const ab = distanceM(a, b);
        expect(ab).toBeGreaterThanOrEqual(0);
        expect(distanceM(b, a)).toBeCloseTo(ab, 3);
        expect(ab).toBeLessThanOrEqual(distanceM(a, c) + distanceM(c, b) + 1e-3);
      }),
    );
  });

  it('finds what was travelled, and the bearing taken', () => {
    const start = fc.record({
      latitude: fc.double({ min: -85, max: 85, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    });
    const bearing = fc.double({ min: 0, max: 359.9, noNaN: true });
    fc.assert(
      fc.property(start, bearing, fc.double({ min: 1, max: 1e6, noNaN: true }), (from, b, d) => {
        const to = travel(from, b, d);
        expect(Math.abs(distanceM(from, to) - d)).toBeLessThan(1e-3 + d * 1e-7);
        const off = Math.abs(bearingDeg(from, to) - b);
        expect(Math.min(off, 360 - off)).toBeLessThan(0.01);
      }),
    );
  });
});

describe('positions', () => {
  it('are finite and on the globe', () => {
    expect(isPosition(point(90, 720))).toBe(true);
    for (const bad of [point(Number.NaN, 0), point(0, Number.NaN), point(90.1, 0)]) {
      expect(isPosition(bad)).toBe(false);
    }
    expect(isPosition(point(0, Number.POSITIVE_INFINITY))).toBe(false);
    expect(isPosition(undefined)).toBe(false);
  });

  it('have longitudes that wrap', () => {
    expect(wrapLongitude(190)).toBe(-170);
    expect(wrapLongitude(-190)).toBe(170);
    expect(wrapLongitude(540)).toBe(-180);
  });
});

describe('PreparedShape', () => {
  const centers = fc.oneof(
    anywhere,
    fc.constantFrom(point(90, 0), point(-90, 0), point(0, 180), point(51, -179.9999)),
  );

  it('contains what is nearer than its edge and not what is farther, anywhere on Earth', () => {
    const bearing = fc.double({ min: 0, max: 360, noNaN: true });
    const radius = fc.double({ min: 5, max: 200_000, noNaN: true });
    fc.assert(
      fc.property(centers, bearing, radius, (center, b, r) => {
        const shape = new PreparedShape([disc(center, r)]);
        expect(shape.contains(toVec(center))).toBe(true);
        expect(shape.contains(toVec(travel(center, b, r * 0.98)))).toBe(true);
        expect(shape.contains(toVec(travel(center, b, r * 1.02)))).toBe(false);
        expect(shape.contains(toVec(travel(center, b + 180, r * 1.5)))).toBe(false);
      }),
    );
  });

  it('measures to the boundary from both sides', () => {
    const place = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        centers,
        fc.double({ min: 0, max: 360, noNaN: true }),
        place,
        (center, b, part) => {
          const radius = 500;
          const shape = new PreparedShape([disc(center, radius, 180)]);
          const at = toVec(travel(center, b, part * radius));
          // A polygon of 180 corners is within 0.1 m of its circle.
          expect(Math.abs(shape.boundaryDistanceM(at) - Math.abs(1 - part) * radius)).toBeLessThan(
            0.1,
          );
          const outside = Math.max(0, (part - 1) * radius);
          expect(Math.abs(shape.distanceM(at) - outside)).toBeLessThan(part > 0.99 ? 0.1 : 1e-9);
        },
      ),
    );
  });

  it('measures no farther than it is asked to', () => {
    const shape = new PreparedShape([disc(point(50, 10), 500, 180)]);
    for (const inside of [0, 100, 300, 480]) {
      const place = toVec(travel(point(50, 10), 33, inside));
      const depth = shape.boundaryDistanceM(place);
      expect(shape.boundaryDistanceM(place, depth + 0.01)).toBe(depth);
      expect(shape.boundaryDistanceM(place, depth - 0.01)).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('has holes that are outside and whose edges count', () => {
    const center = point(50, 10);
    const [outer = []] = disc(center, 300);
    const [hole = []] = disc(center, 100, 180);
    const shape = new PreparedShape([[outer, hole]]);
    expect(shape.contains(toVec(center))).toBe(false);
    expect(shape.distanceM(toVec(center))).toBeCloseTo(100, 0);
    const between = toVec(travel(center, 90, 120));
    expect(shape.contains(between)).toBe(true);
    expect(shape.boundaryDistanceM(between)).toBeCloseTo(20, 0);
  });

  it('is the union of its parts, however far apart', () => {
    const [a, b] = [point(50, 10), point(-30, 170)];
    const shape = new PreparedShape([disc(a, 100), disc(b, 100)]);
    expect(shape.contains(toVec(a))).toBe(true);
    expect(shape.contains(toVec(b))).toBe(true);
    expect(shape.contains(toVec(point(10, 90)))).toBe(false);
  });

  it('survives rings that are no rings', () => {
    const rubbish: Polygon[] = [
      [],
      [[]],
      [[[1, 1]]],
      [
        [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
      ],
      [
        [
          [Number.NaN, 0],
          [0, 95],
          [Number.POSITIVE_INFINITY, 1],
          [2, 2],
        ],
      ],
    ];
    const shape = new PreparedShape(rubbish);
    expect(shape.empty).toBe(true);
    expect(shape.contains(toVec(point(1, 1)))).toBe(false);
    expect(shape.distanceM(toVec(point(1, 1)))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('boxes', () => {
  const touch = (a: GeoPoint, boxes: ReturnType<typeof boxesAround>): boolean =>
    boxes.some(
      ([minLon, minLat, maxLon, maxLat]) =>
        a.longitude >= minLon &&
        a.longitude <= maxLon &&
        a.latitude >= minLat &&
        a.latitude <= maxLat,
    );

  it('hold the whole circle, over poles and the antimeridian', () => {
    const share = fc.integer({ min: 0, max: 1_000 });
    const radius = fc.oneof(fc.nat(30_000_000), fc.nat(3_000));
    fc.assert(
      fc.property(anyPlace, fc.nat(359), share, radius, (center, bearing, part, radiusM) => {
        const boxes = boxesAround(center, radiusM);
        const reachM = Math.min(radiusM, Math.PI * EARTH_RADIUS_M);
        expect(touch(travel(center, bearing, (part * reachM) / 1_000), boxes)).toBe(true);
        for (const [minLon, minLat, maxLon, maxLat] of boxes) {
          expect(minLon).toBeLessThanOrEqual(maxLon);
          expect(minLat).toBeLessThanOrEqual(maxLat);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('are the whole globe for what has no place or size', () => {
    for (const [center, radiusM] of [
      [point(Number.NaN, 0), 5],
      [point(0, 0), Number.NaN],
      [point(0, 0), Number.POSITIVE_INFINITY],
    ] as const)
      for (const place of [point(-89, -179), point(89, 179)])
        expect(touch(place, boxesAround(center, radiusM))).toBe(true);
  });

  it('of a shape hold every place in it', () => {
    const size = { minM: 20, maxM: 300_000 };
    fc.assert(
      fc.property(anyStar(size), fc.nat(359), fc.nat(1_000), (star, bearing, part) => {
        const shape = new PreparedShape([star.polygon]);
        const place = travel(star.center, bearing, (part * star.outerM) / 1_000);
        const inside = shape.contains(toVec(place));
        if ((part * star.outerM) / 1_000 < star.innerM * 0.99) expect(inside).toBe(true);
        if (inside) expect(touch(place, boxesOf(shape))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('any rubbish', () => {
  const number = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, 180, -180, 90, -90, 1e9));
  const corner = fc.tuple(number, number);
  const rubbish = fc.array(fc.array(fc.array(corner, { maxLength: 8 }), { maxLength: 3 }), {
    maxLength: 3,
  });

  it('makes a shape that answers', () => {
    fc.assert(
      fc.property(rubbish, number, number, (shape, latitude, longitude) => {
        const prepared = new PreparedShape(shape);
        const place = toVec({ latitude, longitude });
        const metres = prepared.boundaryDistanceM(place);
        expect(typeof prepared.contains(place)).toBe('boolean');
        if (isPosition({ latitude, longitude }) && !prepared.empty) {
          expect(metres).toBeGreaterThanOrEqual(0);
          expect(metres).toBeLessThanOrEqual(Math.PI * EARTH_RADIUS_M + 1);
        }
        for (const cap of prepared.caps) expect(isPosition(cap.center)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('comes back from a vector as the place it was', () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        expect(distanceM(fromVec(toVec(place)), place)).toBeLessThan(0.001);
      }),
    );
  });
});

import fc from 'fast-check';
import { EARTH_RADIUS_M, toVec } from '../geometry.js';
import type { GeoPoint, Polygon } from '../ports.js';

const RAD = Math.PI / 180;

/** Where you are after `distanceM` on a great circle. In vectors: exact at the poles too. */
export function travel(from: GeoPoint, bearingDeg: number, distanceM: number): GeoPoint {
  const [lat, lon, turn] = [from.latitude * RAD, from.longitude * RAD, bearingDeg * RAD];
  const angle = distanceM / EARTH_RADIUS_M;
  const here = toVec(from);
  const north = [-Math.sin(lat) * Math.cos(lon), -Math.sin(lat) * Math.sin(lon), Math.cos(lat)];
  const east = [-Math.sin(lon), Math.cos(lon), 0];
  const [x = 0, y = 0, z = 0] = [here.x, here.y, here.z].map((value, i) => {
    const ahead = Math.cos(turn) * (north[i] ?? 0) + Math.sin(turn) * (east[i] ?? 0);
    return Math.cos(angle) * value + Math.sin(angle) * ahead;
  });
  return {
    latitude: Math.atan2(z, Math.sqrt(x * x + y * y)) / RAD,
    longitude: Math.atan2(y, x) / RAD,
  };
}

/** Anywhere on Earth, the poles and the antimeridian more often than chance would have it. */
export const anyPlace: fc.Arbitrary<GeoPoint> = fc.oneof(
  fc.record({
    latitude: fc.integer({ min: -90_000, max: 90_000 }).map((thousandths) => thousandths / 1_000),
    longitude: fc.integer({ min: -180_000, max: 180_000 }).map((t) => t / 1_000),
  }),
  fc.constantFrom(
    { latitude: 90, longitude: 0 },
    { latitude: -90, longitude: 77 },
    { latitude: 0, longitude: 180 },
    { latitude: 51, longitude: -179.9999 },
    { latitude: -17, longitude: 179.9999 },
    { latitude: 0, longitude: 0 },
  ),
);

export interface Star {
  readonly center: GeoPoint;
  readonly polygon: Polygon;
  /** The boundary is nowhere nearer to the centre than about this. */
  readonly innerM: number;
  readonly outerM: number;
  readonly farFromPole: boolean;
}

/** A polygon whose every corner is seen from its centre; reflex corners too. */
export function anyStar(
  size: { readonly minM: number; readonly maxM: number },
  center: fc.Arbitrary<GeoPoint> = anyPlace,
): fc.Arbitrary<Star> {
  return fc
    .record({
      center,
      sizeM: fc.integer({ min: size.minM, max: size.maxM }),
      reach: fc.array(fc.integer({ min: 400, max: 1_000 }), {
        minLength: 5,
        maxLength: 24,
      }),
    })
    .map(({ center: middle, sizeM, reach }) => {
      const corners = reach.map((part, i): readonly [number, number] => {
        const corner = travel(middle, (360 * i) / reach.length, (part * sizeM) / 1_000);
        return [corner.longitude, corner.latitude];
      });
      const first = corners[0] ?? [0, 0];
      return {
        center: middle,
        polygon: [[...corners, first]],
        innerM: 0.4 * sizeM * Math.cos(Math.PI / reach.length),
        outerM: sizeM,
        farFromPole: (90 - Math.abs(middle.latitude)) * 111_000 > 3 * sizeM,
      };
    });
}

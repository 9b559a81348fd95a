import type { GeoPoint } from '../../media/ports.js';

/** Metres east and north of the middle of the demo site. */
export type Metres = readonly [eastM: number, northM: number];

const EARTH_M_PER_DEG = 111_320;

/** The demo garden is made up; its place is a meadow. */
export const CENTER: GeoPoint = { latitude: 50.0405, longitude: 10.2215 };
export const WIDTH_M = 260;
export const HEIGHT_M = 180;

/** Flat-earth conversion: exact to millimetres over a garden. */
export function toGeo([eastM, northM]: Metres): GeoPoint {
  const cos = Math.cos((CENTER.latitude * Math.PI) / 180);
  return {
    latitude: CENTER.latitude + northM / EARTH_M_PER_DEG,
    longitude: CENTER.longitude + eastM / (EARTH_M_PER_DEG * cos),
  };
}

/** Closed ring in GeoJSON order. */
export function toRing(points: readonly Metres[]): (readonly [number, number])[] {
  const ring = points.map((point): readonly [number, number] => {
    const { latitude, longitude } = toGeo(point);
    return [longitude, latitude];
  });
  const [first] = ring;
  return first === undefined ? [] : [...ring, first];
}

export function circle([eastM, northM]: Metres, radiusM: number, corners = 32): Metres[] {
  return Array.from({ length: corners }, (_, i): Metres => {
    const angle = (i / corners) * 2 * Math.PI;
    return [eastM + radiusM * Math.cos(angle), northM + radiusM * Math.sin(angle)];
  });
}

/** A band of `widthM` along a line, ends cut straight. */
export function band(line: readonly Metres[], widthM: number): Metres[] {
  const left: Metres[] = [];
  const right: Metres[] = [];
  for (const [i, [east, north]] of line.entries()) {
    const before = line[Math.max(0, i - 1)] ?? [east, north];
    const after = line[Math.min(line.length - 1, i + 1)] ?? [east, north];
    const length = Math.hypot(after[0] - before[0], after[1] - before[1]) || 1;
    const sideEast = (-(after[1] - before[1]) / length) * (widthM / 2);
    const sideNorth = ((after[0] - before[0]) / length) * (widthM / 2);
    left.push([east + sideEast, north + sideNorth]);
    right.unshift([east - sideEast, north - sideNorth]);
  }
  return [...left, ...right];
}

/** Point at `place` (0 … number of knots, wraps) of a smooth closed curve through the knots (Catmull-Rom). */
export function onLoop(knots: readonly Metres[], place: number): Metres {
  const count = knots.length;
  const whole = Math.floor(place);
  const t = place - whole;
  const knot = (offset: number): Metres =>
    knots[(((whole + offset) % count) + count) % count] ?? [0, 0];
  const [a, b, c, d] = [knot(-1), knot(0), knot(1), knot(2)];
  const axis = (i: 0 | 1): number =>
    0.5 *
    (2 * b[i] +
      (c[i] - a[i]) * t +
      (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t * t +
      (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t * t * t);
  return [axis(0), axis(1)];
}

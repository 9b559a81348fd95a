import { buffer } from '@turf/buffer';
import {
  EARTH_RADIUS_M,
  fromVec,
  isPosition,
  PreparedShape,
  toVec,
  type Vec3,
} from '../geometry.js';
import type { Polygon, Ring } from '../ports.js';

/** GeoJSON. Rings are closed: the first position equals the last. */
export interface MultiLineString {
  readonly type: 'MultiLineString';
  readonly coordinates: readonly Ring[];
}
export interface LineString {
  readonly type: 'LineString';
  readonly coordinates: Ring;
}

/** Segments of a quarter circle around a corner that points inwards. */
const ARC_STEPS = 8;
/** The globe that the buffer's metres are of. */
const BUFFER_RADIUS_M = 6_371_008.8;
/** How often the width is halved in search of an interior point: down to a millionth. */
const HALVINGS = 20;

/**
 * All rings of a shape, outsides and holes; undefined when it has none. Rings are closed, corners that
 * are no places and rings of fewer than three are left out.
 */
export function boundaryOf(shape: readonly Polygon[]): MultiLineString | undefined {
  const coordinates = shape.flatMap(cleanPolygon);
  return coordinates.length === 0 ? undefined : { type: 'MultiLineString', coordinates };
}

/**
 * Outer ring of a shape drawn in by `attenuationM` metres, holes widened by as much: inside it a
 * speaker plays at its maximum. One ring always: of several parts that of the largest; of none, when
 * the whole shape is nearer to its boundary than that, four times the same interior place. Undefined
 * when the shape is empty. Costs milliseconds a polygon: keep it.
 */
export function attenuationBorderOf(
  shape: readonly Polygon[],
  attenuationM: number,
): LineString | undefined {
  const polygons = shape.map(cleanPolygon).flatMap((rings) => localOf(rings) ?? []);
  if (polygons.length === 0) return undefined;
  const widthM = Number.isNaN(attenuationM) ? 0 : Math.max(0, attenuationM);
  const parts = polygons.flatMap((polygon) =>
    shrink(polygon.rings, widthM).map((ring) => ({ polygon, ring, area: areaOf(ring) })),
  );
  const largest = parts.reduce<(typeof parts)[number] | undefined>(
    (best, part) => (best === undefined || part.area > best.area ? part : best),
    undefined,
  );
  if (largest !== undefined)
    return { type: 'LineString', coordinates: globalRing(largest.polygon, largest.ring) };
  const place = deepestOf(polygons, widthM);
  return { type: 'LineString', coordinates: [place, place, place, place] };
}

type Position = readonly [longitude: number, latitude: number];

/**
 * A polygon turned with the globe so that its middle lies at 0/0: degrees there are alike in all
 * directions, and neither poles nor the antimeridian are near.
 */
interface LocalPolygon {
  readonly east: Vec3;
  readonly north: Vec3;
  readonly center: Vec3;
  /** Of the first corner: longitudes are given on from there, without a seam. */
  readonly longitude: number;
  readonly rings: readonly Ring[];
}

function cleanPolygon(polygon: Polygon): readonly Ring[] {
  const rings = polygon.map((ring) => {
    const corners = ring.filter(([longitude, latitude]) => isPosition({ latitude, longitude }));
    const first = corners[0];
    const last = corners.at(-1);
    if (first === undefined || last === undefined) return [];
    const closed = first[0] === last[0] && first[1] === last[1];
    return closed ? corners : [...corners, first];
  });
  // Without its outside a polygon's holes are holes in nothing.
  if ((rings[0]?.length ?? 0) < 4) return [];
  return rings.filter((ring) => ring.length >= 4);
}

function localOf(rings: readonly Ring[]): LocalPolygon | undefined {
  const first = rings[0]?.[0];
  if (first === undefined) return undefined;
  let [x, y, z] = [0, 0, 0];
  for (const [longitude, latitude] of rings[0] ?? []) {
    const corner = toVec({ latitude, longitude });
    [x, y, z] = [x + corner.x, y + corner.y, z + corner.z];
  }
  const length = Math.sqrt(x * x + y * y + z * z);
  const middle =
    length > 0
      ? fromVec({ x: x / length, y: y / length, z: z / length })
      : { latitude: first[1], longitude: first[0] };
  const [lat, lon] = [(middle.latitude * Math.PI) / 180, (middle.longitude * Math.PI) / 180];
  const [sinLat, cosLat, sinLon, cosLon] = [
    Math.sin(lat),
    Math.cos(lat),
    Math.sin(lon),
    Math.cos(lon),
  ];
  const polygon: LocalPolygon = {
    center: toVec(middle),
    east: { x: -sinLon, y: cosLon, z: 0 },
    north: { x: -sinLat * cosLon, y: -sinLat * sinLon, z: cosLat },
    longitude: first[0],
    rings: [],
  };
  return { ...polygon, rings: rings.map((ring) => ring.map((corner) => toLocal(polygon, corner))) };
}

const dot = (a: Vec3, b: Vec3): number => a.x * b.x + a.y * b.y + a.z * b.z;

function toLocal(polygon: LocalPolygon, [longitude, latitude]: Position): Position {
  const v = toVec({ latitude, longitude });
  const { latitude: y, longitude: x } = fromVec({
    x: dot(v, polygon.center),
    y: dot(v, polygon.east),
    z: dot(v, polygon.north),
  });
  return [x, y];
}

function toGlobal(polygon: LocalPolygon, [x, y]: Position): Position {
  const v = toVec({ latitude: y, longitude: x });
  const { center, east, north } = polygon;
  const { latitude, longitude } = fromVec({
    x: v.x * center.x + v.y * east.x + v.z * north.x,
    y: v.x * center.y + v.y * east.y + v.z * north.y,
    z: v.x * center.z + v.y * east.z + v.z * north.z,
  });
  const turns = Math.round((polygon.longitude - longitude) / 360);
  return [longitude + 360 * turns, latitude];
}

function globalRing(polygon: LocalPolygon, ring: Ring): Ring {
  const corners = ring.slice(0, -1).map((corner) => toGlobal(polygon, corner));
  const first = corners[0];
  return first === undefined ? [] : [...corners, first];
}

/** Outer rings of what is left of a polygon. */
function shrink(rings: readonly Ring[], widthM: number): readonly Ring[] {
  if (widthM === 0) return rings.slice(0, 1);
  const coordinates = rings.map((ring) => ring.map(([x, y]) => [x, y]));
  const shape = new PreparedShape([rings]);
  return shrunkOf({ type: 'Polygon', coordinates }, widthM)
    .map((polygon) => (polygon[0] ?? []).map(([x = 0, y = 0]): Position => [x, y]))
    .filter((ring) => ring.length >= 4 && areaOf(ring) > 0 && isDeep(shape, ring, widthM));
}

/** The buffer of a polygon that just vanishes is sometimes a ring turned inside out. */
function isDeep(shape: PreparedShape, ring: Ring, widthM: number): boolean {
  const leastM = widthM * 0.98 - 0.02;
  return ring.every(([longitude, latitude]) => {
    const place = toVec({ latitude, longitude });
    return shape.contains(place) && shape.boundaryDistanceM(place) >= leastM;
  });
}

function shrunkOf(polygon: GeoJSON.Polygon, widthM: number): GeoJSON.Position[][][] {
  let geometry: GeoJSON.Polygon | GeoJSON.MultiPolygon | undefined;
  try {
    geometry = buffer(polygon, (-widthM * BUFFER_RADIUS_M) / EARTH_RADIUS_M, {
      units: 'meters',
      steps: ARC_STEPS,
    })?.geometry;
  } catch {
    // Rings that cross themselves can be beyond the buffer's arithmetic: then nothing is left.
    return [];
  }
  if (geometry === undefined) return [];
  return geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
}

/** A place inside, at least half as deep as the deepest one of its polygon. */
function deepestOf(polygons: readonly LocalPolygon[], widthM: number): Position {
  let tryM = Math.min(widthM, Math.max(...polygons.map(({ rings }) => reachM(rings))));
  for (let i = 0; i < HALVINGS; i++) {
    tryM /= 2;
    for (const polygon of polygons) {
      const corner = shrink(polygon.rings, tryM)[0]?.[0];
      if (corner !== undefined) return toGlobal(polygon, corner);
    }
  }
  // No thicker than a line: its first corner is as far inside as any place.
  const [polygon] = polygons;
  const corner = polygon?.rings[0]?.[0];
  return polygon === undefined || corner === undefined ? [0, 0] : toGlobal(polygon, corner);
}

/** From the middle to the farthest corner; nothing inside is as deep. */
function reachM(rings: readonly Ring[]): number {
  const degrees = (rings[0] ?? []).reduce((most, [x, y]) => Math.max(most, Math.hypot(x, y)), 0);
  return (degrees * Math.PI * EARTH_RADIUS_M) / 180;
}

/** In square degrees of the local plane; good for comparison. */
function areaOf(ring: Ring): number {
  let sum = 0;
  for (const [i, [x, y]] of ring.entries()) {
    const [nextX, nextY] = ring[(i + 1) % ring.length] ?? [x, y];
    sum += x * nextY - nextX * y;
  }
  return Math.abs(sum) / 2;
}

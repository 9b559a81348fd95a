import type { GeoPoint, Polygon, Ring } from './ports.js';

/** Mean radius of the sphere all distances are measured on (the haversine convention). */
export const EARTH_RADIUS_M = 6_371_000;

const RAD = Math.PI / 180;
/** Cosine of 89°: corners farther from their polygon's centre are drawn in to there. */
const HEMISPHERE_COS = 0.0175;

/** A place as a unit vector: no seam at the antimeridian, no special case at the poles. */
export interface Vec3 {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** True for a place on Earth: finite, latitude within ±90°. Any finite longitude is taken modulo 360°. */
export function isPosition(point: GeoPoint | undefined): point is GeoPoint {
  return (
    point !== undefined &&
    Number.isFinite(point.longitude) &&
    point.latitude >= -90 &&
    point.latitude <= 90
  );
}

/** Longitude in −180..180. */
export function wrapLongitude(longitude: number): number {
  const wrapped = (((longitude + 180) % 360) + 360) % 360;
  return wrapped - 180;
}

export function toVec(point: GeoPoint): Vec3 {
  return vecOf(point.latitude, point.longitude);
}

function vecOf(latitude: number, longitude: number): Vec3 {
  const cosLat = Math.cos(latitude * RAD);
  return {
    x: cosLat * Math.cos(longitude * RAD),
    y: cosLat * Math.sin(longitude * RAD),
    z: Math.sin(latitude * RAD),
  };
}

const dot = (a: Vec3, b: Vec3): number => a.x * b.x + a.y * b.y + a.z * b.z;
const cross = (a: Vec3, b: Vec3): Vec3 => ({
  x: a.y * b.z - a.z * b.y,
  y: a.z * b.x - a.x * b.z,
  z: a.x * b.y - a.y * b.x,
});

function normalize(v: Vec3): Vec3 {
  const length = Math.hypot(v.x, v.y, v.z);
  return length === 0
    ? { x: 1, y: 0, z: 0 }
    : { x: v.x / length, y: v.y / length, z: v.z / length };
}

// `Math.hypot` guards against overflow, which cannot happen here, and is ten times slower.
const lengthOf = (x: number, y: number, z: number): number => Math.sqrt(x * x + y * y + z * z);

/** Metres along the surface between two unit vectors; exact to nanometres near by and at the antipode. */
export function vecDistanceM(a: Vec3, b: Vec3): number {
  const chord = lengthOf(a.x - b.x, a.y - b.y, a.z - b.z) / 2;
  if (chord < 0.9) return 2 * Math.asin(chord) * EARTH_RADIUS_M;
  const opposite = lengthOf(a.x + b.x, a.y + b.y, a.z + b.z) / 2;
  return (Math.PI - 2 * Math.asin(Math.min(1, opposite))) * EARTH_RADIUS_M;
}

/** Metres along the surface between two places. */
export function distanceM(a: GeoPoint, b: GeoPoint): number {
  return vecDistanceM(toVec(a), toVec(b));
}

/** Initial bearing from `a` to `b`, degrees clockwise from north, 0..360; 0 when they coincide. */
export function bearingDeg(a: GeoPoint, b: GeoPoint): number {
  const deltaLon = (b.longitude - a.longitude) * RAD;
  const latA = a.latitude * RAD;
  const latB = b.latitude * RAD;
  const east = Math.sin(deltaLon) * Math.cos(latB);
  const north =
    Math.cos(latA) * Math.sin(latB) - Math.sin(latA) * Math.cos(latB) * Math.cos(deltaLon);
  const degrees = Math.atan2(east, north) / RAD;
  return degrees < 0 ? degrees + 360 : degrees;
}

/** A circle on the globe. */
export interface Cap {
  readonly center: GeoPoint;
  readonly radiusM: number;
}

/** The place a unit vector points at; longitude −180..180. */
export function fromVec(v: Vec3): GeoPoint {
  return {
    latitude: Math.atan2(v.z, Math.sqrt(v.x * v.x + v.y * v.y)) / RAD,
    longitude: Math.atan2(v.y, v.x) / RAD,
  };
}

/** One polygon, prepared: unit vectors, and its corners in the gnomonic plane of its own centre. */
interface PreparedPolygon {
  readonly center: Vec3;
  readonly east: Vec3;
  readonly north: Vec3;
  /** Cosine of the angle around `center` that holds every corner. */
  readonly capCos: number;
  /** Per edge: ax, ay, az, bx, by, bz. */
  readonly edges: Float64Array;
  /** Per edge: the unit vector across its great circle. */
  readonly normals: Float64Array;
  /** Per edge in the plane: ax, ay, bx, by. */
  readonly plane: Float64Array;
}

/**
 * A multi-polygon with holes, projected once. Edges are geodesics. A polygon must fit in the half of
 * the globe around its centre; corners beyond 89° are drawn in to there. Corners that are not places
 * and rings with fewer than three of them are left out; nothing left means: contains nothing.
 */
export class PreparedShape {
  readonly #polygons: readonly PreparedPolygon[];

  constructor(shape: readonly Polygon[]) {
    this.#polygons = shape.flatMap((polygon) => preparePolygon(polygon) ?? []);
  }

  get empty(): boolean {
    return this.#polygons.length === 0;
  }

  /** One circle around each polygon: nothing of the polygon lies outside it. */
  get caps(): readonly Cap[] {
    return this.#polygons.map(({ center, capCos }) => ({
      center: fromVec(center),
      radiusM: Math.acos(Math.max(-1, Math.min(1, capCos))) * EARTH_RADIUS_M + 0.01,
    }));
  }

  /** True inside any polygon and outside its holes (odd number of edges crossed). */
  contains(place: Vec3): boolean {
    for (const polygon of this.#polygons) if (polygonContains(polygon, place)) return true;
    return false;
  }

  /**
   * Metres to the nearest edge of any ring, holes too; infinite when the shape is empty, or when no
   * edge is within `withinM`.
   */
  boundaryDistanceM(place: Vec3, withinM = Number.POSITIVE_INFINITY): number {
    let nearest = withinM;
    // Sine of the angle from a great circle beyond which no part of it is nearer.
    let tooFar = sineOf(nearest);
    let found = false;
    for (const { edges, normals } of this.#polygons) {
      for (let i = 0; i < edges.length; i += 6) {
        const n = i / 2;
        const nx = normals[n] ?? 0;
        const ny = normals[n + 1] ?? 0;
        const nz = normals[n + 2] ?? 0;
        const off = nx * place.x + ny * place.y + nz * place.z;
        if (off > tooFar || off < -tooFar) continue;
        const distance = edgeDistanceM(edges, i, nx, ny, nz, place);
        if (distance > nearest) continue;
        found = true;
        nearest = distance;
        tooFar = sineOf(nearest);
      }
    }
    return found ? nearest : Number.POSITIVE_INFINITY;
  }

  /** 0 inside, else metres to the nearest edge. */
  distanceM(place: Vec3): number {
    return this.contains(place) ? 0 : this.boundaryDistanceM(place);
  }
}

function cleanRing(ring: Ring): Vec3[] {
  const corners: Vec3[] = [];
  for (const [longitude, latitude] of ring) {
    if (!isPosition({ latitude, longitude })) continue;
    const corner = vecOf(latitude, longitude);
    const last = corners.at(-1);
    if (last === undefined || vecDistanceM(last, corner) > 1e-6) corners.push(corner);
  }
  const first = corners[0];
  const last = corners.at(-1);
  if (corners.length > 1 && first && last && vecDistanceM(first, last) <= 1e-6) corners.pop();
  return corners;
}

function preparePolygon(polygon: Polygon): PreparedPolygon | undefined {
  const rings = polygon.map(cleanRing).filter((ring) => ring.length >= 3);
  const outside = rings[0];
  if (outside === undefined) return undefined;
  let sum: Vec3 = { x: 0, y: 0, z: 0 };
  for (const c of outside) sum = { x: sum.x + c.x, y: sum.y + c.y, z: sum.z + c.z };
  const center = normalize(sum);
  const helper: Vec3 = Math.abs(center.z) < 0.9 ? { x: 0, y: 0, z: 1 } : { x: 1, y: 0, z: 0 };
  const east = normalize(cross(helper, center));
  const north = cross(center, east);
  let capCos = 1;
  const edgeCount = rings.reduce((count, ring) => count + ring.length, 0);
  const edges = new Float64Array(edgeCount * 6);
  const normals = new Float64Array(edgeCount * 3);
  const plane = new Float64Array(edgeCount * 4);
  let at = 0;
  for (const ring of rings) {
    ring.forEach((a, i) => {
      const b = ring[(i + 1) % ring.length] ?? a;
      capCos = Math.min(capCos, dot(a, center));
      edges.set([a.x, a.y, a.z, b.x, b.y, b.z], at * 6);
      const normal = normalize(cross(a, b));
      normals.set([normal.x, normal.y, normal.z], at * 3);
      const downA = Math.max(HEMISPHERE_COS, dot(a, center));
      const downB = Math.max(HEMISPHERE_COS, dot(b, center));
      plane.set(
        [dot(a, east) / downA, dot(a, north) / downA, dot(b, east) / downB, dot(b, north) / downB],
        at * 4,
      );
      at++;
    });
  }
  return { center, east, north, capCos: capCos - 1e-12, edges, normals, plane };
}

function polygonContains(polygon: PreparedPolygon, place: Vec3): boolean {
  const down = dot(place, polygon.center);
  if (!(down >= polygon.capCos) || down <= HEMISPHERE_COS) return false;
  const x = dot(place, polygon.east) / down;
  const y = dot(place, polygon.north) / down;
  const plane = polygon.plane;
  let inside = false;
  for (let i = 0; i < plane.length; i += 4) {
    const ay = plane[i + 1] ?? 0;
    const by = plane[i + 3] ?? 0;
    if (ay > y === by > y) continue;
    const ax = plane[i] ?? 0;
    const bx = plane[i + 2] ?? 0;
    if (x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  }
  return inside;
}

/** A little more than the sine of the angle that so many metres span; beyond a quarter turn: no limit. */
function sineOf(distanceM: number): number {
  const angle = distanceM / EARTH_RADIUS_M;
  return angle < Math.PI / 2 ? Math.sin(angle) + 1e-12 : 2;
}

/** From an edge `a`–`b` whose great circle has the normal `n`. */
function edgeDistanceM(
  edges: Float64Array,
  i: number,
  nx: number,
  ny: number,
  nz: number,
  p: Vec3,
): number {
  const ax = edges[i] ?? 0;
  const ay = edges[i + 1] ?? 0;
  const az = edges[i + 2] ?? 0;
  const bx = edges[i + 3] ?? 0;
  const by = edges[i + 4] ?? 0;
  const bz = edges[i + 5] ?? 0;
  const pastA =
    (ny * az - nz * ay) * p.x + (nz * ax - nx * az) * p.y + (nx * ay - ny * ax) * p.z >= 0;
  const beforeB =
    (by * nz - bz * ny) * p.x + (bz * nx - bx * nz) * p.y + (bx * ny - by * nx) * p.z >= 0;
  if (pastA && beforeB) {
    const sine = nx * p.x + ny * p.y + nz * p.z;
    return Math.abs(Math.asin(Math.max(-1, Math.min(1, sine)))) * EARTH_RADIUS_M;
  }
  return Math.min(
    vecDistanceM({ x: ax, y: ay, z: az }, p),
    vecDistanceM({ x: bx, y: by, z: bz }, p),
  );
}

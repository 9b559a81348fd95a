import type { Position } from '../../api/contract/rest.js';
import type { LngLat, Polygon, Ring, Shape } from './content.types.js';
import { areaVolume, type Box, boxOf, metresFrom, offset } from './geo.js';

/** Decimals of a degree that are kept: a tenth of a millimetre. */
const DECIMALS = 9;
const rounded = (value: number): number => Number(value.toFixed(DECIMALS));

/** One ring of a shape, as it is edited by itself. */
export interface LooseRing {
  /** Place of its polygon in the shape. */
  readonly polygon: number;
  /** A hole of that polygon, else its outside. */
  readonly hole: boolean;
  readonly ring: Ring;
}

export function ringsOf(shape: Shape): LooseRing[] {
  return shape.flatMap((polygon, place) =>
    polygon.map((ring, at) => ({ polygon: place, hole: at > 0, ring: closed(ring) })),
  );
}

/** The shape of loose rings; holes without an outside and rings without an area are left out. */
export function shapeOf(rings: readonly LooseRing[]): Shape {
  const polygons = new Map<number, { outside: Ring | undefined; holes: Ring[] }>();
  for (const { polygon, hole, ring } of rings) {
    const whole = closed(ring);
    if (whole.length < 4) continue;
    const kept = polygons.get(polygon) ?? { outside: undefined, holes: [] };
    if (hole) kept.holes.push(whole);
    else kept.outside = whole;
    polygons.set(polygon, kept);
  }
  return [...polygons]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, { outside, holes }]) => (outside ? [[outside, ...holes]] : []));
}

/** The first point again at the end, no point twice in a row, no needless digits. */
export function closed(ring: Ring): Ring {
  const points: LngLat[] = [];
  for (const [longitude, latitude] of ring) {
    const next: LngLat = [rounded(longitude), rounded(latitude)];
    const last = points.at(-1);
    if (last?.[0] !== next[0] || last[1] !== next[1]) points.push(next);
  }
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return [];
  if (points.length > 1 && first[0] === last[0] && first[1] === last[1]) points.pop();
  return [...points, first];
}

/** Ray crossing: true for a place inside of the ring. */
export function insideRing(ring: Ring, [x, y]: LngLat): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [ax, ay] = ring[i] ?? [0, 0];
    const [bx, by] = ring[j] ?? [0, 0];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

const insidePolygon = ([outside = [], ...holes]: Polygon, at: LngLat): boolean =>
  insideRing(outside, at) && !holes.some((hole) => insideRing(hole, at));

export const addArea = (shape: Shape, ring: Ring): Shape => [...shape, [closed(ring)]];

/** Cuts a hole into the polygon it lies in. @returns undefined when it is not inside of one. */
export function addHole(shape: Shape, ring: Ring): Shape | undefined {
  const whole = closed(ring);
  const place = shape.findIndex(
    (polygon) => whole.length >= 4 && whole.every((at) => insidePolygon(polygon, at)),
  );
  return place < 0
    ? undefined
    : shape.map((polygon, at) => (at === place ? [...polygon, whole] : polygon));
}

/** Without one ring; the outside takes its holes with it. */
export function withoutRing(shape: Shape, polygon: number, ring: number): Shape {
  return shape.flatMap((rings, at) => {
    if (at !== polygon) return [rings];
    return ring === 0 ? [] : [rings.filter((_, place) => place !== ring)];
  });
}

const eachPoint = (shape: Shape, change: (at: Position) => Position): Shape =>
  shape.map((polygon) =>
    polygon.map((ring) =>
      closed(
        ring.map(([longitude, latitude]): LngLat => {
          const next = change({ longitude, latitude });
          return [next.longitude, next.latitude];
        }),
      ),
    ),
  );

export const movedShape = (shape: Shape, eastM: number, northM: number): Shape =>
  eachPoint(shape, (at) => offset(at, eastM, northM));

/** Larger or smaller about the middle of its box. */
export function scaledShape(shape: Shape, factor: number): Shape {
  const box = boxOf(shape.flatMap((polygon) => [...(polygon[0] ?? [])]));
  if (!box) return shape;
  const middle = {
    latitude: (box.south + box.north) / 2,
    longitude: (box.west + box.east) / 2,
  };
  return eachPoint(shape, (at) => {
    const [eastM, northM] = metresFrom(middle, at);
    return offset(middle, eastM * factor, northM * factor);
  });
}

/** A round area, for who does not draw. */
export function roundArea(middle: Position, radiusM: number, corners = 16): Ring {
  return closed(
    Array.from({ length: corners }, (_, at): LngLat => {
      const angle = (at / corners) * 2 * Math.PI;
      const place = offset(middle, radiusM * Math.cos(angle), radiusM * Math.sin(angle));
      return [place.longitude, place.latitude];
    }),
  );
}

type FlatRing = readonly (readonly [xM: number, yM: number])[];

/** Rings in metres about `origin`, as `areaVolume` takes them. */
export function flatRings(shape: Shape, origin: Position): readonly FlatRing[] {
  return shape.flatMap((polygon) =>
    polygon.map((ring) =>
      ring.map(([longitude, latitude]) => metresFrom(origin, { latitude, longitude })),
    ),
  );
}

/** Size of the area without its holes, m². */
export function areaM2(shape: Shape): number {
  const origin = shape[0]?.[0]?.[0];
  if (!origin) return 0;
  const [longitude, latitude] = origin;
  const size = (ring: Ring): number => {
    const flat = ring.map((at) =>
      metresFrom({ latitude, longitude }, { longitude: at[0], latitude: at[1] }),
    );
    let sum = 0;
    for (let i = 0, j = flat.length - 1; i < flat.length; j = i, i += 1) {
      const [ax, ay] = flat[j] ?? [0, 0];
      const [bx, by] = flat[i] ?? [0, 0];
      sum += ax * by - bx * ay;
    }
    return Math.abs(sum) / 2;
  };
  return shape.reduce(
    (all, [outside = [], ...holes]) =>
      all + size(outside) - holes.reduce((sum, hole) => sum + size(hole), 0),
    0,
  );
}

const BORDER_CELLS = 96;

/**
 * Where the attenuation border ends: the line `attenuationM` inside of the edge, as pieces. From there
 * inwards the volume is highest. Empty when the border fills the whole area.
 */
export function innerBorder(shape: Shape, attenuationM: number): readonly (readonly LngLat[])[] {
  const box = boxOf(shape.flatMap((polygon) => [...(polygon[0] ?? [])]));
  if (!box || attenuationM <= 0) return [];
  const origin = { latitude: (box.south + box.north) / 2, longitude: box.west };
  const rings = flatRings(shape, origin);
  const [westM, southM] = metresFrom(origin, { latitude: box.south, longitude: box.west });
  const [eastM, northM] = metresFrom(origin, { latitude: box.north, longitude: box.east });
  const step = Math.max(eastM - westM, northM - southM) / BORDER_CELLS;
  if (step <= 0) return [];
  const columns = Math.ceil((eastM - westM) / step) + 1;
  const rows = Math.ceil((northM - southM) / step) + 1;
  // Depth below the edge in units of the border; the line is where it passes 1.
  const law = { attenuationM: attenuationM * 2, minVolume: 0, maxVolume: 2 };
  const depth = Array.from({ length: rows * columns }, (_, at) =>
    areaVolume(rings, westM + (at % columns) * step, southM + Math.floor(at / columns) * step, law),
  );
  const at = (column: number, row: number): number => depth[row * columns + column] ?? 0;
  const place = (column: number, row: number): LngLat => {
    const found = offset(origin, westM + column * step, southM + row * step);
    return [found.longitude, found.latitude];
  };
  const lines: LngLat[][] = [];
  for (let row = 0; row < rows - 1; row += 1) {
    for (let column = 0; column < columns - 1; column += 1) {
      lines.push(...cellLines(at, place, column, row));
    }
  }
  return lines;
}

/** Marching squares: the line at depth 1 through one cell. */
function cellLines(
  at: (column: number, row: number) => number,
  place: (column: number, row: number) => LngLat,
  column: number,
  row: number,
): LngLat[][] {
  const corners: readonly (readonly [number, number])[] = [
    [column, row],
    [column + 1, row],
    [column + 1, row + 1],
    [column, row + 1],
  ];
  const crossings: LngLat[] = [];
  corners.forEach(([ax, ay], index) => {
    const [bx, by] = corners[(index + 1) % 4] ?? [ax, ay];
    const a = at(ax, ay);
    const b = at(bx, by);
    if (a > 1 === b > 1) return;
    const share = (1 - a) / (b - a);
    crossings.push(place(ax + (bx - ax) * share, ay + (by - ay) * share));
  });
  const [a, b, c, d] = crossings;
  if (!a || !b) return [];
  return c && d
    ? [
        [a, b],
        [c, d],
      ]
    : [[a, b]];
}

/** What sounds at places, for the heat map. */
export interface AudibleArea {
  readonly id: string;
  readonly name: string;
  readonly box: Box;
  /** 0..1; 0: not heard there. */
  readonly volumeAt: (at: Position) => number;
}

export function speakerArea(speaker: {
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
  readonly attenuationM: number;
  readonly minVolume: number;
  readonly maxVolume: number;
}): AudibleArea | undefined {
  const box = boxOf(speaker.shape.flatMap((polygon) => [...(polygon[0] ?? [])]));
  if (!box) return undefined;
  const origin = { latitude: box.south, longitude: box.west };
  const rings = flatRings(speaker.shape, origin);
  const everywhere = { west: -180, south: -90, east: 180, north: 90 };
  return {
    id: `speaker ${speaker.id}`,
    name: speaker.name,
    box: speaker.minVolume > 0 ? everywhere : box,
    volumeAt: (at) => {
      const [xM, yM] = metresFrom(origin, at);
      return areaVolume(rings, xM, yM, speaker);
    },
  };
}

export function recordingArea(
  recording: { readonly id: number; readonly name: string; readonly shape: Shape | null },
  at: Position,
  radiusM: number,
): AudibleArea | undefined {
  if (recording.shape && recording.shape.length > 0) {
    const area = speakerArea({
      id: recording.id,
      name: recording.name,
      shape: recording.shape,
      attenuationM: 0,
      minVolume: 0,
      maxVolume: 1,
    });
    return area ? { ...area, id: `recording ${recording.id}` } : undefined;
  }
  const low = offset(at, -radiusM, -radiusM);
  const high = offset(at, radiusM, radiusM);
  return {
    id: `recording ${recording.id}`,
    name: recording.name,
    box: { west: low.longitude, south: low.latitude, east: high.longitude, north: high.latitude },
    volumeAt: (place) => (Math.hypot(...metresFrom(at, place)) <= radiusM ? 1 : 0),
  };
}

/** How many sources are heard in each cell of a grid over `box`, row by row from the north-west. */
export function heatGrid(
  box: Box,
  columns: number,
  rows: number,
  areas: readonly AudibleArea[],
): Uint16Array {
  const heat = new Uint16Array(columns * rows);
  const width = (box.east - box.west) / columns;
  const height = (box.north - box.south) / rows;
  const clamp = (value: number, most: number): number => Math.max(0, Math.min(most, value));
  for (const area of areas) {
    const fromColumn = clamp(Math.floor((area.box.west - box.west) / width), columns);
    const toColumn = clamp(Math.ceil((area.box.east - box.west) / width), columns);
    const fromRow = clamp(Math.floor((box.north - area.box.north) / height), rows);
    const toRow = clamp(Math.ceil((box.north - area.box.south) / height), rows);
    for (let row = fromRow; row < toRow; row += 1) {
      const latitude = box.north - (row + 0.5) * height;
      for (let column = fromColumn; column < toColumn; column += 1) {
        const longitude = box.west + (column + 0.5) * width;
        if (area.volumeAt({ latitude, longitude }) <= 0) continue;
        const at = row * columns + column;
        heat[at] = (heat[at] ?? 0) + 1;
      }
    }
  }
  return heat;
}

/** What is heard at a place, loudest first. */
export function heardAt(
  at: Position,
  areas: readonly AudibleArea[],
): readonly { readonly id: string; readonly name: string; readonly volume: number }[] {
  return areas
    .map((area) => ({ id: area.id, name: area.name, volume: area.volumeAt(at) }))
    .filter((one) => one.volume > 0)
    .toSorted((a, b) => b.volume - a.volume);
}

import type { Position } from '../../api/contract/rest.js';

const EARTH_M_PER_DEG = 111_320;
const DEG = Math.PI / 180;
/** Width of the world in px at zoom 0, 512 px tiles, over its length at the equator. */
const M_PER_PX_AT_ZOOM_0 = 40_075_016.686 / 512;

export type LngLat = readonly [longitude: number, latitude: number];
export type Ring = readonly LngLat[];

/** A place `eastM` and `northM` away; flat earth, good for a site. Latitude stays inside ±85. */
export function offset(from: Position, eastM: number, northM: number): Position {
  const latitude = Math.max(-85, Math.min(85, from.latitude + northM / EARTH_M_PER_DEG));
  const raw = from.longitude + eastM / (EARTH_M_PER_DEG * Math.cos(from.latitude * DEG));
  return { latitude, longitude: ((((raw + 180) % 360) + 360) % 360) - 180 };
}

/** Metres east and north of `origin`. */
export function metresFrom(
  origin: Position,
  at: Position,
): readonly [eastM: number, northM: number] {
  return [
    (at.longitude - origin.longitude) * EARTH_M_PER_DEG * Math.cos(origin.latitude * DEG),
    (at.latitude - origin.latitude) * EARTH_M_PER_DEG,
  ];
}

export function distanceM(a: Position, b: Position): number {
  return Math.hypot(...metresFrom(a, b));
}

/** Pixels a metre takes on the map at `zoom`. */
export function pixelsPerMetre(latitudeDeg: number, zoom: number): number {
  return 2 ** zoom / (M_PER_PX_AT_ZOOM_0 * Math.cos(latitudeDeg * DEG));
}

export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** Smallest box around points; undefined for none. */
export function boxOf(points: Iterable<LngLat>): Box | undefined {
  let box: { west: number; south: number; east: number; north: number } | undefined;
  for (const [longitude, latitude] of points) {
    if (!box) {
      box = { west: longitude, south: latitude, east: longitude, north: latitude };
      continue;
    }
    box.west = Math.min(box.west, longitude);
    box.east = Math.max(box.east, longitude);
    box.south = Math.min(box.south, latitude);
    box.north = Math.max(box.north, latitude);
  }
  return box;
}

/** The box made wider by `marginM` on each side. */
export function widened(box: Box, marginM: number): Box {
  const low = offset({ latitude: box.south, longitude: box.west }, -marginM, -marginM);
  const high = offset({ latitude: box.north, longitude: box.east }, marginM, marginM);
  return { west: low.longitude, south: low.latitude, east: high.longitude, north: high.latitude };
}

/** Middle of the first ring's box: where a label goes. */
export function middleOf(shape: readonly (readonly Ring[])[]): Position | undefined {
  const box = boxOf(shape.flatMap((polygon) => [...(polygon[0] ?? [])]));
  return box
    ? { latitude: (box.north + box.south) / 2, longitude: (box.east + box.west) / 2 }
    : undefined;
}

/** Volume of an area at a point, 0–1, by the law of the mixer: rises from the border inwards, lowest outside. */
export function areaVolume(
  rings: readonly (readonly (readonly [xM: number, yM: number])[])[],
  xM: number,
  yM: number,
  law: { readonly attenuationM: number; readonly minVolume: number; readonly maxVolume: number },
): number {
  let inside = false;
  let nearest = Number.POSITIVE_INFINITY;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [ax, ay] = ring[i] ?? [0, 0];
      const [bx, by] = ring[j] ?? [0, 0];
      if (ay > yM !== by > yM && xM < ((bx - ax) * (yM - ay)) / (by - ay) + ax) inside = !inside;
      const length = (bx - ax) ** 2 + (by - ay) ** 2;
      const share =
        length === 0
          ? 0
          : Math.max(0, Math.min(1, ((xM - ax) * (bx - ax) + (yM - ay) * (by - ay)) / length));
      nearest = Math.min(
        nearest,
        Math.hypot(xM - ax - share * (bx - ax), yM - ay - share * (by - ay)),
      );
    }
  }
  if (!inside) return law.minVolume;
  if (law.attenuationM <= 0 || nearest >= law.attenuationM) return law.maxVolume;
  return law.minVolume + ((law.maxVolume - law.minVolume) * nearest) / law.attenuationM;
}

/** Sends the newest of many values at most every `everyMs`, one at a time; those in between are left out. */
export class LatestSender<T> {
  readonly #everyMs: number;
  readonly #send: (value: T) => Promise<void>;
  #next: { readonly value: T } | undefined;
  #running = false;

  constructor(everyMs: number, send: (value: T) => Promise<void>) {
    this.#everyMs = everyMs;
    this.#send = send;
  }

  /** Never rejects: what goes wrong is for `send` to say. */
  push(value: T): void {
    this.#next = { value };
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#next) {
      const { value } = this.#next;
      this.#next = undefined;
      const rest = new Promise<void>((resolve) => setTimeout(resolve, this.#everyMs));
      await this.#send(value).catch(() => undefined);
      await rest;
    }
    this.#running = false;
  }
}

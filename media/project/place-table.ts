import { EARTH_RADIUS_M } from '../geometry.js';
import type { PreparedAsset } from './nearness.js';

/** What a place of the table holds. */
export const FREE = 0;
/** A point with a radius. */
export const POINT = 1;
/** A shape, with or without a point. */
export const SHAPE = 2;
/** No place at all: near to everybody. */
export const PLACELESS = 3;

/**
 * Square of the straight line through the globe between places so many metres apart along its
 * surface: what distances of unit vectors are compared with. Below 0 for less than nothing.
 */
export function chordSquared(distanceM: number): number {
  if (!(distanceM >= 0)) return -1;
  const half = distanceM / (2 * EARTH_RADIUS_M);
  return half >= Math.PI / 2 ? Number.POSITIVE_INFINITY : (2 * Math.sin(half)) ** 2;
}

/** Places of assets in flat arrays, to be looked through faster than an index answers. */
export class PlaceTable {
  /** x, y, z and the square of the reach, four numbers a place. */
  rows = new Float64Array(256 * 4);
  kinds = new Uint8Array(256);
  readonly items: (PreparedAsset | undefined)[] = [];
  readonly #free: number[] = [];

  /** Places in use and free ones among them. */
  get length(): number {
    return this.items.length;
  }

  /** Gives an asset a place. `radiusM`: its reach. */
  add(asset: PreparedAsset, radiusM: number): void {
    const no = this.#free.pop() ?? this.items.length;
    if (no >= this.kinds.length) this.#grow();
    asset.no = no;
    this.items[no] = asset;
    const { place, shape } = asset;
    const at = no * 4;
    this.rows[at] = place?.x ?? 0;
    this.rows[at + 1] = place?.y ?? 0;
    this.rows[at + 2] = place?.z ?? 0;
    this.setReach(asset, radiusM);
    this.kinds[no] = shape !== undefined ? SHAPE : place === undefined ? PLACELESS : POINT;
  }

  setReach(asset: PreparedAsset, radiusM: number): void {
    this.rows[asset.no * 4 + 3] = chordSquared(radiusM);
  }

  remove(asset: PreparedAsset): void {
    this.items[asset.no] = undefined;
    this.kinds[asset.no] = FREE;
    this.#free.push(asset.no);
  }

  #grow(): void {
    const rows = new Float64Array(this.rows.length * 2);
    rows.set(this.rows);
    this.rows = rows;
    const kinds = new Uint8Array(this.kinds.length * 2);
    kinds.set(this.kinds);
    this.kinds = kinds;
  }
}

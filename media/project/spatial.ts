import Flatbush from 'flatbush';
import { EARTH_RADIUS_M, type PreparedShape, wrapLongitude } from '../geometry.js';
import type { GeoPoint, Polygon } from '../ports.js';

/** Degrees. */
export type Box = readonly [minLon: number, minLat: number, maxLon: number, maxLat: number];

/** Items added since the last flush are looked at one by one; up to so many boxes of them. */
const RECENT_BOXES = 256;
/** A segment is merged into the next larger one unless that is so many times its size. */
const MERGE_RATIO = 8;

/** Boxes that hold every place within `radiusM`; two when cut at the antimeridian. Negative: a point. */
export function boxesAround(point: GeoPoint, radiusM: number): readonly Box[] {
  const angle = (Math.max(0, radiusM) / EARTH_RADIUS_M) * (180 / Math.PI) * 1.000_001 + 1e-9;
  const lon = wrapLongitude(point.longitude);
  const minLat = point.latitude - angle;
  const maxLat = point.latitude + angle;
  // A box that is too large costs time, one too small costs truth.
  if (Number.isNaN(angle + point.latitude + lon)) return [[-180, -90, 180, 90]];
  if (minLat <= -90 || maxLat >= 90) return [[-180, minLat, 180, maxLat]];
  const ratio = Math.sin((angle * Math.PI) / 180) / Math.cos((point.latitude * Math.PI) / 180);
  if (!(ratio < 1)) return [[-180, minLat, 180, maxLat]];
  const reach = (Math.asin(ratio) * 180) / Math.PI + 1e-9;
  const minLon = lon - reach;
  const maxLon = lon + reach;
  if (minLon < -180)
    return [
      [minLon + 360, minLat, 180, maxLat],
      [-180, minLat, maxLon, maxLat],
    ];
  if (maxLon > 180)
    return [
      [minLon, minLat, 180, maxLat],
      [-180, minLat, maxLon - 360, maxLat],
    ];
  return [[minLon, minLat, maxLon, maxLat]];
}

/** Boxes that hold every polygon of a shape. */
export function boxesOf(shape: PreparedShape): readonly Box[] {
  return shape.caps.flatMap(({ center, radiusM }) => boxesAround(center, radiusM));
}

/** True for shapes of equal corners: messages between threads are copies. */
export function sameShape(
  a: readonly Polygon[] | undefined,
  b: readonly Polygon[] | undefined,
): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((polygon, i) => {
    const other = b[i];
    if (other === undefined || polygon.length !== other.length) return false;
    return polygon.every((ring, j) => {
      const otherRing = other[j];
      if (otherRing === undefined || ring.length !== otherRing.length) return false;
      return ring.every(
        (corner, k) => corner[0] === otherRing[k]?.[0] && corner[1] === otherRing[k]?.[1],
      );
    });
  });
}

/** What a `GeoIndex` holds. The index owns both fields; an item is in one index at most. */
export interface GeoItem {
  /** False once removed: its boxes stay until the next merge. */
  live: boolean;
  /** Number of the last search that found it. */
  mark: number;
}

interface Segment<T> {
  readonly tree: Flatbush;
  readonly boxes: readonly Box[];
  readonly owners: readonly T[];
}

/**
 * Boxes on the globe, searched by box. A change costs little however many items there are: new items
 * wait in a short list, then in small trees that are merged into larger ones as they grow. Trees are
 * built by the search that needs them.
 */
export class GeoIndex<T extends GeoItem> {
  /** Largest first. */
  #segments: Segment<T>[] = [];
  #boxes: Box[] = [];
  #owners: T[] = [];
  #searches = 0;

  /** Puts an item that is in no index. */
  add(item: T, boxes: readonly Box[]): void {
    item.live = true;
    for (const box of boxes) {
      this.#boxes.push(box);
      this.#owners.push(item);
    }
  }

  remove(item: T): void {
    item.live = false;
  }

  clear(): void {
    this.#segments = [];
    this.#boxes = [];
    this.#owners = [];
  }

  /** Items with a box that touches one of `boxes`, each once, in no order. `visit` must not search. */
  search(boxes: readonly Box[], visit: (item: T) => void): void {
    if (this.#owners.length > RECENT_BOXES) this.#flush();
    const no = ++this.#searches;
    const found = (item: T | undefined): void => {
      if (item === undefined || !item.live || item.mark === no) return;
      item.mark = no;
      visit(item);
    };
    for (const box of boxes) {
      for (const { tree, owners } of this.#segments) {
        tree.search(box[0], box[1], box[2], box[3], (i) => {
          found(owners[i]);
          return false;
        });
      }
      for (const [i, other] of this.#boxes.entries())
        if (touches(box, other)) found(this.#owners[i]);
    }
  }

  #flush(): void {
    let boxes = this.#boxes;
    let owners = this.#owners;
    for (;;) {
      const smallest = this.#segments.at(-1);
      if (smallest === undefined || smallest.owners.length > owners.length * MERGE_RATIO) break;
      this.#segments.pop();
      boxes = [...smallest.boxes, ...boxes];
      owners = [...smallest.owners, ...owners];
    }
    boxes = boxes.filter((_, i) => owners[i]?.live === true);
    owners = owners.filter((owner) => owner.live);
    this.#boxes = [];
    this.#owners = [];
    if (boxes.length === 0) return;
    const tree = new Flatbush(boxes.length);
    for (const box of boxes) tree.add(box[0], box[1], box[2], box[3]);
    tree.finish();
    this.#segments.push({ tree, boxes, owners });
  }
}

const touches = (a: Box, b: Box): boolean =>
  a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];

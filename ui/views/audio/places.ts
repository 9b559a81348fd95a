import type { Ring } from '../../data/content.js';
import { offset } from '../../data/geo.js';

export interface HeatCell {
  readonly ring: Ring;
  /** 0..1 of the hottest. */
  readonly share: number;
}

/** Cells of a grid as squares, the hottest with share 1; shares by square root, so that short stays are seen. */
export function placesAreas(
  places: readonly {
    readonly latitude: number;
    readonly longitude: number;
    readonly seconds: number;
  }[],
  cellM: number,
): readonly HeatCell[] {
  const most = places.reduce((all, one) => Math.max(all, one.seconds), 0);
  if (most <= 0) return [];
  const half = cellM / 2;
  return places.map((place) => {
    const low = offset(place, -half, -half);
    const high = offset(place, half, half);
    return {
      share: Math.sqrt(place.seconds / most),
      ring: [
        [low.longitude, low.latitude],
        [high.longitude, low.latitude],
        [high.longitude, high.latitude],
        [low.longitude, high.latitude],
        [low.longitude, low.latitude],
      ],
    };
  });
}

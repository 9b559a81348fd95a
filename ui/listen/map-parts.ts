import type * as maplibre from 'maplibre-gl';
import type { Position, ProjectMap } from '../../api/contract/rest.js';
import { boxOf, metresFrom, middleOf, pixelsPerMetre } from '../data/geo.js';
import { metresAsPx, NOTHING } from '../views/map-layers.js';

const MOST_LABELS = 60;
/** Narrower areas have no room for their name. */
const LABEL_PX = 56;

/** How well the place is known and how far is heard, below the listener. */
export function addSurroundings(made: maplibre.Map, latitudeDeg: number): void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  made.addSource('around', { type: 'geojson', data: NOTHING });
  for (const [kind, stroke, fill] of [
    ['range', colour('--brand'), 0.05],
    ['accuracy', colour('--unknown'), 0.16],
  ] as const) {
    made.addLayer({
      id: kind,
      type: 'circle',
      source: 'around',
      filter: ['==', ['get', 'kind'], kind],
      paint: {
        'circle-radius': metresAsPx(['get', 'radiusM'], latitudeDeg),
        'circle-color': stroke,
        'circle-opacity': fill,
        'circle-stroke-color': stroke,
        'circle-stroke-width': 1.5,
        'circle-stroke-opacity': 0.7,
        'circle-pitch-alignment': 'map',
      },
    });
  }
}

/** Circles of these radii around a place; those that are not known are left out. */
export function circlesAround(
  at: Position | undefined,
  radiiM: Readonly<Record<'accuracy' | 'range', number | undefined>>,
): typeof NOTHING {
  return {
    type: 'FeatureCollection',
    features: Object.entries(radiiM).flatMap(([kind, radiusM]) =>
      at && radiusM !== undefined
        ? [
            {
              type: 'Feature' as const,
              properties: { kind, radiusM },
              geometry: { type: 'Point' as const, coordinates: [at.longitude, at.latitude] },
            },
          ]
        : [],
    ),
  };
}

/**
 * Words are HTML: no glyph server is needed. Only areas that are wide enough have room for theirs, and none is written
 * over another: that of the wider area stays.
 */
export function addLabels(gl: typeof maplibre, made: maplibre.Map, drawn: ProjectMap): void {
  const labels = drawn.speakers
    .flatMap((speaker) => {
      const at = middleOf(speaker.shape);
      const box = boxOf(speaker.shape.flatMap((polygon) => [...(polygon[0] ?? [])]));
      if (!at || !box) return [];
      const [wideM] = metresFrom(at, {
        latitude: at.latitude,
        longitude: at.longitude + box.east - box.west,
      });
      return [{ name: speaker.name, at, wideM }];
    })
    .toSorted((a, b) => b.wideM - a.wideM)
    .slice(0, MOST_LABELS)
    .map(({ name, at, wideM }) => {
      const element = document.createElement('div');
      element.className = 'map-label';
      element.textContent = name;
      element.setAttribute('aria-hidden', 'true');
      const lngLat: [number, number] = [at.longitude, at.latitude];
      new gl.Marker({ element, anchor: 'center' }).setLngLat(lngLat).addTo(made);
      return { element, lngLat, wideM };
    });
  const room = (): void => {
    const scale = pixelsPerMetre(drawn.center.latitude, made.getZoom());
    for (const { element } of labels) element.hidden = false;
    const sizes = labels.map(({ element }) => [element.offsetWidth, element.offsetHeight] as const);
    const shown = freeOf(
      labels.map(({ lngLat }, place) => {
        const { x, y } = made.project(lngLat);
        const [width, height] = sizes[place] ?? [0, 0];
        return { x, y, width, height };
      }),
    );
    labels.forEach(({ element, wideM }, place) => {
      element.hidden = wideM * scale < LABEL_PX || !shown.has(place);
    });
  };
  made.on('zoom', room);
  made.on('load', room);
  made.on('resize', room);
  room();
}

/** Air between two labels, px. */
const AIR_PX = 2;

/** Places in the list of those boxes, given by their middles, that do not lie on one before them. */
export function freeOf(
  boxes: readonly {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[],
): ReadonlySet<number> {
  const kept = new Set<number>();
  boxes.forEach((box, place) => {
    const hidden = [...kept].some((other) => {
      const one = boxes[other] ?? box;
      return (
        Math.abs(one.x - box.x) < (one.width + box.width) / 2 + AIR_PX &&
        Math.abs(one.y - box.y) < (one.height + box.height) / 2 + AIR_PX
      );
    });
    if (!hidden) kept.add(place);
  });
  return kept;
}

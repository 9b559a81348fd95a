import type * as maplibre from 'maplibre-gl';
import {
  areaVolume,
  type Box,
  boxOf,
  metresFrom,
  offset,
  pixelsPerMetre,
  type Ring,
  widened,
} from '../data/geo.js';
import type { ProjectMap } from '../data/projects.js';

export type FeatureCollection = Extract<
  Parameters<maplibre.GeoJSONSource['setData']>[0],
  { type: 'FeatureCollection' }
>;

const LOW_ZOOM = 10;
const HIGH_ZOOM = 24;
const FIELD_PX = 160;

export const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** Metres as a paint size that follows the zoom exactly. */
export function metresAsPx(value: unknown, latitudeDeg: number): maplibre.ExpressionSpecification {
  return [
    'interpolate',
    ['exponential', 2],
    ['zoom'],
    LOW_ZOOM,
    ['*', value, pixelsPerMetre(latitudeDeg, LOW_ZOOM)],
    HIGH_ZOOM,
    ['*', value, pixelsPerMetre(latitudeDeg, HIGH_ZOOM)],
  ] as maplibre.ExpressionSpecification;
}

/** What the ground of a map is made of. */
export type Ground = Pick<ProjectMap, 'center' | 'plan'> & {
  readonly speakers: readonly { readonly shape: readonly (readonly Ring[])[] }[];
  readonly recordings: readonly { readonly position: ProjectMap['center'] }[];
};

/** Everything that is on the map. */
export function extentOf(project: Ground): Box {
  const points: (readonly [number, number])[] = [
    [project.center.longitude, project.center.latitude],
  ];
  for (const speaker of project.speakers) {
    for (const polygon of speaker.shape) for (const ring of polygon) points.push(...ring);
  }
  for (const recording of project.recordings) {
    points.push([recording.position.longitude, recording.position.latitude]);
  }
  for (const corner of project.plan?.corners ?? []) points.push(corner);
  const box = boxOf(points);
  return widened(box ?? { west: 0, south: 0, east: 0, north: 0 }, 25);
}

/** Lines every 10 m, heavier every 50 m, around the site. */
export function gridOf(project: Ground): FeatureCollection {
  const STEP_M = 10;
  const extent = extentOf(project);
  const [westM, southM] = metresFrom(project.center, {
    latitude: extent.south,
    longitude: extent.west,
  });
  const [eastM, northM] = metresFrom(project.center, {
    latitude: extent.north,
    longitude: extent.east,
  });
  const size = Math.min(3_000, Math.max(eastM - westM, northM - southM, 200));
  const low = (value: number): number => Math.floor((value - size) / 50) * 50;
  const high = (value: number): number => Math.ceil((value + size) / 50) * 50;
  const step = size > 1_000 ? STEP_M * 10 : STEP_M;
  const features: FeatureCollection['features'] = [];
  const line = (
    a: readonly [number, number],
    b: readonly [number, number],
    heavy: boolean,
  ): void => {
    const from = offset(project.center, a[0], a[1]);
    const to = offset(project.center, b[0], b[1]);
    features.push({
      type: 'Feature',
      properties: { heavy },
      geometry: {
        type: 'LineString',
        coordinates: [
          [from.longitude, from.latitude],
          [to.longitude, to.latitude],
        ],
      },
    });
  };
  for (let x = low(westM); x <= high(eastM); x += step) {
    line([x, low(southM)], [x, high(northM)], x % (step * 5) === 0);
  }
  for (let y = low(southM); y <= high(northM); y += step) {
    line([low(westM), y], [high(eastM), y], y % (step * 5) === 0);
  }
  return { type: 'FeatureCollection', features };
}

function rgb(colour: string): readonly [number, number, number] {
  const value = Number.parseInt(colour.replace('#', ''), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** The loudness of a speaker, painted `px` wide and high: full inside, fading over its attenuation border. */
export function fieldOf(
  project: ProjectMap,
  speaker: ProjectMap['speakers'][number],
  colour: string,
  px = FIELD_PX,
): { readonly canvas: HTMLCanvasElement; readonly box: Box } | undefined {
  const box = boxOf(speaker.shape.flatMap((polygon) => [...(polygon[0] ?? [])]));
  if (!box) return undefined;
  const rings = speaker.shape.flatMap((polygon) =>
    polygon.map((ring) =>
      ring.map(([longitude, latitude]) => metresFrom(project.center, { latitude, longitude })),
    ),
  );
  const [westM, southM] = metresFrom(project.center, { latitude: box.south, longitude: box.west });
  const [eastM, northM] = metresFrom(project.center, { latitude: box.north, longitude: box.east });
  const canvas = document.createElement('canvas');
  canvas.width = px;
  canvas.height = px;
  const context = canvas.getContext('2d');
  if (!context) return undefined;
  const image = context.createImageData(px, px);
  const [red, green, blue] = rgb(colour);
  for (let row = 0; row < px; row += 1) {
    const y = northM - ((row + 0.5) / px) * (northM - southM);
    for (let column = 0; column < px; column += 1) {
      const x = westM + ((column + 0.5) / px) * (eastM - westM);
      const volume = areaVolume(rings, x, y, { ...speaker, minVolume: 0, maxVolume: 1 });
      const at = (row * px + column) * 4;
      image.data[at] = red;
      image.data[at + 1] = green;
      image.data[at + 2] = blue;
      image.data[at + 3] = Math.round(volume * 255);
    }
  }
  context.putImageData(image, 0, 0);
  return { canvas, box };
}

/** A style without anything from outside: ground, plan or grid, areas, recordings, listeners. */
export function addSite(map: maplibre.Map, project: ProjectMap): void {
  const speakerColour = token('--line-1');
  const recordingColour = token('--line-4');
  const listenerColour = token('--line-2');
  map.addSource('grid', { type: 'geojson', data: gridOf(project) });
  map.addLayer({
    id: 'grid',
    type: 'line',
    source: 'grid',
    paint: {
      'line-color': token('--border'),
      'line-width': ['case', ['get', 'heavy'], 1.2, 0.6],
      'line-opacity': project.plan ? 0.35 : 0.9,
    },
  });
  project.speakers.forEach((speaker, place) => {
    const field = fieldOf(project, speaker, speakerColour);
    if (!field) return;
    const { west, south, east, north } = field.box;
    map.addSource(`field-${place}`, {
      type: 'canvas',
      canvas: field.canvas,
      animate: false,
      coordinates: [
        [west, north],
        [east, north],
        [east, south],
        [west, south],
      ],
    });
    map.addLayer({
      id: `field-${place}`,
      type: 'raster',
      source: `field-${place}`,
      paint: { 'raster-opacity': 0.12 + 0.3 * speaker.maxVolume, 'raster-fade-duration': 0 },
    });
  });
  map.addSource('areas', {
    type: 'geojson',
    data: {
      type: 'FeatureCollection',
      features: project.speakers.map((speaker) => ({
        type: 'Feature',
        properties: { name: speaker.name },
        geometry: {
          type: 'MultiPolygon',
          coordinates: speaker.shape.map((polygon) =>
            polygon.map((ring) => ring.map((at) => [...at])),
          ),
        },
      })),
    },
  });
  map.addLayer({
    id: 'areas',
    type: 'line',
    source: 'areas',
    paint: {
      'line-color': speakerColour,
      'line-width': ['case', ['in', ['get', 'name'], ['literal', []]], 2.5, 1],
      'line-opacity': 0.75,
    },
  });
  map.addSource('recordings', {
    type: 'geojson',
    data: {
      type: 'FeatureCollection',
      features: project.recordings.map((recording) => ({
        type: 'Feature',
        properties: { name: recording.name, radiusM: recording.radiusM },
        geometry: {
          type: 'Point',
          coordinates: [recording.position.longitude, recording.position.latitude],
        },
      })),
    },
  });
  map.addLayer({
    id: 'recording-radius',
    type: 'circle',
    source: 'recordings',
    paint: {
      'circle-radius': metresAsPx(['get', 'radiusM'], project.center.latitude),
      'circle-color': recordingColour,
      'circle-opacity': 0.1,
      'circle-stroke-color': recordingColour,
      'circle-stroke-width': 1,
      'circle-stroke-opacity': 0.55,
      'circle-pitch-alignment': 'map',
    },
  });
  map.addLayer({
    id: 'recording',
    type: 'circle',
    source: 'recordings',
    paint: {
      'circle-radius': 4,
      'circle-color': recordingColour,
      'circle-stroke-color': token('--bg'),
      'circle-stroke-width': 1.5,
    },
  });
  map.addSource('tails', { type: 'geojson', data: NOTHING });
  map.addLayer({
    id: 'tails',
    type: 'line',
    source: 'tails',
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': listenerColour, 'line-width': 3, 'line-opacity': ['get', 'opacity'] },
  });
  map.addSource('listeners', { type: 'geojson', data: NOTHING });
  map.addLayer({
    id: 'listeners',
    type: 'circle',
    source: 'listeners',
    paint: {
      'circle-radius': ['case', ['get', 'chosen'], 9, 6],
      'circle-color': listenerColour,
      'circle-opacity': ['case', ['get', 'quiet'], 0.35, 1],
      'circle-stroke-color': ['case', ['get', 'chosen'], token('--text'), token('--bg')],
      'circle-stroke-width': 2,
    },
  });
}

const PLAN_PX = 2_048;

/**
 * Puts the plan below everything once it is there. Drawn by the browser, so that drawings (SVG) work too.
 * @throws Error when the picture cannot be loaded.
 */
export async function addPlan(map: maplibre.Map, project: Pick<Ground, 'plan'>): Promise<void> {
  const [a, b, c, d] = project.plan?.corners ?? [];
  if (!project.plan || !a || !b || !c || !d) return;
  const picture = new Image();
  picture.src = project.plan.url;
  await picture.decode();
  const scale = PLAN_PX / Math.max(picture.naturalWidth, picture.naturalHeight, 1);
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(picture.naturalHeight * scale));
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  // The map may be gone by now: another theme, another page.
  if (!map.getLayer('grid')) return;
  map.addSource('plan', { type: 'canvas', canvas, animate: false, coordinates: [a, b, c, d] });
  map.addLayer(
    {
      id: 'plan',
      type: 'raster',
      source: 'plan',
      paint: { 'raster-fade-duration': 0, 'raster-opacity': 0.85 },
    },
    'grid',
  );
}

/** Areas and recordings that are heard now are drawn heavier. */
export function markHeard(map: maplibre.Map, names: readonly string[]): void {
  const heard: maplibre.ExpressionSpecification = ['in', ['get', 'name'], ['literal', [...names]]];
  map.setPaintProperty('areas', 'line-width', ['case', heard, 3, 1]);
  map.setPaintProperty('recording', 'circle-radius', ['case', heard, 7, 4]);
  map.setPaintProperty('recording-radius', 'circle-opacity', ['case', heard, 0.28, 0.1]);
}

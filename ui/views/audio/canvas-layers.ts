import type * as maplibre from 'maplibre-gl';
import type { Position } from '../../../api/contract/rest.js';
import type { Speaker } from '../../data/content.js';
import type { Box } from '../../data/geo.js';
import { innerBorder } from '../../data/shapes.js';
import {
  type FeatureCollection,
  type Ground,
  gridOf,
  metresAsPx,
  NOTHING,
  token,
} from '../map-layers.js';
import type { HeatCell } from './places.js';

/** A recording with a place, as the map editor draws it. */
export interface MapRecording {
  readonly id: number;
  readonly name: string;
  readonly at: Position;
  readonly radiusM: number;
  readonly submitted: boolean;
}

/** Sources and layers of the map editor, all of them empty but the grid; from the ground up. */
export function addLayers(made: maplibre.Map, ground: Ground): void {
  const speaker = token('--line-1');
  const recording = token('--line-4');
  const { latitude } = ground.center;
  for (const id of ['areas', 'border', 'recordings', 'pin', 'cells'])
    made.addSource(id, { type: 'geojson', data: NOTHING });
  made.addSource('grid', { type: 'geojson', data: gridOf(ground) });
  made.addLayer({
    id: 'grid',
    type: 'line',
    source: 'grid',
    paint: {
      'line-color': token('--border'),
      'line-width': ['case', ['get', 'heavy'], 1.2, 0.6],
      'line-opacity': ground.plan ? 0.35 : 0.9,
    },
  });
  made.addLayer({
    id: 'cells',
    type: 'fill',
    source: 'cells',
    paint: {
      'fill-color': [
        'interpolate',
        ['linear'],
        ['get', 'share'],
        0,
        token('--heat-1'),
        0.5,
        token('--heat-2'),
        1,
        token('--heat-3'),
      ],
      'fill-opacity': 0.75,
      'fill-antialias': false,
    },
  });
  made.addLayer({
    id: 'areas-fill',
    type: 'fill',
    source: 'areas',
    paint: {
      'fill-color': speaker,
      'fill-opacity': [
        'case',
        ['get', 'active'],
        ['+', 0.08, ['*', 0.22, ['get', 'volume']]],
        0.04,
      ],
    },
  });
  made.addLayer({
    id: 'areas',
    type: 'line',
    source: 'areas',
    paint: {
      'line-color': speaker,
      'line-width': ['case', ['get', 'chosen'], 3, 1.4],
      'line-opacity': ['case', ['get', 'active'], 0.9, 0.4],
    },
  });
  made.addLayer({
    id: 'border',
    type: 'line',
    source: 'border',
    layout: { 'line-cap': 'round' },
    paint: {
      'line-color': speaker,
      'line-width': 1.5,
      'line-opacity': 0.6,
    },
  });
  made.addLayer({
    id: 'radius',
    type: 'circle',
    source: 'recordings',
    paint: {
      'circle-radius': metresAsPx(['get', 'radiusM'], latitude),
      'circle-color': recording,
      'circle-opacity': ['case', ['get', 'chosen'], 0.2, 0],
      'circle-stroke-color': recording,
      'circle-stroke-width': ['case', ['get', 'chosen'], 2, 1],
      'circle-stroke-opacity': ['case', ['get', 'chosen'], 0.9, ['get', 'fog']],
      'circle-pitch-alignment': 'map',
    },
  });
  made.addLayer({
    id: 'recordings',
    type: 'circle',
    source: 'recordings',
    paint: {
      'circle-radius': 4,
      'circle-color': ['case', ['get', 'submitted'], recording, token('--attention')],
      'circle-stroke-color': token('--bg'),
      'circle-stroke-width': 1.5,
    },
  });
  made.addLayer({
    id: 'chosen-recording',
    type: 'circle',
    source: 'recordings',
    filter: ['get', 'chosen'],
    paint: {
      'circle-radius': 10,
      'circle-color': recording,
      'circle-stroke-color': token('--text'),
      'circle-stroke-width': 2.5,
    },
  });
  made.addLayer({
    id: 'pin',
    type: 'circle',
    source: 'pin',
    paint: {
      'circle-radius': 9,
      'circle-opacity': 0,
      'circle-stroke-color': token('--text'),
      'circle-stroke-width': 2,
    },
  });
}

/** Areas of speakers that have one. */
export function areaFeatures(
  speakers: readonly Speaker[],
  chosen: number | undefined,
): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: speakers
      .filter((one) => one.shape.length > 0)
      .map((one) => ({
        type: 'Feature',
        properties: {
          id: one.id,
          active: one.active,
          volume: Math.min(1, one.maxVolume),
          chosen: one.id === chosen,
        },
        geometry: {
          type: 'MultiPolygon',
          coordinates: one.shape.map((polygon) => polygon.map((ring) => ring.map((at) => [...at]))),
        },
      })),
  };
}

const BORDERS = 200;

/** Where attenuation borders end; with very many speakers that of the chosen one alone. */
export function borderFeatures(
  speakers: readonly Speaker[],
  chosen: number | undefined,
): FeatureCollection {
  const drawn = speakers.length <= BORDERS ? speakers : speakers.filter((one) => one.id === chosen);
  return {
    type: 'FeatureCollection',
    features: drawn.map((one) => ({
      type: 'Feature',
      properties: {},
      geometry: {
        type: 'MultiLineString',
        coordinates: innerBorder(one.shape, one.attenuationM).map((line) =>
          line.map((at) => [...at]),
        ),
      },
    })),
  };
}

export function cellFeatures(cells: readonly HeatCell[]): FeatureCollection {
  return {
    type: 'FeatureCollection',
    features: cells.map(({ ring, share }) => ({
      type: 'Feature',
      properties: { share },
      geometry: { type: 'Polygon', coordinates: [ring.map((at) => [...at])] },
    })),
  };
}

const RINGS = 80;

export function recordingFeatures(
  recordings: readonly MapRecording[],
  now: {
    readonly chosen: number | undefined;
    readonly dragged: { readonly id: number; readonly at: Position } | undefined;
    readonly heated: boolean;
  },
): FeatureCollection {
  // Very many rings hide everything else.
  const fog = now.heated || recordings.length > RINGS ? 0 : 0.4;
  return {
    type: 'FeatureCollection',
    features: recordings.map((one) => {
      const at = now.dragged?.id === one.id ? now.dragged.at : one.at;
      return {
        type: 'Feature',
        properties: {
          id: one.id,
          radiusM: one.radiusM,
          submitted: one.submitted,
          fog,
          chosen: one.id === now.chosen,
        },
        geometry: { type: 'Point', coordinates: [at.longitude, at.latitude] },
      };
    }),
  };
}

/** From few to many. */
export const heatColours = (): readonly string[] => [
  token('--heat-1'),
  token('--heat-2'),
  token('--heat-3'),
];

/** Puts the heat map under the outlines, in place of the one before. */
export function showHeat(
  made: maplibre.Map,
  canvas: HTMLCanvasElement | undefined,
  box: Box,
): void {
  removeHeat(made);
  if (!canvas || !made.getLayer('areas-fill')) return;
  const { west, south, east, north } = box;
  made.addSource('heat', {
    type: 'canvas',
    canvas,
    animate: false,
    coordinates: [
      [west, north],
      [east, north],
      [east, south],
      [west, south],
    ],
  });
  made.addLayer(
    {
      id: 'heat',
      type: 'raster',
      source: 'heat',
      paint: { 'raster-fade-duration': 0, 'raster-resampling': 'nearest', 'raster-opacity': 0.75 },
    },
    'areas',
  );
}

export function removeHeat(made: maplibre.Map): void {
  if (made.getLayer('heat')) made.removeLayer('heat');
  if (made.getSource('heat')) made.removeSource('heat');
}

export type Label = readonly [
  text: string,
  longitude: number,
  latitude: number,
  kind: 'area' | 'point',
];

/** Words are HTML: no glyph server is needed. @returns what removes them one by one. */
export function putLabels(
  gl: typeof maplibre,
  made: maplibre.Map,
  labels: readonly Label[],
): readonly maplibre.Marker[] {
  return labels.map(([text, longitude, latitude, kind]) => {
    const element = document.createElement('div');
    element.className = `map-label ${kind}`;
    element.textContent = text;
    element.setAttribute('aria-hidden', 'true');
    return new gl.Marker({
      element,
      anchor: kind === 'area' ? 'center' : 'top',
      offset: [0, kind === 'area' ? 0 : 12],
    })
      .setLngLat([longitude, latitude])
      .addTo(made);
  });
}

/** Id of what a layer shows within `reach` px of a point. */
export function hit(
  made: maplibre.Map,
  point: maplibre.Point,
  layer: string,
  reach: number,
): number | undefined {
  if (!made.getLayer(layer)) return undefined;
  const found = made.queryRenderedFeatures(
    [
      [point.x - reach, point.y - reach],
      [point.x + reach, point.y + reach],
    ],
    { layers: [layer] },
  )[0];
  const id: unknown = found?.properties['id'];
  return typeof id === 'number' ? id : undefined;
}

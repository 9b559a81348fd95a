import type * as maplibre from 'maplibre-gl';
import { token } from '../map-layers.js';

/** With more recordings than this, those that lie close together are drawn as one point with their number. */
export const CLUSTER_FROM = 1_000;
/** Nearer than this every recording is a point of its own. */
const CLUSTER_MAX_ZOOM = 19;
const CLUSTER_PX = 56;
/** Numbers on the screen at once. */
const MOST_COUNTS = 150;

export const CLUSTERED = {
  cluster: true,
  clusterMaxZoom: CLUSTER_MAX_ZOOM,
  clusterRadius: CLUSTER_PX,
} as const;

export function addClusterLayer(made: maplibre.Map): void {
  made.addLayer({
    id: 'clusters',
    type: 'circle',
    source: 'recordings',
    filter: ['has', 'point_count'],
    paint: {
      'circle-radius': ['interpolate', ['linear'], ['log10', ['get', 'point_count']], 0, 12, 5, 28],
      'circle-color': token('--surface'),
      'circle-stroke-color': token('--line-4'),
      'circle-stroke-width': 2.5,
    },
  });
}

/** Zooms to where the points of a cluster part. @returns false when there is none at `point`. */
export function openCluster(made: maplibre.Map, point: maplibre.Point): boolean {
  if (!made.getLayer('clusters')) return false;
  const [found] = made.queryRenderedFeatures(point, { layers: ['clusters'] });
  const id: unknown = found?.properties['cluster_id'];
  const source = made.getSource('recordings');
  if (typeof id !== 'number' || found?.geometry.type !== 'Point') return false;
  const [longitude = 0, latitude = 0] = found.geometry.coordinates;
  if (source && 'getClusterExpansionZoom' in source) {
    (source as maplibre.GeoJSONSource).getClusterExpansionZoom(id).then(
      (zoom) => made.easeTo({ center: [longitude, latitude], zoom }),
      // The points changed meanwhile: one step nearer is right as well.
      () => made.easeTo({ center: [longitude, latitude], zoom: made.getZoom() + 2 }),
    );
  }
  return true;
}

const short = (count: number): string =>
  count < 1_000 ? String(count) : `${(count / 1_000).toFixed(count < 10_000 ? 1 : 0)}k`;

/** Keeps the numbers of clusters on them. Words are HTML: no glyph server is needed. @returns what ends it. */
export function countClusters(gl: typeof maplibre, made: maplibre.Map): () => void {
  const shown = new Map<number, maplibre.Marker>();
  const draw = (): void => {
    if (!made.getLayer('clusters')) return;
    for (const { properties, geometry } of made.queryRenderedFeatures({ layers: ['clusters'] })) {
      const id: unknown = properties['cluster_id'];
      const count: unknown = properties['point_count'];
      if (typeof id !== 'number' || typeof count !== 'number' || geometry.type !== 'Point')
        continue;
      // One that lies on the edge of two tiles is found twice.
      if (shown.has(id)) continue;
      if (shown.size >= MOST_COUNTS) break;
      const element = document.createElement('div');
      element.className = 'map-label count';
      element.textContent = short(count);
      element.setAttribute('aria-hidden', 'true');
      const [longitude = 0, latitude = 0] = geometry.coordinates;
      shown.set(id, new gl.Marker({ element }).setLngLat([longitude, latitude]).addTo(made));
    }
  };
  // Clusters get other ids with other points and other zooms: all numbers are drawn anew.
  const clear = (): void => {
    for (const marker of shown.values()) marker.remove();
    shown.clear();
  };
  const renew = (): void => {
    clear();
    draw();
  };
  made.on('idle', renew);
  made.on('zoomstart', clear);
  return () => {
    made.off('idle', renew);
    made.off('zoomstart', clear);
    clear();
  };
}

import type * as maplibre from 'maplibre-gl';
import { TerraDraw, TerraDrawPolygonMode, TerraDrawSelectMode } from 'terra-draw';
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter';
import type { LngLat, Ring, Shape } from '../../data/content.js';
import { same } from '../../data/form-spec.js';
import { closed, type LooseRing, ringsOf, shapeOf } from '../../data/shapes.js';

type Hex = `#${string}`;

export interface Drawing {
  /** Shows a shape for editing; undefined: none. Does nothing when it is what is shown. */
  edit(shape: Shape | undefined): void;
  /** Waits for a new ring to be drawn. */
  begin(): void;
  cancel(): void;
  stop(): void;
}

const RESTS_MS = 120;

/**
 * Vertices that can be dragged, added in the middle of an edge and (second mouse button) removed, and
 * rings that are drawn anew. The library knows polygons without holes, so each ring is one of its features.
 */
export function startDrawing(
  map: maplibre.Map,
  colour: Hex,
  on: {
    readonly shape: (shape: Shape) => void;
    readonly drawn: (ring: Ring) => void;
  },
): Drawing {
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 9 }),
    modes: [
      new TerraDrawPolygonMode({
        styles: {
          fillColor: colour,
          fillOpacity: 0.12,
          outlineColor: colour,
          outlineWidth: 2,
          closingPointColor: colour,
          closingPointWidth: 7,
        },
      }),
      new TerraDrawSelectMode({
        allowManualDeselection: false,
        keyEvents: null,
        pointerDistance: 18,
        flags: {
          polygon: {
            feature: {
              draggable: true,
              coordinates: { midpoints: true, draggable: true, deletable: true },
            },
          },
        },
        styles: {
          selectedPolygonColor: colour,
          selectedPolygonFillOpacity: 0.1,
          selectedPolygonOutlineColor: colour,
          selectedPolygonOutlineWidth: 3,
          selectionPointColor: '#ffffff',
          selectionPointOutlineColor: colour,
          selectionPointOutlineWidth: 2,
          selectionPointWidth: 6,
          midPointColor: colour,
          midPointOutlineColor: '#ffffff',
          midPointOutlineWidth: 1,
          midPointWidth: 4,
        },
      }),
    ],
  });
  draw.start();
  let shown: Shape | undefined;
  let waiting = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const read = (): LooseRing[] =>
    draw.getSnapshot().flatMap(({ geometry, properties }) => {
      if (geometry.type !== 'Polygon' || typeof properties['polygon'] !== 'number') return [];
      const ring = (geometry.coordinates[0] ?? []).map(([x = 0, y = 0]): LngLat => [x, y]);
      return [{ polygon: properties['polygon'], hole: properties['hole'] === true, ring }];
    });

  const tell = (): void => {
    const next = shapeOf(read());
    if (shown === undefined || same(next, shown)) return;
    shown = next;
    on.shape(next);
  };

  const put = (shape: Shape): void => {
    draw.setMode('select');
    draw.clear();
    const made = draw.addFeatures(
      ringsOf(shape).map(({ polygon, hole, ring }) => ({
        type: 'Feature' as const,
        geometry: { type: 'Polygon' as const, coordinates: [ring.map(([x, y]) => [x, y])] },
        properties: { mode: 'polygon', polygon, hole },
      })),
    );
    const first = made.find((one) => one.valid)?.id;
    if (first !== undefined) draw.selectFeature(first);
  };

  draw.on('change', (_ids, _type, context) => {
    if (waiting || (context !== undefined && 'origin' in context && context.origin === 'api'))
      return;
    clearTimeout(timer);
    timer = setTimeout(tell, RESTS_MS);
  });
  draw.on('finish', (id, context) => {
    if (context.action !== 'draw') {
      clearTimeout(timer);
      tell();
      return;
    }
    const feature = draw.getSnapshotFeature(id);
    waiting = false;
    if (feature?.geometry.type !== 'Polygon') return;
    const ring = closed(
      (feature.geometry.coordinates[0] ?? []).map(([x = 0, y = 0]): LngLat => [x, y]),
    );
    // The library is still inside of its own event.
    setTimeout(() => {
      const before = shown;
      shown = undefined;
      edit(before);
      on.drawn(ring);
    });
  });

  function edit(shape: Shape | undefined): void {
    // As it will be read again, so that merely showing it is no change.
    const next = shape === undefined ? undefined : shapeOf(ringsOf(shape));
    if (waiting || (next !== undefined && same(next, shown))) return;
    clearTimeout(timer);
    shown = next;
    if (next === undefined) {
      draw.setMode('select');
      draw.clear();
    } else put(next);
  }

  return {
    edit,
    begin() {
      waiting = true;
      draw.setMode('polygon');
    },
    cancel() {
      if (!waiting) return;
      waiting = false;
      const before = shown;
      shown = undefined;
      edit(before);
    },
    stop() {
      clearTimeout(timer);
      draw.stop();
    },
  };
}

import type * as maplibre from 'maplibre-gl';

/** The map library with its style, a large file: loaded once, when a map is wanted. Rejects when it cannot be loaded. */
export async function mapLibrary(): Promise<typeof maplibre> {
  const [library, worker] = await Promise.all([
    import('maplibre-gl'),
    import('maplibre-gl/dist/maplibre-gl-worker.mjs?url'),
    import('maplibre-gl/dist/maplibre-gl.css'),
  ]);
  library.setWorkerUrl(worker.default);
  // Its thread starts while the page around the map is made.
  library.prewarm();
  return library;
}

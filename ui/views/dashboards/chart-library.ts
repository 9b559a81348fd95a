import type uPlot from 'uplot';

/** The library that draws charts, with its style. Rejects when it cannot be loaded. */
export async function chartLibrary(): Promise<typeof uPlot> {
  const [library] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]);
  return library.default;
}

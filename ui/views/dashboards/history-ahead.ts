import { SeriesBatch } from '../../data/series-batch.js';

let latest: { readonly id: number; readonly series: SeriesBatch } | undefined;

/** The history of a dashboard, of one who is signed in: the same for its page and for who asks before there is a page. */
export function seriesOf(id: number): SeriesBatch {
  if (latest?.id !== id) latest = { id, series: new SeriesBatch() };
  return latest.series;
}

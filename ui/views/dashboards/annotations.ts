import type { RowOf } from '../../../api/client/calls.types.js';
import { call } from '../../data/api.js';

/** A note on the time axis: without an end of a moment, without channels of all. */
export type Annotation = RowOf<'/v1/annotations'>;

export async function annotationsOf(from: number, to: number): Promise<readonly Annotation[]> {
  return (await call('GET', '/v1/annotations', { query: { from, to, limit: 500 } })).items;
}

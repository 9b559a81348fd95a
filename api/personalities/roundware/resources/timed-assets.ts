import type { TimedAsset } from '../../../../actors/content/content.types.js';
import type { Call } from '../http/ask.js';
import { float, id } from '../http/codecs.js';
import { type Inputs, input, required } from '../http/inputs.js';
import { badField } from '../http/refusal.js';
import { by, callsOf, type Resource } from '../http/resource.js';
import type { Services } from '../services.js';

const seconds = float(0, 31_536_000);

const INPUTS: Inputs<TimedAsset> = {
  projectId: input(['project_id', 'project'], id, required),
  assetId: input(['asset_id', 'asset'], id, required),
  startS: input('start', seconds, required),
  endS: input('end', seconds, required),
};

function inOrder({ startS, endS }: Pick<TimedAsset, 'startS' | 'endS'>): void {
  if (endS < startS) throw badField('end', 'It must not be before start.');
}

export function timedAssetCalls({ content }: Services): readonly Call[] {
  const resource: Resource<TimedAsset> = {
    path: 'timedassets',
    table: content.timedAssets,
    read: 'any',
    write: 'staff',
    inputs: INPUTS,
    filters: [
      by<TimedAsset, number>(['project_id', 'project'], id, 'projectId'),
      by<TimedAsset, number>(['asset_id', 'asset'], id, 'assetId'),
      by<TimedAsset, number>('start__lte', float(), 'startS', '<='),
      by<TimedAsset, number>('start__gte', float(), 'startS', '>='),
      by<TimedAsset, number>('end__lte', float(), 'endS', '<='),
      by<TimedAsset, number>('end__gte', float(), 'endS', '>='),
    ],
    show: (rows) =>
      Promise.resolve(
        rows.map((row) => ({
          id: row.id,
          start: row.startS,
          end: row.endS,
          asset_id: row.assetId,
          project_id: row.projectId,
        })),
      ),
    fresh: (values) => {
      const row = { projectId: 0, assetId: 0, startS: 0, endS: 0, ...values };
      inOrder(row);
      return Promise.resolve(row);
    },
    change: (values, before) => {
      inOrder({ ...before, ...values });
      return Promise.resolve(values);
    },
  };
  return callsOf(resource);
}

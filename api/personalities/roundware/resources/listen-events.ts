import type { ListenRow } from '../../../../actors/content/content.types.js';
import type { Condition } from '../../../../actors/content/store.types.js';
import { Answer, type Ask, type Call, NOTHING } from '../http/ask.js';
import { date, float, id, isoNaive, text, ValueFault } from '../http/codecs.js';
import { type Inputs, input, readInputs, required } from '../http/inputs.js';
import { pageOf } from '../http/pages.js';
import { badField, notFound } from '../http/refusal.js';
import { by, conditionsOf, rowOf, shown, showOne, where } from '../http/resource.js';
import type { Who } from '../people.js';
import type { Services } from '../services.js';
import { mustOwnSession } from './sessions.js';

/** Durations are seconds in bodies and nanoseconds in filters: clients of both kinds are out there. */
const NS_PER_S = 1e9;
const nanoseconds = (raw: unknown): number => float()(raw) / NS_PER_S;
const MAX_DURATION_S = 31_536_000;

const INPUTS: Inputs<ListenRow> = {
  sessionId: input(['session', 'session_id'], id, required),
  assetId: input(['asset', 'asset_id'], id, required),
  startedAtUnixMs: input(['starttime', 'start_time'], date, required),
  durationS: input('duration_in_seconds', float(0, MAX_DURATION_S)),
};

/** `2020-01-01,2020-02-01` */
const range = (raw: unknown): readonly [number, number] => {
  const [from, to, ...rest] = text(200)(raw).split(',');
  if (from === undefined || to === undefined || rest.length > 0) {
    throw new ValueFault('Two dates with a comma between them are required.');
  }
  return [date(from), date(to)];
};

const FILTERS = [
  by<ListenRow, number>(['session', 'session_id'], id, 'sessionId'),
  by<ListenRow, number>(['asset', 'asset_id'], id, 'assetId'),
  by<ListenRow, number>(['project_id', 'project'], id, 'projectId'),
  by<ListenRow, number>('duration__lte', nanoseconds, 'durationS', '<='),
  by<ListenRow, number>('duration__gte', nanoseconds, 'durationS', '>='),
  by<ListenRow, number>('start_time__lte', date, 'startedAtUnixMs', '<='),
  by<ListenRow, number>('start_time__gte', date, 'startedAtUnixMs', '>='),
  where<ListenRow, readonly [number, number]>('start_time__range', range, ([from, to]) => [
    { field: 'startedAtUnixMs', op: '>=', value: from },
    { field: 'startedAtUnixMs', op: '<=', value: to },
  ]),
];

const show = (rows: readonly ListenRow[]): Promise<readonly object[]> =>
  Promise.resolve(
    rows.map((row) => ({
      id: row.id,
      duration_in_seconds: row.durationS,
      start_time: isoNaive(row.startedAtUnixMs),
      session_id: row.sessionId,
      asset_id: row.assetId,
      project_id: row.projectId,
    })),
  );

export function listenEventCalls({ content }: Services): readonly Call[] {
  const { listens } = content;
  /** Who may change it: whose session it is. */
  const ownOf = async (ask: Ask): Promise<ListenRow> => {
    const row = await rowOf(listens, ask);
    const session = await content.sessions.get(row.sessionId);
    if (session !== undefined) mustOwnSession(session, ask.who);
    return row;
  };
  /** Checks what a row refers to: the session must be one's own, and the project is the asset's. */
  const linked = async (
    { sessionId, assetId }: Partial<ListenRow>,
    who: Who,
  ): Promise<{ projectId?: number }> => {
    if (sessionId !== undefined) {
      const session = await content.sessions.get(sessionId);
      if (session === undefined) throw badField('session', 'There is no such session.');
      mustOwnSession(session, who);
    }
    if (assetId === undefined) return {};
    const asset = await content.assets.get(assetId);
    if (asset === undefined) throw badField('asset', 'There is no such asset.');
    return { projectId: asset.projectId };
  };
  return [
    {
      method: 'GET',
      path: 'listenevents',
      access: 'any',
      run: async (ask) => {
        const find: { readonly where: readonly Condition<ListenRow>[] } = {
          where: conditionsOf(ask, FILTERS),
        };
        if (!ask.query.flag('paginate')) {
          return new Answer({ pieces: shown(listens.each(find), show) });
        }
        const total = await listens.count(find);
        return await pageOf(ask, total, async (offset, limit) =>
          show(await listens.find({ ...find, offset, limit })),
        );
      },
    },
    {
      method: 'GET',
      path: 'listenevents/count',
      access: 'any',
      run: async (ask) => ({ count: await listens.count({ where: conditionsOf(ask, FILTERS) }) }),
    },
    {
      method: 'GET',
      path: 'listenevents/{id}',
      access: 'any',
      run: async (ask) => showOne(await rowOf(listens, ask), show),
    },
    {
      method: 'POST',
      path: 'listenevents',
      access: 'any',
      changes: false,
      run: async (ask) => {
        const values = readInputs(await ask.form(), INPUTS, true);
        const { projectId } = await linked(values, ask.who);
        const row = { sessionId: 0, assetId: 0, startedAtUnixMs: 0, durationS: 0, ...values };
        return await showOne(await listens.create({ ...row, projectId: projectId ?? 0 }), show);
      },
    },
    {
      method: 'PATCH',
      path: 'listenevents/{id}',
      access: 'any',
      changes: false,
      run: async (ask) => {
        const before = await ownOf(ask);
        const values = readInputs(await ask.form(), INPUTS, false);
        const after = await listens.update(before.id, {
          ...values,
          ...(await linked(values, ask.who)),
        });
        if (after === undefined) throw notFound();
        return await showOne(after, show);
      },
    },
    {
      method: 'DELETE',
      path: 'listenevents/{id}',
      access: 'any',
      changes: false,
      run: async (ask) => {
        const row = await ownOf(ask);
        if (!(await listens.remove(row.id))) throw notFound();
        return NOTHING;
      },
    },
  ];
}

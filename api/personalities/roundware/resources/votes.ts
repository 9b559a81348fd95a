import type { Vote, VoteKind } from '../../../../actors/content/content.types.js';
import type { FindVotes, VoteSum } from '../../../../actors/content/store.types.js';
import { Answer, type Ask, type Call, field, NOTHING, needed, pathId } from '../http/ask.js';
import { choice, id, int, lower } from '../http/codecs.js';
import { type Inputs, input, readInputs, required } from '../http/inputs.js';
import { badField, denied, notFound } from '../http/refusal.js';
import { by, conditionsOf, rowOf, shown, showOne } from '../http/resource.js';
import { bodySession } from '../localise.js';
import { logEvent } from '../log-event.js';
import { isStaff } from '../people.js';
import type { Services } from '../services.js';
import { MEDIA_TYPES } from './asset-fields.js';
import { tellBlocks } from './blocks.js';
import { mustOwnSession, visitorIdOf } from './sessions.js';

const KINDS = ['like', 'flag', 'rate', 'block_asset', 'block_user'] as const;
const kind = choice(KINDS, lower);
const number = int(-2_147_483_648, 2_147_483_647);

const INPUTS: Inputs<Vote> = {
  assetId: input(['asset_id', 'asset'], id, required),
  sessionId: input(['session_id', 'session'], id, required),
  kind: input(['type', 'vote_type'], kind, required),
  value: input('value', (raw) => (raw === null ? null : number(raw))),
  userId: input(['voter_id', 'voter'], id),
};

const FILTERS = [
  by<Vote, number>(['voter_id', 'voter'], id, 'userId'),
  by<Vote, number>(['session_id', 'session'], id, 'sessionId'),
  by<Vote, number>(['asset_id', 'asset'], id, 'assetId'),
  by<Vote, VoteKind>(['type', 'vote_type'], kind, 'kind'),
  by<Vote, number>('value', number, 'value'),
];

interface Summed {
  readonly type: VoteKind;
  readonly total: number;
  readonly avg?: number | null;
}

const summed = ({ kind: type, count, average }: Omit<VoteSum, 'assetId'>): Summed =>
  type === 'rate' ? { type, total: count, avg: average } : { type, total: count };

async function showVotes({ content }: Services, rows: readonly Vote[]): Promise<readonly object[]> {
  const assetIds = [...new Set(rows.map((row) => row.assetId))];
  const sums = assetIds.length === 0 ? [] : await content.voteSums(assetIds);
  return rows.map((row) => ({
    id: row.id,
    value: row.value,
    type: row.kind,
    voter_id: row.userId,
    asset_id: row.assetId,
    session_id: row.sessionId,
    asset_votes: sums.filter(({ assetId }) => assetId === row.assetId).map(summed),
  }));
}

/** What is left of a vote that was taken back: clients read an object. */
const NO_VOTE = {
  id: null,
  value: null,
  type: null,
  voter_id: null,
  asset_id: null,
  session_id: null,
  asset_votes: null,
};

/** Which votes a request is about. @throws Refusal 400 naming the parameter. */
function wanted(ask: Ask): Omit<FindVotes, 'order' | 'offset' | 'limit'> {
  const projectId = ask.query.read(id, 'project_id', 'project');
  const mediaType = ask.query.read(choice(MEDIA_TYPES, lower), 'media_type', 'mediatype');
  return {
    where: conditionsOf(ask, FILTERS),
    ...(projectId === undefined ? {} : { projectId }),
    ...(mediaType === undefined ? {} : { mediaType }),
  };
}

/** One entry an asset, in the form that the asked type calls for. */
function summarised(sums: readonly VoteSum[], asked: VoteKind | undefined): readonly object[] {
  const byAsset = new Map<number, VoteSum[]>();
  for (const sum of sums) byAsset.set(sum.assetId, [...(byAsset.get(sum.assetId) ?? []), sum]);
  return [...byAsset].map(([assetId, kinds]) => {
    const one = kinds.find((sum) => sum.kind === asked);
    if (one === undefined) return { asset_id: assetId, asset_votes: kinds.map(summed) };
    const { average, count } = one;
    return { asset_id: assetId, asset_votes: asked === 'rate' ? { average, count } : count };
  });
}

export function voteCalls(services: Services): readonly Call[] {
  const { content, clock } = services;
  const show = (rows: readonly Vote[]): Promise<readonly object[]> => showVotes(services, rows);
  /** Blocks act on what the visitor hears now; every vote is noted. */
  const told = async (row: Vote): Promise<void> => {
    await logEvent(services, row.sessionId, 'vote_asset', {
      data: `asset_id:${row.assetId},vote_type:${row.kind}${row.value === null ? '' : `,value:${row.value}`}`,
    });
    if (row.kind === 'block_asset' || row.kind === 'block_user') await tellBlocks(services, row);
  };
  const cast = async (ask: Ask, assetId: number): Promise<object> => {
    const form = await ask.form();
    const session = await bodySession(content, form);
    mustOwnSession(session, ask.who);
    const voted = needed(form, kind, 'vote_type', 'type');
    const value = field(form, number, 'value') ?? null;
    const asset = await content.assets.get(assetId);
    if (asset === undefined) throw notFound();
    const { vote, isNew } = await content.castVote({
      assetId,
      sessionId: session.id,
      userId: (await visitorIdOf(services, ask.who)) ?? session.userId,
      kind: voted,
      value,
      createdAtUnixMs: clock.nowMs(),
    });
    if (!isNew && value === null) {
      await content.votes.remove(vote.id);
      await told(vote);
      return NO_VOTE;
    }
    const row = isNew ? vote : await content.votes.update(vote.id, { value });
    if (row === undefined) throw notFound();
    await told(row);
    return await showOne(row, show);
  };
  /** @throws Refusal 403. */
  const ownOf = async (ask: Ask): Promise<Vote> => {
    const row = await rowOf(content.votes, ask);
    const own = row.userId === null || row.userId === ask.who.visitor?.id;
    if (!own && !isStaff(ask.who)) throw denied();
    return row;
  };
  return [
    {
      method: 'GET',
      path: 'assets/{id}/votes',
      access: 'any',
      run: async (ask) => {
        const asset = await rowOf(content.assets, ask);
        return (await content.voteSums([asset.id])).map(summed);
      },
    },
    {
      method: 'POST',
      path: 'assets/{id}/votes',
      access: 'any',
      run: (ask) => cast(ask, pathId(ask)),
    },
    {
      method: 'GET',
      path: 'votes',
      access: 'any',
      run: (ask) => {
        return Promise.resolve(
          new Answer({ pieces: shown(content.votes.each(wanted(ask)), show) }),
        );
      },
    },
    {
      method: 'GET',
      path: 'votes/summary',
      access: 'any',
      run: (ask) => {
        const asked = ask.query.read(kind, 'type', 'vote_type');
        const pieces = shown(content.eachVoteSum(wanted(ask)), (sums) =>
          Promise.resolve(summarised(sums, asked)),
        );
        return Promise.resolve(new Answer({ pieces }));
      },
    },
    {
      method: 'GET',
      path: 'votes/{id}',
      access: 'any',
      run: async (ask) => showOne(await rowOf(content.votes, ask), show),
    },
    {
      method: 'POST',
      path: 'votes',
      access: 'any',
      run: async (ask) => {
        const values = readInputs(await ask.form(), INPUTS, true);
        const session = await bodySession(content, await ask.form());
        mustOwnSession(session, ask.who);
        if ((await content.assets.get(values.assetId ?? 0)) === undefined) {
          throw badField('asset_id', 'There is no such asset.');
        }
        const own = await visitorIdOf(services, ask.who);
        const row = await content.votes.create({
          assetId: values.assetId ?? 0,
          sessionId: session.id,
          // Staff may enter the votes of others; nobody else votes in another's name.
          userId: (isStaff(ask.who) ? values.userId : undefined) ?? own ?? session.userId,
          kind: values.kind ?? 'like',
          value: values.value ?? null,
          createdAtUnixMs: clock.nowMs(),
        });
        await told(row);
        return await showOne(row, show);
      },
    },
    {
      method: 'PATCH',
      path: 'votes/{id}',
      access: 'any',
      run: async (ask) => {
        const before = await ownOf(ask);
        const { userId, ...values } = readInputs(await ask.form(), INPUTS, false);
        if (values.sessionId !== undefined) {
          mustOwnSession(await bodySession(content, await ask.form()), ask.who);
        }
        const named = isStaff(ask.who) && userId !== undefined ? { userId } : {};
        const after = await content.votes.update(before.id, { ...values, ...named });
        if (after === undefined) throw notFound();
        await told(after);
        return await showOne(after, show);
      },
    },
    {
      method: 'DELETE',
      path: 'votes/{id}',
      access: 'any',
      run: async (ask) => {
        const row = await ownOf(ask);
        if (!(await content.votes.remove(row.id))) throw notFound();
        if (row.kind === 'block_asset' || row.kind === 'block_user')
          await tellBlocks(services, row);
        return NOTHING;
      },
    },
  ];
}

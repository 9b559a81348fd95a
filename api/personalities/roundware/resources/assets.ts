import type { Asset } from '../../../../actors/content/content.types.js';
import type { Condition, FindAssets } from '../../../../actors/content/store.types.js';
import { Answer, type Ask, type Call, NOTHING } from '../http/ask.js';
import { bool, choice, date, float, id, ids, int, lower, text } from '../http/codecs.js';
import { readInputs } from '../http/inputs.js';
import { pageOf } from '../http/pages.js';
import { badField, denied, notFound, Refusal } from '../http/refusal.js';
import { by, conditionsOf, ordered, rowOf, shown, showOne } from '../http/resource.js';
import { languageByCode, neededSessionOf } from '../localise.js';
import { isStaff, type Who } from '../people.js';
import type { Services } from '../services.js';
import { ASSET_INPUTS, MEDIA_TYPES, showAssets, wholeAsset } from './asset-fields.js';
import { createAsset } from './uploads.js';

const plain = text(4_096);

const FILTERS = [
  by<Asset, number>(['session_id', 'session'], id, 'sessionId'),
  by<Asset, number>(['project_id', 'project'], id, 'projectId'),
  by<Asset, string>(['media_type', 'mediatype'], choice(MEDIA_TYPES, lower), 'mediaType'),
  by<Asset, boolean>('submitted', bool, 'submitted'),
  by<Asset, string>('description', plain, 'description', 'contains'),
  by<Asset, string>('filename', plain, 'filename', 'contains'),
  by<Asset, string>('longitude', plain, 'longitude', 'startsWith'),
  by<Asset, string>('latitude', plain, 'latitude', 'startsWith'),
  by<Asset, number>('audiolength__lte', float(), 'lengthS', '<='),
  by<Asset, number>('audiolength__gte', float(), 'lengthS', '>='),
  by<Asset, number>('created__lte', date, 'createdAtUnixMs', '<='),
  by<Asset, number>('created__gte', date, 'createdAtUnixMs', '>='),
  by<Asset, number>('updated__lte', date, 'updatedAtUnixMs', '<='),
  by<Asset, number>('updated__gte', date, 'updatedAtUnixMs', '>='),
];

/** What a request's parameters ask for; undefined: nothing can match. */
async function findOf(
  services: Services,
  ask: Ask,
  projectId: number | undefined,
): Promise<FindAssets | undefined> {
  const where: Condition<Asset>[] = [...conditionsOf(ask, FILTERS)];
  if (projectId !== undefined) where.push({ field: 'projectId', op: '=', value: projectId });
  const { query } = ask;
  const code = query.text('language');
  if (code !== undefined) {
    const language = await languageByCode(services.content, code);
    if (language === undefined) return undefined;
    where.push({ field: 'languageId', op: '=', value: language.id });
  }
  const languageId = query.read(id, 'language_id');
  if (languageId !== undefined) where.push({ field: 'languageId', op: '=', value: languageId });
  const tagIdsAll = query.read(ids, 'tag_ids', 'tags') ?? [];
  const tagIdsAny = query.read(ids, 'tag_ids_or') ?? [];
  const envelopeIds = query.read(ids, 'envelope_id', 'envelope_ids') ?? [];
  const part = query.text('text_filter');
  const userText = query.text('user_str');
  return {
    where,
    ...(tagIdsAll.length === 0 ? {} : { tagIdsAll }),
    ...(tagIdsAny.length === 0 ? {} : { tagIdsAny }),
    ...(envelopeIds.length === 0 ? {} : { envelopeIds }),
    ...(part === undefined ? {} : { text: part }),
    ...(userText === undefined ? {} : { userText, emailsOf: emailsSeenBy(ask.who) }),
  };
}

/** What is not shown is not found by either. */
function emailsSeenBy(who: Who): number | 'all' | 'nobody' {
  return isStaff(who) ? 'all' : (who.visitor?.id ?? 'nobody');
}

const ORDERS: Readonly<Record<string, Extract<keyof Asset, string>>> = {
  id: 'id',
  session_id: 'sessionId',
  audiolength: 'lengthS',
  audio_length_in_seconds: 'lengthS',
  weight: 'weight',
  volume: 'volume',
};

/** Unknown words are ignored, as any unknown parameter. */
function orderOf(ask: Ask): FindAssets['order'] {
  const asked = ask.query.text('ordering')?.split(',')[0]?.trim() ?? '';
  const name = asked.replace(/^-/, '');
  const field = Object.hasOwn(ORDERS, name) ? ORDERS[name] : undefined;
  if (field === undefined) return undefined;
  return { by: field, direction: asked.startsWith('-') ? 'desc' : 'asc' };
}

/** Assets as asked: a page, or all of them in pieces. */
export async function assetList(
  services: Services,
  ask: Ask,
  projectId?: number,
): Promise<unknown> {
  const { assets } = services.content;
  const find = await findOf(services, ask, projectId);
  const show = (rows: readonly Asset[]): Promise<readonly object[]> =>
    showAssets(services, rows, ask);
  const order = orderOf(ask);
  if (ask.query.flag('paginate')) {
    const total = find === undefined ? 0 : await assets.count(find);
    return await pageOf(ask, total, async (offset, limit) =>
      find === undefined
        ? []
        : show(await assets.find({ ...find, ...(order ? { order } : {}), offset, limit })),
    );
  }
  if (find === undefined) return [];
  const rows = order === undefined ? assets.each(find, 250) : ordered(assets, { ...find, order });
  return new Answer({ pieces: shown(rows, show) });
}

/** Those of the author and of staff only: a token costs nothing. @throws Refusal 403. */
function mustOwn(asset: Asset, who: Who): void {
  if (isStaff(who)) return;
  if (asset.userId === null || asset.userId !== who.visitor?.id) throw denied();
}

export function assetCalls(services: Services): readonly Call[] {
  const { content, clock } = services;
  const show = (row: Asset, ask: Ask): Promise<object> =>
    showOne(row, (rows) => showAssets(services, rows, ask));
  return [
    { method: 'GET', path: 'assets', access: 'any', run: (ask) => assetList(services, ask) },
    {
      method: 'GET',
      path: 'assets/count',
      access: 'any',
      run: async (ask) => {
        const find = await findOf(services, ask, undefined);
        return { count: find === undefined ? 0 : await content.assets.count(find) };
      },
    },
    {
      method: 'GET',
      path: 'assets/random',
      access: 'any',
      run: async (ask) => {
        const limit = Math.min(ask.query.read(int(0, 1_000_000), 'limit') ?? 1, 1_000);
        const find = await findOf(services, ask, undefined);
        const all = find === undefined ? [] : await content.assets.ids(find);
        const picked = pickSome(Math.min(limit, all.length), all.length);
        const rows = await content.assets.many(picked.map((at) => all[at] ?? 0));
        return await showAssets(services, rows, ask);
      },
    },
    {
      method: 'GET',
      path: 'assets/blocked',
      access: 'any',
      run: async (ask) => {
        const session = await neededSessionOf(content, ask).catch((thrown: unknown) => {
          if (thrown instanceof Refusal && thrown.status === 404) {
            throw badField('session_id', 'There is no such session.');
          }
          throw thrown;
        });
        return await blocked(services, session.userId);
      },
    },
    {
      method: 'GET',
      path: 'assets/{id}',
      access: 'any',
      run: async (ask) => show(await rowOf(content.assets, ask), ask),
    },
    {
      method: 'POST',
      path: 'assets',
      access: 'any',
      files: true,
      run: async (ask) => show(await createAsset(services, ask), ask),
    },
    {
      method: 'PATCH',
      path: 'assets/{id}',
      access: 'any',
      run: async (ask) => {
        const before = await rowOf(content.assets, ask);
        mustOwn(before, ask.who);
        const given = readInputs(await ask.form(), ASSET_INPUTS, false);
        const values = { ...wholeAsset(given, before), updatedAtUnixMs: clock.nowMs() };
        const after = await content.assets.update(before.id, values);
        if (after === undefined) throw notFound();
        return await show(after, ask);
      },
    },
    {
      method: 'DELETE',
      path: 'assets/{id}',
      access: 'any',
      run: async (ask) => {
        const asset = await rowOf(content.assets, ask);
        mustOwn(asset, ask.who);
        if (!(await content.assets.remove(asset.id))) throw notFound();
        if (ask.query.flag('delete_binary') && asset.mediaId !== null) {
          await services.removeBinary(asset.mediaId);
        }
        return NOTHING;
      },
    },
  ];
}

/** What the visitor of a session blocked, through assets and through their authors. */
async function blocked(services: Services, userId: number | null): Promise<unknown> {
  const { content } = services;
  const none = new Answer({ status: 204 });
  if (userId === null) return none;
  const { assetIds, userIds } = await content.blocksOf(userId);
  const all = new Set(assetIds);
  if (userIds.length > 0) {
    for await (const rows of content.assets.each({
      where: [{ field: 'userId', op: 'in', value: userIds }],
    })) {
      for (const row of rows) all.add(row.id);
    }
  }
  if (all.size === 0) return none;
  const visitor = await content.visitors.get(userId);
  return {
    device_id: visitor?.deviceId ?? null,
    blocked_asset_ids: [...all].sort((a, b) => a - b),
  };
}

/** `count` different places below `total`, in random order (Floyd). */
function pickSome(count: number, total: number): readonly number[] {
  const picked = new Set<number>();
  for (let top = total - count; top < total; top++) {
    const at = Math.floor(Math.random() * (top + 1));
    picked.add(picked.has(at) ? top : at);
  }
  return [...picked].sort(() => Math.random() - 0.5);
}

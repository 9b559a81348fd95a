import type { Asset, Envelope } from '../../../../actors/content/content.types.js';
import { Answer, type Ask, type Call, field, NOTHING } from '../http/ask.js';
import { id, isoNaive } from '../http/codecs.js';
import { bad, denied, notFound } from '../http/refusal.js';
import { by, conditionsOf, rowOf, shown, showOne } from '../http/resource.js';
import { bodySession } from '../localise.js';
import { isStaff } from '../people.js';
import type { Services } from '../services.js';
import { showAssets } from './asset-fields.js';
import { envelopeOf, takeUpload } from './uploads.js';

const FILTERS = [by<Envelope, number>(['session_id', 'session'], id, 'sessionId')];

async function showEnvelopes(
  { content }: Services,
  rows: readonly Envelope[],
): Promise<readonly object[]> {
  const inside = new Map<number, number[]>(rows.map((row) => [row.id, []]));
  const envelopeIdsAny = [...inside.keys()];
  for await (const assets of content.assets.each({ envelopeIdsAny })) {
    for (const asset of assets) {
      for (const envelopeId of asset.envelopeIds) inside.get(envelopeId)?.push(asset.id);
    }
  }
  return rows.map((row) => ({
    id: row.id,
    session_id: row.sessionId,
    created: isoNaive(row.createdAtUnixMs),
    asset_ids: inside.get(row.id) ?? [],
  }));
}

/** Envelopes of sessions of a project, and those that hold an asset. */
async function matching(
  { content }: Services,
  rows: readonly Envelope[],
  ask: Ask,
  holding: ReadonlySet<number> | undefined,
): Promise<readonly Envelope[]> {
  const held = holding === undefined ? rows : rows.filter((row) => holding.has(row.id));
  const projectId = ask.query.read(id, 'project_id', 'project');
  if (projectId === undefined) return held;
  const sessions = await content.sessions.many([...new Set(held.map((row) => row.sessionId))]);
  const inside = new Set(
    sessions.filter((session) => session.projectId === projectId).map((session) => session.id),
  );
  return held.filter((row) => inside.has(row.sessionId));
}

export function envelopeCalls(services: Services): readonly Call[] {
  const { content, clock } = services;
  const show = (row: Envelope): Promise<object> =>
    showOne(row, (rows) => showEnvelopes(services, rows));
  return [
    {
      method: 'GET',
      path: 'envelopes',
      access: 'open',
      run: async (ask) => {
        const where = conditionsOf(ask, FILTERS);
        const assetId = ask.query.read(id, 'asset_id', 'asset_ids');
        const asset = assetId === undefined ? undefined : await content.assets.get(assetId);
        const holding = assetId === undefined ? undefined : new Set(asset?.envelopeIds ?? []);
        const pieces = shown(content.envelopes.each({ where }), async (rows) =>
          showEnvelopes(services, await matching(services, rows, ask, holding)),
        );
        return new Answer({ pieces });
      },
    },
    {
      method: 'GET',
      path: 'envelopes/{id}',
      access: 'open',
      run: async (ask) => show(await rowOf(content.envelopes, ask)),
    },
    {
      method: 'POST',
      path: 'envelopes',
      access: 'open',
      run: async (ask) => {
        const session = await bodySession(content, await ask.form());
        return await show(
          await content.envelopes.create({
            sessionId: session.id,
            createdAtUnixMs: clock.nowMs(),
          }),
        );
      },
    },
    {
      method: 'PATCH',
      path: 'envelopes/{id}',
      access: 'open',
      files: true,
      run: async (ask) => {
        const asset = await fill(services, ask);
        return await showOne(asset, (rows) => showAssets(services, rows, ask));
      },
    },
    {
      method: 'DELETE',
      path: 'envelopes/{id}',
      access: 'open',
      run: async (ask) => {
        const envelope = await rowOf(content.envelopes, ask);
        const session = await content.sessions.get(envelope.sessionId);
        const own = session?.userId != null && session.userId === ask.who.visitor?.id;
        if (!own && !isStaff(ask.who)) throw denied();
        if (!(await content.envelopes.remove(envelope.id))) throw notFound();
        return NOTHING;
      },
    },
  ];
}

/** Puts a new file, or an asset that is here, into an envelope. @throws Refusal 400. */
async function fill(services: Services, ask: Ask): Promise<Asset> {
  const { content, clock } = services;
  const number = /^\d{1,9}$/.test(ask.params['id'] ?? '') ? Number(ask.params['id']) : 0;
  // Before the form is read: files for nothing are not taken.
  const { envelope, session } = await envelopeOf(services, number);
  const form = await ask.form();
  const file = form.files[0];
  const assetId = field(form, id, 'asset_id');
  if (file !== undefined) return await takeUpload(services, ask, envelope, session, file);
  if (assetId === undefined) throw bad('Give a file or an asset_id.');
  const asset = await content.assets.get(assetId);
  if (asset === undefined) throw bad(`asset_id: there is no asset ${assetId}.`);
  if (asset.envelopeIds.includes(envelope.id)) return asset;
  const changed = await content.assets.update(asset.id, {
    envelopeIds: [...asset.envelopeIds, envelope.id].sort((a, b) => a - b),
    updatedAtUnixMs: clock.nowMs(),
  });
  return changed ?? asset;
}

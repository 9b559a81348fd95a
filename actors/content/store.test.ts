import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../engine/control/feed.js';
import { type TestHome, testHome } from '../control/testing/stores.js';
import { TAG_DEFAULTS } from './defaults.js';
import { contentRows } from './testing/rows.js';

describe.each(['sqlite', 'postgres'] as const)('the content store on %s', (dialect) => {
  let home: TestHome;
  beforeAll(async () => {
    home = await testHome(dialect);
  });
  beforeEach(async () => {
    await home.renew();
  });
  afterAll(async () => {
    await home.close();
  });

  const opened = async () => {
    const store = await home.open();
    return { store, content: store.content, make: contentRows(store) };
  };

  test('gives back what was kept, of every kind of field', async () => {
    const { content, make } = await opened();
    const made = await make.project({
      name: 'Gärten ☂ %_!',
      latitude: -33.123456789,
      autoSubmit: true,
      targetLufs: -18.5,
      recordingRadiusM: null,
      languageIds: [1],
      plan: {
        url: '/plan.png',
        corners: [
          [1, 2],
          [3, 4],
        ],
      },
    });
    expect(await content.projects.get(made.id)).toEqual(made);
    expect(made).toMatchObject({
      name: 'Gärten ☂ %_!',
      latitude: -33.123456789,
      autoSubmit: true,
      listenEnabled: true,
      targetLufs: -18.5,
      recordingRadiusM: null,
      plan: {
        url: '/plan.png',
        corners: [
          [1, 2],
          [3, 4],
        ],
      },
    });
  });

  test('changes many rows in bulk as it changes one, of every kind of field, and tells each', async () => {
    const { store, content, make } = await opened();
    const made = [];
    for (let i = 0; i < 6; i++) made.push(await make.project({ name: `P${i}` }));
    const [first, second, third] = made;
    if (first === undefined || second === undefined || third === undefined) throw new Error('none');
    const changes: Change[] = [];
    store.control.feed.follow(await store.control.feed.head(), (event) => {
      if (event.type === 'changes') changes.push(...event.changes);
    });
    const plan = { url: '/ü "quoted".png', corners: [[1.5, -2] as const] };
    const alike = made.map(({ id }, i) => ({
      id,
      values: {
        name: `Gärten ☂ ${i} '"\\`,
        latitude: -33.123456789 - i,
        autoSubmit: i % 2 === 0,
        recordingRadiusM: i === 0 ? null : i,
        plan: i === 1 ? null : plan,
      },
    }));
    const known = await content.projects.updateBulk([
      ...alike,
      { id: 999_999, values: alike[0]?.values ?? {} },
      { id: second.id, values: { targetLufs: -20.25 } },
      { id: third.id, values: { name: 'later' } },
    ]);
    expect(known).toBe(6);
    for (const [i, { id }] of made.entries()) {
      expect(await content.projects.get(id)).toEqual({
        ...made[i],
        ...alike[i]?.values,
        ...(id === second.id ? { targetLufs: -20.25 } : {}),
        ...(id === third.id ? { name: 'later' } : {}),
      });
    }
    await expect.poll(() => changes.length).toBe(6);
    expect(new Set(changes.map(({ id }) => Number(id)))).toEqual(new Set(made.map(({ id }) => id)));
    await expect(
      content.projects.updateBulk(made.map(({ id }) => ({ id, values: { latitude: Number.NaN } }))),
    ).rejects.toThrow('latitude must be a number');
  });

  test('has English as language 1 from the start', async () => {
    const { content } = await opened();
    expect(await content.languages.find()).toEqual([{ id: 1, name: 'English', code: 'en' }]);
  });

  test('changes only what is given and notes it in the feed', async () => {
    const { store, content, make } = await opened();
    const project = await make.project();
    const changes: Change[] = [];
    store.control.feed.follow(await store.control.feed.head(), (event) => {
      if (event.type === 'changes') changes.push(...event.changes);
    });
    const after = await content.projects.update(project.id, { name: 'Park' });
    expect(after).toEqual({ ...project, name: 'Park' });
    expect(await content.projects.update(999, { name: 'x' })).toBeUndefined();
    expect(await content.projects.remove(project.id)).toBe(true);
    expect(await content.projects.remove(project.id)).toBe(false);
    await expect
      .poll(() => changes.map(({ domain, id, op }) => [domain, id, op]))
      .toEqual([
        ['content.projects', String(project.id), 'put'],
        ['content.projects', String(project.id), 'delete'],
      ]);
  });

  test('finds by every operation, ordered, in pages', async () => {
    const { content, make } = await opened();
    const { id: projectId } = await make.project();
    for (const [description, weight] of [
      ['Bees', 3],
      ['bell 100%', 9],
      ['Heron', 9],
      ['thorn_', 0],
    ] as const) {
      await make.asset({ projectId, description, weight, latitude: weight === 0 ? null : weight });
    }
    const names = async (find: Parameters<typeof content.assets.find>[0]) =>
      (await content.assets.find(find)).map(({ description }) => description);
    const where = (...conditions: NonNullable<NonNullable<Parameters<typeof names>[0]>['where']>) =>
      names({ where: conditions });

    expect(await where({ field: 'weight', op: '=', value: 9 })).toEqual(['bell 100%', 'Heron']);
    expect(await where({ field: 'weight', op: '!=', value: 9 })).toEqual(['Bees', 'thorn_']);
    expect(await where({ field: 'weight', op: '<', value: 3 })).toEqual(['thorn_']);
    expect(await where({ field: 'weight', op: '>=', value: 9 })).toHaveLength(2);
    expect(await where({ field: 'description', op: 'contains', value: 'BE' })).toEqual([
      'Bees',
      'bell 100%',
    ]);
    expect(await where({ field: 'description', op: 'contains', value: '0%' })).toEqual([
      'bell 100%',
    ]);
    expect(await where({ field: 'description', op: 'contains', value: 'n_' })).toEqual(['thorn_']);
    expect(await where({ field: 'description', op: 'startsWith', value: 'be' })).toHaveLength(2);
    expect(await where({ field: 'latitude', op: 'startsWith', value: '9' })).toHaveLength(2);
    expect(await where({ field: 'weight', op: 'in', value: [0, 3] })).toEqual(['Bees', 'thorn_']);
    expect(await where({ field: 'weight', op: 'in', value: [] })).toEqual([]);
    expect(await where({ field: 'latitude', op: 'isNull', value: true })).toEqual(['thorn_']);
    expect(await where({ field: 'submitted', op: '=', value: true })).toEqual([]);
    expect(await names({ order: { by: 'weight', direction: 'desc' }, limit: 2 })).toEqual([
      'Heron',
      'bell 100%',
    ]);
    expect(await names({ order: { by: 'weight', direction: 'asc' }, limit: 2, offset: 1 })).toEqual(
      ['Bees', 'bell 100%'],
    );
    expect((await names({ order: { by: 'latitude', direction: 'desc' } })).at(-1)).toBe('thorn_');
    expect(await content.assets.count({ where: [{ field: 'weight', op: '=', value: 9 }] })).toBe(2);
  });

  test('refuses a field that does not exist, whatever is written in its name', async () => {
    const { content } = await opened();
    const find = content.assets.find({
      where: [{ field: 'id"; drop table users; --' as 'id', op: '=', value: 1 }],
    });
    await expect(find).rejects.toThrow('assets have no field');
  });

  test('finds assets by tags and envelopes, all of them or any', async () => {
    const { content, make } = await opened();
    const { id: projectId } = await make.project();
    const { id: categoryId } = await content.tagCategories.create({ name: 'kind', data: '' });
    const [a, b] = await content.tags.createMany(
      ['a', 'b'].map((value) => ({ ...TAG_DEFAULTS, projectId, categoryId, value })),
    );
    const { id: sessionId } = await make.session({ projectId });
    const envelope = await content.envelopes.create({ sessionId, createdAtUnixMs: 1 });
    const tagIds = [a?.id ?? 0, b?.id ?? 0];
    const both = await make.asset({ projectId, tagIds, envelopeIds: [envelope.id] });
    const one = await make.asset({ projectId, tagIds: tagIds.slice(0, 1) });
    await make.asset({ projectId });
    const ids = async (find: Parameters<typeof content.assets.find>[0]) =>
      (await content.assets.find(find)).map(({ id }) => id);

    expect(await ids({ tagIdsAll: tagIds })).toEqual([both.id]);
    expect(await ids({ tagIdsAny: tagIds })).toEqual([both.id, one.id]);
    expect(await ids({ envelopeIds: [envelope.id] })).toEqual([both.id]);
    await content.assets.update(both.id, { tagIds: [] });
    expect(await ids({ tagIdsAny: tagIds })).toEqual([one.id]);
    expect(await content.assets.get(both.id)).toMatchObject({
      tagIds: [],
      envelopeIds: [envelope.id],
    });
  });

  test('finds assets by words in description, file name, or who made them', async () => {
    const { content, make } = await opened();
    const { id: projectId } = await make.project();
    const user = await make.visitor({ firstName: 'Ada', lastName: 'Byron', email: 'a@b.example' });
    const asset = await make.asset({
      projectId,
      userId: user.id,
      filename: '20260101-Bench.mp3',
    });
    await make.asset({ projectId, description: 'bench, of stone' });
    const ids = async (find: Parameters<typeof content.assets.find>[0]) =>
      (await content.assets.find(find)).map(({ id }) => id);
    expect(await ids({ text: 'BENCH' })).toHaveLength(2);
    expect(await ids({ userText: 'ada by' })).toEqual([asset.id]);
    expect(await ids({ userText: 'nobody' })).toEqual([]);
  });

  test('walks through a table in pieces, each row once', async () => {
    const { content, make } = await opened();
    const { id: projectId } = await make.project();
    const made = await content.localizedStrings.createMany(
      Array.from({ length: 1_203 }, (_, i) => ({ languageId: 1, text: `t${i}` })),
    );
    expect(projectId).toBeGreaterThan(0);
    const sizes: number[] = [];
    const seen: number[] = [];
    for await (const rows of content.localizedStrings.each({}, 500)) {
      sizes.push(rows.length);
      seen.push(...rows.map(({ id }) => id));
    }
    expect(sizes).toEqual([500, 500, 203]);
    expect(seen).toEqual(made.map(({ id }) => id));
    expect(await content.localizedStrings.many([seen[700] ?? 0, 0, seen[3] ?? 0])).toMatchObject([
      { text: 't700' },
      { text: 't3' },
    ]);
  });

  test('reads as many rows by id as are asked for, in the order of the ids', async () => {
    const { content } = await opened();
    const made = await content.localizedStrings.createMany(
      Array.from({ length: 12_000 }, (_, i) => ({ languageId: 1, text: `t${i}` })),
    );
    const ids = made.map(({ id }) => id).reverse();
    const rows = await content.localizedStrings.many(ids);
    expect(rows.map(({ id }) => id)).toEqual(ids);
  }, 60_000);

  test('removes what belongs to a project with it, and refuses to break references', async () => {
    const { content, make } = await opened();
    const { id: projectId } = await make.project();
    const { id: categoryId } = await content.tagCategories.create({ name: 'kind', data: '' });
    await content.tags.create({ ...TAG_DEFAULTS, projectId, categoryId, value: 'a' });
    await make.asset({ projectId });
    await expect(content.tagCategories.remove(categoryId)).rejects.toThrow('still in use');
    await expect(make.asset({ projectId: 999 })).rejects.toMatchObject({ code: 'conflict' });
    await content.projects.remove(projectId);
    expect(await content.tags.count()).toBe(0);
    expect(await content.assets.count()).toBe(0);
    expect(await content.tagCategories.remove(categoryId)).toBe(true);
  });

  test('never gives out a number twice', async () => {
    const { content, make } = await opened();
    const first = await make.project();
    await content.projects.remove(first.id);
    expect((await make.project()).id).toBeGreaterThan(first.id);
  });

  test('sums votes and knows what a visitor blocked', async () => {
    const { content, make } = await opened();
    const { id: projectId } = await make.project();
    const [me, other] = [await make.visitor(), await make.visitor({ username: 'other' })];
    const { id: sessionId } = await make.session({ projectId, userId: me.id });
    const asset = await make.asset({ projectId, userId: other.id });
    const quiet = await make.asset({ projectId });
    const vote = { sessionId, userId: me.id, createdAtUnixMs: 1 };
    await content.votes.createMany([
      { ...vote, assetId: asset.id, kind: 'like', value: null },
      { ...vote, assetId: asset.id, kind: 'rate', value: 4 },
      { ...vote, assetId: asset.id, kind: 'rate', value: 1 },
      { ...vote, assetId: asset.id, kind: 'block_user', value: null },
      { ...vote, assetId: quiet.id, kind: 'block_asset', value: null },
    ]);
    expect(await content.voteSums([asset.id])).toEqual([
      { assetId: asset.id, kind: 'block_user', count: 1, average: null },
      { assetId: asset.id, kind: 'like', count: 1, average: null },
      { assetId: asset.id, kind: 'rate', count: 2, average: 2.5 },
    ]);
    expect(await content.voteSums([])).toHaveLength(4);
    expect(await content.blocksOf(me.id)).toEqual({ assetIds: [quiet.id], userIds: [other.id] });
    expect(await content.blocksOf(other.id)).toEqual({ assetIds: [], userIds: [] });
  });

  test('sums the votes of a project in pieces, each asset whole', async () => {
    const { content, make } = await opened();
    const [{ id: projectId }, elsewhere] = [await make.project(), await make.project()];
    const { id: sessionId } = await make.session({ projectId });
    const vote = { sessionId, userId: null, createdAtUnixMs: 1 };
    const assets: number[] = [];
    for (let i = 0; i < 301; i++) assets.push((await make.asset({ projectId })).id);
    const photo = await make.asset({ projectId, mediaType: 'photo' });
    const far = await make.asset({ projectId: elsewhere.id });
    await content.votes.createMany([
      ...assets.flatMap((assetId) => [
        { ...vote, assetId, kind: 'like' as const, value: null },
        { ...vote, assetId, kind: 'rate' as const, value: 2 },
        { ...vote, assetId, kind: 'rate' as const, value: 5 },
      ]),
      { ...vote, assetId: photo.id, kind: 'flag', value: null },
      { ...vote, assetId: far.id, kind: 'like', value: null },
    ]);
    const pieces = [];
    for await (const piece of content.eachVoteSum({ projectId, mediaType: 'audio' })) {
      pieces.push(piece);
    }
    expect(pieces.length).toBeGreaterThan(1);
    const sums = pieces.flat();
    expect(sums).toEqual(
      assets.flatMap((assetId) => [
        { assetId, kind: 'like', count: 1, average: null },
        { assetId, kind: 'rate', count: 2, average: 3.5 },
      ]),
    );
    const firsts = pieces.map((piece) => piece[0]?.assetId);
    const lasts = pieces.map((piece) => piece.at(-1)?.assetId);
    expect(firsts.slice(1).some((id, i) => id === lasts[i])).toBe(false);
    const [photos] = [content.eachVoteSum({ projectId, mediaType: 'photo' })];
    for await (const piece of photos) {
      expect(piece).toEqual([{ assetId: photo.id, kind: 'flag', count: 1, average: null }]);
    }
    expect(await content.votes.count({ projectId: elsewhere.id })).toBe(1);
    expect(await content.votes.find({ mediaType: 'photo' })).toMatchObject([{ kind: 'flag' }]);
  });

  test('reads texts in one language', async () => {
    const { content } = await opened();
    const es = await content.languages.create({ name: 'Español', code: 'es' });
    const [hello, hola] = await content.localizedStrings.createMany([
      { languageId: 1, text: 'Hello' },
      { languageId: es.id, text: 'Hola' },
    ]);
    const ids = [hello?.id ?? 0, hola?.id ?? 0];
    expect([...(await content.texts(ids, es.id))]).toEqual([[hola?.id, 'Hola']]);
    await expect(content.languages.create({ name: 'x', code: 'es' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

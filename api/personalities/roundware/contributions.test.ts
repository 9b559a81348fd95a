// Over 400 lines: one site serves all of these, and each call builds on what the ones before it left.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Asset } from '../../../actors/content/content.types.js';
import { ASSET_DEFAULTS } from '../../../actors/content/defaults.js';
import { Client, visitor } from './testing/client.js';
import { anyNumber, covers, naiveDate, shows } from './testing/covers.js';
import { narrows } from './testing/fields.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, square, type World } from './testing/world.js';

let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
});
afterAll(() => site.stop());

const T0 = Date.UTC(2026, 0, 31, 12);

async function asset(values: Partial<Asset> = {}): Promise<number> {
  const row = await site.store.content.assets.create({
    ...ASSET_DEFAULTS,
    projectId: world.projectId,
    createdAtUnixMs: T0,
    updatedAtUnixMs: T0,
    ...values,
  });
  return row.id;
}

/** A project of its own, so that other tests' assets do not show. */
async function ownProject(name: string): Promise<number> {
  return (await world.olga.post('projects/', { name, latitude: 1, longitude: 1 })).id;
}

function upload(fields: Readonly<Record<string, string>>, name = 'blob'): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set('file', new Blob(['RIFF sound'], { type: 'audio/wav' }), name);
  return form;
}

test('an envelope takes a file with all that is said of it, and answers the asset', async () => {
  const { ada, adaId, projectId, sessionId, texts, germanId } = world;
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  shows('POST envelopes', envelope, {
    id: anyNumber,
    session_id: sessionId,
    created: naiveDate,
    asset_ids: [],
  });
  covers('POST envelopes', '>session_id');
  const category = await world.olga.post('tagcategories/', { name: 'c' });
  const tags: number[] = [];
  for (const value of ['a', 'b']) {
    const body = { project_id: projectId, tag_category_id: category.id, value };
    tags.push((await world.olga.post('tags/', body)).id);
  }
  const [english, german] = await texts('Text', 'Wort');
  const made = await ada.patch(
    `envelopes/${envelope.id}/`,
    upload({
      session_id: String(sessionId),
      latitude: '42.5',
      longitude: '-71.25',
      tag_ids: tags.join(','),
      media_type: 'audio',
      description: 'What I heard',
      volume: '0.5',
      weight: '70',
      submitted: 'Y',
      description_loc_ids: `${english}`,
      alt_text_loc_ids: `${german}`,
    }),
  );
  expect(made).toMatchObject({
    file: `${site.url}/media/${String(made['filename'])}`,
    latitude: 42.5,
    longitude: -71.25,
    tag_ids: tags,
    media_type: 'audio',
    description: 'What I heard',
    volume: 0.5,
    weight: 70,
    submitted: true,
    user: { id: adaId, device_id: 'ada-phone' },
    session_id: sessionId,
    project_id: projectId,
    language_id: 1,
    envelope_ids: [envelope.id],
  });
  expect(site.ingest.arrivals.at(-1)).toMatchObject({
    declaredName: 'blob',
    declaredType: 'audio/wav',
    descriptionLocIds: [english],
    altTextLocIds: [german],
  });
  covers(
    'PATCH envelopes/{id}',
    ...['=asset', '>file', '>session_id', '>latitude', '>longitude', '>tag_ids', '>media_type'],
    ...[
      '>description',
      '>volume',
      '>weight',
      '>submitted',
      '>description_loc_ids',
      '>alt_text_loc_ids',
    ],
  );
  const read = await ada.get(`envelopes/${envelope.id}?session_id=${sessionId}`);
  expect(read).toEqual({ ...envelope, asset_ids: [made.id] });
  covers('GET envelopes/{id}', '=item', '=slash-less');
  const { client } = await visitor(site.url, 'other-author');
  const other = await client.patch(
    `envelopes/${envelope.id}/`,
    upload({ tags: `${tags[0]},`, mediatype: 'audio', user_id: String(adaId), submitted: '0' }),
  );
  expect(other).toMatchObject({ tag_ids: [tags[0]], submitted: false, user: { id: adaId } });
  covers('PATCH envelopes/{id}', '>tags', '>mediatype', '>user_id');
  const german2 = await ada.post('envelopes/', { session_id: world.germanSessionId });
  const inGerman = await ada.patch(`envelopes/${german2.id}`, upload({ latitude: 'undefined' }));
  expect(inGerman).toMatchObject({ language_id: germanId, latitude: null });
});

test('an envelope takes an asset that is here, and refuses what is neither', async () => {
  const { ada, sessionId } = world;
  const one = await asset();
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  const open = new Client(site.url);
  const added = await open.patch(`envelopes/${envelope.id}/`, { asset_id: String(one) });
  expect(added).toMatchObject({ id: one, envelope_ids: [envelope.id] });
  expect(await open.patch(`envelopes/${envelope.id}/`, { asset_id: one })).toEqual(added);
  covers('PATCH envelopes/{id}', '>asset_id');
  for (const [path, body] of [
    [`envelopes/${envelope.id}/`, {}],
    [`envelopes/${envelope.id}/`, { asset_id: 9_999 }],
    ['envelopes/9999/', { asset_id: one }],
  ] as const) {
    expect(await open.call('PATCH', path, body)).toMatchObject({
      status: 400,
      body: { detail: expect.any(String) as unknown },
    });
  }
  covers('PATCH envelopes/{id}', '=neither');
});

test('envelopes are narrowed by session, project and asset, and removed by their own', async () => {
  const { ada, olga, sessionId } = world;
  const projectId = await ownProject('Envelopes');
  const session = await ada.post('sessions/', { project_id: projectId, client_system: 'x' });
  const one = await ada.post('envelopes/', { session_id: session.id });
  const two = await ada.post('envelopes/', { session_id: session.id });
  const held = await asset({ envelopeIds: [two.id] });
  await narrows(ada, 'envelopes', 'session_id', `session_id=${session.id}`, [one.id, two.id]);
  await narrows(ada, 'envelopes', 'project_id', `project_id=${projectId}`, [one.id, two.id]);
  await narrows(ada, 'envelopes', 'asset_id', `asset_id=${held}`, [two.id]);
  expect((await ada.list(`envelopes/?session_id=${session.id}`))[0]).toEqual(one);
  covers('GET envelopes', '=list');
  const { client } = await visitor(site.url, 'envelope-thief');
  expect((await client.call('DELETE', `envelopes/${one.id}/`)).status).toBe(403);
  expect((await ada.call('DELETE', `envelopes/${one.id}/`)).status).toBe(204);
  expect((await olga.call('DELETE', `envelopes/${two.id}/`)).status).toBe(204);
  covers('DELETE envelopes/{id}', '=204');
  expect(sessionId).not.toBe(session.id);
});

test('a file that cannot be read is told with its reason', async () => {
  const { ada, sessionId } = world;
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  site.ingest.failure = 'it holds no sound';
  expect(await ada.call('PATCH', `envelopes/${envelope.id}/`, upload({}))).toMatchObject({
    status: 400,
    body: { detail: 'it holds no sound' },
  });
  covers('PATCH envelopes/{id}', '=failed');
});

test('an asset shows each of its fields', async () => {
  const { ada, adaId, projectId, sessionId, texts } = world;
  const [english, german] = await texts('Described', 'Beschrieben');
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  const shape = square(1, 2, 0.1);
  const one = await asset({
    description: 'All of it',
    latitude: 42.123456,
    longitude: -71.5,
    shape: shape.coordinates as unknown as NonNullable<Asset['shape']>,
    filename: '20260131-120000-5.wav',
    volume: 0.75,
    submitted: true,
    weight: 99,
    startS: 1.5,
    endS: 20,
    userId: adaId,
    lengthS: 21.23456,
    sessionId,
    envelopeIds: [envelope.id],
    descriptionLocIds: [english],
    altTextLocIds: [german],
    updatedAtUnixMs: T0 + 1.25,
  });
  const listed = (await ada.list(`assets/?project_id=${projectId}`)).find(({ id }) => id === one);
  shows('GET assets', listed, {
    id: one,
    description: 'All of it',
    latitude: 42.123456,
    longitude: -71.5,
    shape,
    filename: '20260131-120000-5.wav',
    file: `${site.url}/media/20260131-120000-5.mp3`,
    volume: 0.75,
    submitted: true,
    created: '2026-01-31T12:00:00.000000',
    updated: '2026-01-31T12:00:00.001250',
    weight: 99,
    start_time: 1.5,
    end_time: 20,
    user: {
      id: adaId,
      username: expect.any(String) as unknown,
      first_name: '',
      last_name: '',
      email: '',
      device_id: 'ada-phone',
      client_type: 'web',
    },
    media_type: 'audio',
    audio_length_in_seconds: 21.23,
    tag_ids: [],
    session_id: sessionId,
    project_id: projectId,
    language_id: 1,
    envelope_ids: [envelope.id],
    description_loc_ids: [english],
    alt_text_loc_ids: [german],
  });
  covers('every call', '=dates without a zone');
  expect(await ada.get(`assets/${one}/?session_id=${sessionId}`)).toEqual(listed);
  covers('GET assets/{id}', '=item');
  const admin = (await ada.list('assets/?admin')).find(({ id }) => id === one);
  expect(admin).toMatchObject({
    description_loc_admin: [{ id: english, text: 'Described', language: 'en', language_id: 1 }],
    alt_text_loc_admin: [{ id: german, text: 'Beschrieben', language: 'de' }],
  });
  covers('GET assets', '?admin');
});

test('assets are narrowed by each parameter', async () => {
  const { ada, adaId, germanId } = world;
  const projectId = await ownProject('Filters');
  const session = await ada.post('sessions/', { project_id: projectId, client_system: 'x' });
  const [e1, e2] = [
    await ada.post('envelopes/', { session_id: session.id }),
    await ada.post('envelopes/', { session_id: session.id }),
  ];
  const category = await world.olga.post('tagcategories/', { name: 'f' });
  const tagOf = async (value: string) =>
    (await world.olga.post('tags/', { project_id: projectId, tag_category_id: category.id, value }))
      .id;
  const [a, b] = [await tagOf('a'), await tagOf('b')];
  const one = await asset({
    projectId,
    sessionId: session.id,
    userId: adaId,
    submitted: true,
    description: 'Bell tower',
    filename: 'one.mp3',
    tagIds: [a, b],
    envelopeIds: [e1.id, e2.id],
    latitude: 42.51,
    longitude: -71.21,
    lengthS: 10,
    weight: 10,
    volume: 0.5,
  });
  const two = await asset({
    projectId,
    mediaType: 'photo',
    languageId: germanId,
    description: 'Harbour',
    filename: 'two-bell.jpg',
    tagIds: [b],
    envelopeIds: [e1.id],
    latitude: 1.5,
    longitude: 2.5,
    lengthS: 60,
    weight: 90,
    volume: 0.25,
    createdAtUnixMs: T0 + 1_000,
    updatedAtUnixMs: T0 + 2_000,
  });
  const here = `project_id=${projectId}`;
  const cases: readonly [parameter: string, query: string, expected: readonly number[]][] = [
    ['project_id', '', [one, two]],
    ['session_id', `session_id=${session.id}`, [one]],
    ['media_type', 'media_type=photo', [two]],
    ['language', 'language=de', [two]],
    ['submitted', 'submitted=true', [one]],
    ['description', 'description=TOWER', [one]],
    ['filename', 'filename=two', [two]],
    ['text_filter', 'text_filter=bell', [one, two]],
    ['user_str', 'user_str=phone', []],
    ['user_str', `user_str=${String((await ada.get(`users/${adaId}`))['username'])}`, [one]],
    ['tag_ids', `tag_ids=${a},${b}`, [one]],
    ['tag_ids', 'tag_ids=undefined', [one, two]],
    ['tag_ids_or', `tag_ids_or=${a},${b},`, [one, two]],
    ['envelope_id', `envelope_id=${e1.id},${e2.id}`, [one]],
    ['latitude', 'latitude=42.5', [one]],
    ['longitude', 'longitude=2.', [two]],
    ['audiolength__lte', 'audiolength__lte=30', [one]],
    ['audiolength__gte', 'audiolength__gte=30', [two]],
    ['created__lte', 'created__lte=2026-01-31T12:00:00', [one]],
    ['created__gte', 'created__gte=2026-01-31T12:00:00.500Z', [two]],
    ['updated__lte', 'updated__lte=2026-01-31T12:00:01', [one]],
    ['updated__gte', 'updated__gte=2026-01-31T13:00:01+01:00', [two]],
  ];
  for (const [parameter, query, expected] of cases) {
    await narrows(ada, 'assets', parameter, `${here}&${query}&processData=false`, expected);
  }
  covers('every call', '=unknown parameters');
  for (const [order, expected] of [
    ['-id', [two, one]],
    ['session_id', [one, two]],
    ['-audiolength', [two, one]],
    ['weight', [one, two]],
    ['volume', [two, one]],
  ] as const) {
    expect(await ada.ids(`assets/?${here}&ordering=${order}`)).toEqual(expected);
  }
  covers('GET assets', '?ordering');
  shows('GET assets/count', await ada.get(`assets/count/?${here}`), { count: 2 });
  covers('GET assets/count', '?project_id');
  const inProject = `projects/${projectId}/assets/?session_id=&media_type=audio`;
  expect(await ada.ids(inProject)).toEqual([one]);
  covers('GET projects/{id}/assets', '=assets of the project', '?media_type');
  const some = await ada.ids(`assets/random/?${here}&limit=1`);
  expect([one, two]).toContain(some[0]);
  expect([...(await ada.ids(`assets/random/?${here}&limit=9`))].sort((x, y) => x - y)).toEqual([
    one,
    two,
  ]);
  expect(await ada.ids('assets/random/?project_id=9999')).toEqual([]);
  covers('GET assets/random', '?limit', '?project_id', '=none');
});

test('assets come in pages where pages are asked for', async () => {
  const { ada } = world;
  const projectId = await ownProject('Pages');
  const all: number[] = [];
  for (let i = 0; i < 5; i++) all.push(await asset({ projectId }));
  const path = `assets/?project_id=${projectId}&paginate=true&page_size=2`;
  const first = await ada.get<{ results: readonly { id: number }[]; next: string }>(path);
  shows('GET assets', first, {
    count: 5,
    next: `${site.url}/api/2/${path}&page=2`,
    previous: null,
    results: [{ id: all[0] }, { id: all[1] }],
  });
  const last = await ada.get(first.next.replace('page=2', 'page=3').split('/api/2/')[1] ?? '');
  expect(last).toMatchObject({ next: null, results: [{ id: all[4] }] });
  expect((await ada.call('GET', `${path}&page=4`)).status).toBe(404);
  expect((await ada.call('GET', `${path}&page=x`)).status).toBe(404);
  expect(await ada.get(`assets/?project_id=${projectId}&paginate=true`)).toMatchObject({
    count: 5,
  });
  covers('GET assets', '?paginate', '?page', '?page_size');
});

test('an asset is changed in each field by its author and by staff, and by nobody else', async () => {
  const { ada, adaId, olga, texts, germanId, sessionId } = world;
  const one = await asset({ userId: adaId, lengthS: 30, startS: 0, endS: 30 });
  const [english] = await texts('x', 'y');
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  const category = await olga.post('tagcategories/', { name: 'p' });
  const tag = await olga.post('tags/', {
    project_id: world.projectId,
    tag_category_id: category.id,
    value: 'p',
  });
  const changed = {
    description: 'Changed',
    latitude: 10.5,
    longitude: 20.5,
    shape: square(1, 1, 0.5),
    volume: 0.3,
    weight: 12,
    submitted: true,
    start_time: 2,
    end_time: 8,
    media_type: 'video',
    language_id: germanId,
    tag_ids: [tag.id],
    envelope_ids: [envelope.id],
    description_loc_ids: [english],
    alt_text_loc_ids: [english],
  };
  for (const [name, value] of Object.entries(changed)) {
    expect(await ada.patch(`assets/${one}/`, { [name]: value })).toMatchObject({ [name]: value });
  }
  covers('PATCH assets/{id}', '=changes', ...Object.keys(changed).map((name) => `>${name}`));
  const { client, id } = await visitor(site.url, 'asset-vandal');
  expect((await client.call('PATCH', `assets/${one}/`, { description: '' })).status).toBe(403);
  expect((await client.call('DELETE', `assets/${one}/`)).status).toBe(403);
  expect(await olga.patch(`assets/${one}/`, { user_id: String(id) })).toMatchObject({
    user: { id },
  });
  covers('PATCH assets/{id}', '>user_id');
  expect((await olga.call('PATCH', `assets/${one}/`, { weight: 100 })).status).toBe(400);
  expect((await olga.call('PATCH', `assets/${one}/`, { end_time: 1 })).status).toBe(400);
  expect((await olga.call('PATCH', `assets/${one}/`, { tag_ids: '9999' })).status).toBe(400);
  const media = {
    id: 'asset-media',
    name: 'x',
    file: 'x.mp3',
    contentType: 'audio/mpeg',
    sizeBytes: 1,
    durationMs: 1,
    sha256: '',
    createdAtUnixMs: 0,
  };
  await site.store.media.put(media);
  const [first, second] = [await asset({ mediaId: media.id }), await asset({ mediaId: media.id })];
  expect((await olga.call('DELETE', `assets/${first}/?delete_binary=true`)).status).toBe(204);
  expect(await site.store.media.get(media.id)).toBeDefined();
  expect((await olga.call('DELETE', `assets/${second}/?delete_binary=true`)).status).toBe(204);
  expect(await site.store.media.get(media.id)).toBeUndefined();
  expect((await client.call('DELETE', `assets/${one}/`)).status).toBe(204);
  expect((await olga.call('GET', `assets/${one}/`)).status).toBe(404);
  covers('DELETE assets/{id}', '=204', '?delete_binary');
});

test('an asset is posted with a file, or with the name of one, in one envelope', async () => {
  const { ada, sessionId } = world;
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  const made = await ada.post('assets/', upload({ envelope_ids: String(envelope.id) }));
  expect(made).toMatchObject({ envelope_ids: [envelope.id], session_id: sessionId });
  await asset({ filename: 'archive.mp3', submitted: true });
  const named = await ada.post('assets/', {
    envelope_ids: [envelope.id],
    filename: 'archive.mp3',
    audio_length_in_seconds: 12.5,
    start_time: 1,
    end_time: 10,
  });
  expect(named).toMatchObject({
    filename: 'archive.mp3',
    file: `${site.url}/media/archive.mp3`,
    audio_length_in_seconds: 12.5,
    start_time: 1,
    end_time: 10,
  });
  covers('POST assets', '=200', '>file', '>envelope_ids', '>filename', '>audio_length_in_seconds');
  for (const body of [
    upload({}),
    upload({ envelope_ids: `${envelope.id},${envelope.id + 1}` }),
    upload({ envelope_ids: '9999' }),
    upload({ envelope_ids: String(envelope.id), filename: 'both.mp3' }),
    { envelope_ids: envelope.id },
  ]) {
    expect((await ada.call('POST', 'assets/', body)).status).toBe(400);
  }
});

test('the name of a file publishes nothing of others, and nothing of another project', async () => {
  const { ada, adaId, olga, projectId, sessionId } = world;
  const envelope = await ada.post('envelopes/', { session_id: sessionId });
  const wish = (filename: string, more: object = {}) => ({
    envelope_ids: [envelope.id],
    filename,
    ...more,
  });
  await asset({ filename: 'secret.mp3', submitted: false });
  await asset({
    filename: 'far.mp3',
    submitted: true,
    projectId: await ownProject('Elsewhere'),
  });
  for (const filename of ['secret.mp3', 'far.mp3', 'never-there.mp3']) {
    expect(await ada.call('POST', 'assets/', wish(filename, { submitted: true }))).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining(filename) as string },
    });
  }
  await olga.post('assets/', wish('secret.mp3'));
  await asset({ filename: 'own.mp3', submitted: false, userId: adaId });
  expect(await ada.post('assets/', wish('own.mp3'))).toMatchObject({ submitted: false });
  await olga.patch(`projects/${projectId}/`, { auto_submit: true });
  const here = { latitude: 42.5, longitude: -71.25 };
  expect(await ada.post('assets/', wish('own.mp3', here))).toMatchObject({ submitted: true });
  const away = { latitude: -42.5, longitude: 71.25 };
  expect(await ada.post('assets/', wish('own.mp3', away))).toMatchObject({ submitted: false });
  await olga.patch(`projects/${projectId}/`, { auto_submit: false });
});

test('random assets and the assets of envelopes are read together, not one by one', async () => {
  const { ada, sessionId } = world;
  const projectId = await ownProject('Together');
  const envelopes = [0, 1, 2].map(() => ada.post('envelopes/', { session_id: sessionId }));
  const envelopeIds = (await Promise.all(envelopes)).map(({ id }) => id).sort((a, b) => a - b);
  const made = [
    await asset({ projectId, envelopeIds: envelopeIds.slice(0, 2) }),
    await asset({ projectId, envelopeIds: envelopeIds.slice(1, 2) }),
  ];
  const { assets } = site.store.content;
  const find = assets.find.bind(assets);
  let finds = 0;
  assets.find = async (wish) => {
    finds += 1;
    return await find(wish);
  };
  const random = await ada.ids(`assets/random/?project_id=${projectId}&limit=9`);
  expect([...random].sort((a, b) => a - b)).toEqual(made);
  const listed = (await ada.list(`envelopes/?session_id=${sessionId}`)).filter(({ id }) =>
    envelopeIds.includes(id),
  );
  expect(listed.map((row) => row['asset_ids'])).toEqual([[made[0]], made, []]);
  expect(finds).toBe(0);
  assets.find = find;
});

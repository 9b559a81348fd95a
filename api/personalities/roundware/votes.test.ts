import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Asset } from '../../../actors/content/content.types.js';
import { ASSET_DEFAULTS } from '../../../actors/content/defaults.js';
import { visitor } from './testing/client.js';
import { anyNumber, covers, naiveDate, shows } from './testing/covers.js';
import { narrows } from './testing/fields.js';
import { type RoundwareSite, startRoundwareSite } from './testing/site.js';
import { makeWorld, type World } from './testing/world.js';

let site: RoundwareSite;
let world: World;
beforeAll(async () => {
  site = await startRoundwareSite();
  world = await makeWorld(site);
});
afterAll(() => site.stop());

async function asset(values: Partial<Asset> = {}): Promise<number> {
  const row = await site.store.content.assets.create({
    ...ASSET_DEFAULTS,
    projectId: world.projectId,
    createdAtUnixMs: 0,
    updatedAtUnixMs: 0,
    ...values,
  });
  return row.id;
}

const NULLS = {
  id: null,
  value: null,
  type: null,
  voter_id: null,
  asset_id: null,
  session_id: null,
  asset_votes: null,
};

test('a vote is given, given a value, and taken back by giving it again', async () => {
  const { ada, adaId, sessionId } = world;
  const one = await asset();
  const path = `assets/${one}/votes/`;
  const like = { session_id: sessionId, vote_type: 'like' };
  const vote = await ada.post(path, like);
  shows('POST assets/{id}/votes', vote, {
    id: anyNumber,
    value: null,
    type: 'like',
    voter_id: adaId,
    asset_id: one,
    session_id: sessionId,
    asset_votes: [{ type: 'like', total: 1 }],
  });
  expect(await ada.post(path, like)).toEqual(NULLS);
  expect(await ada.get(path)).toEqual([]);
  covers('POST assets/{id}/votes', '=toggle', '>session_id', '>vote_type');
  const rate = { session_id: String(sessionId), vote_type: 'rate', value: '3' };
  const rated = await ada.post(path, rate);
  const again = await ada.post(path, { ...rate, value: 5 });
  expect(again).toMatchObject({ id: rated.id, value: 5, type: 'rate' });
  covers('POST assets/{id}/votes', '=update', '>value');
  const { client, id } = await visitor(site.url, 'second-voter');
  const session = await client.post('sessions/', {
    project_id: world.projectId,
    client_system: 'x',
  });
  await client.post(path, { session_id: session.id, vote_type: 'rate', value: 2 });
  await client.post(path, { session_id: session.id, vote_type: 'like' });
  expect(id).not.toBe(adaId);
  const sums = await ada.list(path);
  shows('GET assets/{id}/votes', sums[1], { type: 'rate', total: 2, avg: 3.5 });
  expect(sums[0]).toEqual({ type: 'like', total: 1 });
  for (const body of [{}, { session_id: 9_999, vote_type: 'like' }, { ...like, vote_type: 'x' }]) {
    expect((await ada.call('POST', path, body)).status).toBe(400);
  }
  expect((await ada.call('POST', 'assets/9999/votes/', like)).status).toBe(404);
});

test('what a visitor blocks is listed, also through a user alone, and leaves the stream', async () => {
  const { client, id } = await visitor(site.url, 'blocker');
  const author = await visitor(site.url, 'blocked-author');
  const session = await client.post('sessions/', {
    project_id: world.projectId,
    client_system: 'x',
  });
  const query = `assets/blocked/?session_id=${session.id}&project_id=${world.projectId}`;
  expect(await client.call('GET', query)).toMatchObject({ status: 204, body: undefined });
  covers('GET assets/blocked', '=204 when nothing is blocked');
  const [one, two] = [await asset({ userId: author.id }), await asset({ userId: author.id })];
  const three = await asset();
  const where = { latitude: 42.5, longitude: -71.25 };
  await client.post('streams/', { session_id: session.id, ...where });
  site.sound.sounding = [two];
  await client.post(`assets/${one}/votes/`, { session_id: session.id, vote_type: 'block_user' });
  expect(await client.get(query)).toEqual({
    device_id: 'blocker',
    blocked_asset_ids: [one, two],
  });
  covers('GET assets/blocked', '=block_user alone');
  expect(site.sound.moves.at(-1)).toEqual({
    id: `secret-${session.id}`,
    blockedAssetIds: [],
    blockedUserIds: [author.id],
  });
  expect(site.sound.commands.at(-1)).toEqual({
    id: `secret-${session.id}`,
    command: { name: 'skip' },
  });
  covers('POST assets/{id}/votes', '=block reaches the stream');
  await client.post(`assets/${three}/votes/`, { session_id: session.id, vote_type: 'block_asset' });
  shows('GET assets/blocked', await client.get(query), {
    device_id: 'blocker',
    blocked_asset_ids: [one, two, three],
  });
  for (const wrong of ['assets/blocked/', 'assets/blocked/?session_id=9999']) {
    expect((await client.call('GET', wrong)).status).toBe(400);
  }
  expect(id).toBeGreaterThan(0);
});

test('votes are rows of their own, narrowed, summed, and changed by their own voter', async () => {
  const { olga } = world;
  const project = await olga.post('projects/', { name: 'Votes', latitude: 1, longitude: 1 });
  const { client, id: voter } = await visitor(site.url, 'voter');
  const session = await client.post('sessions/', { project_id: project.id, client_system: 'x' });
  const other = await client.post('sessions/', { project_id: project.id, client_system: 'x' });
  const one = await asset({ projectId: project.id });
  const two = await asset({ projectId: project.id, mediaType: 'photo' });
  const elsewhere = await asset();
  const vote = (assetId: number, type: string, more: object = {}) =>
    client.post('votes/', { session_id: session.id, asset_id: assetId, type, ...more });
  const like = await vote(one, 'like');
  const rate = await vote(one, 'rate', { value: 4 });
  const photo = await vote(two, 'like');
  const second = await vote(one, 'rate', { value: 1, session_id: other.id });
  const far = await vote(elsewhere, 'flag');
  covers('POST votes', '=200', '>asset_id', '>session_id', '>type', '>value');
  expect(await client.get(`votes/${rate.id}/`)).toMatchObject({ value: 4, asset_id: one });
  covers('GET votes/{id}', '=item');
  shows('GET votes', (await client.list(`votes/?project_id=${project.id}`))[1], {
    id: rate.id,
    value: 4,
    type: 'rate',
    voter_id: voter,
    asset_id: one,
    session_id: session.id,
    asset_votes: [
      { type: 'like', total: 1 },
      { type: 'rate', total: 2, avg: 2.5 },
    ],
  });
  const mine = `voter_id=${voter}`;
  const cases: readonly [string, string, readonly number[]][] = [
    ['voter_id', mine, [like.id, rate.id, photo.id, second.id, far.id]],
    ['session_id', `session_id=${other.id}`, [second.id]],
    ['project_id', `project_id=${project.id}`, [like.id, rate.id, photo.id, second.id]],
    ['asset_id', `asset_id=${two}`, [photo.id]],
    ['type', `${mine}&type=rate`, [rate.id, second.id]],
    ['value', `${mine}&value=4`, [rate.id]],
    ['media_type', `${mine}&media_type=photo`, [photo.id]],
  ];
  for (const [parameter, query, expected] of cases) {
    await narrows(client, 'votes', parameter, query, expected);
  }
  const summary = async (query: string): Promise<unknown> => client.get(`votes/summary/?${query}`);
  const liked = await client.list(`votes/summary/?type=like&project_id=${project.id}`);
  expect(liked).toEqual([
    { asset_id: one, asset_votes: 1 },
    { asset_id: two, asset_votes: 1 },
  ]);
  covers('GET votes/summary', 'asset_id', '=int with type', '?type', '?project_id');
  expect(await summary(`${mine}&type=rate`)).toEqual([
    { asset_id: one, asset_votes: { average: 2.5, count: 2 } },
  ]);
  covers('GET votes/summary', '=average with rate', '?voter_id');
  expect(await summary(`asset_id=${one}`)).toEqual([
    {
      asset_id: one,
      asset_votes: [
        { type: 'like', total: 1 },
        { type: 'rate', total: 2, avg: 2.5 },
      ],
    },
  ]);
  covers('GET votes/summary', '=list without type', '?asset_id');
  expect(await summary(`session_id=${other.id}&value=1&media_type=audio`)).toEqual([
    { asset_id: one, asset_votes: [{ type: 'rate', total: 1, avg: 1 }] },
  ]);
  covers('GET votes/summary', '?session_id', '?value', '?media_type');
  const thief = await visitor(site.url, 'vote-thief');
  for (const method of ['PATCH', 'DELETE']) {
    expect((await thief.client.call(method, `votes/${like.id}/`, {})).status).toBe(403);
  }
  expect(await client.patch(`votes/${like.id}/`, { type: 'flag' })).toMatchObject({ type: 'flag' });
  covers('PATCH votes/{id}', '=changes');
  expect((await client.call('DELETE', `votes/${like.id}/`)).status).toBe(204);
  expect((await client.call('GET', `votes/${like.id}/`)).status).toBe(404);
  covers('DELETE votes/{id}', '=204');
  const named = await olga.post('votes/', {
    session_id: session.id,
    asset_id: one,
    type: 'like',
    voter_id: thief.id,
  });
  expect(named).toMatchObject({ voter_id: thief.id });
  covers('POST votes', '>voter_id');
});

test('events keep what apps write, and are narrowed', async () => {
  const { ada } = world;
  const session = await ada.post('sessions/', { project_id: world.projectId, client_system: 'x' });
  const written = {
    session_id: session.id,
    event_type: 'location_update',
    client_time: '2026-01-31T12:00:00.000Z',
    latitude: 42.5,
    longitude: -71.25,
    tag_ids: [3, 4],
    data: 'asset_id:5',
  };
  const event = await ada.post('events/', written);
  shows('POST events', event, { id: anyNumber, server_time: naiveDate, ...written });
  covers('POST events', ...Object.keys(written).map((name) => `>${name}`));
  const bare = await ada.post('events/', {
    session_id: String(session.id),
    event_type: 'start_session',
    latitude: '',
    longitude: 'undefined',
    tags: '7,',
  });
  expect(bare).toMatchObject({ latitude: null, longitude: null, tag_ids: [7], data: null });
  covers('POST events', '>tags');
  expect(await ada.get(`events/${event.id}/`)).toEqual(event);
  covers('GET events/{id}', '=item');
  const here = `session_id=${session.id}`;
  expect(await ada.list(`events/?${here}`)).toEqual([event, bare]);
  covers('GET events', '=list');
  const at = String(event['server_time']);
  const cases: readonly [string, string, readonly number[]][] = [
    ['session_id', here, [event.id, bare.id]],
    ['event_type', `${here}&event_type=LOCATION`, [event.id]],
    ['server_time__lt', `${here}&server_time__lt=${at}`, []],
    ['server_time__gt', `${here}&server_time__gt=2020-01-01`, [event.id, bare.id]],
    ['latitude', `${here}&latitude=42.`, [event.id]],
    ['longitude', `${here}&longitude=-71.2`, [event.id]],
    ['tag_ids', `${here}&tag_ids=4`, [event.id]],
  ];
  for (const [parameter, query, expected] of cases) {
    await narrows(ada, 'events', parameter, query, expected);
  }
  const stored = await site.store.content.events.get(event.id);
  await site.store.content.events.update(event.id, {
    atUnixMs: Math.floor(stored?.atUnixMs ?? 0),
  });
  const whole = String((await ada.get(`events/${event.id}/`))['server_time']);
  await narrows(ada, 'events', 'server_time', `${here}&server_time=${whole}`, [event.id]);
  expect((await ada.call('POST', 'events/', { event_type: 'x' })).status).toBe(400);
  expect((await ada.call('POST', 'events/', { session_id: session.id })).status).toBe(400);
});

test('listen events keep seconds, are narrowed in nanoseconds, and belong to their session', async () => {
  const { ada, olga } = world;
  const project = await olga.post('projects/', { name: 'Listens', latitude: 1, longitude: 1 });
  const session = await ada.post('sessions/', { project_id: project.id, client_system: 'x' });
  const one = await asset({ projectId: project.id });
  const event = await ada.post('listenevents/', {
    starttime: '2026-01-31T12:00:00.000Z',
    session: session.id,
    asset: one,
  });
  shows('POST listenevents', event, {
    id: anyNumber,
    duration_in_seconds: 0,
    start_time: '2026-01-31T12:00:00.000000',
    session_id: session.id,
    asset_id: one,
    project_id: project.id,
  });
  covers('POST listenevents', '>starttime', '>session', '>asset');
  const changed = await ada.patch(`listenevents/${event.id}`, { duration_in_seconds: 12.5 });
  expect(changed).toMatchObject({ duration_in_seconds: 12.5 });
  covers('PATCH listenevents/{id}', '=changes', '=slash-less', '>duration_in_seconds');
  const later = await ada.post('listenevents/', {
    starttime: '2026-02-01T12:00:00',
    session_id: String(session.id),
    asset_id: String(one),
    duration_in_seconds: 3,
  });
  covers('POST listenevents', '>session_id', '>asset_id', '>duration_in_seconds');
  expect(await ada.get(`listenevents/${later.id}/`)).toEqual(later);
  covers('GET listenevents/{id}', '=item');
  const here = `project_id=${project.id}`;
  expect(await ada.list(`listenevents/?${here}`)).toEqual([changed, later]);
  covers('GET listenevents', '=list');
  const both = [event.id, later.id];
  const cases: readonly [string, string, readonly number[]][] = [
    ['project_id', here, both],
    ['session', `session=${session.id}`, both],
    ['session_id', `session_id=${session.id}`, both],
    ['asset', `asset=${one}`, both],
    ['asset_id', `asset_id=${one}`, both],
    ['duration__lte', `${here}&duration__lte=5000000000`, [later.id]],
    ['duration__gte', `${here}&duration__gte=5000000000`, [event.id]],
    ['start_time__gte', `${here}&start_time__gte=2026-02-01`, [later.id]],
    ['start_time__lte', `${here}&start_time__lte=2026-02-01`, [event.id]],
    ['start_time__range', `${here}&start_time__range=2026-01-01,2026-02-01`, [event.id]],
  ];
  for (const [parameter, query, expected] of cases) {
    await narrows(ada, 'listenevents', parameter, query, expected);
  }
  shows('GET listenevents', await ada.get(`listenevents/?${here}&paginate=true&page_size=1`), {
    count: 2,
    results: [changed],
  });
  covers('GET listenevents', '?paginate');
  shows('GET listenevents/count', await ada.get(`listenevents/count/?${here}`), { count: 2 });
  const { client } = await visitor(site.url, 'listen-thief');
  for (const method of ['PATCH', 'DELETE']) {
    expect((await client.call(method, `listenevents/${event.id}/`, {})).status).toBe(403);
  }
  expect((await ada.call('DELETE', `listenevents/${event.id}/`)).status).toBe(204);
  expect((await ada.call('GET', `listenevents/${event.id}/`)).status).toBe(404);
  covers('DELETE listenevents/{id}', '=204');
  for (const wrong of [
    {},
    { starttime: 'x', session: session.id, asset: one },
    { starttime: '2026-01-01', session: 9_999, asset: one },
  ]) {
    expect((await ada.call('POST', 'listenevents/', wrong)).status).toBe(400);
  }
});

test('nobody votes, notes or listens in the session of somebody else, and staff may', async () => {
  const { ada, olga, sessionId } = world;
  const thief = await visitor(site.url, 'session-thief');
  const wish = { project_id: world.projectId, client_system: 'x' };
  const own = await thief.client.post('sessions/', wish);
  const one = await asset();
  const listen = { session_id: own.id, asset_id: one, start_time: '2026-01-31T12:00:00' };
  const listened = await thief.client.post('listenevents/', listen);
  const vote = await thief.client.post('votes/', {
    session_id: own.id,
    asset_id: one,
    type: 'flag',
  });
  const foreign = { session_id: sessionId };
  for (const [method, path, body] of [
    ['POST', `assets/${one}/votes/`, { ...foreign, vote_type: 'block_user' }],
    ['POST', 'votes/', { ...foreign, asset_id: one, type: 'like' }],
    ['PATCH', `votes/${vote.id}/`, foreign],
    ['POST', 'listenevents/', { ...listen, ...foreign }],
    ['PATCH', `listenevents/${listened.id}/`, foreign],
    ['POST', 'events/', { ...foreign, event_type: 'start_session' }],
  ] as const) {
    expect((await thief.client.call(method, path, body)).status, `${method} ${path}`).toBe(403);
  }
  expect(await ada.list(`votes/?session_id=${sessionId}&asset_id=${one}`)).toEqual([]);
  await olga.post('votes/', { ...foreign, asset_id: one, type: 'like' });
});

test('votes of a session that come at once are one vote', async () => {
  const { ada, sessionId } = world;
  const one = await asset();
  const rate = { session_id: sessionId, vote_type: 'rate' };
  const values = [1, 2, 3, 4, 5, 1, 2, 3];
  await Promise.all(values.map((value) => ada.post(`assets/${one}/votes/`, { ...rate, value })));
  expect(await ada.list(`votes/?session_id=${sessionId}&asset_id=${one}`)).toHaveLength(1);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Client, visitor } from './testing/client.js';
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

test('a session takes what an app says, and the rest from its user and project', async () => {
  const { ada, projectId } = world;
  const session = await ada.post('sessions/', {
    project_id: projectId,
    client_system: 'Safari',
    timezone: '-0500',
    geo_listen_enabled: false,
    demo_stream_enabled: true,
    language_id: world.germanId,
    client_type: 'ios',
  });
  shows('POST sessions', session, {
    id: anyNumber,
    session_id: session.id,
    device_id: 'ada-phone',
    starttime: naiveDate,
    stoptime: null,
    client_type: 'ios',
    client_system: 'Safari',
    demo_stream_enabled: true,
    geo_listen_enabled: false,
    timezone: '-0500',
    project_id: projectId,
    language_id: world.germanId,
  });
  covers(
    'POST sessions',
    ...['>project_id', '>client_system', '>client_type', '>language_id', '>timezone'],
    ...['>geo_listen_enabled', '>demo_stream_enabled'],
  );
  expect(Math.abs(Date.parse(`${String(session['starttime'])}Z`) - Date.now())).toBeLessThan(
    60_000,
  );
  const plain = await ada.post('sessions/', { project_id: String(projectId), client_system: 'x' });
  expect(plain).toMatchObject({
    client_type: 'web',
    timezone: '0000',
    geo_listen_enabled: true,
    demo_stream_enabled: false,
    language_id: 1,
  });
});

test('a language is known by its code, with or without a country; an unknown one is the first', async () => {
  const { ada, projectId, germanId } = world;
  const languageOf = async (language: string) =>
    (await ada.post('sessions/', { project_id: projectId, client_system: 'x', language }))[
      'language_id'
    ];
  expect(await languageOf('de')).toBe(germanId);
  expect(await languageOf('de-CH')).toBe(germanId);
  expect(await languageOf('en-US')).toBe(1);
  expect(await languageOf('xx')).toBe(1);
  covers('POST sessions', '>language');
});

test.each([
  [{ client_system: 'x' }, 'project_id'],
  [{ project_id: 9_999, client_system: 'x' }, 'project_id'],
  [{ project_id: 'harbour', client_system: 'x' }, 'project_id'],
  [{ project_id: 1 }, 'client_system'],
  [{ project_id: 1, client_system: 'x'.repeat(129) }, 'client_system'],
  [{ project_id: 1, client_system: 'x', timezone: 'Boston' }, 'timezone'],
  [{ project_id: 1, client_system: 'x', geo_listen_enabled: 'perhaps' }, 'geo_listen_enabled'],
])('a session with %j is refused and names %s', async (body, field) => {
  const got = await world.ada.call<Record<string, unknown>>('POST', 'sessions/', body);
  expect(got.status).toBe(400);
  expect(Object.keys(got.body)).toContain(field);
  covers('every call', '=400 names the field');
});

test('sessions are listed, counted and narrowed', async () => {
  const { client, id } = await visitor(site.url, 'lister');
  const other = await world.olga.post('projects/', { name: 'Two', latitude: 1, longitude: 1 });
  const wish = { project_id: other.id, client_system: 'x' };
  const one = await client.post('sessions/', { ...wish, geo_listen_enabled: false });
  const two = await client.post('sessions/', { ...wish, demo_stream_enabled: true });
  const three = await client.post('sessions/', { ...wish, language: 'de' });
  const here = `project_id=${other.id}`;
  await narrows(client, 'sessions', 'project_id', here, [one.id, two.id, three.id]);
  await narrows(client, 'sessions', 'language_id', `${here}&language_id=1`, [one.id, two.id]);
  await narrows(client, 'sessions', 'language', `${here}&language=de`, [three.id]);
  await narrows(client, 'sessions', 'geo_listen_enabled', `${here}&geo_listen_enabled=False`, [
    one.id,
  ]);
  await narrows(client, 'sessions', 'demo_stream_enabled', `${here}&demo_stream_enabled=1`, [
    two.id,
  ]);
  expect(await client.ids(`sessions/?${here}&language=xx`)).toEqual([]);
  const listed = (await client.list(`sessions/?${here}`))[0];
  expect(listed).toEqual(one);
  expect(await client.get(`sessions/${one.id}/`)).toEqual(one);
  covers('GET sessions', '=list');
  covers('GET sessions/{id}', '=item');
  shows('GET sessions/count', await client.get(`sessions/count/?${here}`), { count: 3 });
  expect(await client.get(`sessions/count/?${here}&language=de`)).toEqual({ count: 1 });
  expect(id).toBeGreaterThan(0);
});

test('a session is changed and removed by its own user and by staff alone', async () => {
  const { ada, olga, projectId, germanId } = world;
  const session = await ada.post('sessions/', { project_id: projectId, client_system: 'x' });
  const { client } = await visitor(site.url, 'stranger');
  for (const method of ['PATCH', 'DELETE']) {
    expect((await client.call(method, `sessions/${session.id}/`, {})).status).toBe(403);
  }
  const changed = await ada.patch(`sessions/${session.id}/`, { timezone: '+0100', language: 'de' });
  expect(changed).toMatchObject({ timezone: '+0100', language_id: germanId });
  covers('PATCH sessions/{id}', '=changes');
  expect((await olga.call('DELETE', `sessions/${session.id}/`)).status).toBe(204);
  expect((await ada.call('GET', `sessions/${session.id}/`)).status).toBe(404);
  covers('DELETE sessions/{id}', '=204');
});

test('staff with a browser login may open a session as well', async () => {
  const user = await site.store.users.byName('victor');
  expect(user).toBeDefined();
  const login = await site.auth.login('victor', 'long enough for staff', {
    address: '127.0.0.1',
    userAgent: 'test',
  });
  const cookie = new Client(site.url, undefined, { cookie: `earshot_session=${login.secret}` });
  const session = await cookie.post('sessions/', {
    project_id: world.projectId,
    client_system: 'browser',
  });
  expect(session).toMatchObject({ device_id: null, client_type: null });
  const foreign = new Client(site.url, undefined, {
    cookie: `earshot_session=${login.secret}`,
    origin: 'http://elsewhere.example',
  });
  expect((await foreign.call('GET', 'sessions/')).status).toBe(401);
  covers('every call', '=session cookie of staff');
});

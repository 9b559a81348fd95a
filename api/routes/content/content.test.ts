import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type * as Rows from '../../../actors/content/content.types.js';
import { SPEAKER_DEFAULTS } from '../../../actors/content/defaults.js';
import { SPECS } from '../../../actors/content/specs.js';
import { contentRows } from '../../../actors/content/testing/rows.js';
import type { SiteStore } from '../../../actors/control/site.js';
import { type TestHome, testHome } from '../../../actors/control/testing/stores.js';
import { CONTENT, type ContentResource, type ContentRow } from '../../contract/content.js';
import type { Role } from '../../contract/rest.js';
import { ANONYMOUS } from '../../http/auth.types.js';
import { createGateway, type Gateway } from '../../http/server.js';
import { contentRoutes } from './crud.js';
import { listenerRoutes } from './listener.js';

let home: TestHome;
let store: SiteStore;
let gateway: Gateway;
/** Media whose last recording went. */
let removed: string[] = [];

beforeAll(async () => {
  home = await testHome('sqlite');
});
beforeEach(async () => {
  await home.renew();
  removed = [];
  const opened = await home.open();
  store = opened;
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes: [
      ...contentRoutes({
        content: store.content,
        clock: opened.clock,
        media: {
          exists: async (id) => await Promise.resolve(id === 'there'),
          removeUnused: async (ids) => {
            removed.push(...ids);
            await Promise.resolve();
          },
        },
      }),
      ...listenerRoutes(store.content),
    ],
    sockets: [],
    files: [],
    authenticate: ({ header }) => {
      const role = header('x-role');
      if (role === undefined) return ANONYMOUS;
      return { kind: 'user', id: 'u', name: 'u', role: role as Role };
    },
    trustedProxies: [],
    clock: opened.clock,
    log: { info() {}, warn() {}, error() {} },
  });
});
afterEach(async () => {
  await gateway.stop(100);
});
afterAll(async () => {
  await home.close();
});

async function call(
  method: string,
  path: string,
  body?: unknown,
  role: Role | '' = 'operator',
): Promise<{ readonly status: number; readonly json: Record<string, unknown> }> {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method,
    headers: {
      ...(role === '' ? {} : { 'x-role': role }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json: unknown = text === '' ? {} : JSON.parse(text);
  return { status: answer.status, json: json as Record<string, unknown> };
}

test('media of assets must be there, and go with them', async () => {
  const project = await contentRows(store).project();
  const make = (mediaId: string) => call('POST', '/v1/assets', { projectId: project.id, mediaId });
  const wrong = await make('nowhere');
  expect(wrong.status).toBe(400);
  expect(wrong.json['detail']).toMatch(/^body.mediaId: there is no media "nowhere"/);
  const made = await make('there');
  expect(made.status).toBe(201);
  const path = `/v1/assets/${String(made.json['id'])}`;
  expect((await call('PATCH', path, { mediaId: 'nowhere' })).status).toBe(400);
  expect((await call('DELETE', path)).status).toBe(204);
  expect(removed).toEqual(['there']);
});

test('media of a speaker, and of all of a project, go with it', async () => {
  const rows = contentRows(store);
  const [project, other] = [await rows.project(), await rows.project()];
  const speaker = async (projectId: number, sounds: object) =>
    await store.content.speakers.create({
      ...SPEAKER_DEFAULTS,
      projectId,
      code: 's',
      shape: [],
      ...sounds,
    });
  const one = await speaker(project.id, { mediaId: 'fountain', backupUri: '/media/rain.mp3' });
  expect((await call('DELETE', `/v1/speakers/${one.id}`)).status).toBe(204);
  expect(removed).toEqual(['fountain', 'rain']);
  removed = [];
  await speaker(project.id, { uri: 'http://radio.example/live.mp3', backupUri: '/media/bell.wav' });
  await speaker(other.id, { mediaId: 'elsewhere' });
  const asset = { projectId: project.id, mediaId: 'there' };
  expect((await call('POST', '/v1/assets', asset)).status).toBe(201);
  expect((await call('DELETE', `/v1/projects/${project.id}`)).status).toBe(204);
  expect(removed).toEqual(['there', 'bell']);
});

test('without a login only open projects and their content are read, and no passwords of sources', async () => {
  const rows = contentRows(store);
  const [open, closed] = [await rows.project(), await rows.project()];
  await store.content.projects.update(closed.id, { listenEnabled: false });
  const uri = 'http://me:secret@radio.example/live.mp3';
  const make = async (projectId: number) =>
    (
      await store.content.speakers.create({
        ...SPEAKER_DEFAULTS,
        projectId,
        code: 's',
        shape: [],
        uri,
      })
    ).id;
  const [heard, hidden] = [await make(open.id), await make(closed.id)];
  const ids = async (path: string, role: Role | '') => {
    const { json } = await call('GET', path, undefined, role);
    return z
      .object({ items: z.array(z.object({ id: z.int() })) })
      .parse(json)
      .items.map(({ id }) => id);
  };
  expect(await ids('/v1/projects', '')).toEqual([open.id]);
  expect(await ids('/v1/speakers', '')).toEqual([heard]);
  expect(await ids('/v1/projects', 'viewer')).toEqual([open.id, closed.id]);
  expect(await ids('/v1/speakers', 'viewer')).toEqual([heard, hidden]);
  expect((await call('GET', `/v1/projects/${closed.id}`, undefined, '')).status).toBe(404);
  expect((await call('GET', `/v1/speakers/${hidden}`, undefined, '')).status).toBe(404);
  for (const [role, said] of [
    ['', 'http://radio.example/live.mp3'],
    ['viewer', 'http://radio.example/live.mp3'],
    ['operator', uri],
  ] as const) {
    const { json } = await call('GET', `/v1/speakers/${heard}`, undefined, role);
    expect(json['uri']).toBe(said);
  }
});

const garden = { name: 'Garden', latitude: 52, longitude: 13 };

test('the contract names the fields of every table, no more and no less', () => {
  for (const name of Object.keys(SPECS) as ContentResource[]) {
    const { input, server } = CONTENT[name];
    const public_ = Object.keys(SPECS[name].columns).filter((field) => field !== 'tokenHash');
    expect(Object.keys({ ...input, ...server }).sort(), name).toEqual(public_.sort());
  }
  // Rows of the store are rows of the contract: this does not compile otherwise.
  const asTimed: (row: Rows.TimedAsset) => ContentRow<'timedAssets'> = (row) => row;
  const asVisit: (row: Rows.VisitSession) => ContentRow<'sessions'> = (row) => row;
  expect([asTimed, asVisit]).toHaveLength(2);
});

describe('content over REST', () => {
  test('a row is made with defaults, read, changed in part and removed', async () => {
    const made = await call('POST', '/v1/projects', garden);
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      ...garden,
      ordering: 'random',
      bannedS: 1_800,
      output: null,
    });
    const at = `/v1/projects/${String(made.json['id'])}`;
    const changed = await call('PATCH', at, { targetLufs: -20 });
    expect(changed.json).toEqual({ ...made.json, targetLufs: -20 });
    expect((await call('GET', at)).json).toEqual(changed.json);
    expect((await call('DELETE', at)).status).toBe(204);
    expect((await call('GET', at)).status).toBe(404);
    expect((await call('DELETE', at)).status).toBe(404);
  });

  test('lists are filtered, ordered and paged', async () => {
    const { id: projectId } = await contentRows(store).project();
    for (const weight of [1, 50, 7]) {
      await call('POST', '/v1/assets', { projectId, weight, submitted: weight > 5 });
    }
    const list = async (query: string) => {
      const { json } = await call('GET', `/v1/assets?${query}`);
      return {
        total: json['total'],
        weights: (json['items'] as Rows.Asset[]).map((a) => a.weight),
      };
    };
    expect(await list(`projectId=${projectId}&order=-weight&limit=2`)).toEqual({
      total: 3,
      weights: [50, 7],
    });
    expect(await list('submitted=TRUE&order=weight')).toEqual({ total: 2, weights: [7, 50] });
    expect(await list('projectId=99')).toEqual({ total: 0, weights: [] });
    const wrong = await call('GET', '/v1/assets?order=colour');
    expect(wrong.status).toBe(400);
    expect(wrong.json['detail']).toContain('query.order: must be one of');
    expect((await call('GET', '/v1/assets?colour=red')).status).toBe(400);
    expect((await call('GET', '/v1/assets?tagIds=1;drop')).json['detail']).toContain('tagIds');
  });

  test.each([
    ['/v1/speakers', { projectId: 99 }, 'body.projectId: there is no 99 in /v1/projects'],
    ['/v1/projects', { ...garden, languageIds: [1, 5] }, 'body.languageIds: there is no 5'],
    ['/v1/projects', { ...garden, latitude: 91 }, 'latitude'],
    ['/v1/projects', { ...garden, colour: 'red' }, 'colour'],
    ['/v1/tracks', { projectId: 1, minVolume: 1, maxVolume: 0.5 }, 'maxVolume'],
    ['/v1/tag-categories', { name: '' }, 'name'],
    ['/v1/notifications', { projectId: 1, to: ['nobody'] }, 'is no e-mail address'],
    [
      '/v1/notifications',
      { projectId: 1, channel: 'webhook', to: ['a@example.org'] },
      'is no address of a webhook',
    ],
    ['/v1/languages', { name: 'x', code: 'EN' }, 'code'],
    ['/v1/speakers', { projectId: 1, uri: 'file:///etc/passwd' }, 'uri'],
    ['/v1/speakers', { projectId: 1, uri: 'http://a/', mediaId: 'there' }, 'uri'],
    [
      '/v1/speakers',
      {
        projectId: 1,
        shape: [
          [
            [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 1],
            ],
          ],
        ],
      },
      'closed',
    ],
  ])('POST %s with bad values is refused, naming the field (%j)', async (path, body, says) => {
    await contentRows(store).project();
    const { status, json } = await call('POST', path, body);
    expect(status).toBe(400);
    expect(JSON.stringify(json)).toContain(says);
    // Forms show it at its field.
    expect(String(Reflect.get((json['errors'] as object[])[0] ?? {}, 'field'))).toMatch(/^body/);
  });

  test('a change that would contradict what is kept is refused', async () => {
    const { id: projectId } = await contentRows(store).project();
    const { json } = await call('POST', '/v1/tracks', {
      projectId,
      minDeadAirS: 2,
      maxDeadAirS: 4,
    });
    const wrong = await call('PATCH', `/v1/tracks/${String(json['id'])}`, { maxDeadAirS: 1 });
    expect(wrong.json['detail']).toContain('body.maxDeadAirS: must not be below minDeadAirS (2)');
    expect((await call('PATCH', `/v1/tracks/${String(json['id'])}`, {})).status).toBe(400);
  });

  test('visitors read what they need; the rest is for people of the site', async () => {
    await contentRows(store).visitor();
    expect((await call('GET', '/v1/projects', undefined, '')).status).toBe(200);
    expect((await call('GET', '/v1/assets', undefined, '')).status).toBe(401);
    expect((await call('GET', '/v1/visitors', undefined, 'viewer')).status).toBe(403);
    expect((await call('POST', '/v1/projects', garden, 'viewer')).status).toBe(403);
    const people = await call('GET', '/v1/visitors');
    expect(people.json['total']).toBe(1);
    expect(JSON.stringify(people.json)).not.toContain('tokenHash');
  });

  test('answers are as the schemas say', async () => {
    const { id: projectId } = await contentRows(store).project();
    const { json } = await call('POST', '/v1/speakers', { projectId, active: true });
    const row = z.strictObject({
      id: z.int(),
      ...CONTENT.speakers.input,
      ...CONTENT.speakers.server,
    });
    expect(row.safeParse(json).success).toBe(true);
  });
});

describe('a project as visitors see it', () => {
  test('has its texts and choices in the language asked for, else in English', async () => {
    const { content } = store;
    const es = await content.languages.create({ name: 'Español', code: 'es' });
    const [hello, hola, water] = await content.localizedStrings.createMany([
      { languageId: 1, text: 'Be kind' },
      { languageId: es.id, text: 'Sea amable' },
      { languageId: 1, text: 'Water' },
    ]);
    const { id: projectId } = await contentRows(store).project({
      languageIds: [1, es.id],
      legalAgreementLocIds: [hello?.id ?? 0, hola?.id ?? 0],
    });
    const make = async (path: string, body: unknown) =>
      (await call('POST', `/v1/${path}`, body)).json['id'] as number;
    const categoryId = await make('tag-categories', { name: 'theme' });
    const tagId = await make('tags', {
      projectId,
      categoryId,
      value: 'water',
      messageLocIds: [water?.id],
    });
    const groupId = await make('ui-groups', {
      projectId,
      categoryId,
      name: 'Theme',
      select: 'single',
    });
    await make('ui-items', { groupId, tagId, isDefault: true });
    await make('ui-items', { groupId, tagId, active: false });
    await make('speakers', { projectId, active: false });

    const { status, json } = await call(
      'GET',
      `/v1/projects/${projectId}/listener?language=es-MX`,
      undefined,
      '',
    );
    expect(status).toBe(200);
    expect(json).toMatchObject({
      language: 'es',
      texts: { legalAgreement: 'Sea amable', description: null },
      listenGroups: [
        {
          id: groupId,
          select: 'single',
          items: [{ tagId, text: 'Water', isDefault: true, parentId: null }],
        },
      ],
      speakGroups: [],
      speakers: [],
    });
    expect((await call('GET', '/v1/projects/99/listener', undefined, '')).status).toBe(404);
    expect((await call('GET', `/v1/projects/${projectId}/listener?language=<x>`)).status).toBe(400);
  });
});

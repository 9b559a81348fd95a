import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import { liveQuery } from '../contract/live.js';
import { actorCommandAnswer, actorsAnswer, healthAnswer } from '../contract/rest.js';
import type { ActorRow } from '../contract/rows.js';
import { type Route, route } from '../http/route.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { actorRoutes } from './actors.js';
import { healthRoutes } from './health.js';
import { openapiDocument, openapiRoutes } from './openapi.js';

const actor = (id: string, kind: string, state: string): ActorRow => ({
  id,
  kind,
  state,
  shard: 'device-0',
  parent: 'root',
  sinceUnixMs: 1,
  restarts: 0,
  lastError: null,
  mailboxDepth: 0,
});
const rows = [
  actor('device/a:1', 'device', 'online'),
  actor('device/b', 'device', 'parked'),
  ...Array.from({ length: 5 }, (_, i) => actor(`rule/${String(i)}`, 'rule', 'idle')),
];
const asked: string[] = [];
const command = (name: string) => (id: string) => {
  asked.push(`${name} ${id}`);
  if (!rows.some((row) => row.id === id)) {
    throw new EngineError('not-found', `there is no actor "${id}"`);
  }
  return true;
};
let ready = true;
const routes: readonly Route[] = [
  ...actorRoutes({
    list: () => rows,
    park: command('park'),
    restart: command('restart'),
    stop: command('stop'),
  }),
  ...healthRoutes({
    version: '1.2.3',
    uptimeS: () => 5,
    ready: () => ({ ready, checks: [{ name: 'series', ok: ready, detail: 'up' }] }),
    stores: () => [],
    shards: () => [],
    rates: () => ({ samples: 10 }),
    metrics: () => Promise.resolve('earshot_up 1\n'),
  }),
  route({
    method: 'POST',
    path: '/v1/recursive',
    summary: 'Has a recursive body',
    tag: 'test',
    access: 'admin',
    body: liveQuery,
    response: z.object({ ok: z.boolean() }),
    handler: () => ({ ok: true }),
  }),
];
const all = [...routes, ...openapiRoutes(routes, { version: '1.2.3' })];

let gateway: Gateway;
let base: string;
beforeAll(async () => {
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes: all,
    authenticate: (credentials) => {
      const role = credentials.header('authorization') === 'op' ? 'operator' : 'viewer';
      return { kind: 'user', id: role, name: role, role };
    },
  });
  base = `http://127.0.0.1:${String(gateway.port)}`;
});
afterAll(() => gateway.stop(100));

const post = (path: string, authorization: string) =>
  fetch(base + path, { method: 'POST', headers: { authorization } });

describe('actors', () => {
  it('are listed in pages and by kind', async () => {
    const first = actorsAnswer.parse(await (await fetch(`${base}/v1/actors?limit=4`)).json());
    expect([first.total, first.next, first.rows.length]).toEqual([7, 4, 4]);
    const last = actorsAnswer.parse(
      await (await fetch(`${base}/v1/actors?limit=4&offset=4`)).json(),
    );
    expect([last.total, last.next, last.rows.length]).toEqual([7, null, 3]);
    const parked = await fetch(`${base}/v1/actors?kind=device&state=parked&shard=device-0`);
    expect(actorsAnswer.parse(await parked.json()).rows.map((row) => row.id)).toEqual(['device/b']);
    expect((await fetch(`${base}/v1/actors?kin=device`)).status).toBe(400);
  });

  it('take commands from operators by an id with slashes', async () => {
    const answer = await post('/v1/actors/device%2Fa%3A1/park', 'op');
    expect(actorCommandAnswer.parse(await answer.json())).toEqual({ id: 'device/a:1', done: true });
    expect(asked).toContain('park device/a:1');
    expect((await post('/v1/actors/nobody/restart', 'op')).status).toBe(404);
    expect((await post('/v1/actors/device%2Fb/stop', 'viewer')).status).toBe(403);
    expect(asked).not.toContain('stop device/b');
  });
});

describe('health', () => {
  it('says alive, ready, metrics and details', async () => {
    expect(await (await fetch(`${base}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    ready = false;
    expect((await fetch(`${base}/readyz`)).status).toBe(503);
    const metrics = await fetch(`${base}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    expect(await metrics.text()).toBe('earshot_up 1\n');
    const health = healthAnswer.parse(await (await fetch(`${base}/v1/health`)).json());
    expect(health).toMatchObject({ status: 'ok', version: '1.2.3', rates: { samples: 10 } });
  });
});

describe('the OpenAPI document', () => {
  const document = openapiDocument(all, { version: '1.2.3' });

  it('has every route, each with an id of its own', () => {
    const ids = new Set<string>();
    for (const one of all) {
      const operation = document.paths[one.path]?.[one.method.toLowerCase()];
      expect(operation, `${one.method} ${one.path}`).toBeDefined();
      ids.add(operation?.operationId ?? '');
      expect(operation?.parameters.filter((p) => p.in === 'path').map((p) => p.name)).toEqual(
        [...one.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
      );
    }
    expect(ids.size).toBe(all.length);
  });

  it('has only references that lead somewhere', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      (m) => m[1] ?? '',
    );
    expect(refs.length).toBeGreaterThan(5);
    for (const ref of refs) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(ref)?.[1] ?? ref;
      expect(document.components.schemas[name], ref).toBeDefined();
    }
  });

  it('says who may call and how they fail', () => {
    const park = document.paths['/v1/actors/{id}/park']?.['post'];
    expect(park?.security).toEqual([{ bearer: [] }, { session: [] }]);
    expect(Object.keys(park?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '401', '403', '404', '429', 'default']),
    );
    expect(document.paths['/healthz']?.['get']?.security).toEqual([]);
  });

  it('is served as JSON and as a page that loads nothing from elsewhere', async () => {
    const served = (await (await fetch(`${base}/v1/openapi.json`)).json()) as typeof document;
    expect(served.paths).toEqual(JSON.parse(JSON.stringify(document.paths)));
    const page = await (await fetch(`${base}/docs`)).text();
    expect(page).toContain('/v1/actors/{id}/park');
    expect(page).toContain('curl -X POST');
    expect(page).not.toMatch(/<script|src=|@import|url\(/);
  });
});

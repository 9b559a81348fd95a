import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SiteStore } from '../../actors/control/site.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import type { TestClock } from '../../engine/clock.js';
import type { SeriesReader } from '../../engine/series/series.types.js';
import type { LiveQueryInput } from '../contract/live.js';
import type { Role } from '../contract/rest.js';
import { ANONYMOUS } from '../http/auth.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { LiveHub } from '../live/hub.js';
import { TestLiveClient } from '../live/testing.js';
import { seriesRoutes } from '../routes/series.js';
import { resolveChannel } from '../site/channels.js';
import { createTables, type SiteTablesLive } from '../site/tables.js';
import { type Dashboards, startDashboards } from './compose.js';

let home: TestHome;
let store: SiteStore & { readonly clock: TestClock };
let gateway: Gateway;
let hub: LiveHub;
let dashboards: Dashboards;
let tables: SiteTablesLive;

/** Answers one point a channel. */
const reader = {
  query: ({ channels }: { readonly channels: readonly number[] }) =>
    Promise.resolve({
      source: 'raw' as const,
      intervalMs: 0,
      series: channels.map((channel) => ({ channel, atUnixMs: [1], value: [channel] })),
    }),
} as unknown as SeriesReader;

beforeAll(async () => {
  home = await testHome('sqlite');
});
beforeEach(async () => {
  await home.renew();
  store = await home.open({ feedPollMs: 10 });
  const { clock } = store;
  tables = createTables();
  for (const [at, id] of ['a/temp', 'a/secret', 'b/temp', 'c/temp'].entries()) {
    const [deviceId = '', name = ''] = id.split('/');
    tables.channels.put({
      id,
      channel: at + 1,
      deviceId,
      name,
      kind: 'number',
      unit: '°C',
      value: at,
      atUnixMs: 1,
    });
  }
  const series = seriesRoutes({
    reader,
    resolveChannel: (text) => resolveChannel(tables.channels, text),
  });
  dashboards = await startDashboards({
    store,
    series,
    clock,
    onFault: (error) => {
      throw error;
    },
  });
  hub = new LiveHub({
    tables: Object.values(tables),
    clock,
    limits: { tickMs: 10 },
    guestOf: (request) => dashboards.shares.guestOf(request),
  });
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes: [...series, ...dashboards.routes],
    sockets: [hub.endpoint()],
    limits: { perAddressPerSecond: 0 },
    authenticate: ({ header }) => {
      const role = header('x-role');
      if (role === undefined) return ANONYMOUS;
      const name = header('x-name') ?? 'crew';
      return { kind: 'user', id: name, name, role: role as Role };
    },
    clock,
  });
  hub.start((channel, message, isBinary) => gateway.publish(channel, message, isBinary));
});
afterEach(async () => {
  hub.stop();
  await gateway.stop(50);
  await dashboards.stop();
});
afterAll(async () => {
  await home.close();
});

interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  role: Role | '' = 'operator',
  name = 'crew',
): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method,
    headers: {
      ...(role === '' ? {} : { 'x-role': role, 'x-name': name }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

const gauge = (channel: string, more: object = {}) => ({
  type: 'gauge',
  title: channel,
  config: { channel },
  ...more,
});

async function make(values: object = {}): Promise<number> {
  const { json } = await call('POST', '/v1/dashboards', { name: 'Stage', ...values });
  return Number(json['id']);
}

async function save(id: number, values: object): Promise<Answer> {
  return await call('PUT', `/v1/dashboards/${id}`, { name: 'Stage', ...values });
}

/** Ids of the widgets in an answer, with their titles. */
const widgetsOf = ({ json }: Answer) =>
  json['widgets'] as { id: number; title: string; x: number; w: number }[];

describe('dashboards', () => {
  test('are kept with their widgets, and come back as they were saved', async () => {
    const id = await make();
    const saved = await save(id, {
      variables: [{ name: 'device', kind: 'device', value: 'a' }],
      rangeMs: 60_000,
      widgets: [gauge('a/temp', { x: 2, y: 1, w: 3, h: 2 }), gauge('$device/temp')],
    });
    expect(saved.status).toBe(200);
    const { json } = await call('GET', `/v1/dashboards/${id}`);
    expect(json).toEqual(saved.json);
    expect(json).toMatchObject({ name: 'Stage', rangeMs: 60_000, own: true, linked: false });
    const [first] = widgetsOf(saved);
    const again = await save(id, { widgets: [gauge('b/temp', { id: first?.id }), gauge('new')] });
    expect(widgetsOf(again).map(({ title }) => title)).toEqual(['b/temp', 'new']);
    expect(widgetsOf(again)[0]?.id).toBe(first?.id);
    const { json: list } = await call('GET', '/v1/dashboards');
    expect(list['items']).toMatchObject([{ id, name: 'Stage', widgetCount: 2 }]);
  });

  test('a save of what somebody else changed meanwhile is refused, and changes nothing', async () => {
    const id = await make();
    const basedOn = (await call('GET', `/v1/dashboards/${id}`)).json['updatedAtUnixMs'];
    expect((await save(id, { widgets: [gauge('a/temp')], basedOn })).status).toBe(200);
    const late = await save(id, { widgets: [], basedOn });
    expect(late.status).toBe(409);
    expect(late.json['detail']).toContain('changed by somebody else');
    expect(widgetsOf(await call('GET', `/v1/dashboards/${id}`))).toHaveLength(1);
  });

  test('are seen and changed by their owner, and by others when they are shared', async () => {
    const id = await make();
    const at = `/v1/dashboards/${id}`;
    expect((await call('GET', at, undefined, 'operator', 'eve')).status).toBe(404);
    expect((await call('GET', '/v1/dashboards', undefined, 'viewer', 'eve')).json['items']).toEqual(
      [],
    );
    expect((await call('GET', at, undefined, 'admin', 'root')).status).toBe(200);
    await call('PATCH', at, { shared: true });
    expect((await call('GET', at, undefined, 'viewer', 'eve')).json).toMatchObject({
      own: false,
      mayChange: false,
    });
    expect((await call('PATCH', at, { name: 'x' }, 'viewer', 'eve')).status).toBe(403);
    expect((await call('PATCH', at, { name: 'x' }, 'operator', 'eve')).status).toBe(200);
    expect((await call('DELETE', at)).status).toBe(204);
    expect((await call('GET', at)).status).toBe(404);
  });

  test('widgets are added, changed and removed one by one, and never reach over the edge', async () => {
    const at = `/v1/dashboards/${await make()}/widgets`;
    const added = await call('POST', at, gauge('a/temp', { x: 10, w: 6 }));
    expect(added.json).toMatchObject({ x: 10, w: 2, signalChannel: null });
    const one = `${at}/${String(added.json['id'])}`;
    expect((await call('PATCH', one, { title: 'Heat', x: 0, w: 12 })).json).toMatchObject({
      title: 'Heat',
      w: 12,
      type: 'gauge',
    });
    expect((await call('DELETE', one)).status).toBe(204);
    expect((await call('DELETE', one)).status).toBe(404);
    expect((await call('GET', at)).json['items']).toEqual([]);
  });

  test.each([
    [{ type: 'dial' }, /type/],
    [{ type: 'gauge', config: { channel: 7 } }, /config\.channel/],
    [{ type: 'line_chart', config: { channels: 'a' } }, /config\.channels/],
    [{ type: 'image', config: { url: 'https://elsewhere.example/x.png' } }, /path of this site/],
    [{ type: 'image', config: { url: '//elsewhere.example/x.png' } }, /path of this site/],
    [{ type: 'image', config: { url: 'javascript:alert(1)' } }, /path of this site/],
    [{ type: 'table', config: { query: { resource: 'users' } } }, /config\.query\.resource/],
    [{ type: 'text', config: { text: 'x'.repeat(20_000) } }, /at most/],
    [{ type: 'gauge', signalId: 99 }, /signalId: there is no 99/],
    [{ type: 'gauge', w: 13 }, /w:/],
  ])('a widget that cannot be shown is refused by its field: %j', async (given, words) => {
    const answer = await call('POST', `/v1/dashboards/${await make()}/widgets`, given);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.json)).toMatch(words);
  });
});

async function link(id: number): Promise<string> {
  const { json } = await call('POST', `/v1/dashboards/${id}/share`);
  return String(json['url']).replace('/shared-dashboard/', '');
}

const ask = (secret: string, path = '') =>
  call('GET', `/v1/shared-dashboards/${secret}${path}`, undefined, '');

async function watch(secret: string): Promise<TestLiveClient> {
  const url = `ws://127.0.0.1:${gateway.port}/v1/live?dashboard=${secret}`;
  return await new TestLiveClient(url).opened();
}

/** Rows of a query, once they are there. */
async function rowsOf(client: TestLiveClient, id: string, query: LiveQueryInput) {
  const rows = client.subscribe(id, query);
  await expect.poll(() => rows.topic).toBeGreaterThanOrEqual(0);
  return rows;
}

/** The refusal of a query. */
async function refusal(client: TestLiveClient, id: string, query: LiveQueryInput) {
  client.subscribe(id, query);
  await expect.poll(() => client.ofType('error').some((one) => one.id === id)).toBe(true);
  return client.ofType('error').find((one) => one.id === id)?.message;
}

const channels = (fields: readonly string[], filter?: object): LiveQueryInput =>
  ({ resource: 'channels', fields, ...(filter === undefined ? {} : { filter }) }) as LiveQueryInput;

describe('a link to a dashboard', () => {
  test('opens it without a login, and its secret is nowhere but in the link', async () => {
    const id = await make();
    await save(id, { widgets: [gauge('a/temp')] });
    const secret = await link(id);
    expect((await ask(secret)).json).toMatchObject({ name: 'Stage', widgets: [{ type: 'gauge' }] });
    const whole = await call('GET', `/v1/dashboards/${id}`);
    expect(whole.json['linked']).toBe(true);
    expect(JSON.stringify(whole.json)).not.toContain(secret);
    expect(JSON.stringify(await store.automation.dashboards.find())).not.toContain(secret);
    expect((await ask('x'.repeat(32))).status).toBe(404);
    // A new link ends the one before.
    const next = await link(id);
    expect((await ask(secret)).status).toBe(404);
    expect((await ask(next)).status).toBe(200);
  });

  test('gives the history of its channels and of no others, by name only', async () => {
    const id = await make();
    await save(id, { widgets: [gauge('a/temp')] });
    const secret = await link(id);
    const of = (channel: string) => ask(secret, `/series?channel=${channel}&from=0&to=10`);
    expect((await of('a/temp')).json).toMatchObject({ series: [{ name: 'a/temp' }] });
    for (const channel of ['a/secret', '2', '1', 'a/temp,a/secret', 'b/temp', '$device/temp']) {
      const answer = await of(encodeURIComponent(channel));
      expect(answer.status, channel).toBe(403);
    }
    const all = await call('GET', '/v1/series?channel=a/temp&from=0&to=10', undefined, '');
    expect(all.status).toBe(401);
  });

  test('lets a variable take the values that it names, and nothing else', async () => {
    const id = await make();
    const variables = [{ name: 'device', kind: 'device', value: 'a', options: ['b'] }];
    await save(id, { variables, widgets: [gauge('$device/temp')] });
    const secret = await link(id);
    const of = (name: string) => ask(secret, `/series?channel=${name}&from=0&to=10`);
    expect((await of('a/temp')).status).toBe(200);
    expect((await of('b/temp')).status).toBe(200);
    expect((await of('c/temp')).status).toBe(403);
  });

  test('shows live the rows and columns of its widgets, and follows their changes', async () => {
    const id = await make();
    const base = { widgets: [gauge('a/temp')] };
    await save(id, base);
    const secret = await link(id);
    const client = await watch(secret);
    const rows = await rowsOf(client, 'one', channels(['value']));
    expect(rows.list()).toEqual([{ id: 'a/temp', value: 0 }]);
    expect(await refusal(client, 'all', { resource: 'channels' })).toMatch(/columns|fields/);
    expect(await refusal(client, 'more', channels(['value', 'channel']))).toMatch(
      /only what one of its widgets/,
    );
    expect(
      await refusal(client, 'guess', channels(['value'], { field: 'channel', op: '==', value: 2 })),
    ).toMatch(/only what one of its widgets/);
    expect(await refusal(client, 'devices', { resource: 'devices' })).toMatch(/channels only/);
    await save(id, { widgets: [gauge('b/temp')] });
    await expect
      .poll(() => {
        hub.tick();
        return rows.list();
      })
      .toEqual([{ id: 'b/temp', value: 2 }]);
    client.close();
  });

  test('a table shows its columns of its rows; columns of another widget are not theirs', async () => {
    const id = await make();
    tables.devices.put({ id: 'a', name: 'A', state: 'connected', address: '10.0.0.1' });
    tables.devices.put({ id: 'b', name: 'B', state: 'away', address: '10.0.0.2' });
    const table = (filter: object, fields: readonly string[]) => ({
      type: 'table',
      config: { query: { resource: 'devices', filter, fields } },
    });
    await save(id, {
      widgets: [
        table({ field: 'id', op: '==', value: 'a' }, ['name']),
        table({ field: 'id', op: '==', value: 'b' }, ['name', 'state']),
        { type: 'table', config: { query: { resource: 'sessions', fields: ['latitude'] } } },
      ],
    });
    const client = await watch(await link(id));
    const names = await rowsOf(client, 'names', {
      resource: 'devices',
      fields: ['name'],
      sort: [{ field: 'id' }],
    });
    expect(names.list()).toEqual([
      { id: 'a', name: 'A' },
      { id: 'b', name: 'B' },
    ]);
    const states = await rowsOf(client, 'states', { resource: 'devices', fields: ['state'] });
    expect(states.list()).toEqual([{ id: 'b', state: 'away' }]);
    expect(await refusal(client, 'address', { resource: 'devices', fields: ['address'] })).toMatch(
      /only what one of its widgets/,
    );
    expect(await refusal(client, 'who', { resource: 'sessions', fields: ['latitude'] })).toMatch(
      /not sessions/,
    );
    client.close();
  });

  test('ends at once: who looks through it is disconnected', async () => {
    const id = await make();
    await save(id, { widgets: [gauge('a/temp')] });
    const secret = await link(id);
    const client = await watch(secret);
    expect((await call('DELETE', `/v1/dashboards/${id}/share`)).status).toBe(204);
    await expect
      .poll(() => {
        hub.tick();
        return client.closeCode;
      })
      .toBe(4503);
    expect((await ask(secret)).status).toBe(404);
    const late = new TestLiveClient(`ws://127.0.0.1:${gateway.port}/v1/live?dashboard=${secret}`);
    await expect.poll(() => late.closeCode).toBe(4503);
  });
});

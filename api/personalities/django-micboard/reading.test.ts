import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type DjangoSite,
  fillDjango,
  SEEN_UNIX_MS,
  startDjangoSite,
} from '../testing/django-site.js';
import { covers, shows } from '../testing/mic-contract.js';

let site: DjangoSite;
beforeAll(async () => {
  site = await startDjangoSite();
  fillDjango(site);
  await site.store.settings.set('django-micboard', { '': { a: '1' }, shure: { a: '2', b: '3' } });
});
afterAll(() => site.stop());

const any = expect.any(Array) as unknown;
const text = expect.any(String) as unknown;
const SEEN = new Date(SEEN_UNIX_MS).toISOString();
const get = async (path: string) => (await site.ask('GET', path)).body;
const TRANSMITTER = {
  slot: 1,
  battery: 5,
  battery_charge: 100,
  battery_percentage: 100,
  audio_level: 42,
  rf_level: 83,
  frequency: '470.125',
  antenna: 'AB',
  tx_offset: 4,
  quality: 203,
  runtime: '03:21',
  status: 'good',
  name: 'Fatai',
  name_raw: 'HH01 Fatai',
  updated_at: SEEN,
  battery_health: 'good',
  signal_quality: 'good',
  is_active: true,
};

test('data.json holds receivers, what was found, configuration and groups', async () => {
  const body = await get('data.json');
  expect(await get('v1/data/')).toEqual(body);
  covers('django GET data.json', '=v1: data/');
  covers('django every call', '=un-versioned and v1');
  shows('django GET data.json', body, {
    receivers: any,
    url: site.url,
    gif: [],
    jpg: [],
    mp4: [],
    config: { a: '1' },
    discovered: any,
    groups: any,
  });
  const receivers = body['receivers'] as readonly Record<string, unknown>[];
  expect(receivers.map(({ name }) => name)).toEqual(['EW', 'Rack A', 'Rack B']);
  shows('django data.json receiver', receivers[1], {
    api_device_id: 'shure-text:1:a',
    ip: '10.0.0.7',
    type: 'ulxd',
    name: 'Rack A',
    firmware: '2.7.6',
    is_active: true,
    last_seen: SEEN,
    channels: any,
    health_status: 'healthy',
  });
  expect(receivers[2]).toMatchObject({ is_active: false, health_status: 'offline' });
  const [channel, silent] = (receivers[1]?.['channels'] ?? []) as readonly Record<
    string,
    unknown
  >[];
  shows('django data.json channel', channel, { channel_number: 1, transmitter: TRANSMITTER });
  shows('django transmitter', channel?.['transmitter'], TRANSMITTER);
  expect(silent).toEqual({ channel_number: 2, transmitter: null });
  covers('django data.json channel', '=null without a transmitter');
  const [discovered] = body['discovered'] as readonly unknown[];
  shows('django data.json discovered', discovered, {
    ip: '10.0.0.1',
    type: 'qlxd',
    channels: 1,
    discovered_at: SEEN,
  });
  const [group] = body['groups'] as readonly unknown[];
  shows('django data.json groups', group, {
    group: 1,
    title: 'Stage',
    slots: [1, 0, 2],
    hide_charts: true,
  });
});

test('a manufacturer sees its own devices, findings and values alone', async () => {
  const body = await get('data.json?manufacturer=shure');
  const ids = (body['receivers'] as readonly { api_device_id: string }[]).map(
    (one) => one.api_device_id,
  );
  expect(ids).toEqual(['shure-text:1:a', 'shure-text:1:b']);
  expect(body['discovered']).toHaveLength(1);
  expect(body['config']).toEqual({ a: '2', b: '3' });
  covers('django GET data.json', '?manufacturer');
  expect((await get('receivers/?manufacturer=sennheiser'))['count']).toBe(1);
  covers('django GET receivers', '?manufacturer');
  expect((await get('receivers/?manufacturer=shure-text'))['count']).toBe(2);
  expect((await get('chargers/?manufacturer=sennheiser'))['count']).toBe(0);
  covers('django GET chargers', '?manufacturer');
  const other = await site.ask('GET', 'receivers/shure-text%3A1%3Aa/?manufacturer=sennheiser');
  expect(other.status).toBe(404);
  covers('django GET receivers/{id}', '?manufacturer');
  expect(await get('config/?manufacturer=shure')).toEqual({ config: { a: '2', b: '3' } });
  shows('django GET config', await get('config/'), { config: { a: '1' } });
  covers('django GET config', '?manufacturer');
  const health = await get('health/?manufacturer=shure');
  expect(Object.keys(health['manufacturers'] as object)).toEqual(['Shure']);
  expect(health['database']).toMatchObject({ receivers_total: 2 });
  covers('django GET health', '?manufacturer');
  for (const path of ['data.json', 'receivers/', 'chargers/x/', 'config/', 'health/', 'v1/data/']) {
    const { status, body: refused } = await site.ask('GET', `${path}?manufacturer=akg`);
    expect([status, refused]).toEqual([404, { error: "Manufacturer 'akg' not found" }]);
  }
  covers('django every call', '=unknown manufacturer is 404');
});

test('receivers are listed in short and told in full', async () => {
  const list = await get('receivers/');
  shows('django GET receivers', list, { receivers: any, count: 3 });
  const summary = {
    api_device_id: 'shure-text:1:a',
    name: 'Rack A',
    device_type: 'ulxd',
    manufacturer_code: 'shure',
    ip: '10.0.0.7',
    is_active: true,
    health_status: 'healthy',
    last_seen: SEEN,
    channel_count: 2,
  };
  shows('django GET receivers', (list['receivers'] as readonly unknown[])[1], summary);
  const detail = await get('receivers/shure-text:1:a/');
  const channels = [
    { channel_number: 1, has_transmitter: true, transmitter: TRANSMITTER },
    { channel_number: 2, has_transmitter: false },
  ];
  shows('django GET receivers/{id}', detail, {
    ...summary,
    firmware_version: '2.7.6',
    is_healthy: true,
    channels,
  });
  for (const name of ['channel_number', 'has_transmitter', 'transmitter']) {
    covers('django GET receivers/{id}', `channels.${name}`);
  }
  // Two devices are called `a`: only one of them is Sennheiser's.
  expect((await site.ask('GET', 'receivers/a/')).status).toBe(404);
  expect(await get('receivers/a/?manufacturer=sennheiser')).toMatchObject({ name: 'EW' });
  covers('django GET receivers/{id}', '=by the id of the vendor');
  const missing = await site.ask('GET', 'receivers/nobody/');
  expect([missing.status, missing.body]).toEqual([404, { error: 'Receiver not found' }]);
  covers('django GET receivers/{id}', '=404 Receiver not found');
});

test('chargers are told with their slots, and devices of any kind by their id', async () => {
  const list = await get('chargers/');
  shows('django GET chargers', list, { chargers: any, count: 1 });
  shows('django GET chargers', (list['chargers'] as readonly unknown[])[0], {
    api_device_id: 'shure-text:1:c',
    slot_count: 2,
  });
  const charger = await get('v1/chargers/c/');
  shows('django GET chargers/{id}', charger, { slots: any });
  const [full, empty] = charger['slots'] as readonly unknown[];
  shows('django GET chargers/{id}', full, {
    slot_number: 1,
    is_occupied: true,
    transmitter_name: 'BP-1',
    battery_level: 64,
    charging: true,
  });
  expect(empty).toMatchObject({ is_occupied: false, battery_level: null, charging: false });
  expect((await site.ask('GET', 'chargers/x/')).body).toEqual({ error: 'Charger not found' });
  covers('django GET chargers/{id}', '=404 Charger not found');
  shows('django GET devices/{id}', await get('devices/b/'), {
    success: true,
    result: expect.objectContaining({ name: 'Rack B' }) as unknown,
  });
  expect((await get('devices/c/'))['result']).toEqual(charger);
  const missing = await site.ask('GET', 'devices/x/');
  expect([missing.status, missing.body]).toEqual([404, { error: 'No data found' }]);
  covers('django GET devices/{id}', '=404 No data found');
});

test('health, readiness and documentation', async () => {
  shows('django GET health', await get('health/'), {
    api_status: 'healthy',
    timestamp: text,
    database: { receivers_total: 3, receivers_active: 2, receivers_healthy: 2 },
    manufacturers: {
      Sennheiser: { status: 'healthy', devices: 2, connected: 1 },
      Shure: { status: 'healthy', devices: 2, connected: 1 },
    },
  });
  const good = await site.ask('GET', 'health/detailed/');
  expect(good.status).toBe(200);
  shows('django GET health/detailed', good.body, {
    status: 'healthy',
    timestamp: text,
    version: '1.0.0',
    checks: {
      database: {
        status: 'healthy',
        receivers_total: 3,
        receivers_active: 2,
        receivers_healthy: 2,
      },
      cache: { status: 'healthy' },
      manufacturers: {
        shure: expect.anything() as unknown,
        sennheiser: expect.anything() as unknown,
      },
    },
  });
  covers('django GET health/detailed', '=200');
  site.tables.instances.patch('2', { health: 'unreachable', healthMessage: 'no answer' });
  expect(await get('health/')).toMatchObject({
    api_status: 'degraded',
    manufacturers: { Sennheiser: { status: 'unreachable', error: 'no answer' } },
  });
  covers('django GET health', '=degraded');
  site.tables.instances.patch('1', { health: 'unknown' });
  expect(await get('health/?manufacturer=shure')).toMatchObject({
    api_status: 'healthy',
    manufacturers: { Shure: { status: 'unknown' } },
  });
  site.tables.instances.patch('1', { health: 'healthy' });
  expect((await site.ask('GET', 'health/detailed/')).status).toBe(503);
  covers('django GET health/detailed', '=503');
  site.tables.instances.patch('2', { health: 'healthy' });
  shows('django GET health/ready', await get('health/ready/'), {
    status: 'ready',
    timestamp: text,
    api_version: '1.0.0',
  });
  shows('django GET docs', await get('v1/docs/'), {
    api_version: '1.0.0',
    base_url: `${site.url}/micboard/api/v1/`,
    endpoints: expect.objectContaining({ 'receivers/': expect.anything() as unknown }) as unknown,
    versions: { current: 'v1', supported: ['v1'], deprecated: [] },
    versioning: expect.anything() as unknown,
  });
});

test('each answer says its version, also those that refuse, whichever a client asks for', async () => {
  for (const [path, headers] of [
    ['receivers/', {}],
    ['receivers/?version=1.0.0', {}],
    ['receivers/', { accept: 'application/json; version=1.0' }],
    ['nowhere/', {}],
    ['v1/chassis/', {}],
  ] as const) {
    const answer = await site.ask('GET', path, { headers });
    expect(answer.headers.get('x-api-version')).toBe('1.0.0');
    expect(answer.headers.get('x-api-compatible')).toBe('1.0.0');
  }
  covers(
    'django every call',
    '=X-API-Version and X-API-Compatible',
    '=Accept version and ?version',
  );
  expect((await site.ask('GET', 'nowhere/')).status).toBe(404);
  covers('django every call', '=404');
  expect((await site.ask('DELETE', 'receivers/')).status).toBe(405);
  covers('django every call', '=405');
});

test('who asks too often is told when to come back, by address or login, each kind of call by itself', async () => {
  const headers = { 'x-forwarded-for': '10.8.0.1' };
  const statuses: number[] = [];
  for (let i = 0; i < 31; i++) {
    statuses.push((await site.ask('GET', 'health/', { headers })).status);
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(30);
  const refused = await site.ask('GET', 'v1/health/', { headers });
  const waitS = refused.body['retry_after'];
  expect(refused.body).toEqual({
    error: 'Rate limit exceeded',
    detail: 'Maximum 30 requests per 60 seconds',
    retry_after: expect.any(Number) as unknown,
  });
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe(String(waitS));
  covers('django every call', '=429 with Retry-After');
  expect((await site.ask('GET', 'receivers/', { headers })).status).toBe(200);
  const authorization = await site.bearer('viewer');
  expect(
    (await site.ask('GET', 'health/', { headers: { ...headers, authorization } })).status,
  ).toBe(200);
  covers('django every call', '=limits by address or login');
});

test('a store that is away is said to load balancers', async () => {
  const away = await startDjangoSite();
  await away.store.close();
  const { status, body } = await away.ask('GET', 'health/ready/');
  expect(status).toBe(503);
  expect(body).toMatchObject({ status: 'not ready', error: text });
  covers('django GET health/ready', '=503');
  await away.stop();
});

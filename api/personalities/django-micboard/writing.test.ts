import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EngineError } from '../../../engine/errors.js';
import { type DjangoSite, fillDjango, type Got, startDjangoSite } from '../testing/django-site.js';
import { covers, shows } from '../testing/mic-contract.js';
import { basic } from '../testing/mic-site.js';

let site: DjangoSite;
let open: DjangoSite;
let headers: Readonly<Record<string, string>>;
beforeAll(async () => {
  [site, open] = await Promise.all([startDjangoSite(), startDjangoSite(true)]);
  fillDjango(site);
  headers = { authorization: await site.bearer('operator') };
});
afterAll(async () => {
  await Promise.all([site.stop(), open.stop()]);
});

const any = expect.any(Array) as unknown;
const text = expect.any(String) as unknown;
/** Operators have limits of their own: calls of a test count together. */
const post = (path: string, body?: unknown): Promise<Got> =>
  site.ask('POST', path, { body, headers: { ...headers } });

test('discover searches with every vendor connection and answers what was found', async () => {
  shows('django POST discover', (await post('discover/')).body, {
    success: true,
    total_discovered: 2,
    manufacturers: {
      Sennheiser: { count: 1, devices: any },
      Shure: { count: 1, devices: any },
    },
    devices: any,
  });
  expect(site.plugins.scans).toEqual([
    { instanceId: 2, multicast: true, server: true },
    { instanceId: 1, multicast: true, server: true },
  ]);
  const one = await post('v1/discover/?manufacturer=shure');
  expect(Object.keys(one.body['manufacturers'] as object)).toEqual(['Shure']);
  covers('django POST discover', '?manufacturer');
  site.plugins.failure = new EngineError('server.busy', 'too many searches');
  expect((await post('discover/?manufacturer=shure')).body).toMatchObject({
    manufacturers: { Shure: { error: 'too many searches' } },
  });
  covers('django POST discover', '=error of one manufacturer');
  site.plugins.failure = undefined;
  const got = await site.ask('GET', 'discover/');
  expect([got.status, got.body]).toEqual([405, { error: 'POST required' }]);
  covers('django POST discover', '=405 POST required');
});

test('addresses are asked whether a device is there', async () => {
  const { scans } = site.plugins;
  const wish = { ips: ['10.0.0.40', 'rack.local'], manufacturer: 'sennheiser' };
  shows('django POST discovery/ips', (await post('discovery/ips/', wish)).body, {
    success: true,
    message: 'Discovery IPs submitted',
  });
  expect(scans.at(-1)).toEqual({ instanceId: 2, hosts: wish.ips });
  expect((await post('discovery/ips/?manufacturer=shure', { ips: ['10.0.0.41'] })).status).toBe(
    200,
  );
  covers('django POST discovery/ips', '>ips', '>manufacturer');
  for (const body of [
    {},
    { ips: [] },
    { ips: 'x', manufacturer: 'shure' },
    { ips: ['10.0.0.1'] },
  ]) {
    const { status, body: refused } = await post('discovery/ips/', body);
    expect([status, refused['success'], refused['error']]).toEqual([400, false, text]);
  }
  covers('django POST discovery/ips', '=400');
  const unknown = await post('discovery/ips/', { ips: ['10.0.0.1'], manufacturer: 'akg' });
  expect(unknown.status).toBe(404);
  covers('django POST discovery/ips', '=404');
  site.plugins.failure = new EngineError('device.unreachable', 'the server is away');
  expect((await post('discovery/ips/', wish)).status).toBe(502);
  covers('django POST discovery/ips', '=502');
  site.plugins.failure = undefined;
  site.tables.instances.patch('2', { state: 'failed' });
  expect((await post('discovery/ips/', wish)).status).toBe(500);
  covers('django POST discovery/ips', '=500');
  site.tables.instances.patch('2', { state: 'open' });
});

test('refresh tests the vendor connections', async () => {
  shows('django POST refresh', (await post('refresh/')).body, {
    success: true,
    message: 'Data refresh triggered for manufacturers.',
    manufacturers: {
      Sennheiser: { status: 'success', device_count: 2 },
      Shure: { status: 'success', device_count: 2 },
    },
    total_devices: 4,
    timestamp: text,
  });
  site.plugins.health = { status: 'unreachable', message: 'no answer', detail: {} };
  expect((await post('refresh/?manufacturer=shure')).body['manufacturers']).toEqual({
    Shure: { status: 'error', device_count: 2, error: 'no answer' },
  });
  covers('django POST refresh', '?manufacturer', '=error of one manufacturer');
});

test('values are kept for all or for one manufacturer', async () => {
  shows('django POST config', (await post('config/', { a: 1, b: true })).body, { success: true });
  await post('config/?manufacturer=shure', { a: 'two' });
  const read = async (query: string) => (await site.ask('GET', `config/${query}`)).body;
  expect(await read('')).toEqual({ config: { a: '1', b: 'true' } });
  expect(await read('?manufacturer=shure')).toEqual({ config: { a: 'two', b: 'true' } });
  expect(await read('?manufacturer=sennheiser')).toEqual({ config: { a: '1', b: 'true' } });
  covers('django POST config', '=values by manufacturer');
  const refused = await post('config/', { a: { deep: 1 } });
  expect([refused.status, refused.body]).toEqual([
    400,
    { error: expect.stringMatching(/^a:/) as unknown },
  ]);
  expect((await post('config/', '{"a":')).status).toBe(400);
  covers('django every call', '=400 names the field');
});

test('values that are sent at the same time are all kept', async () => {
  const before = (await site.ask('GET', 'config/')).body['config'] as object;
  const keys = Array.from({ length: 20 }, (_, i) => `together${i}`);
  const got = await Promise.all(keys.map((key) => post('config/', { [key]: key })));
  expect(got.map(({ status }) => status)).toEqual(keys.map(() => 200));
  expect((await site.ask('GET', 'config/')).body['config']).toEqual({
    ...before,
    ...Object.fromEntries(keys.map((key) => [key, key])),
  });
});

test('an address that tries passwords is stopped before they are checked', async () => {
  const tried = { authorization: basic('olga', 'not it'), 'x-forwarded-for': '10.8.0.1' };
  const login = vi.spyOn(site.auth, 'verify');
  const statuses: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    statuses.push((await site.ask('POST', 'discover/', { headers: tried })).status);
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  expect(login).toHaveBeenCalledTimes(5);
  login.mockRestore();
});

test('groups are those of the boards', async () => {
  const wish = { title: 'Choir', slots: [3, 0], hide_charts: true };
  shows('django POST groups/{id}', (await post('groups/3/', wish)).body, { success: true });
  const { groups } = site.store.inventory;
  const stored = { number: 3, title: 'Choir', slots: [3, 0], hideCharts: true };
  expect(await groups.find()).toMatchObject([stored]);
  covers('django POST groups/{id}', '>title', '>slots', '>hide_charts');
  await post('group/', { group: 3, title: 'Band', slots: [1] });
  expect(await groups.find()).toMatchObject([
    { ...stored, title: 'Band', slots: [1], hideCharts: false },
  ]);
  covers('django POST groups/{id}', '=older: group');
  expect((await post('groups/x/', wish)).status).toBe(400);
});

test('assignments are made, read, changed and removed', async () => {
  const { rows } = site;
  await rows.instance({ plugin: 'shure-text' });
  const receiver = await rows.device(1, 'a');
  const channel = await rows.channel(receiver.deviceId, 1, { slot: 1 });
  const path = 'user-assignments/';
  const flags = {
    alert_on_battery_low: true,
    alert_on_signal_loss: false,
    alert_on_audio_low: true,
    alert_on_device_offline: false,
  };
  const made = await post(path, {
    user: 'olga',
    channel: channel.id,
    priority: 'high',
    notes: 'soloist',
    ...flags,
  });
  expect(made.status).toBe(201);
  const user = (await site.store.users.byName('olga'))?.id;
  shows('django user-assignments', made.body, {
    id: 1,
    user,
    channel: channel.id,
    performer: 1,
    priority: 'high',
    notes: 'soloist',
    ...flags,
  });
  expect(await site.store.inventory.performers.get(1)).toMatchObject({ name: 'olga' });
  covers('django user-assignments', 'POST');
  const ask = (method: string, where: string, body?: unknown) =>
    site.ask(method, where, { body, headers });
  expect((await ask('GET', path)).body).toEqual([made.body]);
  expect((await ask('GET', `v1/${path}1/`)).body).toEqual(made.body);
  covers('django user-assignments', 'GET');
  expect((await ask('GET', `${path}?manufacturer=shure`)).body).toEqual([]);
  expect((await ask('GET', `${path}1/?manufacturer=shure`)).status).toBe(404);
  covers('django user-assignments', '?manufacturer');
  expect((await ask('PATCH', `${path}1/`, { priority: 'low' })).body).toMatchObject({
    priority: 'low',
    notes: 'soloist',
  });
  covers('django user-assignments', 'PATCH');
  expect((await ask('PUT', `${path}1/`, { channel: channel.id, notes: '' })).body).toMatchObject({
    notes: '',
  });
  expect((await ask('PUT', `${path}1/`, { notes: '' })).status).toBe(400);
  covers('django user-assignments', 'PUT');
  expect((await post(path, { user: 'nobody', channel: channel.id })).status).toBe(400);
  expect((await post(path, { user: 'olga', channel: 99 })).status).toBe(400);
  expect((await site.ask('GET', path)).status).toBe(401);
  covers('django user-assignments', '=401 without a login');
  expect((await ask('DELETE', `${path}1/`)).status).toBe(204);
  expect((await ask('GET', `${path}1/`)).status).toBe(404);
  covers('django user-assignments', 'DELETE');
});

test('who may not write is told what to do, and a site may let everybody', async () => {
  const paths = ['discover/', 'discovery/ips/', 'refresh/', 'config/', 'groups/1/', 'group/'];
  for (const path of [...paths, 'user-assignments/']) {
    const { status, body, headers: sent } = await site.ask('POST', path, { body: {} });
    expect([status, body['error'] ?? body['detail']]).toEqual([
      401,
      expect.stringMatching(/operator.*Bearer.*personalities\.djangoMicboard\.allowWrites/),
    ]);
    expect(sent.get('www-authenticate')).toContain('Basic');
  }
  covers('django every call', '=401 says what to do');
  const viewer = { authorization: basic('victor') };
  expect((await site.ask('POST', 'config/', { body: {}, headers: viewer })).status).toBe(403);
  covers('django every call', '=403 for a viewer');
  expect((await open.ask('POST', 'config/', { body: { a: 1 } })).status).toBe(200);
  covers('django every call', '=allowWrites');
});

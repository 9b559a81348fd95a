// Over 400 lines: every table of the inventory over one server, with what only some of them have.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { SiteStore } from '../../actors/control/site.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { INVENTORY_SPECS } from '../../actors/inventory/specs.js';
import { inventoryRows } from '../../actors/inventory/testing/rows.js';
import type { TestClock } from '../../engine/clock.js';
import { INVENTORY, type InventoryResource } from '../contract/inventory.js';
import type { LiveQueryInput } from '../contract/live.js';
import type { Role } from '../contract/rest.js';
import { ANONYMOUS } from '../http/auth.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { LiveHub } from '../live/hub.js';
import { TestLiveClient } from '../live/testing.js';
import { createTables, type SiteTablesLive } from '../site/tables.js';
import { together } from './devices-health.js';
import { KioskLinks } from './kiosk.js';
import { inventoryRoutes } from './routes.js';
import { InventoryService } from './service.js';
import { ToldPlugins } from './testing/plugins.js';

let home: TestHome;
let store: SiteStore & { readonly clock: TestClock };
let gateway: Gateway;
let hub: LiveHub;
let service: InventoryService;
let kiosks: KioskLinks;
let plugins: ToldPlugins;
let tables: SiteTablesLive;

/** Media whose files are asked to be removed. */
const forgotten: string[] = [];

beforeAll(async () => {
  home = await testHome('sqlite');
});
beforeEach(async () => {
  await home.renew();
  store = await home.open();
  const { clock } = store;
  tables = createTables();
  plugins = new ToldPlugins(tables.channels);
  const onFault = (error: Error) => {
    throw error;
  };
  service = await InventoryService.start({
    store,
    tables,
    plugins,
    events: { note() {}, close: () => Promise.resolve() },
    clock,
    onFault,
  });
  kiosks = new KioskLinks(store, clock, onFault);
  await kiosks.start();
  hub = new LiveHub({
    tables: Object.values(tables),
    clock,
    limits: { tickMs: 10 },
    guestOf: (request) => kiosks.guestOf(request),
  });
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes: inventoryRoutes({
      service,
      store,
      plugins,
      kiosks,
      tables,
      clock,
      forgetMedia: (id) => {
        forgotten.push(id);
        return Promise.resolve();
      },
    }),
    sockets: [hub.endpoint()],
    limits: { perAddressPerSecond: 0 },
    authenticate: ({ header }) => {
      const role = header('x-role');
      if (role === undefined) return ANONYMOUS;
      return { kind: 'user', id: 'u', name: 'crew', role: role as Role };
    },
    clock,
  });
});
afterEach(async () => {
  hub.stop();
  await gateway.stop(50);
  await kiosks.stop();
  await service.stop();
});
afterAll(async () => {
  await home.close();
});

async function call(method: string, path: string, body?: unknown, role: Role | '' = 'operator') {
  const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method,
    headers: {
      ...(role === '' ? {} : { 'x-role': role }),
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

/** A device with two channels in the store. */
async function device() {
  const make = inventoryRows(store);
  const instance = await make.instance();
  const record = await make.device(instance.id, 'r1');
  const one = await make.channel(record.deviceId, 1, { slot: 1 });
  const two = await make.channel(record.deviceId, 2, { slot: 2 });
  await expect.poll(() => tables.rf.size).toBe(2);
  return { make, instance, record, one, two, deviceId: record.deviceId };
}

/** Made of other fields when a row is shown. */
const DERIVED: Partial<Record<InventoryResource, readonly string[]>> = {
  performers: ['photoUrl', 'backgroundUrl'],
};

test('every field of every table is in the contract, and nothing else', () => {
  for (const name of Object.keys(INVENTORY) as InventoryResource[]) {
    const { input, server } = INVENTORY[name];
    expect(Object.keys({ ...input, ...server }).sort()).toEqual(
      [...Object.keys(INVENTORY_SPECS[name].columns), ...(DERIVED[name] ?? [])].sort(),
    );
  }
});

test('viewers read, operators write, strangers neither', async () => {
  const unit = { name: 'HH 1', kind: 'handheld' };
  expect((await call('POST', '/v1/units', unit, '')).status).toBe(401);
  expect((await call('POST', '/v1/units', unit, 'viewer')).status).toBe(403);
  const made = await call('POST', '/v1/units', unit);
  expect(made).toMatchObject({ status: 201, json: { ...unit, model: null, notes: '' } });
  const at = `/v1/units/${String(made.json['id'])}`;
  expect((await call('GET', at, undefined, '')).status).toBe(401);
  expect((await call('GET', at, undefined, 'viewer')).json).toEqual(made.json);
  expect((await call('PATCH', at, { serial: 'A1' })).json).toMatchObject({ serial: 'A1' });
  expect((await call('GET', '/v1/units?serial=A1&order=-name')).json).toMatchObject({ total: 1 });
  expect((await call('DELETE', at)).status).toBe(204);
  expect((await call('GET', at)).status).toBe(404);
});

test('records and channels are made by the engine only; plugins learn of what is edited', async () => {
  const { record, one, deviceId } = await device();
  expect((await call('POST', '/v1/device-records', {})).status).toBe(405);
  expect((await call('DELETE', `/v1/device-records/${record.id}`)).status).toBe(405);
  expect((await call('POST', '/v1/rf-channels', {})).status).toBe(405);
  const at = `/v1/device-records/${record.id}`;
  expect((await call('PATCH', at, { serial: 'x' })).status).toBe(400);
  const after = await call('PATCH', at, { givenName: 'Rack 1' });
  expect(after).toMatchObject({ status: 200, json: { givenName: 'Rack 1', deviceId } });
  expect(plugins.recordsTold).toEqual([[deviceId]]);
  plugins.connect(deviceId);
  plugins.identify(deviceId, [{ number: 1, kind: 'rf' }], ['name', 'transmitter_on']);
  plugins.say(deviceId, 1, { name: 'HH-1 Bob', transmitter_on: true }, store.clock.nowMs());
  const named = await call('PATCH', `/v1/rf-channels/${one.id}`, { givenName: 'Ada' });
  // What the receiver said when the name was given is kept beside it.
  expect(named.json).toMatchObject({
    givenName: 'Ada',
    reportedName: 'HH-1 Bob',
    resource: 'active',
  });
});

test('a place is given once; two channels change theirs in one step', async () => {
  const { one, two } = await device();
  const taken = await call('PATCH', `/v1/rf-channels/${two.id}`, { slot: 1 });
  expect(taken.status).toBe(400);
  expect(taken.json['detail']).toMatch(/body.slot: slot 1 is taken by channel .*free it first/);
  const swap = [
    { id: one.id, slot: 2 },
    { id: two.id, slot: 1 },
  ];
  expect((await call('POST', '/v1/rf-channels/slots', { slots: swap })).json).toEqual({
    changed: 2,
  });
  await expect.poll(() => tables.rf.get(String(one.id))?.['slot']).toBe(2);
  for (const slots of [
    [{ id: one.id, slot: 1 }],
    [swap[0], { id: two.id, slot: 2 }],
    [{ id: 999, slot: 9 }],
    [swap[0], swap[0]],
  ]) {
    expect((await call('POST', '/v1/rf-channels/slots', { slots })).status).toBe(400);
  }
});

test('a performer shows where its pictures are, and takes them along', async () => {
  await store.media.put({
    id: 'face',
    name: 'face.png',
    file: 'face.png',
    contentType: 'image/png',
    sizeBytes: 1,
    durationMs: undefined,
    sha256: '',
    createdAtUnixMs: 1,
    mediaType: 'photo',
  });
  await expect.poll(() => service.pictures.urlOf('face')).toBe('/media/face.png');
  const made = await call('POST', '/v1/performers', { name: 'Ada', photoMediaId: 'face' });
  const ada = made.json as { readonly id: number };
  expect(ada).toMatchObject({ photoUrl: '/media/face.png', backgroundUrl: null });
  expect((await call('DELETE', `/v1/performers/${ada.id}`)).status).toBe(204);
  expect(forgotten).toEqual(['face']);
});

test.each([
  ['/v1/performers', { name: 'A', photoMediaId: 'nowhere' }, /photoMediaId: there is no picture/],
  [
    '/v1/assignments',
    { performerId: 1, rfChannelId: 1 },
    /performerId: there is no 1 in \/v1\/perf/,
  ],
  ['/v1/locations', { name: 'x', parentId: 9 }, /parentId: there is no 9/],
  ['/v1/setting-overrides', { scope: 'site', key: 'x', value: 1 }, /key: there is no setting/],
  [
    '/v1/setting-overrides',
    { scope: 'site', key: 'meters.fastMs', value: 1 },
    /value: meters.fastMs must/,
  ],
  [
    '/v1/setting-overrides',
    { scope: 'instance', scopeId: '77', key: 'meters.fastMs', value: 100 },
    /scopeId: there is no plugin instance 77/,
  ],
  [
    '/v1/setting-overrides',
    { scope: 'device', scopeId: 'x', key: 'meters.fastMs', value: 100 },
    /scopeId: there is no device x/,
  ],
  ['/v1/kiosk-links', { groupId: 5 }, /groupId: there is no 5/],
  ['/v1/kiosk-links', { expiresAtUnixMs: 5 }, /expiresAtUnixMs: must be in the future/],
  ['/v1/board-groups', { number: 0 }, /number/],
  ['/v1/board-groups', { number: 1, slots: [-1] }, /slots/],
])('%s refuses %j naming field and remedy', async (path, body, words) => {
  const answer = await call('POST', path, body);
  expect(answer.status).toBe(400);
  expect(answer.json['detail']).toMatch(words);
});

test('places stand in each other by their size, people use channels in their time', async () => {
  const { make, one } = await device();
  const room = await call('POST', '/v1/locations', { name: '1', kind: 'room' });
  await expect.poll(() => service.book.rows.locations.size).toBe(1);
  const inRoom = { name: 'x', kind: 'building', parentId: room.json['id'] };
  expect((await call('POST', '/v1/locations', inRoom)).json['detail']).toMatch(/inside a room/);
  const { id: performerId } = await make.performer('Ada');
  const late = { performerId, rfChannelId: one.id, fromUnixMs: 5, toUnixMs: 5 };
  expect((await call('POST', '/v1/assignments', late)).json['detail']).toMatch(/after fromUnixMs/);
  const nobody = { performerId, rfChannelId: one.id, userId: 'x' };
  expect((await call('POST', '/v1/assignments', nobody)).json['detail']).toMatch(/no user x/);
  expect((await call('POST', '/v1/assignments', { ...late, toUnixMs: 6 })).status).toBe(201);
});

test('settings are told with what holds and where it was set, and devices learn of changes', async () => {
  const { instance, deviceId } = await device();
  const key = 'meters.fastMs';
  const set = (body: object) => call('POST', '/v1/setting-overrides', { key, ...body });
  const site = await set({ scope: 'site', value: 200 });
  expect(site.status).toBe(201);
  expect((await set({ scope: 'site', value: 300 })).json['detail']).toMatch(
    /PATCH \/v1\/setting-ov/,
  );
  await set({ scope: 'instance', scopeId: String(instance.id), value: 300 });
  await expect.poll(() => service.book.rows.overrides.size).toBe(2);
  const effective = async (query: string) => {
    const { json } = await call('GET', `/v1/settings/effective?${query}`, undefined, 'viewer');
    return (json['items'] as { key: string }[]).find((item) => item.key === key);
  };
  expect(await effective('')).toMatchObject({ value: 200, from: 'site' });
  expect(await effective(`deviceId=${encodeURIComponent(deviceId)}`)).toMatchObject({
    value: 300,
    from: 'instance',
  });
  expect(plugins.recordsTold).toEqual([[deviceId], [deviceId]]);
  const at = `/v1/setting-overrides/${String(site.json['id'])}`;
  expect((await call('PATCH', at, { value: 5 })).status).toBe(400);
  expect((await call('DELETE', at)).status).toBe(204);
  expect(plugins.recordsTold).toHaveLength(3);
  expect((await call('GET', '/v1/settings/effective?instanceId=99')).status).toBe(400);
  const { json } = await call('GET', '/v1/settings/definitions', undefined, 'viewer');
  expect(json['items']).toContainEqual(expect.objectContaining({ key, unit: 'ms', default: 100 }));
});

test('lifecycle moves are the operator’s, and illegal ones are refused with those that are allowed', async () => {
  const { deviceId } = await device();
  const at = `/v1/devices/${encodeURIComponent(deviceId)}/lifecycle`;
  expect((await call('POST', at, { to: 'retired' }, 'viewer')).status).toBe(403);
  const wrong = await call('POST', at, { to: 'online' });
  expect(wrong.status).toBe(409);
  expect(wrong.json['detail']).toMatch(/only provisioning, offline, retired/);
  expect((await call('POST', at, { to: 'gone' })).status).toBe(400);
  expect((await call('POST', at, { to: 'retired', reason: 'broken' })).json).toEqual({
    deviceId,
    lifecycle: 'retired',
  });
  expect(plugins.recordsTold).toEqual([[deviceId]]);
  const { id } = (await store.inventory.recordOf(deviceId)) ?? { id: 0 };
  const back = await call('PATCH', `/v1/device-records/${id}`, { enabled: true });
  expect(back.json['detail']).toMatch(/a retired device stays stopped/);
});

test('a kiosk link shows one board without a login, until it ends', async () => {
  const { make, one } = await device();
  const group = await make.group(1, [1, 0, 2]);
  expect((await call('POST', '/v1/kiosk-links', {}, 'viewer')).status).toBe(403);
  const made = await call('POST', '/v1/kiosk-links', { name: 'Rack', groupId: group.id });
  expect(made.status).toBe(201);
  const secret = String(made.json['url']).replace('/kiosk/', '');
  expect(secret.length).toBeGreaterThan(20);
  const list = await call('GET', '/v1/kiosk-links');
  expect(JSON.stringify(list.json)).not.toContain(secret);
  expect(JSON.stringify(list.json)).not.toContain('hash');
  const seen = await call('GET', `/v1/kiosk/${secret}`, undefined, '');
  expect(seen).toMatchObject({ status: 200, json: { name: 'Rack', group: { slots: [1, 0, 2] } } });
  for (const other of ['x', `${secret}x`, secret.slice(1), '%2e%2e']) {
    expect((await call('GET', `/v1/kiosk/${other}`, undefined, '')).status).toBe(404);
  }
  const url = `ws://127.0.0.1:${gateway.port}/v1/live`;
  const guest = await new TestLiveClient(`${url}?kiosk=${secret}`).opened();
  const tiles = guest.subscribe('a', { resource: 'rf', sort: [{ field: 'slot' }] });
  await expect.poll(() => tiles.list().length).toBe(2);
  expect(tiles.list()[0]).toMatchObject({ id: String(one.id), slot: 1 });
  guest.subscribe('b', { resource: 'devices' });
  await expect.poll(() => guest.ofType('error').length).toBe(1);
  const stranger = new TestLiveClient(`${url}?kiosk=${secret.replace(/.$/, '_')}`);
  await expect.poll(() => stranger.closeCode).toBe(4503);
  // The board goes, its links with it, and whoever looks through them.
  await call('DELETE', `/v1/board-groups/${group.id}`);
  await expect
    .poll(() => {
      hub.tick();
      return guest.closeCode;
    })
    .toBe(4503);
  expect((await call('GET', `/v1/kiosk/${secret}`, undefined, '')).status).toBe(404);
});

test('who has a link to one board is shown no other rows, whatever they ask for, and follows its edits', async () => {
  const { make, deviceId, one, two } = await device();
  const three = await make.channel(deviceId, 3, { slot: 3 });
  const free = await make.channel(deviceId, 4, {});
  const group = await make.group(1, [2, 0]);
  const other = await make.group(2, [1, 3]);
  await expect.poll(() => [tables.rf.size, tables.groups.size]).toEqual([4, 2]);
  const url = `ws://127.0.0.1:${gateway.port}/v1/live`;
  const guestOf = async (groupId: number | null) => {
    const { json } = await call('POST', '/v1/kiosk-links', { groupId });
    const secret = String(json['url']).replace('/kiosk/', '');
    return await new TestLiveClient(`${url}?kiosk=${secret}`).opened();
  };
  const guest = await guestOf(group.id);
  const named = (id: string, query: LiveQueryInput) => {
    const replica = guest.subscribe(id, query);
    return () => replica.list().map((row) => row['id']);
  };
  hub.start((channel, message, isBinary) => gateway.publish(channel, message, isBinary));
  const window = { offset: 0, limit: 10_000 };
  const rf = named('rf', { resource: 'rf', window });
  const groups = named('groups', { resource: 'groups', window });
  const others = named('others', {
    resource: 'rf',
    filter: { or: [{ field: 'slot', op: '!=', value: 2 }, { and: [] }] },
  });
  await expect.poll(() => guest.ofType('snapshot').length).toBe(3);
  expect([rf(), groups(), others()]).toEqual([
    [String(two.id)],
    [String(group.id)],
    [String(two.id)],
  ]);
  const ticked = (what: () => unknown) =>
    expect.poll(() => {
      hub.tick();
      return what();
    });
  await call('PATCH', `/v1/board-groups/${group.id}`, { slots: [1, 3] });
  await ticked(() => [...rf()].sort()).toEqual([String(one.id), String(three.id)]);
  await ticked(() => others().length).toBe(2);
  // A channel that takes a place of the board comes, and one that leaves it goes.
  const moves = [
    { id: three.id, slot: null },
    { id: free.id, slot: 3 },
  ];
  await store.inventory.rfChannels.updateMany(
    moves.map(({ id, slot }) => ({ id, values: { slot } })),
  );
  await ticked(() => [...rf()].sort()).toEqual([String(one.id), String(free.id)]);
  await call('PATCH', `/v1/board-groups/${group.id}`, { slots: [] });
  await ticked(rf).toEqual([]);
  expect(groups()).toEqual([String(group.id)]);
  expect(guest.closeCode).toBeUndefined();
  const all = await guestOf(null);
  const everything = all.subscribe('a', { resource: 'rf' });
  const boards = all.subscribe('b', { resource: 'groups' });
  await expect.poll(() => [everything.list().length, boards.list().length]).toEqual([4, 2]);
  expect(other.id).not.toBe(group.id);
});

test('a kiosk link ends at its time, or when it is removed', async () => {
  const expiresAtUnixMs = store.clock.nowMs() + 60_000;
  const timed = await call('POST', '/v1/kiosk-links', { expiresAtUnixMs });
  const at = `/v1${String(timed.json['url'])}`;
  expect((await call('GET', at, undefined, '')).json).toEqual({
    name: '',
    expiresAtUnixMs,
    group: null,
  });
  store.clock.advance(60_000);
  expect((await call('GET', at, undefined, '')).status).toBe(404);
  const other = await call('POST', '/v1/kiosk-links', {});
  expect((await call('DELETE', `/v1/kiosk-links/${String(other.json['id'])}`)).status).toBe(204);
  await expect
    .poll(async () => (await call('GET', `/v1${String(other.json['url'])}`, undefined, '')).status)
    .toBe(404);
});

test('health of all devices is one word, by vendor and in numbers', async () => {
  const health = async () => (await call('GET', '/v1/health/devices', undefined, 'viewer')).json;
  expect(await health()).toMatchObject({ state: 'unconfigured', vendors: [] });
  const { make, instance, deviceId } = await device();
  const second = await make.device(instance.id, 'r2');
  await expect.poll(async () => (await health())['counts']).toMatchObject({ devices: 2 });
  expect(await health()).toMatchObject({ state: 'unknown' });
  plugins.connect(deviceId);
  tables.devices.put({ id: deviceId, health: 'healthy' });
  plugins.connect(second.deviceId, { state: 'error' });
  tables.devices.put({ id: second.deviceId, health: 'offline' });
  expect(await health()).toMatchObject({
    state: 'partial',
    vendors: [{ instanceId: instance.id, state: 'partial', devices: 2, connected: 1 }],
    counts: { devices: 2, connected: 1, healthy: 1, offline: 1 },
  });
  plugins.connect(second.deviceId);
  tables.devices.remove(second.deviceId);
  expect(await health()).toMatchObject({ state: 'healthy', counts: { healthy: 1, unknown: 1 } });
  tables.instances.put({ id: String(instance.id), state: 'failed', error: 'the key is wrong' });
  expect(await health()).toMatchObject({
    state: 'unhealthy',
    vendors: [{ message: 'the key is wrong' }],
  });
  expect(together(['healthy', 'unhealthy', 'unknown'])).toBe('partial');
  expect(together(['unconfigured', 'healthy'])).toBe('healthy');
});

test('every answer is as its schema says', async () => {
  const { make, one } = await device();
  const ada = await make.performer('Ada');
  await make.assignment(ada.id, one.id);
  await make.group(3, [1]);
  for (const name of Object.keys(INVENTORY) as InventoryResource[]) {
    const { path, input, server } = INVENTORY[name];
    const { status, json } = await call('GET', `/v1/${path}`, undefined, 'viewer');
    expect(status).toBe(200);
    const row = z.strictObject({ id: z.int(), ...input, ...server });
    for (const item of json['items'] as unknown[]) expect(row.parse(item)).toEqual(item);
  }
});

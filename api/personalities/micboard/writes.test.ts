import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { EngineError } from '../../../engine/errors.js';
import { TextSocket } from '../../testing/text-socket.js';
import { covers } from '../testing/mic-contract.js';
import { basic, type MicSite, openMicSite, WrittenPlugins } from '../testing/mic-site.js';
import { type Micboard, openMicboard } from './index.js';

let site: MicSite;
let closed: Micboard;
let open: Micboard;
let auth: string;

beforeAll(async () => {
  site = await openMicSite();
  const options = { ...site, host: '127.0.0.1', port: 0 };
  closed = await openMicboard({ ...options, allowWrites: false });
  open = await openMicboard({ ...options, allowWrites: true });
  auth = await site.bearer('operator');
  await site.rows.instance({ plugin: 'simulated' });
  await site.rows.device(1, 'a', { address: '10.0.0.7', model: 'ULXD4D' });
  await site.rows.device(1, 'b', { address: '10.0.0.8', model: 'P10T' });
});
afterAll(async () => {
  await Promise.all([closed.stop(), open.stop()]);
  await site.close();
});
beforeEach(async () => {
  const { rfChannels, groups } = site.store.inventory;
  for (const id of await rfChannels.ids()) await rfChannels.remove(id);
  for (const id of await groups.ids()) await groups.remove(id);
  const { channel } = site.rows;
  await channel('simulated:1:a', 1, { slot: 1, reportedName: 'HH01 Ada' });
  await channel('simulated:1:a', 2, { slot: 2, givenName: 'Grace' });
  await channel('simulated:1:b', 1, { slot: 3, direction: 'send' });
});

async function post(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = { authorization: auth },
  port = closed.port,
): Promise<readonly [number, unknown]> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    // As the app sends it.
    headers: { 'content-type': 'text/plain', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return [answer.status, await answer.json()];
}
const rows = async () =>
  (await site.store.inventory.rfChannels.find()).map(
    ({ deviceId, number, slot, givenId, givenName }) => ({
      at: `${deviceId.slice(-1)}${number}`,
      slot,
      givenId,
      givenName,
    }),
  );
const config = async () =>
  (await (await fetch(`http://127.0.0.1:${closed.port}/config.json`)).json()) as Readonly<
    Record<string, readonly unknown[]>
  >;

test('a group is made and changed, and answered as it was sent', async () => {
  const wish = { group: 2, title: 'Choir', slots: [3, 0, 1], hide_charts: true };
  expect(await post('/api/group', wish)).toEqual([200, wish]);
  const { groups } = site.store.inventory;
  expect(await groups.find()).toMatchObject([
    { number: 2, title: 'Choir', slots: [3, 0, 1], hideCharts: true },
  ]);
  await post('/api/group', { group: '2', title: 'Band', slots: [] });
  expect(await groups.find()).toMatchObject([
    { number: 2, title: 'Band', slots: [], hideCharts: true },
  ]);
  covers('micboard POST /api/group', '>group', '>title', '>slots', '>hide_charts', '=echo');
  covers('micboard POST /api/group', '=0 is a blank');
});

test.each([
  ['/api/group', { group: 10 }, 'group'],
  ['/api/group', { group: 1, slots: ['x'] }, 'slots.0'],
  ['/api/group', 'not json', 'JSON'],
  ['/api/slot', [{ extended_id: 'a' }], '0.slot'],
  ['/api/config', [{ slot: 1, type: 'tube' }], '0.type'],
  ['/api/config', [{ slot: 1, type: 'qlxd' }], 'ip'],
  [
    '/api/config',
    [
      { slot: 1, type: 'offline' },
      { slot: 1, type: 'offline' },
    ],
    'slot 1',
  ],
  ['/config.json', { slots: 5 }, 'slots'],
])('%s refuses %j and names what is wrong', async (path, body, named) => {
  const [status, answer] = await post(path, body);
  expect(status).toBe(400);
  expect(answer).toEqual({ error: expect.stringContaining(named) as string });
  covers('micboard POST /api/group', '=bad input names the field');
});

test('extended names are given to channels and to offline slots, and taken back by empty ones', async () => {
  const names = [
    { slot: 1, extended_id: 'HH-01', extended_name: 'Ada' },
    { slot: 2, extended_id: '', extended_name: '' },
    { slot: 20, extended_id: 'BP-20', extended_name: 'Spare' },
  ];
  expect(await post('/api/slot', names)).toEqual([200, {}]);
  expect((await rows()).slice(0, 2)).toEqual([
    { at: 'a1', slot: 1, givenId: 'HH-01', givenName: 'Ada' },
    { at: 'a2', slot: 2, givenId: null, givenName: null },
  ]);
  expect((await config())['slots']).toContainEqual({
    slot: 20,
    type: 'offline',
    extended_id: 'BP-20',
    extended_name: 'Spare',
  });
  covers('micboard POST /api/slot', '>slot', '>extended_id', '>extended_name', '={}');
  covers('micboard POST /api/slot', '=empty-takes-back', '=offline-slot');
});

test('places are changed as a whole, names stay, and all sockets are closed so that apps begin anew', async () => {
  const socket = await TextSocket.open(`ws://127.0.0.1:${closed.port}/ws`);
  const wish = [
    { slot: 2, type: 'ulxd', ip: '10.0.0.7', channel: 1 },
    { slot: 1, type: 'ulxd', ip: '10.0.0.7', channel: 2 },
    { slot: 5, type: 'offline' },
  ];
  expect(await post('/api/config', wish)).toEqual([200, {}]);
  expect(await socket.closed).toBe(1000);
  expect(await rows()).toEqual([
    { at: 'a1', slot: 2, givenId: null, givenName: null },
    { at: 'a2', slot: 1, givenId: null, givenName: 'Grace' },
    { at: 'b1', slot: null, givenId: null, givenName: null },
  ]);
  expect((await config())['slots']).toContainEqual({ slot: 5, type: 'offline' });
  covers('micboard POST /api/config', '>slot', '>type', '>ip', '>channel', '={}');
  covers('micboard POST /api/config', '=sockets are closed', '=names stay');
  covers('micboard POST /api/config', '=offline slots are kept');
});

test('devices that are not known are added to the vendor connection, and without one it says what to do', async () => {
  const wish = [
    { slot: 1, type: 'qlxd', ip: '10.0.0.30', channel: 1 },
    { slot: 2, type: 'p10t', ip: '10.0.0.31:2299', channel: 2 },
  ];
  const [status, answer] = await post('/api/config', wish);
  expect(status).toBe(409);
  expect(answer).toEqual({ error: expect.stringMatching(/10\.0\.0\.30.*shure-text/) as string });
  expect((await rows()).map(({ slot }) => slot)).toEqual([1, 2, 3]);
  covers('micboard POST /api/config', '=without a vendor connection it says what to do');
  const instance = await site.rows.instance({ plugin: 'shure-text', name: 'Rack' });
  expect(await post('/api/config', wish)).toEqual([200, {}]);
  expect(site.plugins.added).toEqual([
    {
      instanceId: instance.id,
      externalId: '10.0.0.30',
      address: '10.0.0.30',
      config: { model: 'qlxd' },
    },
    expect.objectContaining({ address: '10.0.0.31', port: 2_299, config: { model: 'p10t' } }),
  ]);
  expect((await rows()).slice(3)).toMatchObject([
    { at: '01', slot: 1 },
    { at: '92', slot: 2 },
  ]);
  expect((await config())['slots']?.slice(0, 2)).toMatchObject([
    { slot: 1, type: 'qlxd', ip: '10.0.0.30' },
    { slot: 2, type: 'p10t', ip: '10.0.0.31:2299', channel: 2 },
  ]);
  covers('micboard POST /api/config', '=unknown devices are added');
});

test('a configuration file comes in and goes out again', async () => {
  const file = {
    port: 8058,
    groups: [{ group: 1, title: 'Stage', slots: [2, 0, 4], hide_charts: true }],
    slots: [
      {
        slot: 2,
        type: 'ulxd',
        ip: '10.0.0.7',
        channel: 1,
        extended_id: 'HH-02',
        extended_name: 'Ada',
        chan_name_raw: 'HH02 Ada',
      },
      { slot: 4, type: 'offline', extended_id: 'BP-04', extended_name: 'Spare' },
    ],
    uuid: 'a-board-that-moved',
    local_url: 'http://stage.example',
    prefixes: ['HH', 'BP'],
    'background-folder': '~/pictures',
    micboard_version: '0.8.0',
  };
  expect(await post('/config.json', file)).toEqual([200, {}]);
  const { 'background-folder': _, ...rest } = file;
  expect(await config()).toEqual({
    ...rest,
    port: closed.port,
    micboard_version: '0.8.5',
  });
  covers('micboard POST /config.json', '>groups', '>slots', '>uuid', '>local_url', '>prefixes');
  covers('micboard POST /config.json', '=round-trip');
  covers('micboard GET /config.json', '=file');
});

test('who may not write is told what to do, and a site may let everybody', async () => {
  const group = { group: 3, title: 'Quiet', slots: [] };
  const [status, answer] = await post('/api/group', group, {});
  expect(status).toBe(401);
  expect(answer).toEqual({
    error: expect.stringMatching(
      /operator.*Bearer.*personalities\.micboard\.allowWrites/,
    ) as string,
  });
  covers('micboard writes', '=401 says what to do');
  expect((await post('/api/group', group, { authorization: basic('victor') }))[0]).toBe(403);
  covers('micboard writes', '=403 for a viewer');
  expect((await post('/api/group', group, { authorization: basic('olga', 'wrong') }))[0]).toBe(401);
  expect(await site.store.inventory.groups.count()).toBe(0);
  expect((await post('/api/group', group, { authorization: basic('olga') }))[0]).toBe(200);
  covers('micboard writes', '=Basic');
  expect((await post('/api/group', group, { authorization: auth }))[0]).toBe(200);
  covers('micboard writes', '=Bearer');
  expect((await post('/api/group', group, {}, open.port))[0]).toBe(200);
  covers('micboard writes', '=allowWrites');
  const foreign = { origin: 'http://elsewhere.example' };
  expect((await post('/api/group', group, foreign, open.port))[0]).toBe(403);
  covers('micboard writes', '=never from another site');
});

test.each(['devices', 'names', 'groups', 'file'] as const)(
  'a configuration of which a step fails leaves the former one, devices too: %s',
  async (step) => {
    const { store, plugins } = site;
    const { rfChannels, groups, records, instances } = store.inventory;
    if (
      (await instances.find({ where: [{ field: 'plugin', op: '=', value: 'shure-text' }] }))
        .length === 0
    ) {
      await site.rows.instance({ plugin: 'shure-text' });
    }
    await post('/api/group', { group: 1, title: 'Before', slots: [1] });
    const state = async () => ({
      rows: await rfChannels.find(),
      groups: await groups.find(),
      devices: (await records.find()).map(({ deviceId }) => deviceId),
      config: await config(),
    });
    const before = await state();
    const added = plugins.added.length;
    const away = new EngineError('store.away', 'the store is away');
    const failing = {
      devices: () =>
        vi.spyOn(plugins, 'addDevice').mockImplementation((wish) => {
          plugins.added.push(wish);
          return plugins.added.length > added + 1
            ? Promise.reject(away)
            : WrittenPlugins.prototype.addDevice.call(plugins, wish);
        }),
      names: () => vi.spyOn(rfChannels, 'createMany').mockRejectedValueOnce(away),
      groups: () => vi.spyOn(groups, 'update').mockRejectedValueOnce(away),
      file: () => {
        const { set } = store.settings;
        let calls = 0;
        return vi.spyOn(store.settings, 'set').mockImplementation((...args) => {
          calls += 1;
          return calls === 2 ? Promise.reject(away) : set.apply(store.settings, args);
        });
      },
    };
    const spy = failing[step]();
    const [status] = await post('/config.json', {
      slots: [
        { slot: 1, type: 'ulxd', ip: '10.0.0.8', channel: 1, extended_name: 'Swapped' },
        { slot: 3, type: 'ulxd', ip: '10.0.0.7', channel: 1 },
        { slot: 5, type: 'ulxd', ip: '10.0.9.1', channel: 1 },
        { slot: 6, type: 'ulxd', ip: '10.0.9.2', channel: 1 },
        { slot: 7, type: 'offline', extended_name: 'Later' },
      ],
      groups: [{ group: 1, title: 'After', slots: [3] }],
      local_url: 'http://after',
    });
    expect(spy).toHaveBeenCalled();
    spy.mockRestore();
    expect(status).toBeGreaterThanOrEqual(500);
    expect(await state()).toEqual(before);
  },
);

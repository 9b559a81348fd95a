import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TextSocket } from '../../testing/text-socket.js';
import { covers, shows } from '../testing/mic-contract.js';
import { connectionRow, rfRow } from '../testing/mic-rows.js';
import { type MicSite, openMicSite } from '../testing/mic-site.js';
import { type Micboard, openMicboard } from './index.js';

let site: MicSite;
let board: Micboard;
let url: string;

beforeAll(async () => {
  site = await openMicSite();
  const app = join(site.folder, 'app');
  mkdirSync(join(app, 'static'), { recursive: true });
  mkdirSync(join(app, 'backgrounds'));
  writeFileSync(join(app, 'static', 'index.html'), '<p>the app</p>');
  writeFileSync(join(app, 'static', 'about.html'), '<p>about the app</p>');
  writeFileSync(join(app, 'static', 'app-Ab3dEf9h.js'), 'run()');
  writeFileSync(join(app, 'backgrounds', 'fatai.jpg'), 'a picture');
  writeFileSync(join(app, 'backgrounds', 'fatai.mp4'), 'a film');
  writeFileSync(join(app, 'backgrounds', 'wave.gif'), 'a moving picture');
  writeFileSync(join(site.folder, 'secret.txt'), 'not for you');
  board = await openMicboard({ ...site, host: '127.0.0.1', port: 0, allowWrites: false, app });
  url = `http://127.0.0.1:${board.port}`;
  await fillStore(site);
  fillTables(site);
});
afterAll(async () => {
  await board.stop();
  await site.close();
});

async function fillStore({ rows, store }: MicSite): Promise<void> {
  await rows.instance({ plugin: 'shure-text' });
  const receiver = await rows.device(1, 'a', { address: '10.0.0.7', model: 'QLXD4' });
  await rows.device(1, 'b', { address: '10.0.0.8', model: null, config: { model: 'p10t' } });
  await rows.channel(receiver.deviceId, 1, {
    slot: 1,
    givenId: 'HH-01',
    givenName: 'Fatai',
    reportedName: 'HH01 Fatai',
  });
  await rows.channel('simulated:1:b', 1, { slot: 2, direction: 'send' });
  await rows.group(1, [1, 0, 2, 7]);
  await rows.group(12, [1]);
  await store.settings.set('micboard', {
    uuid: 'board-uuid',
    prefixes: ['HH'],
    localUrl: null,
    offline: [{ slot: 9, extendedId: 'BP-09', extendedName: 'Spare' }],
  });
}

function fillTables({ put }: MicSite): void {
  put('rf', rfRow({ id: '1', deviceId: 'simulated:1:a' }));
  const silent = {
    batteryBars: null,
    batteryPercent: null,
    batteryMinutes: null,
    antenna: null,
    rfPercent: null,
    audioPercent: null,
    frequencyMhz: null,
    txOffsetDb: null,
    txLock: null,
  };
  put('rf', rfRow({ id: '4', deviceId: 'simulated:1:a', number: 4, status: 'off', ...silent }));
  put('rf', rfRow({ id: '5', deviceId: 'simulated:1:a', number: 5, slot: null }));
  put(
    'rf',
    rfRow({
      id: '2',
      deviceId: 'simulated:1:b',
      direction: 'send',
      model: 'P10T',
      deviceState: 'connecting',
      audioLeftPercent: 12.4,
      audioRightPercent: 13.6,
    }),
  );
  put('connections', connectionRow('simulated:1:a'));
  put('connections', connectionRow('simulated:1:b', { address: '10.0.0.8', state: 'connecting' }));
  put('devices', { id: 'simulated:1:a', 'values.1.name': 'HH01', 'values.firmware': '2.7.6' });
  put('discoveries', {
    id: '1',
    instanceId: 1,
    address: '10.0.0.20',
    role: 'receiver',
    model: 'AD4Q',
    channels: 4,
    state: 'pending',
    lastSeenUnixMs: 1_800_000_000_500,
  });
  put('groups', { id: '1', number: 1, title: 'Board 1', slots: [1, 0, 2, 7], hideCharts: false });
}

interface Data {
  readonly receivers: readonly {
    readonly ip: string;
    readonly tx: readonly Readonly<Record<string, unknown>>[];
  }[];
  readonly discovered: readonly unknown[];
  readonly config: { readonly groups: readonly unknown[]; readonly slots: readonly unknown[] };
}

const data = async (): Promise<Data> => (await (await fetch(`${url}/data.json`)).json()) as Data;
const receiver = async (ip: string) => (await data()).receivers.find((one) => one.ip === ip);

test('data.json holds receivers with their channels, in the scales of Micboard', async () => {
  const got = await receiver('10.0.0.7');
  shows('micboard data.json receiver', got, {
    ip: '10.0.0.7',
    type: 'qlxd',
    status: 'CONNECTED',
    raw: { firmware: '2.7.6' },
    tx: expect.any(Array) as unknown,
  });
  expect(got?.tx.map(({ slot }) => slot)).toEqual([1, 4]);
  shows('micboard data.json tx', got?.tx[0], {
    id: 'HH-01',
    name: 'Fatai',
    name_raw: 'HH01 Fatai',
    channel: 1,
    antenna: 'AB',
    audio_level: 42,
    rf_level: 83,
    frequency: '470.125',
    battery: 5,
    tx_offset: 4,
    quality: 255,
    status: 'GOOD',
    slot: 1,
    raw: { name: 'HH01' },
    type: 'qlxd',
    runtime: '3:21',
    power_lock: 'power',
  });
  expect(got?.tx[1]).toMatchObject({
    battery: 255,
    tx_offset: 255,
    quality: 255,
    antenna: 'XX',
    audio_level: 0,
    rf_level: 0,
    frequency: '000000',
    runtime: '',
    power_lock: '',
    status: 'TX_COM_ERROR',
  });
  covers(
    'micboard data.json tx',
    '=255 for none',
    '=tx status words',
    '=channels without a slot are left out',
  );
  expect(await receiver('10.0.0.8')).toMatchObject({ status: 'CONNECTING', type: 'p10t' });
  shows('micboard data.json tx', (await receiver('10.0.0.8'))?.tx[0], {
    audio_level_l: 12,
    audio_level_r: 14,
    status: 'UNASSIGNED',
  });
});

test('slots without a channel are shown as offline, kept ones and those that a board names', async () => {
  const got = await receiver('offine device');
  shows('micboard data.json offline', got, {
    ip: 'offine device',
    type: 'offline',
    tx: expect.any(Array) as unknown,
  });
  expect(got?.tx).toEqual([
    {
      frequency: '000000',
      id: '',
      name: '',
      name_raw: ' ',
      slot: 7,
      status: 'UNASSIGNED',
      type: 'offline',
    },
    expect.objectContaining({ id: 'BP-09', name: 'Spare', name_raw: 'BP-09 Spare', slot: 9 }),
  ]);
  covers(
    'micboard data.json offline',
    ...['id', 'name', 'name_raw', 'slot', 'status', 'frequency'].map((name) => `tx.${name}`),
    '=slots of groups without a channel',
  );
});

test('data.json is pretty, has its keys in order, and names files, findings and configuration', async () => {
  const answer = await fetch(`${url}/data.json`, { headers: { 'accept-encoding': 'identity' } });
  expect(answer.headers.get('content-type')).toBe('application/json');
  const text = await answer.text();
  const got = JSON.parse(text) as Data;
  const keys: string[][] = [];
  JSON.stringify(got, (_, value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      keys.push(Object.keys(value));
    }
    return value;
  });
  for (const names of keys) expect(names).toEqual([...names].sort());
  expect(text).toBe(JSON.stringify(got, null, 4));
  covers('micboard GET /data.json', '=pretty', '=key-sorted');
  shows('micboard GET /data.json', got, {
    receivers: expect.any(Array) as unknown,
    url,
    gif: ['wave.gif'],
    jpg: ['fatai.jpg'],
    mp4: ['fatai.mp4'],
    config: expect.any(Object) as unknown,
    discovered: expect.any(Array) as unknown,
  });
  shows('micboard data.json discovered', got.discovered[0], {
    ip: '10.0.0.20',
    type: 'axtd',
    channels: 4,
    timestamp: 1_800_000_000.5,
  });
  shows('micboard data.json config', got.config, {
    port: board.port,
    groups: expect.any(Array) as unknown,
    slots: expect.any(Array) as unknown,
    uuid: 'board-uuid',
    local_url: '',
    prefixes: ['HH'],
    micboard_version: '0.8.5',
  });
  expect(got.config.groups).toHaveLength(1);
  shows('micboard data.json config.groups', got.config.groups[0], {
    group: 1,
    title: 'Board 1',
    slots: [1, 0, 2, 7],
    hide_charts: false,
  });
  shows('micboard data.json config.slots', got.config.slots[0], {
    slot: 1,
    type: 'qlxd',
    ip: '10.0.0.7',
    channel: 1,
    extended_id: 'HH-01',
    extended_name: 'Fatai',
    chan_name_raw: 'HH01 Fatai',
  });
  expect(got.config.slots.slice(1)).toEqual([
    { channel: 1, ip: '10.0.0.8', slot: 2, type: 'p10t' },
    { extended_id: 'BP-09', extended_name: 'Spare', slot: 9, type: 'offline' },
  ]);
});

test('data.json is packed for who takes it so', async () => {
  const { default: http } = await import('node:http');
  const packed = await new Promise<Buffer>((resolve, reject) => {
    http
      .get(`${url}/data.json`, { headers: { 'accept-encoding': 'gzip' } }, (answer) => {
        expect(answer.headers['content-encoding']).toBe('gzip');
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve(Buffer.concat(chunks)));
      })
      .on('error', reject);
  });
  expect(JSON.parse(gunzipSync(packed).toString())).toHaveProperty('receivers');
  covers('micboard GET /data.json', '=gzip');
});

test('sockets get one batch of what changed, and meters are watched while somebody listens', async () => {
  const { tables, plugins, put } = site;
  expect(plugins.watching).toBe(0);
  const [one, two] = await Promise.all([
    TextSocket.open(`${url.replace('http', 'ws')}/ws`),
    TextSocket.open(`${url.replace('http', 'ws')}/ws`),
  ]);
  expect(plugins.watching).toBe(1);
  expect(plugins.watched.at(-1)).toEqual(['simulated:1:a', 'simulated:1:b']);
  tables.rf.patch('1', { rfPercent: 90, heardUnixMs: 1_800_000_001_000 });
  const text = await one.next();
  expect(await two.next()).toBe(text);
  const batch = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
  // Nothing else changed: no tile, no group.
  expect(Object.keys(batch)).toEqual(['chart-update']);
  shows('micboard WS chart-update', batch['chart-update']?.[0], {
    audio_level: 42,
    rf_level: 90,
    slot: 1,
    type: 'qlxd',
    timestamp: 1_800_000_001,
  });
  covers('micboard WS /ws', 'chart-update', '=only when something changed');
  covers('micboard WS /ws', '=one batch for all clients');

  tables.rf.patch('2', { audioLeftPercent: 50 });
  const inEar = JSON.parse(await one.next()) as typeof batch;
  shows('micboard WS chart-update', inEar['chart-update']?.[0], {
    audio_level_l: 50,
    audio_level_r: 14,
  });

  tables.rf.patch('1', { status: 'critical', batteryBars: 1 });
  const tile = (JSON.parse(await one.next()) as typeof batch)['data-update']?.[0];
  shows('micboard WS data-update', tile, {
    id: 'HH-01',
    name: 'Fatai',
    name_raw: 'HH01 Fatai',
    channel: 1,
    antenna: 'AB',
    audio_level: 42,
    rf_level: 90,
    frequency: '470.125',
    battery: 1,
    tx_offset: 4,
    quality: 255,
    status: 'CRITICAL',
    slot: 1,
    type: 'qlxd',
    runtime: '3:21',
    power_lock: 'power',
    timestamp: expect.any(Number) as unknown,
  });
  expect(tile).not.toHaveProperty('raw');
  covers('micboard WS data-update', '=without raw');
  covers('micboard WS /ws', 'data-update');

  put('groups', { id: '1', number: 1, title: 'Choir', slots: [2], hideCharts: true });
  const group = (JSON.parse(await one.next()) as typeof batch)['group-update']?.[0];
  shows('micboard WS group-update', group, {
    group: 1,
    title: 'Choir',
    slots: [2],
    hide_charts: true,
  });
  covers('micboard WS /ws', 'group-update');
  put('groups', { id: '1', number: 1, title: 'Board 1', slots: [1, 0, 2, 7], hideCharts: false });
  tables.rf.patch('1', { status: 'good', batteryBars: 5 });

  one.close();
  two.close();
  await Promise.all([one.closed, two.closed]);
  await expect.poll(() => plugins.watching).toBe(0);
  covers('micboard WS /ws', '=meters are watched while somebody listens');
});

test('pages and pictures come from the folder of the app, and are asked for again each time', async () => {
  const read = async (path: string): Promise<readonly [number, string, string | null]> => {
    const answer = await fetch(url + path);
    return [answer.status, await answer.text(), answer.headers.get('cache-control')];
  };
  expect(await read('/')).toEqual([200, '<p>the app</p>', 'no-cache']);
  covers('micboard GET /', '=index.html of the app');
  expect(await read('/about')).toEqual([200, '<p>about the app</p>', 'no-cache']);
  covers('micboard GET /about', '=about.html of the app');
  expect(await read('/static/app-Ab3dEf9h.js')).toEqual([200, 'run()', 'no-cache']);
  covers('micboard GET /static/{file}', '=file', '=no-cache');
  expect(await read('/bg/fatai.jpg')).toEqual([200, 'a picture', 'no-cache']);
  covers('micboard GET /bg/{file}', '=file', '=no-cache');
  expect((await read('/bg/nobody.jpg'))[0]).toBe(404);
  const [status, text] = await read('/bg/..%2f..%2fsecret.txt');
  expect(status).toBe(400);
  expect(text).not.toContain('not for you');
  covers('micboard GET /bg/{file}', '=never outside of the folder');
  const [, group] = await read('/api/group');
  expect(group).toBe('hi - group');
  covers('micboard GET /api/group', '=hi - group');
  expect((await read('/api/slot'))[1]).toBe('hi - slot');
  covers('micboard GET /api/slot', '=hi - slot');
});

test('without an app the page says what to do', async () => {
  const bare = await openMicboard({ ...site, host: '127.0.0.1', port: 0, allowWrites: false });
  const text = await (await fetch(`http://127.0.0.1:${bare.port}/`)).text();
  await bare.stop();
  expect(text).toContain('app: /path/to/micboard');
  covers('micboard GET /', '=without an app it says what to do');
});

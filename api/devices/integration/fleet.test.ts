import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entryUrl } from '../../../engine/entry.js';
import type { Principal } from '../../http/route.types.js';
import { deviceRoutes } from '../../routes/devices.js';
import { type DeviceSite, startDeviceSite } from '../../testing/device-site.js';
import { TextSocket } from '../../testing/text-socket.js';

let site: DeviceSite;
let folder: string;

/** The bearer text says who asks: `operator`, `viewer`, or `device:ID`. */
function principalOf(authorization: string | undefined): Principal {
  const word = authorization?.replace('Bearer ', '');
  if (word === undefined) return { kind: 'anonymous', id: '', name: '', role: undefined };
  if (word.startsWith('device:')) {
    return { kind: 'device', id: word.slice(7), name: word, role: undefined };
  }
  return { kind: 'user', id: word, name: word, role: word === 'operator' ? 'operator' : 'viewer' };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-fleet-'));
  site = await startDeviceSite({
    folder,
    tokenHolders: () => Promise.resolve(['guarded']),
    authenticate: ({ header }) => principalOf(header('authorization')),
    routes: (service, devices, channels, store) =>
      deviceRoutes({ service, devices, channels, commands: store.commands }),
  });
});

afterAll(async () => {
  await site.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  as = 'operator',
): Promise<Answer> {
  const answer = await fetch(`http://127.0.0.1:${site.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

function simulate(...flags: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(entryUrl('actors/simulate/main')), '--json', ...flags],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, out })));
}

test('a simulated fleet registers itself with parameters of several kinds, and every frame is acknowledged', async () => {
  const { code, out } = await simulate(
    '--url',
    `http://127.0.0.1:${site.port}`,
    '--count',
    '30',
    '--kind',
    'sine',
    '--min-pause',
    '0.1',
    '--max-pause',
    '0.3',
    '--seconds',
    '3',
    '--prefix',
    'sim-',
  );
  const stats = JSON.parse(out) as Record<string, number>;
  expect(stats).toMatchObject({ devices: 30, connected: 30, refused: 0, unanswered: 0, lost: 0 });
  expect(stats['sent']).toBeGreaterThan(100);
  expect(stats['acknowledged']).toBe(stats['sent']);
  expect(code).toBe(0);
  const { body } = await call('GET', '/v1/devices?limit=5', undefined, 'viewer');
  expect(body['total']).toBe(30);
  expect(body['items']).toHaveLength(5);
  const columns = new Set([...site.devices.rows()].flatMap((row) => Object.keys(row)));
  for (const column of [
    'values.power_income',
    'values.rf_level',
    'values.temperature_c',
    'values.country',
  ]) {
    expect(columns).toContain(column);
  }
});

test('a fleet that nobody answers ends with an error', async () => {
  const { code, out } = await simulate(
    '--url',
    'ws://127.0.0.1:9/update/',
    '--count',
    '2',
    '--seconds',
    '1',
  );
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ connected: 0, acknowledged: 0 });
});

test('devices are listed by filter and sort, and wrong ones are named', async () => {
  const query = (params: object): string =>
    `/v1/devices?${new URLSearchParams(Object.entries(params) as [string, string][]).toString()}`;
  const filter = JSON.stringify({
    and: [
      { field: 'values.serial_number', op: 'startsWith', value: 'SIM-000' },
      { field: 'values.power_income', op: '>=', value: 0 },
    ],
  });
  const sort = JSON.stringify([{ field: 'id', direction: 'desc' }]);
  const { body } = await call('GET', query({ filter, sort, limit: 3 }));
  const ids = (body['items'] as { id: string }[]).map((row) => row.id);
  expect(ids).toEqual(['sim-0007', 'sim-0006', 'sim-0005']);
  for (const bad of [
    { filter: '{' },
    { filter: '{"field":"a"}' },
    { sort: '[{}]' },
    { limit: '0' },
  ]) {
    expect((await call('GET', query(bad))).status).toBe(400);
  }
});

test('a device is made, renamed, described, asked to set a parameter, and removed', async () => {
  expect((await call('POST', '/v1/devices', { id: 'hand made' }, 'viewer')).status).toBe(403);
  const made = await call('POST', '/v1/devices', { id: 'hand made', name: 'By hand' });
  expect(made).toMatchObject({
    status: 201,
    body: { device: { name: 'By hand', state: 'disconnected' } },
  });
  expect((await call('POST', '/v1/devices', { id: 'hand made' })).status).toBe(409);
  const path = '/v1/devices/hand%20made';
  expect((await call('PATCH', path, { name: 'Renamed' })).body).toMatchObject({
    device: { name: 'Renamed' },
  });
  const asked = await call('POST', `${path}/parameters`, { name: 'limit', value: 5 });
  expect(asked).toMatchObject({
    status: 202,
    body: { state: 'pending', by: 'operator', value: 5 },
  });
  await expect
    .poll(async () => (await call('GET', `${path}/commands`)).body['items'])
    .toMatchObject([{ name: 'limit', state: 'offline' }]);
  expect((await call('DELETE', path)).status).toBe(204);
  expect((await call('GET', path)).status).toBe(404);
  expect((await call('POST', `${path}/parameters`, { name: 'a', value: 1 })).status).toBe(404);
});

test('samples are stored with their own times, by an operator or the device itself, or refused by name', async () => {
  await call('POST', '/v1/devices', { id: 'probe' });
  const samples = [
    { name: 'level', atUnixMs: 1_700_000_000_000.25, value: 1.5 },
    { name: 'level', atUnixMs: 1_700_000_000_001, value: 2.5 },
    { name: 'open', value: true },
    { name: 'note', value: 'größe' },
  ];
  const body = { deviceId: 'probe', samples };
  const stored = await call('POST', '/v1/samples', body);
  expect(stored).toMatchObject({ status: 200, body: { stored: 4, repeated: 0 } });
  expect(stored.body['where']).toMatch(/^(store|spool)$/);
  expect((await call('POST', '/v1/samples', body, 'device:probe')).status).toBe(200);
  expect((await call('POST', '/v1/samples', body, 'device:other')).status).toBe(403);
  expect((await call('POST', '/v1/samples', body, 'viewer')).status).toBe(403);
  await expect
    .poll(() => site.devices.get('probe'))
    .toMatchObject({
      'values.level': 2.5,
      'values.open': true,
      'values.note': 'größe',
      state: 'connected',
    });
  const channels = await call(
    'GET',
    `/v1/channels?filter=${encodeURIComponent('{"field":"deviceId","op":"==","value":"probe"}')}`,
  );
  expect(channels.body['total']).toBe(3);

  const wrong = async (samples: unknown): Promise<string> => {
    const { status, body } = await call('POST', '/v1/samples', { deviceId: 'probe', samples });
    expect(status).toBe(400);
    return String(body['detail']);
  };
  expect(await wrong([{ name: 'level', value: 'warm' }])).toContain('"level"');
  expect(await wrong([{ name: 'level', value: {} }])).toContain('"level"');
  expect(await wrong([{ name: 'level', value: 1, atUnixMs: 'now' }])).toContain('atUnixMs');
  expect(await wrong([])).toContain('samples');
  expect(await wrong(Array.from({ length: 10_001 }, () => samples[0]))).toContain('10000');
  expect((await call('POST', '/v1/samples', { deviceId: 'nobody', samples })).status).toBe(404);
});

test('a device that has a token must present it, and speaks for itself only', async () => {
  const frame = (serial: string): string =>
    JSON.stringify({ type: 'INIT', message: `0000:${serial}:{"a":1}` });
  const url = `ws://127.0.0.1:${site.port}/update/`;
  const stranger = await TextSocket.open(url);
  stranger.send(frame('guarded'));
  expect(await stranger.closed).toBe(4501);
  const other = await TextSocket.open(url, { authorization: 'Bearer device:other' });
  other.send(frame('guarded'));
  expect(await other.closed).toBe(4503);
  const itself = await TextSocket.open(url, { authorization: 'Bearer device:guarded' });
  await itself.next();
  itself.send(frame('guarded'));
  expect(await itself.nextJson()).toEqual({ type: 'INFO', message: '0000:guarded:OK' });
  itself.close();
});

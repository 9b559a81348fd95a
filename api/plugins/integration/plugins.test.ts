// Over 400 lines: one server with real plugin threads, whose start is the dearest part.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  LineDevice,
  linePlugin,
  type PluginSite,
  putPlugin,
  startPluginSite,
} from '../../testing/plugin-site.js';

const data = mkdtempSync(join(tmpdir(), 'earshot-plugins-'));
const devices: LineDevice[] = [];
let site: PluginSite;
/** The instance most tests use. */
let instanceId = 0;

beforeAll(async () => {
  site = await startPluginSite({ data, environment: { LINE_KEY: 'from-outside' } });
  putPlugin(site, 'lines.mjs', linePlugin({ code: 'lines' }));
  await site.call('POST', '/v1/plugins/reload');
  const made = await site.call('POST', '/v1/plugin-instances', {
    plugin: 'lines',
    name: 'Hall',
    config: { key: 's3cret' },
  });
  expect(made.status).toBe(201);
  instanceId = (made.json as { id: number }).id;
  for (const [key, value] of [
    ['connection.backoffFirstMs', 100],
    ['connection.backoffMaxMs', 1_000],
    ['connection.holdDownMs', 0],
  ] as const) {
    await site.store.inventory.overrides.create({ scope: 'site', scopeId: '', key, value });
  }
}, 120_000);

afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device.close()));
});

afterAll(async () => {
  await site.stop();
  rmSync(data, { recursive: true, force: true });
});

async function device(
  serial: string,
  options: { readonly key?: string; readonly instance?: number } = {},
): Promise<{ readonly line: LineDevice; readonly id: string }> {
  const line = await new LineDevice({ serial, key: options.key ?? 's3cret' }).listen();
  devices.push(line);
  const made = await site.call('POST', '/v1/devices', {
    instanceId: options.instance ?? instanceId,
    externalId: String(line.port),
    address: '127.0.0.1',
    port: line.port,
  });
  expect(made.status, JSON.stringify(made.json)).toBe(201);
  return { line, id: (made.json as { device: { id: string } }).device.id };
}

const containing = (part: string): unknown => expect.stringContaining(part);
const state = (id: string): unknown => site.tables.connections.get(id)?.['state'];
const row = (id: string): unknown => site.tables.devices.get(id);

test('a device of an instance connects, shows who it is and what it says, and is online', async () => {
  const { id, line } = await device('SN-1');
  await expect.poll(() => state(id)).toBe('connected');
  await expect
    .poll(() => row(id))
    .toMatchObject({
      ...{ name: 'SN-1', serial: 'SN-1', model: 'L1', lifecycle: 'online', vendor: 'lines' },
      ...{ state: 'connected', instanceId, health: 'healthy', 'values.1.level': 42 },
    });
  line.say('LEVEL 43');
  await expect.poll(() => row(id)).toMatchObject({ 'values.1.level': 43 });
  expect((await site.store.inventory.recordOf(id))?.serial).toBe('SN-1');
  const { json } = await site.call('GET', `/v1/connections/summary?vendor=lines`);
  expect(json).toMatchObject({ connected: 1, healthyPercentage: 100 });
  await site.call('DELETE', `/v1/devices/${id}`);
  expect([row(id), state(id), site.plugins.book.get(id)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await expect.poll(() => line.connections).toBe(0);
});

test('secrets never leave again, and a changed one makes devices connect', async () => {
  const { id } = await device('SN-2', { key: 'new-key' });
  const { status, json } = await site.call('GET', `/v1/plugin-instances/${instanceId}`);
  expect([status, json]).toEqual([
    200,
    {
      ...{ id: instanceId, plugin: 'lines', name: 'Hall', enabled: true },
      ...{ config: {}, secretsSet: ['key'] },
    },
  ]);
  await expect.poll(() => site.tables.connections.get(id)?.['errorCount']).not.toBe(0);
  const patch = async (config: unknown) =>
    await site.call('PATCH', `/v1/plugin-instances/${instanceId}`, { config });
  expect((await patch({ key: 'new-key', room: 'attic' })).status).toBe(200);
  await expect.poll(() => state(id)).toBe('connected');
  expect((await patch({ room: 7 })).json).toMatchObject({
    errors: [{ field: 'body.config.room' }],
  });
  expect((await patch({ key: { env: 'NOT_THERE' } })).json).toMatchObject({
    errors: [{ field: 'body.config.key', message: 'the environment has no NOT_THERE' }],
  });
  expect((await patch({ key: 's3cret' })).status).toBe(200);
  await site.call('DELETE', `/v1/devices/${id}`);
});

test('what was asked stands beside what is reported, and waits for a device that is away', async () => {
  const { id, line } = await device('SN-3');
  await expect.poll(() => state(id)).toBe('connected');
  const put = async (value: unknown, ttlMs = 60_000) =>
    await site.call('PUT', `/v1/devices/${id}/desired/gain`, { value, ttlMs });
  await put(12);
  const desired = async (): Promise<unknown> =>
    ((await site.call('GET', `/v1/devices/${id}/desired`)).json as { items: unknown[] }).items;
  await expect
    .poll(desired)
    .toMatchObject([
      { name: 'gain', desired: 12, reported: 12, inStep: true, command: { state: 'confirmed' } },
    ]);
  expect((await put(99)).json).toMatchObject({ detail: 'value: gain takes 60 or less' });
  const { port } = line;
  await line.close();
  await expect.poll(() => state(id)).not.toBe('connected');
  await put(20);
  await put(30);
  expect(await desired()).toMatchObject([
    { desired: 30, reported: 12, inStep: false, command: { state: 'queued' } },
  ]);
  const back = await new LineDevice({ serial: 'SN-3', key: 's3cret' }).listen(port);
  devices.push(back);
  await expect
    .poll(desired)
    .toMatchObject([{ reported: 30, inStep: true, command: { state: 'confirmed' } }]);
  expect(back.set).toEqual(['30']);
  await back.close();
  await expect.poll(() => state(id)).not.toBe('connected');
  await put(5, 500);
  await expect.poll(desired).toMatchObject([{ command: { state: 'expired' } }]);
  await site.call('DELETE', `/v1/devices/${id}`);
});

test('a device that reconnects again and again is degraded, and what it says is unknown is shown as nothing', async () => {
  const { id, line } = await device('SN-shaky');
  for (let n = 0; n < 4; n += 1) {
    await expect.poll(() => [state(id), line.connections]).toEqual(['connected', 1]);
    if (n < 3) line.drop();
    await expect
      .poll(() => site.tables.connections.get(id)?.['reconnects'])
      .toBe(Math.min(3, n + 1));
  }
  await expect.poll(() => row(id)).toMatchObject({ lifecycle: 'degraded', state: 'connected' });
  await expect
    .poll(() => site.store.inventory.recordOf(id))
    .toMatchObject({ lifecycle: 'degraded', lifecycleReason: containing('reconnected 3 times') });
  await expect.poll(() => row(id)).toMatchObject({ 'values.1.level': 42 });
  line.say('LEVEL ?');
  await expect.poll(() => row(id)).toMatchObject({ 'values.1.level': null });
  expect(site.tables.channels.get(`${id}/1.level`)?.['value']).toBeNull();
  line.say('LEVEL 41');
  await expect.poll(() => row(id)).toMatchObject({ 'values.1.level': 41 });
  await site.call('DELETE', `/v1/devices/${id}`);
}, 60_000);

test('a command to a plugin that hangs is settled within its deadline and says so', async () => {
  const { id, line } = await device('SN-hang');
  await expect.poll(() => state(id)).toBe('connected');
  line.say('HANG');
  await site.call('PUT', `/v1/devices/${id}/desired/gain`, { value: 9, ttlMs: 60_000 });
  const items = async (): Promise<unknown> =>
    ((await site.call('GET', `/v1/devices/${id}/desired`)).json as { items: unknown[] }).items;
  await expect
    .poll(items)
    .toMatchObject([
      { command: { state: 'unanswered', detail: containing('no answer within 5000 ms') } },
    ]);
  await expect.poll(() => line.connections, { timeout: 60_000 }).toBe(1);
  await expect.poll(() => state(id), { timeout: 60_000 }).toBe('connected');
  await site.call('DELETE', `/v1/devices/${id}`);
}, 120_000);

test.each(['throw', 'exit'] as const)(
  'a plugin thread lost by %s is replaced and its devices are back',
  async (how) => {
    const { id, line } = await device(`SN-${how}`);
    await expect.poll(() => state(id)).toBe('connected');
    const restarts = (): number => Number(site.tables.plugins.get('lines')?.['restarts'] ?? 0);
    const before = restarts();
    const pool = site.plugins.hosts.require('lines').pool;
    await pool?.breakShard(0, how).catch(() => undefined);
    await expect.poll(restarts, { timeout: 30_000 }).toBeGreaterThan(before);
    await expect.poll(() => line.connections, { timeout: 30_000 }).toBe(1);
    // The connection that is counted may be the old one, on its way to its end.
    const said = (): ReturnType<typeof row> => {
      line.say('LEVEL 77');
      return row(id);
    };
    await expect.poll(said).toMatchObject({ 'values.1.level': 77, state: 'connected' });
    await site.call('DELETE', `/v1/devices/${id}`);
  },
  60_000,
);

test('a new name of an instance drops no connection, and is shown', async () => {
  const { id } = await device('SN-named');
  await expect.poll(() => state(id)).toBe('connected');
  const before = site.tables.connections.get(id)?.['connectedAtUnixMs'];
  const path = `/v1/plugin-instances/${instanceId}`;
  expect((await site.call('PATCH', path, { name: 'Stage' })).status).toBe(200);
  expect(site.tables.connections.get(id)).toMatchObject({
    ...{ state: 'connected', instanceName: 'Stage', connectedAtUnixMs: before },
  });
  await site.call('PATCH', path, { name: 'Hall' });
  await site.call('DELETE', `/v1/devices/${id}`);
});

test('an instance whose server is away is opened again by itself, and by a check at once', async () => {
  const gate = join(data, 'gate');
  const away = `
import { existsSync } from 'node:fs';
const open = () => {
  if (existsSync(${JSON.stringify(gate)})) return { connect: () => new Promise(() => {}), close: () => {} };
  throw Object.assign(new Error('the server is away'), { code: 'device.unreachable' });
};
`;
  const source = linePlugin({ code: 'gated' }).replace(/open: \(\{ config[\s\S]*$/, 'open };\n');
  putPlugin(site, 'gated.mjs', `${away}${source}`);
  await site.call('POST', '/v1/plugins/reload');
  const made = await site.call('POST', '/v1/plugin-instances', { plugin: 'gated', name: 'Gated' });
  const { id } = made.json as { id: number };
  const instance = (): unknown => site.tables.instances.get(String(id))?.['state'];
  await expect.poll(instance).toBe('failed');
  writeFileSync(gate, '');
  await expect.poll(instance, { timeout: 30_000 }).toBe('open');
  rmSync(gate);
  await site.call('PATCH', `/v1/plugin-instances/${id}`, { config: { room: 'attic' } });
  await expect.poll(instance).toBe('failed');
  writeFileSync(gate, '');
  await site.plugins.check(id);
  expect(instance()).toBe('open');
  rmSync(join(site.folder, 'gated.mjs'));
}, 60_000);

test('a plugin that crashes in a loop is shown, and others go on', async () => {
  const { id, line } = await device('SN-4');
  await expect.poll(() => state(id)).toBe('connected');
  putPlugin(site, 'bad.mjs', linePlugin({ code: 'bad' }));
  await site.call('POST', '/v1/plugins/reload');
  const made = await site.call('POST', '/v1/plugin-instances', { plugin: 'bad', name: 'Bad' });
  const { id: instance } = made.json as { id: number };
  const broken = await device('CRASHER', { key: '', instance });
  const crash = setInterval(() => broken.line.say('CRASH'), 50);
  await expect
    .poll(() => site.tables.plugins.get('bad')?.['state'], { timeout: 40_000 })
    .toBe('lost');
  await expect
    .poll(() => site.tables.plugins.get('bad'), { timeout: 40_000 })
    .toMatchObject({ error: containing('crashed on purpose'), restarts: 5 });
  clearInterval(crash);
  line.say('LEVEL 11');
  await expect.poll(() => row(id)).toMatchObject({ 'values.1.level': 11, state: 'connected' });
  rmSync(join(site.folder, 'bad.mjs'));
  await expect.poll(() => site.tables.plugins.get('bad')).toBeUndefined();
  expect(state(broken.id)).toBe('error');
  await site.call('DELETE', `/v1/devices/${id}`);
}, 120_000);

test('limits of requests reach an open instance when they are set, and nothing reconnects', async () => {
  putPlugin(
    site,
    'limits.mjs',
    `
import { z } from 'zod';
let opened = 0;
export const plugin = {
  manifest: { sdk: 1, code: 'limits', name: 'Limits', version: '1.0.0', description: 'Shows its limits.',
    vendor: 'Test', roles: ['sensor'], reach: 'devices', discovers: [] },
  configuration: z.strictObject({}),
  open: ({ net }) => {
    opened += 1;
    return {
      connect: () => new Promise(() => {}),
      checkHealth: async () => {
        const { timeoutMs, retries, requestsPerS } = net.limits;
        return { status: 'healthy', message: undefined, detail: { timeoutMs, retries, requestsPerS, opened } };
      },
      close: () => {},
    };
  },
};
`,
  );
  await site.call('POST', '/v1/plugins/reload');
  const set = async (key: string, value: number, scopeId: string) =>
    await site.store.inventory.overrides.create({ scope: 'instance', scopeId, key, value });
  const { json } = await site.call('POST', '/v1/plugin-instances', {
    ...{ plugin: 'limits', name: 'Limits', config: {} },
  });
  const { id } = json as { id: number };
  const detail = async (): Promise<unknown> => {
    const answer = await site.call('POST', `/v1/plugin-instances/${id}/check`);
    return (answer.json as { detail: unknown }).detail;
  };
  const standard = { timeoutMs: 10_000, retries: 3, requestsPerS: 50, opened: 1 };
  await expect.poll(detail, { timeout: 20_000 }).toEqual(standard);
  const row = await set('net.retries', 1, String(id));
  await set('net.timeoutMs', 4_000, String(id));
  await set('net.requestsPerS', 7, String(id));
  await set('net.retries', 9, String(id + 1));
  const changed = { timeoutMs: 4_000, retries: 1, requestsPerS: 7, opened: 1 };
  await expect.poll(detail, { timeout: 20_000 }).toEqual(changed);
  await site.store.inventory.overrides.remove(row.id);
  await expect.poll(detail, { timeout: 20_000 }).toEqual({ ...changed, retries: 3 });
  expect((await site.call('DELETE', `/v1/plugin-instances/${id}`)).status).toBeLessThan(300);
  rmSync(join(site.folder, 'limits.mjs'));
}, 60_000);

test('plugins of the folder come, change and go without a restart', async () => {
  putPlugin(site, 'extra.mjs', linePlugin({ code: 'extra' }));
  await expect
    .poll(() => site.tables.plugins.get('extra'))
    .toMatchObject({ source: 'folder', version: '1.0.0' });
  putPlugin(site, 'extra.mjs', linePlugin({ code: 'extra', version: '1.1.0' }));
  await expect
    .poll(() => site.tables.plugins.get('extra'))
    .toMatchObject({ version: '1.1.0', error: null });
  putPlugin(site, 'twin.mjs', linePlugin({ code: 'extra' }));
  putPlugin(site, 'wrong.mjs', 'export const plugin = 7;');
  await expect
    .poll(() => site.tables.plugins.get('wrong'))
    .toMatchObject({ state: 'failed', error: containing('') });
  await expect
    .poll(() => site.tables.plugins.get('folder:twin'))
    .toMatchObject({ state: 'failed', error: containing('code extra already') });
  for (const file of ['extra.mjs', 'twin.mjs', 'wrong.mjs']) rmSync(join(site.folder, file));
  await expect.poll(() => site.tables.plugins.get('extra')).toBeUndefined();
  expect((await site.call('GET', '/v1/plugins/extra')).status).toBe(404);
}, 60_000);

test('a scan finds devices for the queue; known ones and strangers at known addresses are told apart', async () => {
  const first = await new LineDevice({ serial: 'SN-10', key: 's3cret' }).listen();
  const second = await new LineDevice({ serial: 'SN-11', key: 's3cret' }).listen();
  devices.push(first, second);
  const hosts = [`a.p${first.port}`, `b.p${second.port}`, 'nobody.p1'];
  const scan = async (names: readonly string[]): Promise<void> => {
    const { status, json } = await site.call('POST', '/v1/scans', { instanceId, hosts: names });
    expect(status, JSON.stringify(json)).toBe(202);
    const { scanId } = json as { scanId: string };
    await expect.poll(() => site.tables.scans.get(scanId)?.['state']).toBe('done');
    expect(site.tables.scans.get(scanId)).toMatchObject({ progress: 1, asked: names.length });
  };
  const found = (serial: string) =>
    [...site.tables.discoveries.rows()].find((one) => one['serial'] === serial);
  await scan(hosts);
  await expect.poll(() => found('SN-11')?.['state']).toBe('pending');
  const act = async (serial: string, action: string) =>
    (
      await site.call('POST', '/v1/discoveries/actions', {
        ids: [Number(found(serial)?.id)],
        action,
      })
    ).json;
  expect(await act('SN-10', 'approve')).toEqual({ done: 1, refused: [] });
  expect(await act('SN-11', 'reject')).toEqual({ done: 1, refused: [] });
  const id = `lines:${instanceId}:a.p${first.port}`;
  await expect.poll(() => state(id)).toBe('connected');
  // The same device under another name, and another device at the address of the first.
  await scan([`moved.p${first.port}`]);
  await expect
    .poll(() => [...site.tables.discoveries.rows()].map((one) => one['duplicateOf']))
    .toContain(id);
  first.serial = 'SN-12';
  await scan([`a.p${first.port}`]);
  await expect
    .poll(() => found('SN-12'))
    .toMatchObject({
      state: 'pending',
      duplicateOf: null,
      conflict: containing(`${id} with serial SN-10 is registered there`),
    });
  expect(await act('SN-12', 'approve')).toMatchObject({
    done: 0,
    refused: [{ reason: containing('remove that device') }],
  });
  await site.call('POST', '/v1/connections/actions', { ids: [id], action: 'reconnect' });
  await expect
    .poll(() => row(id))
    .toMatchObject({ serial: 'SN-10', lifecycle: 'degraded', state: 'connected' });
  expect(found('SN-11')?.['state']).toBe('rejected');
  await site.call('DELETE', `/v1/devices/${id}`);
}, 60_000);

test('devices are made from a file, and a dry run tells what would happen', async () => {
  const csv = [
    'instance;IP;port;name',
    'Hall;127.0.0.1;4001;Stage left',
    'lines;127.0.0.2;4002;',
    'Nowhere;127.0.0.3;;',
    'Hall;127.0.0.4;99999;',
    'Hall;127.0.0.1;4001;Again',
  ].join('\n');
  const problems = [
    { row: 4, field: 'instance', message: 'there is no "Nowhere"' },
    { row: 5, field: 'port', message: '"99999" is no port, 1 to 65535' },
  ];
  const dry = await site.call('POST', '/v1/devices/import?dryRun=true', csv);
  expect(dry.json).toEqual({ rows: 5, made: 2, skipped: 1, problems });
  expect(row(`lines:${instanceId}:127.0.0.1`)).toBeUndefined();
  const real = await site.call('POST', '/v1/devices/import', csv);
  expect(real.json).toEqual({ rows: 5, made: 2, skipped: 1, problems });
  expect(row(`lines:${instanceId}:127.0.0.1`)).toMatchObject({ name: 'Stage left' });
  expect((await site.call('POST', '/v1/devices/import', csv)).json).toMatchObject({ skipped: 3 });
  const bad = await site.call('POST', '/v1/devices/import', 'a,b\n1,2');
  expect([bad.status, bad.json]).toMatchObject([400, { detail: containing('columns') }]);
  for (const host of [1, 2]) {
    await site.call('DELETE', `/v1/devices/lines:${instanceId}:127.0.0.${host}`);
  }
});

import { mkdtempSync, rmSync } from 'node:fs';
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

const WAIT = { timeout: 30_000 };
const data = mkdtempSync(join(tmpdir(), 'earshot-removal-'));
const lines: LineDevice[] = [];
let site: PluginSite;
let instanceId = 0;

beforeAll(async () => {
  site = await startPluginSite({ data });
  putPlugin(site, 'lines.mjs', linePlugin({ code: 'lines' }));
  await site.call('POST', '/v1/plugins/reload');
  instanceId = await site.plugins.createInstance('lines', {
    ...{ name: 'Hall', enabled: true, config: {} },
  });
  const quick = { scope: 'site', scopeId: '', value: 100 } as const;
  for (const key of ['connection.backoffFirstMs', 'connection.backoffMaxMs'] as const) {
    await site.store.inventory.overrides.create({ ...quick, key });
  }
}, 120_000);

afterEach(async () => {
  await Promise.all(lines.splice(0).map((line) => line.close()));
});

afterAll(async () => {
  await site.stop();
  rmSync(data, { recursive: true, force: true });
});

async function device(serial: string): Promise<{ readonly line: LineDevice; readonly id: string }> {
  const line = await new LineDevice({ serial }).listen();
  lines.push(line);
  return { line, id: await add(line) };
}

async function add(line: LineDevice): Promise<string> {
  const { deviceId } = await site.plugins.addDevice({
    ...{ instanceId, externalId: String(line.port), address: '127.0.0.1', port: line.port },
  });
  return deviceId;
}

const state = (id: string): unknown => site.tables.connections.get(id)?.['state'];
const connected = (id: string) => expect.poll(() => state(id), WAIT).toBe('connected');

/** Where anything of the device is still known: live rows, stored rows, what the service has in mind. */
async function traces(id: string): Promise<readonly string[]> {
  const { inventory, devices, commands } = site.store;
  const isOf = (row: Readonly<Record<string, unknown>>): boolean =>
    row['deviceId'] === id || row['id'] === id || String(row['id']).startsWith(`${id}/`);
  const live = Object.entries(site.tables).flatMap(([name, table]) =>
    [...table.rows()].some((row) => isOf({ ...row })) ? [`live ${name}`] : [],
  );
  const stored = {
    record: (await inventory.recordOf(id)) !== undefined,
    definition: (await devices.get(id)) !== undefined,
    commands: (await commands.ofDevice(id)).length > 0,
    desired: (await inventory.desired.find()).some(({ deviceId }) => deviceId === id),
    book: site.plugins.book.get(id) !== undefined,
    connection: site.plugins.connection(id) !== undefined,
    identity: site.plugins.identity(id) !== undefined,
    specs: site.plugins.specs(id) !== undefined,
  };
  return [...live, ...Object.entries(stored).flatMap(([name, there]) => (there ? [name] : []))];
}

/** As long as it takes another device to be lost and connected again, three times. */
async function whileReconnects(other: { readonly line: LineDevice; readonly id: string }) {
  for (let n = 0; n < 3; n += 1) {
    const before = Number(site.tables.connections.get(other.id)?.['reconnects']);
    other.line.drop();
    await expect
      .poll(() => Number(site.tables.connections.get(other.id)?.['reconnects']), WAIT)
      .toBeGreaterThan(before);
    await connected(other.id);
  }
}

test('a device removed while connected closes its connection, leaves no row, and stays away; its neighbour goes on', async () => {
  const gone = await device('SN-gone');
  const stays = await device('SN-stays');
  await connected(gone.id);
  await connected(stays.id);
  await site.call('PUT', `/v1/devices/${gone.id}/desired/gain`, { value: 12, ttlMs: 60_000 });
  await expect.poll(() => gone.line.set, WAIT).toEqual(['12']);
  await expect
    .poll(() => traces(gone.id), WAIT)
    .toEqual(
      expect.arrayContaining([
        'live devices',
        'live channels',
        'live connections',
        'record',
        'desired',
        'commands',
        'identity',
        'specs',
        'connection',
        'book',
        'definition',
      ]),
    );
  const since = site.tables.connections.get(stays.id)?.['connectedAtUnixMs'];
  await site.plugins.removeDevices([gone.id, 'lines:9:nobody']);
  await expect.poll(() => gone.line.connections, WAIT).toBe(0);
  expect(await traces(gone.id)).toEqual([]);
  expect(site.tables.connections.get(stays.id)).toMatchObject({
    ...{ state: 'connected', connectedAtUnixMs: since },
  });
  await whileReconnects(stays);
  expect(gone.line.connections).toBe(0);
  expect(await traces(gone.id)).toEqual([]);
  expect(site.tables.instances.get(String(instanceId))).toMatchObject({ state: 'open' });
  await expect.poll(() => site.tables.instances.get(String(instanceId))?.['devices'], WAIT).toBe(1);
  await site.plugins.removeDevices([stays.id]);
  expect(site.faults).toEqual([]);
}, 120_000);

test('a device removed before its connection was made, or while nobody answers, leaves nothing either', async () => {
  const fresh = await device('SN-fresh');
  await site.plugins.removeDevices([fresh.id]);
  const away = await device('SN-away');
  await connected(away.id);
  await away.line.close();
  await expect.poll(() => state(away.id), WAIT).not.toBe('connected');
  await site.plugins.removeDevices([away.id]);
  const other = await device('SN-other');
  await connected(other.id);
  await whileReconnects(other);
  expect(fresh.line.connections).toBe(0);
  expect([await traces(fresh.id), await traces(away.id)]).toEqual([[], []]);
  await site.plugins.removeDevices([other.id]);
  expect(site.faults).toEqual([]);
}, 120_000);

test('a removed device can be added again, and begins with nothing of its past', async () => {
  const { line, id } = await device('SN-again');
  await connected(id);
  await site.plugins.renamed(id, 'Old name');
  const before = await site.store.inventory.recordOf(id);
  await site.plugins.removeDevices([id]);
  line.serial = 'SN-new';
  expect(await add(line)).toBe(id);
  await connected(id);
  await expect
    .poll(() => site.tables.devices.get(id), WAIT)
    .toMatchObject({
      serial: 'SN-new',
      name: 'SN-again',
      lifecycle: 'online',
      'values.1.level': 42,
    });
  const after = await site.store.inventory.recordOf(id);
  expect([after?.id === before?.id, after?.givenName]).toEqual([false, null]);
  expect(line.connections).toBe(1);
  await site.plugins.removeDevices([id]);
}, 120_000);

import { afterAll, beforeAll, expect, test } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import type { Row } from '../../contract/live.js';
import type { LiveTable } from '../../live/table.types.js';
import { createTables } from '../../site/tables.js';
import { Announcer } from '../django-micboard/announcer.js';
import { Manufacturers } from '../django-micboard/manufacturers.js';
import { covers } from '../testing/mic-contract.js';
import { connectionRow, rfRow } from '../testing/mic-rows.js';
import { DataJson } from './data-json.js';
import { Updates } from './updates.js';

const tables = createTables();
const tree = {
  groups: [],
  local_url: '',
  micboard_version: '0.8.5',
  port: 8058,
  prefixes: [],
  slots: [],
  uuid: 'x',
};
const RECEIVERS = 1_000;

beforeAll(() => {
  for (let device = 0; device < RECEIVERS; device++) {
    const deviceId = `shure-text:1:${device}`;
    tables.connections.put(connectionRow(deviceId) as unknown as Row);
    for (let number = 1; number <= 4; number++) {
      const slot = device * 4 + number;
      tables.rf.put(rfRow({ id: String(slot), deviceId, number, slot }) as unknown as Row);
    }
  }
});
afterAll(() => {
  for (const { id } of [...tables.rf.rows()]) tables.rf.remove(id);
});

test('4,000 channels are encoded in slices, so that others get their turn, and once for all who ask', async () => {
  let read = 0;
  const data = new DataJson({
    tables,
    trees: {
      get: () => {
        read += 1;
        return Promise.resolve(tree);
      },
    },
    clock: new SystemClock(),
    backgrounds: () => Promise.resolve({ gif: [], jpg: [], mp4: [] }),
  });
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns += 1;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const answers = await Promise.all(Array.from({ length: 200 }, () => data.get('http://a')));
  done = true;
  expect(read).toBe(1);
  expect(new Set(answers).size).toBe(1);
  // Twenty slices of two hundred channels.
  expect(turns).toBeGreaterThanOrEqual(20);
  const body = JSON.parse(Buffer.from(answers[0]?.plain ?? []).toString()) as {
    receivers: { tx: unknown[] }[];
  };
  expect(body.receivers).toHaveLength(RECEIVERS);
  expect(body.receivers.every(({ tx }) => tx.length === 4)).toBe(true);
  covers('micboard GET /data.json', '=4,000 channels in slices', '=one encoding for all');
});

test('an encoding that failed is not kept', async () => {
  let away = true;
  const data = new DataJson({
    tables,
    trees: { get: () => (away ? Promise.reject(new Error('away')) : Promise.resolve(tree)) },
    clock: new SystemClock(),
    backgrounds: () => Promise.resolve({ gif: [], jpg: [], mp4: [] }),
  });
  await expect(data.get('http://a')).rejects.toThrow('away');
  away = false;
  await expect(data.get('http://a')).resolves.toHaveProperty('plain');
});

test('a channel that leaves and comes back is told anew, and nothing is told of one that stays the same', () => {
  const updates = new Updates({ tables, clock: new SystemClock(), send: () => undefined });
  updates.batch();
  expect(updates.batch()).toBeUndefined();
  const row = { ...tables.rf.get('17') } as Row;
  tables.rf.remove('17');
  expect(updates.batch()).toBeUndefined();
  tables.rf.put(row);
  const batch = JSON.parse(updates.batch() ?? '{}') as Record<string, { slot: number }[]>;
  expect(batch['data-update']?.map(({ slot }) => slot)).toEqual([17]);
});

/** Ten thousand channels, and how often a row of them was read. */
function counted() {
  const all = createTables();
  for (let n = 1; n <= 10_000; n++) {
    const deviceId = `shure-text:1:${Math.ceil(n / 4)}`;
    all.rf.put(rfRow({ id: String(n), deviceId, slot: n }) as unknown as Row);
    if (n % 4 === 0) all.connections.put(connectionRow(deviceId) as unknown as Row);
  }
  let reads = 0;
  const counting = (table: LiveTable): LiveTable => ({
    resource: table.resource,
    size: table.size,
    get: (id) => {
      reads += 1;
      return table.get(id);
    },
    *rows() {
      for (const row of table.rows()) {
        reads += 1;
        yield row;
      }
    },
    has: (id) => table.has(id),
    written: () => table.written(),
    put: (row) => table.put(row),
    patch: (id, fields) => table.patch(id, fields),
    set: (id, field, value) => table.set(id, field, value),
    remove: (id) => table.remove(id),
    writer: (id) => table.writer(id),
    observed: table.observed,
    onRead: (refresh) => table.onRead(refresh),
    watch: () => table.watch(),
  });
  const readsOf = (work: () => void): number => {
    const before = reads;
    work();
    return reads - before;
  };
  const { rf, groups, connections, instances, scans } = all;
  const seen = {
    ...{ rf: counting(rf), groups: counting(groups), connections: counting(connections) },
    ...{ instances: counting(instances), scans: counting(scans) },
  };
  return { all, tables: { ...all, ...seen }, readsOf };
}

test('with 10,000 channels a look reads those that changed, and none when none did', () => {
  const { all, tables: watched, readsOf } = counted();
  const updates = new Updates({ tables: watched, clock: new SystemClock(), send: () => undefined });
  expect(readsOf(() => updates.batch())).toBe(10_000);
  const none = readsOf(() => {
    for (let look = 0; look < 20; look++) expect(updates.batch()).toBeUndefined();
  });
  expect(none).toBe(0);
  for (const id of ['1', '2', '9999']) all.rf.set(id, 'rfPercent', 33);
  expect(readsOf(() => updates.batch())).toBe(3);
  updates.stop();
});

test('with 10,000 channels django-micboard looks at those that changed, and at none when none did', () => {
  const { all, tables: watched, readsOf } = counted();
  const told: string[] = [];
  const ticks: (() => void)[] = [];
  const clock = new SystemClock();
  const announcer = new Announcer({
    tables: watched,
    makers: new Manufacturers(watched),
    clock: {
      nowMs: () => clock.nowMs(),
      monoMs: () => clock.monoMs(),
      setTimeout: (work) => ticks.push(work),
      clearTimeout: () => undefined,
    },
    publish: (_, text) => told.push(text),
  });
  const tick = (): number => readsOf(() => ticks.shift()?.());
  announcer.join({ subscribe: () => true }, undefined);
  for (let look = 0; look < 5; look++) expect(tick()).toBe(0);
  all.rf.set('17', 'rfPercent', 33);
  const device = { name: 'Rack', protocol: 'shure-text', role: 'receiver', lastSeenUnixMs: null };
  all.devices.put({ id: 'shure-text:1:5', ...device });
  // The channel that changed, the four of its receiver, and its connection.
  expect(tick()).toBeLessThanOrEqual(8);
  expect(told).toHaveLength(1);
  all.rf.remove('17');
  expect(tick()).toBe(1);
  expect(tick()).toBe(0);
  announcer.stop();
});

test('addresses that somebody makes up share one encoding, and packed ones are kept for a few', async () => {
  let read = 0;
  const data = new DataJson({
    tables,
    trees: {
      get: () => {
        read += 1;
        return Promise.resolve(tree);
      },
    },
    clock: new SystemClock(),
    backgrounds: () => Promise.resolve({ gif: [], jpg: [], mp4: [] }),
  });
  const hosts = Array.from({ length: 30 }, (_, n) => `http://host-${n}`);
  const answers = await Promise.all(hosts.map((host) => data.get(host)));
  expect(read).toBe(1);
  const urls = answers.map(
    ({ plain }) => (JSON.parse(Buffer.from(plain).toString()) as { url: string }).url,
  );
  expect(urls).toEqual(hosts);
  expect(answers.filter(({ packed }) => packed !== undefined)).toHaveLength(8);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import type { Row } from '../../contract/live.js';
import { createTables } from '../../site/tables.js';
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

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { inventoryRows } from '../../actors/inventory/testing/rows.js';
import { SystemClock } from '../../engine/clock.js';
import { RecordBook } from './record-book.js';

let home: TestHome;
beforeAll(async () => {
  home = await testHome('sqlite');
});
beforeEach(async () => {
  await home.renew();
});
afterAll(async () => {
  await home.close();
});

test('identities and lifecycles of many devices that connect at once are one transaction', async () => {
  const store = await home.open();
  const { records } = store.inventory;
  const make = inventoryRows(store);
  const { id } = await make.instance();
  const ids: string[] = [];
  for (let n = 0; n < 50; n += 1) ids.push((await make.device(id, `r${n}`)).deviceId);
  const faults: Error[] = [];
  const book = new RecordBook({
    table: records,
    clock: new SystemClock(),
    onFault: (error) => faults.push(error),
  });
  await book.load();
  const { feed } = store.control;
  const pieces: number[] = [];
  const end = feed.follow(await feed.head(), (event) => {
    if (event.type !== 'reset') pieces.push(event.changes.length);
  });
  for (const deviceId of ids) {
    book.change(deviceId, { model: 'ULXD4D', serial: deviceId });
    book.change(deviceId, { lifecycle: 'online', lifecycleSinceUnixMs: 5 });
  }
  const stored = async (): Promise<number> =>
    (await records.find({ where: [{ field: 'lifecycle', op: '=', value: 'online' }] })).length;
  await expect.poll(stored).toBe(50);
  await expect.poll(() => pieces).toEqual([50]);
  end();
  expect(
    await records.first({ where: [{ field: 'deviceId', op: '=', value: ids[7] ?? '' }] }),
  ).toMatchObject({
    ...{ model: 'ULXD4D', serial: ids[7], lifecycle: 'online', lifecycleSinceUnixMs: 5 },
  });
  await book.close();
  expect(faults).toEqual([]);
});

test('a record is found by what tells it apart, however that is written, and by nothing it had before', async () => {
  const store = await home.open();
  const make = inventoryRows(store);
  const { id } = await make.instance();
  const { deviceId } = await make.device(id, 'Rack A', {
    ...{ serial: 'ABC-1', mac: '00:0E:DD:4a:00:01', address: 'Rack.local' },
  });
  const twin = await make.device(id, 'b', { mac: '000edd4a0001' });
  const book = new RecordBook({
    table: store.inventory.records,
    clock: new SystemClock(),
    onFault: (error) => {
      throw error;
    },
  });
  await book.load();
  const ids = (rows: readonly { readonly deviceId: string }[]) => rows.map((row) => row.deviceId);
  expect(ids(book.bySerial('abc-1'))).toEqual([deviceId]);
  expect(ids(book.byAddress('rack.LOCAL'))).toEqual([deviceId]);
  expect(ids(book.byMac('00-0e-dd-4A-00-01')).sort()).toEqual([deviceId, twin.deviceId].sort());
  expect(book.byExternalId(id, 'Rack A')?.deviceId).toBe(deviceId);
  // Ids of a vendor are what they are.
  expect(book.byExternalId(id, 'rack a')).toBeUndefined();
  expect(book.byExternalId(id + 1, 'Rack A')).toBeUndefined();
  // One kind of key is never taken for another.
  expect(book.byAddress('abc-1')).toEqual([]);

  book.change(deviceId, { serial: 'XYZ', mac: null, address: '10.0.0.9' });
  expect(ids(book.bySerial('xyz'))).toEqual([deviceId]);
  expect(ids(book.byAddress('10.0.0.9'))).toEqual([deviceId]);
  expect(book.bySerial('abc-1')).toEqual([]);
  expect(book.byAddress('rack.local')).toEqual([]);
  expect(ids(book.byMac('000edd4a0001'))).toEqual([twin.deviceId]);

  book.forget(deviceId);
  expect(book.bySerial('xyz')).toEqual([]);
  expect(book.byExternalId(id, 'Rack A')).toBeUndefined();
  expect(book.size).toBe(1);
  await book.close();
});

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

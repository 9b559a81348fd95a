import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { inventoryRows } from '../../actors/inventory/testing/rows.js';
import type { FoundDevice } from '../../actors/plugins/sdk/plugin.types.js';
import { SystemClock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import { MemoryTable } from '../live/table.js';
import { Discoveries } from './discoveries.js';
import { RecordBook } from './record-book.js';

const DAY_MS = 86_400_000;
const FULL = 10_000;
const FULL_EACH = 5_000;

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

/** A queue on a real store, with a clock that is told. */
async function queue() {
  const store = await home.open();
  const make = inventoryRows(store);
  const { id: instanceId } = await make.instance();
  const { id: other } = await make.instance({ name: 'Foyer' });
  const { id: third } = await make.instance({ name: 'Yard' });
  const system = new SystemClock();
  let nowUnixMs = system.nowMs();
  const clock = {
    nowMs: () => nowUnixMs,
    monoMs: () => nowUnixMs,
    setTimeout: system.setTimeout.bind(system),
    clearTimeout: system.clearTimeout.bind(system),
  };
  const faults: EngineError[] = [];
  const onFault = (error: EngineError): void => void faults.push(error);
  const book = new RecordBook({ table: store.inventory.records, clock: system, onFault });
  await book.load();
  const discoveries = new Discoveries({
    table: store.inventory.discoveries,
    live: new MemoryTable('discoveries'),
    book,
    instances: { get: () => ({ name: 'Hall' }) } as unknown as ConstructorParameters<
      typeof Discoveries
    >[0]['instances'],
    clock,
    register: () => Promise.resolve(),
    moved: () => Promise.resolve(),
    byItself: () => false,
    onFault,
  });
  const find = (from: number, count: number, by = instanceId): Promise<void> =>
    discoveries.found(
      by,
      'multicast',
      Array.from(
        { length: count },
        (_, i): FoundDevice => ({
          externalId: `r${from + i}`,
          address: undefined,
          role: 'receiver',
        }),
      ),
    );
  return {
    find,
    other,
    third,
    faults,
    discoveries,
    count: () => store.inventory.discoveries.count(),
    pass: (ms: number) => {
      nowUnixMs += ms;
    },
    close: () => book.close(),
  };
}

test('a full queue says so once, and makes room of what was imported or is not seen any more', async () => {
  const one = await queue();
  await one.find(0, FULL_EACH);
  await one.find(0, FULL_EACH, one.other);
  await one.find(FULL + 5, 5, one.third);
  await one.find(FULL + 5, 5, one.third);
  expect(await one.count()).toBe(FULL);
  expect(one.faults.map(({ message }) => message)).toEqual([
    '10000 found devices wait for a decision: approve or reject some on the page Discovery',
  ]);
  await one.discoveries.act([1, 2, 3], 'import');
  await one.find(20_000, 3, one.third);
  expect(await one.count()).toBe(FULL);
  one.pass(DAY_MS + 1);
  await one.find(30_000, 7);
  expect(await one.count()).toBe(7);
  await one.close();
}, 120_000);

test('a flood of found devices does not pile up: what comes while fifty lots wait is left', async () => {
  const one = await queue();
  await Promise.all(Array.from({ length: 200 }, (_, lot) => one.find(lot * 10, 10)));
  expect(await one.count()).toBe(500);
  expect(one.faults.map(({ message }) => message)).toEqual([
    expect.stringMatching(/faster than they can be noted/),
  ]);
  await one.close();
});

test('one vendor connection takes half of the queue at most, and others find room', async () => {
  const one = await queue();
  await one.find(0, FULL_EACH + 5);
  await one.find(FULL_EACH + 5, 5);
  expect(await one.count()).toBe(FULL_EACH);
  expect(one.faults.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^5000 found devices of vendor connection \d+ wait for a decision/),
  ]);
  await one.find(0, 5, one.other);
  expect(await one.count()).toBe(FULL_EACH + 5);
  await one.discoveries.act([1, 2, 3], 'import');
  await one.find(20_000, 4);
  expect(await one.count()).toBe(FULL_EACH + 5);
  await one.close();
}, 120_000);

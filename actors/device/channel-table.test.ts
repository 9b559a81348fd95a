import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChannelTable } from './channel-table.js';
import type { ChannelKind } from './protocol.js';

const channel = (id: number, kind: ChannelKind = 'number') => ({
  id,
  deviceId: 'd',
  name: `p${id}`,
  kind,
  unit: undefined,
});

test('changes are one row a channel however many samples came', () => {
  const table = new ChannelTable();
  const a = table.add(channel(7));
  const b = table.add(channel(9, 'text'));
  table.put(a, 1_000, 1);
  table.put(a, 1_001, 2);
  table.put(b, 1_002, 'on');
  const changes = table.drainChanges();
  expect(changes && [...changes.channel]).toEqual([7]);
  expect(changes && [...changes.value]).toEqual([2]);
  expect(changes?.text).toEqual([{ channel: 9, atUnixMs: 1_002, value: 'on' }]);
  expect(table.drainChanges()).toBeUndefined();
});

test('a value that became unknown is announced once, and is known again with the next', () => {
  const table = new ChannelTable();
  const a = table.add(channel(7));
  const b = table.add(channel(9, 'text'));
  expect(table.forget(a, 1_000)).toBe(false);
  table.put(a, 1_000, 1);
  table.put(b, 1_000, 'on');
  table.drainChanges();
  expect([table.forget(a, 999), table.forget(a, 1_001), table.forget(b, 1_001)]).toEqual([
    false,
    true,
    true,
  ]);
  expect(table.forget(a, 1_002)).toBe(false);
  expect([table.latest(a), table.latest(b)]).toEqual([undefined, undefined]);
  const changes = table.drainChanges();
  expect([changes?.channel.length, changes?.text]).toEqual([0, []]);
  expect(changes?.unknown).toEqual([
    { channel: 7, atUnixMs: 1_001 },
    { channel: 9, atUnixMs: 1_001 },
  ]);
  table.put(a, 1_003, 2);
  expect([table.latest(a), table.drainChanges()?.unknown]).toEqual([2, undefined]);
});

test('server times of a channel always grow, by a microsecond when they have to', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 200 }),
      fc.constantFrom(1_790_000_000_000, 1_999_999_999_999.7, 4_000_000_000_000.123),
      (steps, startUnixMs) => {
        const table = new ChannelTable();
        const slot = table.add(channel(1));
        let now = startUnixMs;
        let last = Number.NEGATIVE_INFINITY;
        for (const step of steps) {
          now += step === 3 ? -5 : step;
          const at = table.after(slot, now);
          // Compared in whole microseconds, as the store keeps them.
          expect(Math.round(at * 1_000)).toBeGreaterThan(Math.round(last * 1_000));
          expect(table.put(slot, at, 1)).toBe('latest');
          last = at;
        }
      },
    ),
  );
});

test('late samples leave the latest alone and exact repeats are told', () => {
  const table = new ChannelTable();
  const slot = table.add(channel(1));
  expect(table.put(slot, 2_000, 5)).toBe('latest');
  expect(table.put(slot, 1_000, 4)).toBe('late');
  expect(table.put(slot, 2_000, 5)).toBe('repeat');
  expect(table.put(slot, 2_000, 6)).toBe('latest');
  expect(table.latest(slot)).toBe(6);
});

test('a removed channel frees its slot and its change is not told', () => {
  const table = new ChannelTable();
  const slot = table.add(channel(1));
  table.put(slot, 1, 1);
  expect(table.remove(1)).toBe(true);
  expect(table.remove(1)).toBe(false);
  expect(table.drainChanges()).toBeUndefined();
  expect(table.add(channel(2, 'text'))).toBe(slot);
  expect(table.latest(slot)).toBeUndefined();
  expect(table.kindAt(slot)).toBe('text');
});

test('ten thousand channels keep their values while the columns grow', () => {
  const table = new ChannelTable();
  for (let id = 1; id <= 10_000; id++) table.put(table.add(channel(id)), id, id * 2);
  expect(table.size).toBe(10_000);
  expect(table.latest(table.slotOf(9_999) ?? -1)).toBe(19_998);
  expect(table.drainChanges()?.channel).toHaveLength(10_000);
});

test('restored values announce nothing and never replace newer ones', () => {
  const table = new ChannelTable();
  const slot = table.add(channel(1));
  table.restore(slot, 100, 1);
  expect(table.drainChanges()).toBeUndefined();
  expect(table.after(slot, 50)).toBeGreaterThan(100);
  table.put(slot, 200, 2);
  table.restore(slot, 150, 9);
  expect(table.latest(slot)).toBe(2);
});

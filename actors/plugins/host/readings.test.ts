import { expect, test } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import type { SampleBatch } from '../../../engine/series/series.types.js';
import type { Claim } from '../../device/registrar.js';
import type { ChannelSpec } from '../sdk/plugin.types.js';
import { Readings } from './readings.js';

const spec = (id: string, more: Partial<ChannelSpec> = {}): ChannelSpec => ({
  id,
  name: id,
  kind: 'number',
  direction: 'input',
  ...more,
});

/** Readings of one device whose parameters are registered, and what reached the store. */
function opened(...specs: readonly ChannelSpec[]) {
  const stored: SampleBatch[] = [];
  const claims: Claim[] = [];
  const heard: (number | string)[][] = [];
  const watched = new Set<number>();
  const rowsOf = (batch: SampleBatch): (number | string)[][] => [
    ...Array.from(batch.channel, (channel, i) => [channel, batch.value[i] ?? Number.NaN]),
    ...batch.text.map(({ channel, value }) => [channel, value]),
  ];
  const clock = new SystemClock();
  let nowMs = 1_800_000_000_000;
  const readings = new Readings({
    clock: {
      nowMs: () => nowMs,
      monoMs: () => clock.monoMs(),
      setTimeout: (work, delayMs) => clock.setTimeout(work, delayMs),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    },
    writer: {
      append: (batch) => {
        stored.push(batch);
        return Promise.resolve('store');
      },
      appendEvents: () => Promise.resolve('store'),
      status: () => {
        throw new Error('not asked here');
      },
      close: () => Promise.resolve(),
    },
    feed: {
      wants: (channel) => watched.has(channel),
      rows: (batch) => void heard.push(...rowsOf(batch)),
    },
    intern: (some) => {
      claims.push(...some);
      return Promise.resolve({ devices: [], refused: [] });
    },
    protocol: () => 'test',
    tell: () => undefined,
    onFault: (error) => {
      throw error;
    },
  });
  const known = specs.map(({ id, kind }, i) => ({ id: i + 1, name: id, kind, unit: undefined }));
  const device = readings.enter('a', known, 1_000);
  const handles = specs.map((one) => readings.declare(device, one));
  return {
    claims,
    heard,
    watched,
    declare: (one: ChannelSpec) => {
      readings.declare(device, one);
      readings.flush();
    },
    read: (at: number, value: number | string | boolean | null) =>
      readings.read(device, handles[at] ?? -1, value, undefined),
    pass: (ms: number) => {
      nowMs += ms;
    },
    latest: (id: number) => readings.table.latest(readings.table.slotOf(id) ?? -1),
    rows: () => {
      readings.flush();
      return stored.splice(0).flatMap(rowsOf);
    },
  };
}

test('every number is kept; a text or a flag that stays the same only once a minute', () => {
  const one = opened(
    spec('level'),
    spec('antenna', { kind: 'text' }),
    spec('mute', { kind: 'boolean' }),
  );
  for (let i = 0; i < 3; i++) {
    one.read(0, 7);
    one.read(1, 'AB');
    one.read(2, true);
    one.pass(100);
  }
  expect(one.rows()).toEqual([
    [1, 7],
    [3, 1],
    [1, 7],
    [1, 7],
    [2, 'AB'],
  ]);
  one.read(1, 'XX');
  one.read(1, 'AB');
  one.read(2, false);
  expect(one.rows()).toEqual([
    [3, 0],
    [2, 'XX'],
    [2, 'AB'],
  ]);
  one.pass(60_001);
  one.read(1, 'AB');
  one.read(2, false);
  expect(one.rows()).toEqual([
    [3, 0],
    [2, 'AB'],
  ]);
});

test('what follows from another parameter is shown and not kept', () => {
  const one = opened(spec('rf_percent'), spec('rssi', { history: false }));
  one.read(0, 50);
  one.read(1, -70);
  expect(one.latest(2)).toBe(-70);
  expect(one.rows()).toEqual([[1, 50]]);
});

test('rules hear each value of what they watch, stored or not, and nothing else', () => {
  const one = opened(
    spec('rf_percent'),
    spec('rssi', { history: false }),
    spec('antenna', { kind: 'text' }),
    spec('name', { kind: 'text' }),
  );
  one.watched.add(2).add(3);
  for (let i = 0; i < 2; i++) {
    one.read(0, 50);
    one.read(1, -70);
    one.read(2, 'AB');
    one.read(3, 'Anna');
    one.pass(100);
    one.rows();
  }
  expect(one.heard).toEqual([
    [2, -70],
    [3, 'AB'],
    [2, -70],
    [3, 'AB'],
  ]);
});

test('unknown takes the latest value away and stores nothing, also before the parameter is registered', () => {
  const one = opened(spec('battery'), spec('type', { kind: 'text' }));
  one.read(0, 70);
  one.read(1, 'AA');
  expect(one.rows()).toEqual([
    [1, 70],
    [2, 'AA'],
  ]);
  one.read(0, null);
  one.read(1, null);
  expect([one.latest(1), one.latest(2), one.rows()]).toEqual([undefined, undefined, []]);
  one.read(0, 69);
  one.read(1, 'AA');
  expect([one.latest(1), one.latest(2)]).toEqual([69, 'AA']);
  expect(one.rows()).toEqual([
    [1, 69],
    [2, 'AA'],
  ]);
});

test('a parameter is claimed with its unit, and one without a unit with none', () => {
  const one = opened();
  one.declare(spec('1.rf', { unit: 'dBm' }));
  one.declare(spec('1.count', { unit: '' }));
  expect(one.claims[0]?.channels).toEqual([{ name: '1.rf', kind: 'number', unit: 'dBm' }]);
  expect(() => one.declare(spec('1.bad', { unit: 7 as unknown as string }))).toThrow(/unit/);
});

import { expect, test } from 'vitest';
import type { ChannelKind } from '../../actors/device/protocol.js';
import { liveQuery } from '../contract/live.js';
import { DEFAULT_LIMITS } from '../live/limits.js';
import { MemoryTable } from '../live/table.js';
import { TopicRegistry } from '../live/topics.js';
import { DeviceTables, METER_TURNS } from './tables.js';

function setup() {
  const devices = new MemoryTable('devices');
  const channels = new MemoryTable('channels');
  return { devices, channels, tables: new DeviceTables(devices, channels) };
}

const channel = (id: number, name: string, kind: ChannelKind) => ({
  id,
  deviceId: 'd',
  name,
  kind,
  unit: undefined,
});
const definition = {
  id: 'd',
  name: 'Device',
  protocol: 'smartos',
  channels: [
    channel(1, 'power', 'number'),
    channel(2, 'open', 'boolean'),
    channel(3, 'note', 'text'),
  ],
};
const changes = {
  channel: Uint32Array.of(1, 2, 99),
  atUnixMs: Float64Array.of(10_000, 10_001, 1),
  value: Float64Array.of(5, 1, 7),
  text: [{ channel: 3, atUnixMs: 10_002, value: 'hi' }],
};

test('changes show in the row of the device and in those of its parameters', () => {
  const { devices, channels, tables } = setup();
  tables.put(definition);
  tables.changes(changes);
  expect(devices.get('d')).toMatchObject({
    name: 'Device',
    state: 'disconnected',
    lastSeenUnixMs: 10_000,
    'values.power': 5,
    'values.open': true,
    'values.note': 'hi',
  });
  expect(channels.get('d/open')).toMatchObject({ channel: 2, value: true, atUnixMs: 10_001 });
});

test('an older value never replaces a newer one', () => {
  const { devices, tables } = setup();
  tables.put(definition);
  tables.changes(changes);
  tables.restore([{ channel: 1, atUnixMs: 9_000, value: 1 }]);
  expect(devices.get('d')?.['values.power']).toBe(5);
});

test('a new parameter and a new name come into the row that is there', () => {
  const { devices, channels, tables } = setup();
  tables.put(definition);
  tables.changes(changes);
  tables.put({
    ...definition,
    name: 'New',
    channels: [...definition.channels, channel(4, 'x', 'number')],
  });
  expect(devices.get('d')).toMatchObject({ name: 'New', 'values.power': 5, 'values.x': null });
  expect(channels.size).toBe(4);
});

test('what a thread needs to go on is what was last seen', () => {
  const { tables } = setup();
  tables.put(definition);
  tables.changes(changes);
  expect(tables.latestOf(['d', 'nobody'])).toEqual([
    { channel: 1, atUnixMs: 10_000, value: 5 },
    { channel: 2, atUnixMs: 10_001, value: 1 },
    { channel: 3, atUnixMs: 10_002, value: 'hi' },
  ]);
});

test('a removed device leaves no rows', () => {
  const { devices, channels, tables } = setup();
  tables.put(definition);
  expect(tables.remove('d')).toBe(true);
  expect(tables.remove('d')).toBe(false);
  tables.changes(changes);
  expect([devices.size, channels.size, tables.latestOf(['d']).length]).toEqual([0, 0, 0]);
});

test('rows of a meter are refreshed in the turn of its device, once, while somebody follows them', () => {
  const { devices, channels, tables } = setup();
  tables.put(definition);
  tables.markMeters('d', new Set(['power']));
  const watch = channels.watch();
  tables.changes(changes);
  watch.drain();
  tables.changes({ ...changes, atUnixMs: Float64Array.of(10_500, 10_501, 1), text: [] });
  tables.restore([{ channel: 1, atUnixMs: 10_600, value: 6 }]);
  expect(watch.drain().has('d/power')).toBe(false);
  expect(tables.latestOf(['d'])[0]).toEqual({ channel: 1, atUnixMs: 10_600, value: 6 });
  for (let turn = 0; turn < METER_TURNS; turn++) tables.refreshMeters(turn);
  expect(watch.drain().has('d/power')).toBe(true);
  for (let turn = 0; turn < METER_TURNS; turn++) tables.refreshMeters(turn);
  expect(watch.drain().size).toBe(0);
  expect(devices.get('d')).toMatchObject({ 'values.power': 6, lastSeenUnixMs: 10_001 });
  expect(channels.get('d/power')).toMatchObject({ value: 6, atUnixMs: 10_600 });
});

test('rows of a meter that nobody follows are up to date when they are read, one or all', () => {
  const { devices, channels, tables } = setup();
  tables.put(definition);
  tables.markMeters('d', new Set(['power']));
  const say = (value: number): void => {
    tables.restore([{ channel: 1, atUnixMs: 10_000 + value, value }]);
    for (let turn = 0; turn < METER_TURNS; turn++) tables.refreshMeters(turn);
  };
  say(5);
  expect(devices.get('d')).toMatchObject({ 'values.power': 5 });
  say(6);
  expect(channels.get('d/power')).toMatchObject({ value: 6, atUnixMs: 10_006 });
  say(7);
  expect([...devices.rows()]).toMatchObject([{ 'values.power': 7 }]);
  say(8);
  const views = new TopicRegistry([devices], DEFAULT_LIMITS);
  const query = liveQuery.parse({ resource: 'devices' });
  expect(views.topicOf(query).shown[0]?.row).toMatchObject({ 'values.power': 8 });
  expect([devices.observed, channels.observed]).toEqual([true, false]);
});

test('a device that is removed while its meters wait leaves nothing behind', () => {
  const { devices, channels, tables } = setup();
  tables.put(definition);
  tables.markMeters('d', new Set(['power']));
  tables.changes(changes);
  const watch = devices.watch();
  tables.remove('d');
  expect([...watch.drain()]).toEqual(['d']);
  for (let turn = 0; turn < METER_TURNS; turn++) tables.refreshMeters(turn);
  expect([devices.size, channels.size, watch.drain().size]).toEqual([0, 0, 0]);
});

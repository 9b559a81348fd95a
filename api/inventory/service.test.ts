// Over 400 lines: one inventory, and what each change of it does to all the others.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { inventoryRows } from '../../actors/inventory/testing/rows.js';
import type { ChannelRole } from '../../actors/plugins/sdk/roles.js';
import { TestClock } from '../../engine/clock.js';
import { MemoryTable } from '../live/table.js';
import { InventoryService } from './service.js';
import { ToldPlugins } from './testing/plugins.js';

const ROLES: readonly ChannelRole[] = [
  'name',
  'battery_percent',
  'rf_percent',
  'rssi_a',
  'audio_percent',
  'audio_peak',
  'transmitter_on',
  'mute',
  'frequency',
];
const RF = [
  { number: 1, kind: 'rf' },
  { number: 2, kind: 'rf', direction: 'send' },
] as const;

describe('the inventory of a running site', () => {
  let home: TestHome;
  const open: InventoryService[] = [];
  beforeAll(async () => {
    home = await testHome('sqlite');
  });
  beforeEach(async () => {
    await home.renew();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((service) => service.stop()));
  });
  afterAll(async () => {
    await home.close();
  });

  const world = async () => {
    const store = await home.open();
    const clock = new TestClock();
    const tables = {
      rf: new MemoryTable('rf'),
      'charger-slots': new MemoryTable('charger-slots'),
      groups: new MemoryTable('groups'),
      channels: new MemoryTable('channels'),
    };
    const plugins = new ToldPlugins(tables.channels);
    const events: (readonly [kind: string, subject: string, detail: object])[] = [];
    const faults: Error[] = [];
    const start = async () => {
      const service = await InventoryService.start({
        store,
        tables,
        plugins,
        events: { note: (...event) => events.push(event), close: () => Promise.resolve() },
        clock,
        onFault: (error) => faults.push(error),
      });
      open.push(service);
      return service;
    };
    const make = inventoryRows(store);
    const { id: instanceId } = await make.instance();
    const { deviceId } = await make.device(instanceId, 'r1', { model: 'ULXD4D' });
    const tile = (number: number) =>
      [...tables.rf.rows()].find((row) => row['number'] === number && row['deviceId'] === deviceId);
    /** Connected, its two channels on the board. */
    const ready = async () => {
      const service = await start();
      plugins.connect(deviceId);
      plugins.identify(deviceId, RF, ROLES);
      await expect.poll(() => tables.rf.size).toBe(2);
      return service;
    };
    return {
      store,
      clock,
      tables,
      plugins,
      events,
      faults,
      make,
      start,
      deviceId,
      instanceId,
      tile,
      ready,
    };
  };

  test('makes channels of what a device says it has, once, each with a place of its own', async () => {
    const { store, make, plugins, ready, deviceId, instanceId, tables, faults } = await world();
    await ready();
    const other = await make.device(instanceId, 'r2');
    plugins.identify(other.deviceId, RF, ROLES);
    plugins.identify(deviceId, RF, ROLES);
    await expect.poll(() => tables.rf.size).toBe(4);
    const rows = await store.inventory.rfChannels.find();
    expect(rows.map(({ number, slot, direction }) => [number, slot, direction])).toEqual([
      [1, 1, 'receive'],
      [2, 2, 'send'],
      [1, 3, 'receive'],
      [2, 4, 'send'],
    ]);
    expect(faults).toEqual([]);
  });

  test('shows values under their columns, with what follows from them', async () => {
    const { plugins, clock, ready, deviceId, tile } = await world();
    await ready();
    const now = clock.nowMs();
    plugins.say(
      deviceId,
      1,
      {
        name: 'HH-03 Ada',
        battery_percent: 81,
        transmitter_on: true,
        rf_percent: 70,
        rssi_a: -60,
        audio_percent: 33,
        mute: true,
        frequency: 470.125,
      },
      now,
    );
    expect(tile(1)).toMatchObject({
      label: 'HH-03',
      name: 'Ada',
      reportedName: 'HH-03 Ada',
      model: 'ULXD4D',
      vendor: 'simulated',
      deviceState: 'connected',
      status: 'good',
      active: true,
      batteryPercent: 81,
      batteryBars: 5,
      battery: 'good',
      rfPercent: 70,
      rssiADbm: -60,
      signal: 'good',
      audioPercent: 33,
      audioPeak: false,
      mute: true,
      frequencyMhz: 470.125,
      heardUnixMs: now,
    });
    expect(tile(2)).toMatchObject({ status: 'off', batteryPercent: null, active: false });
  });

  test('a value that became unknown leaves the tile, with what followed from it', async () => {
    const { plugins, clock, ready, deviceId, tile } = await world();
    await ready();
    const at = clock.nowMs();
    plugins.say(deviceId, 1, { transmitter_on: true, battery_percent: 12, mute: true }, at);
    expect(tile(1)).toMatchObject({ batteryPercent: 12, battery: 'low', status: 'critical' });
    plugins.forget(deviceId, 1, ['battery_percent', 'mute'], at + 1);
    expect(tile(1)).toMatchObject({
      ...{ batteryPercent: null, batteryBars: null, battery: 'unknown', status: 'good' },
      ...{ mute: null, active: true },
    });
    plugins.say(deviceId, 1, { battery_percent: 90 }, at + 2);
    expect(tile(1)).toMatchObject({ batteryPercent: 90, batteryBars: 5, battery: 'good' });
  });

  test('trouble on the air of a transmitter that is on is told once a second', async () => {
    const { plugins, clock, ready, deviceId } = await world();
    const service = await ready();
    const say = (values: Parameters<typeof plugins.say>[2]): void => {
      plugins.say(deviceId, 1, values, clock.nowMs());
      service.sweep();
    };
    say({ transmitter_on: true, rf_percent: 70, rssi_a: -60 });
    expect([...plugins.troubles]).toEqual([]);
    say({ rssi_a: -110 });
    expect([...plugins.troubles]).toEqual([[deviceId, 'poor signal on channel 1']]);
    say({ transmitter_on: false });
    expect([...plugins.troubles]).toEqual([]);
  });

  test('a device with many channels is wired once for all of them', async () => {
    const { plugins, start, deviceId, tables } = await world();
    const parts = Array.from({ length: 40 }, (_, i) => ({ number: i + 1, kind: 'rf' as const }));
    const service = await start();
    plugins.connect(deviceId);
    plugins.identify(deviceId, parts, ROLES);
    await expect.poll(() => tables.rf.size).toBe(40);
    await service.stop();
    for (const { id } of [...tables.rf.rows()]) tables.rf.remove(id);
    plugins.specsAsked = 0;
    await start();
    expect(tables.rf.size).toBe(40);
    // Once when its tiles are made, once when its identity is told.
    expect(plugins.specsAsked).toBe(2);
  });

  test('a tile goes through peak, battery states, off and lost, by the time too', async () => {
    const { plugins, clock, ready, deviceId, tile } = await world();
    const service = await ready();
    const status = () => tile(1)?.['status'];
    const say = (values: Parameters<typeof plugins.say>[2]) =>
      plugins.say(deviceId, 1, values, clock.nowMs());
    say({ transmitter_on: true, battery_percent: 55 });
    expect(status()).toBe('replace');
    say({ audio_peak: true });
    expect(status()).toBe('peak');
    clock.advance(30_000);
    expect(status()).toBe('peak');
    say({ audio_peak: false });
    clock.advance(9_000);
    expect(status()).toBe('peak');
    clock.advance(2_000);
    expect(status()).toBe('replace');
    say({ battery_percent: 12 });
    expect(status()).toBe('critical');
    expect(tile(1)).toMatchObject({ battery: 'low' });
    say({ transmitter_on: false });
    expect(status()).toBe('prev-critical');
    expect(tile(1)).toMatchObject({ active: false, signal: 'unknown' });
    clock.advance(31 * 60_000);
    expect(status()).toBe('off');
    plugins.connect(deviceId, { state: 'connecting', held: true });
    expect(status()).toBe('off');
    plugins.connect(deviceId, { state: 'disconnected' });
    expect(status()).toBe('com-error');
    service.sweep();
    expect(status()).toBe('com-error');
  });

  test('what is edited is shown at once, and a given name survives a change at the receiver', async () => {
    const { store, plugins, clock, ready, deviceId, instanceId, tile, make } = await world();
    await ready();
    const id = Number(tile(1)?.id);
    plugins.say(
      deviceId,
      1,
      { name: 'HH-03 Ada', battery_percent: 60, transmitter_on: true },
      clock.nowMs(),
    );
    await store.inventory.rfChannels.update(id, { givenName: 'Grace' });
    await expect.poll(() => tile(1)).toMatchObject({ label: 'HH-03', name: 'Grace' });
    plugins.say(deviceId, 1, { name: 'HH-09 Bob' }, clock.nowMs());
    expect(tile(1)).toMatchObject({ label: 'HH-09', name: 'Grace', reportedName: 'HH-09 Bob' });
    const hall = await store.inventory.locations.create({
      parentId: null,
      kind: 'building',
      name: 'A',
    });
    const room = await store.inventory.locations.create({
      parentId: hall.id,
      kind: 'room',
      name: '2',
    });
    const record = await store.inventory.recordOf(deviceId);
    await store.inventory.records.update(record?.id ?? 0, {
      locationId: room.id,
      givenName: 'Rack 1',
    });
    await expect.poll(() => tile(1)).toMatchObject({ location: 'A › 2', deviceName: 'Rack 1' });
    const ada = await make.performer('Ada');
    await make.assignment(ada.id, id, { fromUnixMs: clock.nowMs() + 5_000, priority: 'high' });
    const bob = await make.performer('Bob');
    await make.assignment(bob.id, id);
    await expect.poll(() => tile(1)?.['performer']).toBe('Bob');
    clock.advance(6_000);
    expect(tile(1)?.['performer']).toBe('Ada');
    // Thresholds of an instance reach the tiles of its devices.
    expect(tile(1)?.['battery']).toBe('good');
    await store.inventory.overrides.create({
      scope: 'instance',
      scopeId: String(instanceId),
      key: 'battery.fairPercent',
      value: 70,
    });
    await expect.poll(() => tile(1)?.['battery']).toBe('fair');
  });

  test('shows backgrounds by performer, or by the name of a picture as Micboard does', async () => {
    const { store, plugins, clock, ready, deviceId, tile, make } = await world();
    await ready();
    const media = (id: string, name: string) =>
      store.media.put({
        id,
        name,
        file: `${id}.jpg`,
        contentType: 'image/jpeg',
        sizeBytes: 1,
        durationMs: undefined,
        sha256: '00',
        createdAtUnixMs: 0,
        mediaType: 'photo',
      });
    await media('m1', 'ADA.jpg');
    await media('m2', 'portrait.png');
    plugins.say(deviceId, 1, { name: 'HH-03 Ada' }, clock.nowMs());
    await expect
      .poll(() => {
        clock.advance(1_000);
        return tile(1)?.['backgroundUrl'];
      })
      .toBe('/media/m1.jpg');
    const { id } = await store.inventory.performers.create({
      name: 'Somebody',
      photoMediaId: 'm2',
      backgroundMediaId: 'm2',
      notes: '',
    });
    await make.assignment(id, Number(tile(1)?.id));
    await expect
      .poll(() => tile(1))
      .toMatchObject({ photoUrl: '/media/m2.jpg', backgroundUrl: '/media/m2.jpg' });
  });

  test('every move of a lifecycle is noted: the engine’s and the operator’s', async () => {
    const { store, ready, deviceId, events } = await world();
    const service = await ready();
    const record = await store.inventory.recordOf(deviceId);
    await store.inventory.records.update(record?.id ?? 0, { lifecycle: 'online' });
    await expect
      .poll(() => events)
      .toMatchObject([
        ['device.lifecycle', deviceId, { from: 'discovered', to: 'online', by: 'engine' }],
      ]);
    await service.lifecycle.move(deviceId, 'maintenance', 'new cable', 'ada');
    await expect(service.lifecycle.move(deviceId, 'degraded', null, 'ada')).rejects.toThrow(
      /cannot become degraded, only online, offline, retired/,
    );
    await service.lifecycle.move(deviceId, 'retired', null, 'ada');
    expect(await store.inventory.recordOf(deviceId)).toMatchObject({
      lifecycle: 'retired',
      enabled: false,
    });
    await expect.poll(() => service.book.recordOf(deviceId)?.lifecycle).toBe('retired');
    expect(events.slice(1)).toMatchObject([
      [
        'device.lifecycle',
        deviceId,
        { from: 'online', to: 'maintenance', reason: 'new cable', by: 'ada' },
      ],
      ['device.lifecycle', deviceId, { from: 'maintenance', to: 'retired', by: 'ada' }],
    ]);
    await expect(service.lifecycle.move('nobody', 'offline', null, 'x')).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('chargers have rows of their own; all rows go with the device', async () => {
    const { store, plugins, clock, ready, deviceId, instanceId, tables, make } = await world();
    await ready();
    const charger = await make.device(instanceId, 'c1', { role: 'charger' });
    plugins.identify(
      charger.deviceId,
      [
        { number: 1, kind: 'charger-slot' },
        { number: 2, kind: 'charger-slot' },
      ],
      ['slot_occupied', 'battery_percent', 'slot_state'],
    );
    plugins.connect(charger.deviceId);
    plugins.say(
      charger.deviceId,
      2,
      { slot_occupied: true, battery_percent: 40, slot_state: 'charging' },
      clock.nowMs(),
    );
    expect(tables['charger-slots'].get(`${charger.deviceId}#2`)).toMatchObject({
      number: 2,
      occupied: true,
      batteryPercent: 40,
      state: 'charging',
      deviceState: 'connected',
    });
    expect(tables['charger-slots'].get(`${charger.deviceId}#1`)).toMatchObject({ occupied: null });
    await store.devices.remove([deviceId, charger.deviceId]);
    await expect.poll(() => [tables.rf.size, tables['charger-slots'].size]).toEqual([0, 0]);
    // Late values of what is gone harm nobody.
    plugins.say(charger.deviceId, 2, { battery_percent: 41 }, clock.nowMs());
    plugins.say(deviceId, 1, { rf_percent: 41 }, clock.nowMs());
    expect(tables.rf.size).toBe(0);
  });

  test('groups are live rows', async () => {
    const { store, start, tables, make } = await world();
    const first = await make.group(1, [1, 0, 2]);
    await start();
    expect([...tables.groups.rows()]).toEqual([
      { id: String(first.id), number: 1, title: 'Board 1', slots: [1, 0, 2], hideCharts: false },
    ]);
    await store.inventory.groups.update(first.id, { slots: [2, 1] });
    await expect.poll(() => tables.groups.get(String(first.id))?.['slots']).toEqual([2, 1]);
    await store.inventory.groups.remove(first.id);
    await expect.poll(() => tables.groups.size).toBe(0);
  });

  test('meters are watched for exactly the devices that live clients look at', async () => {
    const { plugins, ready, deviceId, tile, clock } = await world();
    const service = await ready();
    let rows: string[] = [];
    service.watch(() => rows);
    rows = [tile(1)?.id ?? '', tile(2)?.id ?? '', 'nothing'];
    clock.advance(1_000);
    expect([...plugins.watched]).toEqual([[deviceId]]);
    clock.advance(1_000);
    expect(plugins.watched.size).toBe(1);
    rows = [];
    clock.advance(1_000);
    expect(plugins.watched.size).toBe(0);
    rows = [tile(1)?.id ?? ''];
    clock.advance(1_000);
    await service.stop();
    expect(plugins.watched.size).toBe(0);
  });

  test('after a restart the tiles are there before the devices are', async () => {
    const { start, ready, deviceId, tables, tile, store } = await world();
    await (await ready()).stop();
    for (const row of [...tables.rf.rows()]) tables.rf.remove(row.id);
    await store.inventory.rfChannels.update(
      Number((await store.inventory.rfChannels.find())[0]?.id),
      {
        givenName: 'Ada',
      },
    );
    await start();
    expect(tables.rf.size).toBe(2);
    expect(tile(1)).toMatchObject({ deviceId, name: 'Ada', slot: 1 });
  });
});

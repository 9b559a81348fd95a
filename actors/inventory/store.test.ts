import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Change } from '../../engine/control/feed.js';
import { type TestHome, testHome } from '../control/testing/stores.js';
import { INVENTORY_SPECS, type InventoryName } from './specs.js';
import { inventoryRows } from './testing/rows.js';

describe.each(['sqlite', 'postgres'] as const)('the inventory on %s', (dialect) => {
  let home: TestHome;
  beforeAll(async () => {
    home = await testHome(dialect);
  });
  beforeEach(async () => {
    await home.renew();
  });
  afterAll(async () => {
    await home.close();
  });

  const opened = async () => {
    const store = await home.open();
    return { store, inventory: store.inventory, make: inventoryRows(store) };
  };

  test('gives back what was kept, of every table and kind of field', async () => {
    const { inventory, make } = await opened();
    const instance = await make.instance({ config: { host: 'a', deep: [1, 'x'] }, sealed: 'v1.x' });
    const room = await inventory.locations.create({ parentId: null, kind: 'room', name: 'Säle ☂' });
    const record = await make.device(instance.id, '10.0.0.7', {
      port: 2202,
      locationId: room.id,
      config: { zone: 3 },
      enabled: false,
    });
    const unit = await inventory.units.create({
      name: 'HH 3',
      kind: 'handheld',
      model: null,
      serial: 'A1',
      notes: '',
    });
    const channel = await make.channel(record.deviceId, 1, { slot: 4, unitId: unit.id });
    const performer = await make.performer('Ada');
    const assignment = await make.assignment(performer.id, channel.id, { fromUnixMs: 5.5 });
    const group = await make.group(1, [4, 0, 2]);
    const discovery = await inventory.discoveries.create({
      instanceId: instance.id,
      externalId: 'x',
      address: null,
      port: null,
      role: 'charger',
      name: null,
      model: null,
      serial: null,
      mac: null,
      firmware: null,
      channels: 8,
      config: {},
      state: 'pending',
      duplicateOf: null,
      source: 'multicast',
      firstSeenUnixMs: 1,
      lastSeenUnixMs: 2,
    });
    const override = await inventory.overrides.create({
      scope: 'device',
      scopeId: record.deviceId,
      key: 'meters.fastMs',
      value: 200,
    });
    const kiosk = await inventory.kiosks.create({
      name: 'Rack room',
      groupId: group.id,
      hash: 'ab',
      createdBy: 'admin',
      createdAtUnixMs: 1,
      expiresAtUnixMs: null,
    });
    const desired = await inventory.desired.create({
      deviceId: record.deviceId,
      name: '1.mute',
      value: false,
      by: 'admin',
      atUnixMs: 3,
    });
    const rows: Readonly<Record<InventoryName, { readonly id: number }>> = {
      instances: instance,
      records: record,
      rfChannels: channel,
      units: unit,
      performers: performer,
      assignments: assignment,
      groups: group,
      locations: room,
      discoveries: discovery,
      overrides: override,
      kiosks: kiosk,
      desired,
    };
    for (const name of Object.keys(INVENTORY_SPECS) as InventoryName[]) {
      expect(await inventory[name].get(rows[name].id)).toEqual(rows[name]);
      expect(Object.keys(rows[name]).sort()).toEqual(
        ['id', ...Object.keys(INVENTORY_SPECS[name].columns)].sort(),
      );
    }
    expect(await inventory.recordOf(record.deviceId)).toEqual(record);
    expect(await inventory.recordOf('nobody')).toBeUndefined();
    expect(desired.value).toBe(false);
    expect(group.slots).toEqual([4, 0, 2]);
  });

  test('notes its changes under names of its own', async () => {
    const { store, inventory, make } = await opened();
    const changes: Change[] = [];
    store.control.feed.follow(await store.control.feed.head(), (event) => {
      if (event.type === 'changes') changes.push(...event.changes);
    });
    const group = await make.group(2);
    await inventory.groups.update(group.id, { title: 'Left' });
    await inventory.groups.remove(group.id);
    await expect
      .poll(() => changes.map(({ domain, op }) => [domain, op]))
      .toEqual([
        ['inventory.groups', 'put'],
        ['inventory.groups', 'put'],
        ['inventory.groups', 'delete'],
      ]);
  });

  test('refuses a place, a channel, a board or a device twice', async () => {
    const { make } = await opened();
    const { id } = await make.instance();
    const { deviceId } = await make.device(id, 'a');
    await make.channel(deviceId, 1, { slot: 1 });
    await make.group(1);
    const conflict = { code: 'conflict' };
    await expect(make.channel(deviceId, 2, { slot: 1 })).rejects.toMatchObject(conflict);
    await expect(make.channel(deviceId, 1)).rejects.toMatchObject(conflict);
    await expect(make.group(1)).rejects.toMatchObject(conflict);
    await expect(make.device(id, 'a')).rejects.toMatchObject(conflict);
    await expect(make.channel('nobody', 1)).rejects.toMatchObject(conflict);
    // Two without a place are no conflict.
    await make.channel(deviceId, 2);
    await make.channel(deviceId, 3);
  });

  test('what belongs to a device goes with it; an instance with devices stays', async () => {
    const { store, inventory, make } = await opened();
    const { id } = await make.instance();
    const { deviceId } = await make.device(id, 'a');
    const channel = await make.channel(deviceId, 1);
    const { id: performerId } = await make.performer('Ada');
    await make.assignment(performerId, channel.id);
    await expect(inventory.instances.remove(id)).rejects.toThrow(/still in use/);
    await store.devices.remove([deviceId]);
    expect(await inventory.records.count()).toBe(0);
    expect(await inventory.rfChannels.count()).toBe(0);
    expect(await inventory.assignments.count()).toBe(0);
    expect(await inventory.performers.count()).toBe(1);
    expect(await inventory.instances.remove(id)).toBe(true);
  });

  test('a kiosk link goes with its board and never becomes one to all boards', async () => {
    const { inventory, make } = await opened();
    const group = await make.group(1);
    await inventory.kiosks.create({
      name: '',
      groupId: group.id,
      hash: 'h',
      createdBy: '',
      createdAtUnixMs: 1,
      expiresAtUnixMs: null,
    });
    await inventory.groups.remove(group.id);
    expect(await inventory.kiosks.count()).toBe(0);
  });
});

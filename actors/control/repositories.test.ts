import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Change } from '../../engine/control/feed.js';
import { contentRows } from '../content/testing/rows.js';
import type { SessionDefinition } from '../session/protocol.js';
import { type TestHome, testHome } from './testing/stores.js';

const session: SessionDefinition = {
  id: 'x1',
  number: 7,
  projectId: 1,
  mount: '/streamx1.mp3',
  format: 'mp3',
  bitrateKbps: 128,
  profile: 'native',
  geoListen: true,
  position: undefined,
  headingDeg: undefined,
  headingWidthDeg: undefined,
  rangeMinM: undefined,
  rangeMaxM: undefined,
  tagIds: undefined,
  languageId: undefined,
  userId: undefined,
  blockedAssetIds: [],
  blockedUserIds: [],
  createdAtUnixMs: 1_800_000_000_000.25,
};
const number = (name: string) => ({ name, kind: 'number' as const });

describe.each(['sqlite', 'postgres'] as const)('repositories on %s', (dialect) => {
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

  test('a device and its parameters get numbers once, and keep them through removal and a restart', async () => {
    const store = await home.open();
    const first = await store.devices.intern([
      {
        id: 'b',
        protocol: 'smartos',
        channels: [number('power'), { name: 'on', kind: 'boolean' }],
      },
      { id: 'a', name: 'Rack', protocol: 'native', channels: [] },
    ]);
    expect(first.refused).toEqual([]);
    expect(first.devices.map((d) => [d.id, d.name])).toEqual([
      ['b', 'b'],
      ['a', 'Rack'],
    ]);
    const ids = first.devices[0]?.channels.map((c) => c.id);
    expect(new Set(ids).size).toBe(2);
    const again = await store.devices.intern([
      { id: 'b', protocol: 'other', channels: [{ name: 'power', kind: 'text' }, number('rssi')] },
    ]);
    expect(again.devices[0]).toMatchObject({ protocol: 'smartos' });
    expect(again.devices[0]?.channels.slice(0, 2)).toEqual(first.devices[0]?.channels);
    expect(await store.devices.remove(['b', 'nobody'])).toBe(1);
    expect((await store.devices.list()).map((d) => d.id)).toEqual(['a']);
    await store.close();
    const restarted = await home.open();
    const back = await restarted.devices.intern([
      { id: 'b', protocol: 'smartos', channels: [number('power')] },
    ]);
    expect(back.devices[0]?.channels).toEqual(again.devices[0]?.channels);
  });

  test('a claim over a cap or with an unusable name is refused by itself', async () => {
    const caps = { maxDevices: 2, maxChannelsPerDevice: 2, maxChannels: 3 };
    const store = await home.open({ deviceCaps: caps });
    const { devices, refused } = await store.devices.intern([
      { id: 'a', protocol: 'p', channels: [number('1'), number('2'), number('3')] },
      { id: 'bad\0id', protocol: 'p', channels: [] },
      { id: 'b', protocol: 'p', channels: [number('1'), number('2'), number('\ud800')] },
      { id: 'c', protocol: 'p', channels: [] },
    ]);
    expect(devices.map((d) => [d.id, d.channels.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(refused.map((r) => [r.deviceId, r.error.code])).toEqual([
      ['bad\0id', 'input.invalid'],
      ['b', 'input.invalid'],
      ['a', 'conflict'],
      ['b', 'conflict'],
      ['c', 'conflict'],
    ]);
    expect(refused[2]?.error.message).toContain('2 parameters');
    await expect(store.devices.create({ id: 'a', protocol: 'p', channels: [] })).rejects.toThrow(
      'exists already',
    );
  });

  test('10,000 devices with 6 parameters each are interned in one transaction', async () => {
    const store = await home.open();
    const claims = Array.from({ length: 10_000 }, (_, index) => ({
      id: `device-${index}`,
      protocol: 'smartos',
      channels: ['a', 'b', 'c', 'd', 'e', 'f'].map(number),
    }));
    const before = await store.control.feed.head();
    const { devices, refused } = await store.devices.intern(claims);
    expect(refused).toEqual([]);
    expect(devices.length).toBe(10_000);
    const ids = new Set(devices.flatMap((d) => d.channels.map((c) => c.id)));
    expect(ids.size).toBe(60_000);
    expect(await store.control.feed.head()).toBe(before + 10_000);
    await store.devices.intern(claims);
    expect(await store.control.feed.head()).toBe(before + 10_000);
  });

  test('a device is renamed, and one that is not there is named in the error', async () => {
    const store = await home.open();
    await store.devices.create({ id: 'a', protocol: 'p', channels: [number('x')] });
    const renamed = await store.devices.rename('a', 'Stage left');
    expect(renamed.name).toBe('Stage left');
    await store.devices.setUnits([[renamed.channels[0]?.id ?? 0, 'dBm']]);
    expect((await store.devices.get('a'))?.channels[0]?.unit).toBe('dBm');
    await expect(store.devices.rename('zz', 'n')).rejects.toMatchObject({ code: 'not-found' });
    await expect(store.devices.rename('a', '')).rejects.toMatchObject({ code: 'input.invalid' });
  });

  test('snapshots of actors are written and forgotten by the thousand', async () => {
    const store = await home.open();
    const many = Array.from({ length: 3_000 }, (_, index) => ({
      id: `d${index}`,
      kind: 'device',
      snapshot: `{"n":${index},"text":"\\u0000 ☂"}`,
    }));
    await store.snapshots.apply([...many, { id: '__proto__', kind: 'device', snapshot: '{}' }]);
    await store.snapshots.apply([
      { id: 'd0', kind: 'device', snapshot: 'first' },
      { id: 'd0', kind: 'device', snapshot: 'last' },
      { id: 'd1', kind: 'device', snapshot: undefined },
      { id: 'd2', kind: 'rule', snapshot: 'other kind' },
    ]);
    const loaded = await store.snapshots.load('device');
    expect(Object.keys(loaded).length).toBe(3_000);
    expect(loaded['d0']).toBe('last');
    expect(loaded['d1']).toBeUndefined();
    expect(loaded['d2']).toBe(many[2]?.snapshot);
    expect(Object.entries(await store.snapshots.load('rule'))).toEqual([['d2', 'other kind']]);
    expect(await store.snapshots.prune('device', new Set(['d0']))).toBe(2_999);
    expect(Object.keys(await store.snapshots.load('device'))).toEqual(['d0']);
  });

  test('listener sessions come back with every choice of the listener, and go with their project', async () => {
    const store = await home.open();
    const project = await contentRows(store).project();
    const mine = { ...session, projectId: project.id };
    await store.sessions.create(mine);
    expect(await store.sessions.get('x1')).toEqual(mine);
    const moved: SessionDefinition = {
      ...mine,
      position: { latitude: 1, longitude: 2 },
      headingDeg: 0,
      headingWidthDeg: 30,
      rangeMaxM: 100,
      tagIds: [3, 4],
      languageId: 2,
      userId: 5,
      blockedAssetIds: [9],
      blockedUserIds: [8],
    };
    expect(await store.sessions.update([moved, { ...moved, id: 'gone' }])).toBe(1);
    expect(await store.sessions.list()).toEqual([moved]);
    for (const taken of [
      { ...mine, id: 'x2', number: 8 },
      { ...mine, id: 'x2', mount: '/2' },
      { ...mine, id: 'x3', number: 9, mount: '/3', projectId: 4_711 },
    ]) {
      await expect(store.sessions.create(taken)).rejects.toMatchObject({ code: 'conflict' });
    }
    expect(await store.content.projects.remove(project.id)).toBe(true);
    expect(await store.sessions.list()).toEqual([]);
  });

  test('a command is settled once, and only the newest of a device are kept', async () => {
    const store = await home.open();
    await store.devices.create({ id: 'd', protocol: 'p', channels: [] });
    const command = (index: number) => ({
      id: `c${index}`,
      deviceId: 'd',
      name: 'gain',
      value: index === 0 ? false : index,
      createdAtUnixMs: 1_000 + index,
      by: 'ann',
    });
    const made = await store.commands.create(command(0));
    expect(made).toMatchObject({ state: 'pending', value: false, settledAtUnixMs: undefined });
    expect(await store.commands.settle('c0', 'confirmed', 5)).toEqual({
      ...made,
      state: 'confirmed',
      settledAtUnixMs: 5,
    });
    await expect(store.commands.settle('c0', 'offline', 6)).rejects.toMatchObject({
      code: 'not-found',
    });
    for (let index = 1; index <= 200; index++) await store.commands.create(command(index));
    const kept = await store.commands.ofDevice('d', 1_000);
    expect(kept.length).toBe(200);
    expect(kept[0]?.id).toBe('c200');
    expect(await store.commands.get('c0')).toBeUndefined();
    expect(await store.commands.settleLost(9)).toBe(200);
    await expect(store.commands.create({ ...command(1), deviceId: 'zz' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('settings and media keep their values, and damaged JSON is reported, not returned', async () => {
    const store = await home.open();
    const schema = z.object({ level: z.number() });
    expect(await store.settings.get('k', schema)).toBeUndefined();
    await store.settings.set('k', { level: 0 });
    expect(await store.settings.get('k', schema)).toEqual({ level: 0 });
    await store.settings.set('k', { level: 'loud' });
    await expect(store.settings.get('k', schema)).rejects.toMatchObject({ code: 'store.refused' });
    expect(await store.settings.remove('k')).toBe(true);
    const file = {
      id: 'm1',
      name: 'Rain.wav',
      file: 'ab/rain.wav',
      contentType: 'audio/wav',
      sizeBytes: 5_000_000_000,
      durationMs: undefined,
      sha256: 'ff',
      createdAtUnixMs: 1,
    };
    await store.media.put(file);
    await store.media.put({ ...file, durationMs: 1_500.5 });
    expect(await store.media.list()).toEqual([{ ...file, durationMs: 1_500.5 }]);
    expect(await store.media.remove('m1')).toBe(true);
    expect(await store.media.get('m1')).toBeUndefined();
  });

  test('every change of a row is in the feed, in order, and a refused one is not', async () => {
    const store = await home.open();
    const seen: Change[] = [];
    store.control.feed.follow(0, (event) => {
      if (event.type === 'changes') seen.push(...event.changes);
    });
    const project = await contentRows(store).project();
    const mine = { ...session, projectId: project.id };
    await store.sessions.create(mine);
    await store.sessions.create(mine).catch(() => undefined);
    await store.media.put({
      id: 'm',
      name: 'n',
      file: 'f',
      contentType: 'audio/wav',
      sizeBytes: 1,
      durationMs: 1,
      sha256: '',
      createdAtUnixMs: 1,
    });
    await store.sessions.remove(['x1']);
    await store.content.projects.remove(project.id);
    await store.control.feed.poll();
    expect(seen.map((c) => [c.seq, c.domain, c.id, c.op])).toEqual([
      [1, 'content.projects', String(project.id), 'put'],
      [2, 'sessions', 'x1', 'put'],
      [3, 'media', 'm', 'put'],
      [4, 'sessions', 'x1', 'delete'],
      [5, 'content.projects', String(project.id), 'delete'],
    ]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Change } from '../../engine/control/feed.js';
import type { StoredProject } from './projects.js';
import { type TestHome, testHome } from './testing/stores.js';

const project: StoredProject = {
  id: 'p1',
  name: 'Garden',
  center: { latitude: 52.1, longitude: 13.4 },
  plan: {
    url: '/plan.png',
    corners: [
      [13, 53],
      [14, 53],
      [14, 52],
      [13, 52],
    ],
  },
  speakers: [
    {
      id: 's1',
      projectId: 'p1',
      name: 'Fountain',
      shape: [
        [
          [
            [13.1, 52.1],
            [13.2, 52.1],
            [13.2, 52.2],
            [13.1, 52.1],
          ],
        ],
        [
          [
            [13.5, 52.5],
            [13.6, 52.5],
            [13.6, 52.6],
            [13.5, 52.5],
          ],
        ],
      ],
      attenuationM: 12.5,
      minVolume: 0,
      maxVolume: 0.8,
      mediaId: 'm1',
    },
  ],
  recordings: [
    {
      id: 'r1',
      projectId: 'p1',
      name: 'Bench',
      position: { latitude: 52.123456789, longitude: 13.4 },
      radiusM: 25,
      volume: 1,
      tags: ['voice', 'naïve ☂'],
      mediaId: 'm2',
    },
  ],
};
const session = {
  id: 'x1',
  projectId: 'p1',
  mount: '/streamx1.mp3',
  format: 'mp3',
  bitrateKbps: 128,
  position: undefined,
  headingDeg: undefined,
  tags: [],
  createdAtUnixMs: 1_800_000_000_000.25,
} as const;
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
    await store.devices.setUnit(renamed.channels[0]?.id ?? 0, 'dBm');
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

  test('a project comes back as it was saved, and its parts can be changed one by one', async () => {
    const store = await home.open();
    await store.projects.save(project);
    expect(await store.projects.get('p1')).toEqual(project);
    const speaker = project.speakers[0];
    const recording = project.recordings[0];
    if (speaker === undefined || recording === undefined) throw new Error('fixture');
    await store.projects.putSpeaker({ ...speaker, name: 'Well' });
    await store.projects.putRecording({ ...recording, id: 'r2', tags: [] });
    expect(await store.projects.removeVoice('recordings', 'r1')).toBe(true);
    expect(await store.projects.removeVoice('recordings', 'r1')).toBe(false);
    const changed = await store.projects.get('p1');
    expect(changed?.speakers.map((s) => s.name)).toEqual(['Well']);
    expect(changed?.recordings.map((r) => r.id)).toEqual(['r2']);
    await expect(
      store.projects.putSpeaker({ ...speaker, projectId: 'nope' }),
    ).rejects.toMatchObject({ code: 'conflict' });
    await store.projects.setTags('p1', [{ id: 'voice', name: 'Voices' }]);
    expect(await store.projects.tags('p1')).toEqual([
      { projectId: 'p1', id: 'voice', name: 'Voices' },
    ]);
    await store.projects.save({ ...project, plan: undefined, speakers: [], recordings: [] });
    expect(await store.projects.get('p1')).toMatchObject({ plan: undefined, speakers: [] });
    expect((await store.projects.tags('p1')).length).toBe(1);
  });

  test('listener sessions come back with position, heading and tags, and go with their project', async () => {
    const store = await home.open();
    await store.projects.save(project);
    await store.sessions.create(session);
    expect(await store.sessions.get('x1')).toEqual(session);
    const moved = { position: { latitude: 1, longitude: 2 }, headingDeg: 0, tags: ['voice'] };
    expect(
      await store.sessions.update([
        { id: 'x1', ...moved },
        { id: 'gone', headingDeg: 1 },
      ]),
    ).toBe(1);
    expect(await store.sessions.list()).toEqual([{ ...session, ...moved }]);
    await store.sessions.update([
      { id: 'x1', headingDeg: 90 },
      { id: 'x1', position: { latitude: -1.5, longitude: 3 } },
    ]);
    expect(await store.sessions.get('x1')).toEqual({
      ...session,
      position: { latitude: -1.5, longitude: 3 },
      headingDeg: 90,
      tags: ['voice'],
    });
    await expect(store.sessions.create({ ...session, id: 'x2' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(
      store.sessions.create({ ...session, id: 'x3', mount: '/3', projectId: 'none' }),
    ).rejects.toMatchObject({ code: 'conflict' });
    expect(await store.projects.remove('p1')).toBe(true);
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
    await store.projects.save(project);
    await store.sessions.create(session);
    await store.sessions.create(session).catch(() => undefined);
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
    await store.projects.remove('p1');
    await store.control.feed.poll();
    expect(seen.map((c) => [c.seq, c.domain, c.id, c.op])).toEqual([
      [1, 'projects', 'p1', 'put'],
      [2, 'sessions', 'x1', 'put'],
      [3, 'media', 'm', 'put'],
      [4, 'sessions', 'x1', 'delete'],
      [5, 'projects', 'p1', 'delete'],
    ]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EmulatorProcess } from '../../../actors/plugins/shure-text/testing/emulator.js';
import { LineDevice, linePlugin, putPlugin } from '../../testing/plugin-site.js';
import { ThreadSite } from '../testing/thread-site.js';

/** Others may have the machine for themselves for long: nothing here is timed. */
const SOON_MS = 60_000;
const TEST_MS = 240_000;
const soon = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: SOON_MS, interval: 25 });

const data = mkdtempSync(join(tmpdir(), 'earshot-threads-'));
const line = new LineDevice({ serial: 'SN-1' });
let threads: ThreadSite;
let lineId = '';
/** What the tank and the line device say again and again; null: that it is not known, undefined: nothing. */
let level: number | null | undefined = 10;
let talk: NodeJS.Timeout | undefined;

async function instance(plugin: string, config: Record<string, unknown>): Promise<number> {
  const { status, json } = await threads.site.call('POST', '/v1/plugin-instances', {
    ...{ plugin, name: plugin, config },
  });
  expect(status, JSON.stringify(json)).toBe(201);
  return (json as { id: number }).id;
}

async function device(instanceId: number, address: string, port: number): Promise<string> {
  const { status, json } = await threads.site.call('POST', '/v1/devices', {
    ...{ instanceId, externalId: `${address}:${port}`, address, port },
  });
  expect(status, JSON.stringify(json)).toBe(201);
  return (json as { device: { id: string } }).device.id;
}

beforeAll(async () => {
  threads = await ThreadSite.start(data);
  const { site } = threads;
  for (const [key, value] of [
    ['connection.backoffFirstMs', 100],
    ['connection.backoffMaxMs', 500],
    ['connection.holdDownMs', 0],
  ] as const) {
    await site.store.inventory.overrides.create({ scope: 'site', scopeId: '', key, value });
  }
  putPlugin(site, 'lines.mjs', linePlugin({ code: 'lines' }));
  await site.call('POST', '/v1/plugins/reload');
  await line.listen();
  lineId = await device(await instance('lines', {}), '127.0.0.1', line.port);
  await site.call('POST', '/v1/devices', { id: 'tank', name: 'tank', protocol: 'native' });
  talk = setInterval(() => {
    if (level === undefined) return;
    line.say(`LEVEL ${level ?? '?'}`);
    const samples = level === null ? [] : [{ name: 'temp', value: level }];
    // While its thread is away a sample is refused; the next one comes soon.
    if (samples.length > 0) void site.call('POST', '/v1/samples', { deviceId: 'tank', samples });
  }, 40);
  await soon(() => {
    for (const channel of ['tank/temp', `${lineId}/1.level`]) {
      expect(site.tables.channels.get(channel)?.['value']).toBe(10);
    }
  });
}, 120_000);

afterAll(async () => {
  clearInterval(talk);
  await threads.stop();
  await line.close();
  rmSync(data, { recursive: true, force: true });
});

const pools = {
  rule: () => threads.rules.pool,
  device: () => threads.site.devices.pool,
  plugin: () => threads.site.plugins.hosts.require('lines').pool,
};

test.each(['rule', 'device', 'plugin'] as const)(
  'while the %s thread is lost a hold-off keeps its time, no alarm is doubled, and samples are seen again after it',
  async (kind) => {
    const holdMs = 2_000;
    const condition = (channel: string) =>
      ({ type: 'threshold', channel, op: '>', value: 40, clear: 30 }) as const;
    const ids = [
      await threads.rule({ name: `${kind} 1`, condition: condition('tank/temp'), holdMs }),
      await threads.rule({ name: `${kind} 2`, condition: condition(`${lineId}/1.level`), holdMs }),
    ];
    await soon(() => expect(ids.map((id) => threads.stateOf(id))).toEqual(['normal', 'normal']));
    level = 60;
    const since = await soon(async () => {
      const rows = await Promise.all(ids.map((id) => threads.stored(id)));
      expect(rows.map((row) => row?.state)).toEqual(['pending', 'pending']);
      return rows.map((row) => row?.atUnixMs ?? 0);
    });
    const pool = pools[kind]();
    // The answer is lost with the thread now and then.
    await pool?.breakShard(0, 'exit').catch(() => undefined);
    await soon(() => {
      const [row] = pools[kind]()?.shards() ?? [];
      expect([row?.restarts, row?.state]).toEqual([1, 'running']);
    });
    for (const [at, id] of ids.entries()) {
      await soon(async () => expect(await threads.alarms(id)).toHaveLength(1));
      const [alarm] = await threads.alarms(id);
      expect((alarm?.raisedAtUnixMs ?? 0) - (since[at] ?? 0)).toBeGreaterThanOrEqual(holdMs - 1);
      // Pending and firing: it did not begin anew.
      await soon(async () =>
        expect(await threads.stored(id)).toMatchObject({ state: 'firing', edge: 2 }),
      );
    }
    level = 10;
    for (const id of ids) {
      await soon(async () => {
        const alarms = await threads.alarms(id);
        expect(alarms).toHaveLength(1);
        expect(alarms[0]?.clearedAtUnixMs).not.toBeNull();
      });
      expect((await threads.stored(id))?.edge).toBe(3);
      await threads.site.store.automation.rules.remove(id);
    }
  },
  TEST_MS,
);

test.each([
  ['says that it does not know a value', null],
  ['falls silent', undefined],
] as const)(
  'a device of a plugin that %s has no data, until values are back',
  async (_, silence) => {
    const channel = `${lineId}/1.level`;
    level = 10;
    const alarming = await threads.rule({
      name: 'no data',
      condition: { type: 'no-data', channel, afterMs: 1_000 },
    });
    const watching = await threads.rule({
      name: 'level',
      condition: { type: 'threshold', channel, op: '>', value: 40 },
      noDataAfterMs: 1_000,
    });
    await soon(() =>
      expect([alarming, watching].map((id) => threads.stateOf(id))).toEqual(['normal', 'normal']),
    );
    level = silence;
    await soon(async () => {
      expect(threads.stateOf(alarming)).toBe('firing');
      expect(threads.stateOf(watching)).toBe('no-data');
      expect(await threads.alarms(alarming)).toHaveLength(1);
    });
    level = 10;
    await soon(async () => {
      expect((await threads.alarms(alarming))[0]?.clearedAtUnixMs).not.toBeNull();
      expect(threads.stateOf(watching)).toBe('normal');
    });
    expect(await threads.alarms(alarming)).toHaveLength(1);
    for (const id of [alarming, watching]) await threads.site.store.automation.rules.remove(id);
  },
  TEST_MS,
);

test(
  'a wireless microphone of an emulated receiver raises and clears the default alarms: battery, signal, audio, connection',
  async () => {
    const emulator = await EmulatorProcess.start(
      ...['--devices', '1', '--set', 'models=AD4D', '--set', 'speed=0'],
    );
    try {
      const radio = (wish: Record<string, unknown>) =>
        emulator.control({ radio: { channel: 1, ...wish } });
      await emulator.control({ radio: { battery: 90, rf: 0.7, audio: 0.8 } });
      const { store } = threads.site;
      const rules = await store.automation.rules.find({
        where: [{ field: 'origin', op: '=', value: 'default' }],
      });
      const ruleOf = (type: string) => rules.find(({ labels }) => labels['type'] === type);
      // Half a minute of silence, or ten seconds of absence, are not waited for.
      for (const type of ['signal_loss', 'audio_low', 'device_offline']) {
        await store.automation.rules.update(ruleOf(type)?.id ?? 0, { holdMs: 500, keepMs: 0 });
      }
      const [at] = emulator.devices;
      const id = await device(
        await instance('shure-text', { announcements: false }),
        at?.address ?? '',
        at?.port ?? 0,
      );
      /** Of the first transmitter, or of the receiver: how often it was raised, and whether it is active. */
      const alarm = async (type: string): Promise<readonly [raised: number, active: boolean]> => {
        const all = await threads.alarms(ruleOf(type)?.id ?? 0);
        const own = all.filter(
          ({ deviceId, source }) => deviceId === id && !source.includes('/2.'),
        );
        return [own.length, own.some(({ clearedAtUnixMs }) => clearedAtUnixMs === null)];
      };
      const seen = (name: string, value: unknown) =>
        soon(() => {
          expect(threads.site.tables.channels.get(`${id}/1.${name}`)?.['value']).toEqual(value);
        });
      const is = (type: string, raised: number, active: boolean) =>
        soon(async () => expect([type, ...(await alarm(type))]).toEqual([type, raised, active]));
      await seen('battery_percent', 90);

      // It drains 1.7 % a second: six seconds in each band.
      await radio({ battery: 24, speed: 600 });
      await is('battery_low', 1, true);
      await is('battery_critical', 1, true);
      // One at a time: what is critical is low no more.
      await is('battery_low', 1, false);
      await radio({ battery: 100, speed: 0 });
      await is('battery_critical', 1, false);
      expect(await alarm('battery_low')).toEqual([1, false]);

      await radio({ rf: 0.2 });
      await is('signal_loss', 1, true);
      await radio({ rf: 0.7 });
      await is('signal_loss', 1, false);

      await radio({ audio: 0 });
      await is('audio_low', 1, true);
      await radio({ audio: 0.8 });
      await is('audio_low', 1, false);

      await emulator.fault('refuse');
      await is('device_offline', 1, true);
      await emulator.fault('refuse', false);
      await is('device_offline', 1, false);
      await is('device_online', 1, true);
    } finally {
      await emulator.stop();
    }
  },
  TEST_MS,
);

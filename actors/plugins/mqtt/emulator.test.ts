import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PluginRun } from '../testing/plugin-run.js';
import { plugin } from './plugin.js';
import { BrokerProcess } from './testing/broker-process.js';
import { Tanks } from './testing/tanks.js';

const MAPPING = {
  channels: [
    {
      id: 'level',
      name: 'Level',
      path: 'tank.level',
      topic: 'site/{device}/state',
      min: 0,
      max: 100,
    },
    {
      id: 'valve',
      name: 'Valve',
      topic: 'site/{device}/valve',
      min: 0,
      max: 100,
      command: { topic: 'site/{device}/valve/set' },
    },
  ],
  availability: { topic: 'site/{device}/online' },
  commandTimeoutMs: 2_000,
};
const WAIT = { timeout: 20_000 };
const FIRST = 'tank-0001';

let broker: BrokerProcess;
let tanks: Tanks;
let run: Awaited<ReturnType<typeof PluginRun.open>> | undefined;

/** The first tank, as soon as it is heard and says its level. */
async function connected() {
  let made: Awaited<ReturnType<NonNullable<typeof run>['connect']>> | undefined;
  await expect
    .poll(async () => {
      made = await run?.connect(FIRST).catch(() => undefined);
      return made !== undefined;
    }, WAIT)
    .toBe(true);
  await expect.poll(() => made?.session.values.get('level'), WAIT).toBeTypeOf('number');
  if (made === undefined) throw new Error('no session');
  return made;
}

beforeEach(async () => {
  broker = await BrokerProcess.start();
  tanks = await Tanks.start(broker.url);
  run = await PluginRun.open(plugin, { url: broker.url, ...MAPPING });
}, 60_000);

afterEach(async () => {
  await run?.close();
  run = undefined;
  tanks.kill();
  await broker.stop();
});

describe('MQTT against emulated tanks', () => {
  test('a tank obeys, and a cut one is gone by its will and comes again', async () => {
    const { session, connection } = await connected();
    await connection.command?.('valve', 37, new AbortController().signal);
    expect(session.values.get('valve')).toBe(37);
    await tanks.fault('cut');
    await expect.poll(() => session.failure?.code, WAIT).toBe('device.unreachable');
    await tanks.fault('cut', false);
    await connected();
  }, 60_000);

  test('a restarted tank is gone and comes back by its birth', async () => {
    const { session } = await connected();
    await tanks.fault('restart');
    await expect.poll(() => session.failure?.code, WAIT).toBe('device.unreachable');
    await connected();
  }, 60_000);

  test('a stalled tank obeys nothing, and its command ends with a refusal', async () => {
    const { connection } = await connected();
    await tanks.fault('stall');
    await expect(
      connection.command?.('valve', 61, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'device.refused' });
  }, 60_000);

  test('garbage and a flood end no session, and true values follow', async () => {
    const { session } = await connected();
    await tanks.fault('garbage');
    const { published = 0 } = await tanks.fault('flood');
    await expect
      .poll(async () => {
        const now = await tanks.fault('garbage');
        return Number(now['published']) - Number(published);
      }, WAIT)
      .toBeGreaterThan(1_000);
    await tanks.fault('flood', false);
    await tanks.fault('garbage', false);
    session.values.delete('level');
    await expect.poll(() => session.values.get('level'), WAIT).toBeTypeOf('number');
    expect(session.failure).toBeUndefined();
  }, 60_000);

  test('a lie about a command is not taken for done', async () => {
    const { connection } = await connected();
    await tanks.fault('lie');
    await expect(
      connection.command?.('valve', 20, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'device.refused' });
  }, 60_000);

  test('stale retained words keep a tank that left with its last values', async () => {
    await connected();
    await tanks.fault('stale');
    await run?.close();
    run = await PluginRun.open(plugin, { url: broker.url, ...MAPPING });
    const again = await connected();
    expect(again.session.failure).toBeUndefined();
  }, 60_000);

  test('a password changed during a session is denied until the instance has the new one', async () => {
    await connected();
    await broker.stop();
    tanks.kill();
    broker = await BrokerProcess.start(broker.port, 'new');
    tanks = await Tanks.start(broker.url, '--set', 'user=x', '--set', 'password=new');
    await expect
      .poll(async () => (await run?.connect(FIRST).catch((thrown: unknown) => thrown)) ?? {}, WAIT)
      .toMatchObject({ code: 'auth.denied' });
    await run?.close();
    run = await PluginRun.open(plugin, { url: broker.url, ...MAPPING, user: 'x', password: 'new' });
    await connected();
  }, 60_000);
});

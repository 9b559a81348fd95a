import type { MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PluginRun } from '../testing/plugin-run.js';
import { plugin } from './plugin.js';
import { BrokerProcess } from './testing/broker-process.js';

let broker: BrokerProcess;
let device: MqttClient;
let run: Awaited<ReturnType<typeof open>> | undefined;

const MAPPING = {
  channels: [
    { id: 'level', name: 'Level', path: 'tank.level', unit: '%', topic: 'site/{device}/state' },
    {
      id: 'valve',
      name: 'Valve',
      topic: 'site/{device}/valve',
      min: 0,
      max: 100,
      command: { topic: 'site/{device}/valve/set' },
    },
  ],
  patterns: ['free/{device}/{parameter}'],
  availability: { topic: 'site/{device}/online' },
  commandTimeoutMs: 400,
};

function open(more: Readonly<Record<string, unknown>> = {}) {
  return PluginRun.open(plugin, { url: broker.url, ...MAPPING, ...more });
}

beforeEach(async () => {
  broker = await BrokerProcess.start();
  device = await broker.client({ will: 'site/a/online' });
});

afterEach(async () => {
  await run?.close();
  run = undefined;
  await device.endAsync(true);
  await broker.stop();
});

async function birth(): Promise<void> {
  await device.publishAsync('site/a/online', 'online', { retain: true, qos: 1 });
  await device.publishAsync('site/a/state', '{"tank":{"level":42}}', { retain: true, qos: 1 });
}

describe('MQTT', () => {
  test('retained values are there at once, later ones follow, and the last will ends the session', async () => {
    await birth();
    run = await open();
    const { session } = await run.connect('a');
    await expect.poll(() => session.values.get('level')).toBe(42);
    await device.publishAsync('site/a/state', '{"tank":{"level":43.5}}');
    await expect.poll(() => session.values.get('level')).toBe(43.5);
    device.stream.destroy();
    await expect.poll(() => session.failure?.code).toBe('device.unreachable');
    await expect(run.connect('a')).rejects.toMatchObject({
      code: 'device.unreachable',
      message: expect.stringContaining('offline') as string,
    });
  });

  test('topics of any parameter declare themselves, and their devices are found', async () => {
    run = await open();
    await run.instance.checkHealth?.(new AbortController().signal);
    await device.publishAsync('free/b/temperature', '21.5', { retain: true });
    await device.publishAsync('free/b/door', 'ON', { retain: true });
    await device.publishAsync('free/b/words', 'all well', { retain: true });
    const { session } = await run.connect('b');
    await expect
      .poll(() => Object.fromEntries(session.values))
      .toEqual({ temperature: 21.5, door: true, words: 'all well' });
    const { found } = await run.discover({ server: true });
    expect(found.map(({ externalId }) => externalId)).toEqual(['b']);
  });

  test('a command is done when the state says it, and refused when it does not', async () => {
    await birth();
    await device.subscribeAsync('site/a/valve/set');
    let obeys = true;
    device.on('message', (topic, payload) => {
      if (obeys && topic === 'site/a/valve/set') device.publish('site/a/valve', payload);
    });
    run = await open();
    const { session, connection } = await run.connect('a');
    const { signal } = new AbortController();
    await connection.command?.('valve', 30, signal);
    expect(session.values.get('valve')).toBe(30);
    obeys = false;
    await expect(connection.command?.('valve', 60, signal)).rejects.toMatchObject({
      code: 'device.refused',
    });
    await expect(connection.command?.('level', 1, signal)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('a restarted broker is taken up again with all topics', async () => {
    await birth();
    run = await open();
    const { session } = await run.connect('a');
    await broker.stop();
    await expect.poll(() => session.failure?.code).toBe('device.unreachable');
    broker = await BrokerProcess.start(broker.port);
    device = await broker.client();
    await expect
      .poll(async () => (await run?.instance.checkHealth?.(new AbortController().signal))?.status)
      .toBe('healthy');
    await birth();
    const again = await run.connect('a');
    await expect.poll(() => again.session.values.get('level')).toBe(42);
  });

  test('a wrong password is denied with its own words, and the right one works', async () => {
    const locked = await BrokerProcess.start(0, 'right');
    try {
      run = await open({ url: locked.url, user: 'x', password: 'wrong' });
      await expect(run.connect('a')).rejects.toMatchObject({ code: 'auth.denied' });
      await run.close();
      run = await open({ url: locked.url, user: 'x', password: 'right' });
      const report = await run.instance.checkHealth?.(new AbortController().signal);
      expect(report?.status).toBe('healthy');
    } finally {
      await run?.close();
      run = undefined;
      await locked.stop();
    }
  });

  test('a flood, large messages and garbage leave the device with its values', async () => {
    await birth();
    run = await open({ maxMessagesPerSecond: 50, maxPayloadBytes: 1_000, maxDevices: 20 });
    const { session } = await run.connect('a');
    device.publish('site/a/state', 'x'.repeat(5_000));
    device.publish('site/a/state', '{"tank":{"level":"\u0000"}}');
    device.publish('site/a/state', '[[[{');
    for (let n = 0; n < 3_000; n += 1) device.publish(`free/d${n}/x`, String(n));
    await expect
      .poll(async () => {
        const report = await run?.instance.checkHealth?.(new AbortController().signal);
        return Number(report?.detail['leftOutForRate']);
      })
      .toBeGreaterThan(1_000);
    await expect
      .poll(async () => {
        await device.publishAsync('site/a/state', '{"tank":{"level":7}}');
        return session.values.get('level');
      })
      .toBe(7);
    expect(session.failure).toBeUndefined();
    const report = await run.instance.checkHealth?.(new AbortController().signal);
    expect(report?.detail).toMatchObject({ devices: 20, leftOutForSize: 1 });
  });
});

describe('Home Assistant discovery', () => {
  test('described devices are found with their parameters, obey, go and come with their birth', async () => {
    const about = {
      dev: { ids: ['tank-7'], name: 'Tank 7', mdl: 'T1', sw: '2.1' },
      '~': 'tanks/7',
      avty_t: '~/lwt',
    };
    const sensor = {
      ...about,
      name: 'Temperature',
      uniq_id: 't7t',
      stat_t: '~/state',
      unit_of_meas: '°C',
      val_tpl: '{{ value_json.temp | round(1) }}',
    };
    const pump = { ...about, name: 'Pump', uniq_id: 't7p', stat_t: '~/pump', cmd_t: '~/pump/set' };
    const retain = { retain: true, qos: 1 } as const;
    await device.publishAsync(
      'homeassistant/sensor/t7/temp/config',
      JSON.stringify(sensor),
      retain,
    );
    await device.publishAsync('homeassistant/switch/t7/pump/config', JSON.stringify(pump), retain);
    await device.publishAsync('homeassistant/sensor/bad/config', '{"stat_t":3', retain);
    await device.publishAsync('tanks/7/lwt', 'online', retain);
    await device.publishAsync('tanks/7/state', '{"temp":18.25}', retain);
    await device.subscribeAsync('tanks/7/pump/set');
    device.on('message', (_, payload) => device.publish('tanks/7/pump', payload, retain));
    run = await open();
    const { session, connection } = await run.connect('tank-7');
    await expect.poll(() => Object.values(Object.fromEntries(session.values))).toEqual([18.25]);
    expect(session.identity).toMatchObject({ name: 'Tank 7', model: 'T1', firmware: '2.1' });
    const pumpId = session.specs.find(({ name }) => name === 'Pump')?.id ?? '';
    await connection.command?.(pumpId, true, new AbortController().signal);
    expect(session.values.get(pumpId)).toBe(true);
    await device.publishAsync('tanks/7/lwt', 'offline', retain);
    await expect.poll(() => session.failure?.code).toBe('device.unreachable');
    await device.publishAsync('tanks/7/lwt', 'online', retain);
    const again = await run.connect('tank-7');
    for (const part of ['sensor/t7/temp', 'switch/t7/pump']) {
      await device.publishAsync(`homeassistant/${part}/config`, '', retain);
    }
    await expect.poll(() => again.session.failure?.message).toContain('took its description back');
  });
});

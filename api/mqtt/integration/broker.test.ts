import type { Worker } from 'node:worker_threads';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { BrokerProcess } from '../../../actors/plugins/mqtt/testing/broker-process.js';
import { SystemClock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Row } from '../../contract/live.js';
import type { Principal } from '../../http/route.types.js';
import { createTables } from '../../site/tables.js';
import { startMqtt } from '../compose.js';
import { mqttConfiguration } from '../config.js';

const OPERATOR: Principal = { kind: 'user', id: 'u', name: 'ann', role: 'operator' };
const DEVICE: Principal = { kind: 'device', id: 'd', name: 'd', role: undefined };
const WAIT = { timeout: 20_000 };

const endings: (() => Promise<unknown>)[] = [];
const threads: Worker[] = [];
const started = (worker: Worker): void => void threads.push(worker);
process.on('worker', started);
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  threads.length = 0;
});

/** MQTT as configured, with one tank to publish. @returns the port of its broker */
async function start(config: Readonly<Record<string, unknown>>): Promise<() => number> {
  const { devices, channels } = createTables();
  const tank = { id: 'tank-1', name: 'Tank 1', state: 'connected', protocol: 'mqtt' };
  devices.put(tank);
  const level = { id: 'tank-1/level', deviceId: 'tank-1', name: 'level', kind: 'number' };
  channels.put({ ...level, value: 42, unit: '%', atUnixMs: 1 } as Row);
  let port = 0;
  const mqtt = await startMqtt({
    config: mqttConfiguration.parse(config),
    host: '127.0.0.1',
    auth: {
      authenticate: ({ header }) =>
        header('authorization') === 'Bearer device-token'
          ? DEVICE
          : { kind: 'anonymous', id: '', name: '', role: undefined },
      verify: (_, password) =>
        password === 'right'
          ? Promise.resolve(OPERATOR)
          : Promise.reject(new EngineError('auth.required', 'wrong')),
      onRevoked: () => () => undefined,
    },
    clock: new SystemClock(),
    log: (_, text) => {
      port = Number(/^MQTT broker on port (\d+)/.exec(text)?.[1] ?? port);
    },
    devices,
    channels,
    specs: () => undefined,
    set: () => Promise.resolve(),
  });
  endings.push(() => mqtt.stop());
  return () => port;
}

async function client(
  url: string,
  login: { readonly username?: string; readonly password?: string } = {},
  reconnectPeriod = 0,
): Promise<MqttClient> {
  const made = await connectAsync(url, { ...login, reconnectPeriod });
  made.on('error', () => undefined);
  endings.push(() => made.endAsync(true));
  return made;
}

/** Retained messages as they come, by topic. */
async function heard(on: MqttClient, topic: string): Promise<ReadonlyMap<string, string>> {
  const seen = new Map<string, string>();
  on.on('message', (name, payload) => seen.set(name, payload.toString()));
  await on.subscribeAsync(topic);
  return seen;
}

test('a broker whose thread is killed comes back on its port, clients connect again, and all is described again', async () => {
  const port = await start({
    broker: { enabled: true, port: 0 },
    publish: { enabled: true, everyMs: 100 },
  });
  const before = port();
  const login = { username: 'ann', password: 'right' };
  const lasting = await client(`mqtt://127.0.0.1:${before}`, login, 100);
  const seen = (await heard(lasting, '#')) as Map<string, string>;
  await expect
    .poll(() => [...seen.keys()].some((topic) => topic.endsWith('/config')), WAIT)
    .toBe(true);
  const described = [...seen].filter(([topic]) => topic.endsWith('/config'));
  seen.clear();
  const lost = new Promise((resolve) => lasting.once('close', () => resolve(undefined)));
  const connects = threads.length;
  await threads.at(-1)?.terminate();
  await lost;
  await expect.poll(() => threads.length, WAIT).toBe(connects + 1);
  await expect.poll(() => lasting.connected, WAIT).toBe(true);
  expect(port()).toBe(before);
  // Its memory was empty: what is retained there now was told anew.
  const later = await client(`mqtt://127.0.0.1:${before}`, login);
  const again = await heard(later, 'homeassistant/#');
  await expect
    .poll(() => [...again].filter(([topic]) => topic.endsWith('/config')), WAIT)
    .toEqual(described);
}, 60_000);

test('a device by its token and a guest publish their own, and set and claim nothing of the engine', async () => {
  const port = await start({ broker: { enabled: true, port: 0, allowAnonymous: true } });
  const url = `mqtt://127.0.0.1:${port()}`;
  const ann = await client(url, { username: 'ann', password: 'right' });
  const seen = await heard(ann, '#');
  for (const login of [{ username: 'x', password: 'device-token' }, {}]) {
    const one = await client(url, login);
    const topic = `tank/${login.password ?? 'guest'}`;
    await one.publishAsync(topic, 'mine', { qos: 1 });
    await expect.poll(() => seen.get(topic)).toBe('mine');
    for (const forbidden of ['earshot/tank_1/level/set', 'earshot/tank_1/level/state']) {
      const rogue = await client(url, login);
      rogue.publish(forbidden, '1');
      await expect.poll(() => rogue.connected).toBe(false);
      expect(seen.has(forbidden)).toBe(false);
    }
  }
  // An operator may wish, and may not say how it is.
  await ann.publishAsync('earshot/tank_1/level/set', '1', { qos: 1 });
  await expect.poll(() => seen.get('earshot/tank_1/level/set')).toBe('1');
  await expect(client(url, { username: 'ann', password: 'wrong' })).rejects.toMatchObject({
    code: 5,
  });
}, 60_000);

test('a guest is not let in unless the configuration says so', async () => {
  const port = await start({ broker: { enabled: true, port: 0 } });
  await expect(client(`mqtt://127.0.0.1:${port()}`)).rejects.toMatchObject({ code: 5 });
});

test('devices are described on a broker in another process, also after it was started again', async () => {
  let broker = await BrokerProcess.start(0, 'secret');
  endings.push(() => broker.stop());
  await start({
    publish: { enabled: true, url: broker.url, user: 'x', password: 'secret', everyMs: 100 },
  });
  const look = async (): Promise<void> => {
    const eyes = await broker.client({ password: 'secret' });
    const seen = await heard(eyes, '#');
    await expect.poll(() => seen.get('earshot/status'), WAIT).toBe('online');
    const config = (): string | undefined =>
      [...seen].find(
        ([topic]) => topic.startsWith('homeassistant/') && topic.endsWith('/config'),
      )?.[1];
    await expect.poll(config, WAIT).toBeDefined();
    const { state_topic: topic } = JSON.parse(config() ?? '{}') as { state_topic: string };
    await expect.poll(() => seen.get(topic), WAIT).toBe('42');
    await eyes.endAsync(true);
  };
  await look();
  const { port } = broker;
  await broker.stop();
  broker = await BrokerProcess.start(port, 'secret');
  await look();
}, 90_000);

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { connect, connectAsync, type MqttClient } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { selfSigned } from '../../../actors/emulate/http/certificate.js';
import { BrokerProcess } from '../../../actors/plugins/mqtt/testing/broker-process.js';
import { SystemClock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { AuditPort } from '../../automation/ports.js';
import type { Row } from '../../contract/live.js';
import type { Principal } from '../../http/route.types.js';
import { createTables } from '../../site/tables.js';
import { type MqttOptions, startMqtt } from '../compose.js';
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

const tables = createTables();
tables.devices.put({ id: 'tank-1', name: 'Tank 1', state: 'connected', protocol: 'mqtt' });
const level = { id: 'tank-1/level', deviceId: 'tank-1', name: 'level', kind: 'number' };
tables.channels.put({ ...level, value: 42, unit: '%', atUnixMs: 1 } as Row);
/** One tank to publish, and one operator. */
const PARTS: Omit<MqttOptions, 'config' | 'log'> = {
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
  devices: tables.devices,
  channels: tables.channels,
  specs: () => undefined,
  set: () => Promise.resolve(),
};

/** MQTT as configured. @returns the port of its broker */
async function start(
  config: Readonly<Record<string, unknown>>,
  more: Partial<MqttOptions> = {},
): Promise<() => number> {
  let port = 0;
  const mqtt = await startMqtt({
    ...PARTS,
    config: mqttConfiguration.parse(config),
    log: (_, text) => {
      port = Number(/^MQTT broker on port (\d+)/.exec(text)?.[1] ?? port);
    },
    ...more,
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

const LEVEL = { id: 'level', name: 'Level', kind: 'number', direction: 'output' } as const;
const specs: MqttOptions['specs'] = () => new Map([['level', LEVEL]]);
type Entry = Parameters<AuditPort['note']>[0];
/** Notes what is set and what is said of it. */
function settable() {
  const sets: unknown[][] = [];
  const entries: Entry[] = [];
  const set: MqttOptions['set'] = (...wish) => {
    sets.push(wish);
    return wish[2] === 13 ? Promise.reject(new EngineError('conflict', 'no')) : Promise.resolve();
  };
  const audit: AuditPort = { note: (entry) => void entries.push(entry) };
  return { sets, entries, more: { specs, set, audit } };
}
const TOPIC = 'earshot/tank-1/level/set';
const DONE = {
  action: `MQTT ${TOPIC}`,
  subject: '/v1/devices/tank-1/parameters',
  before: { name: 'level', value: 42 },
  after: { name: 'level', value: 7 },
};

test('what a client of the embedded broker sets is noted with who it was; what fails is not', async () => {
  const { sets, entries, more } = settable();
  const port = await start(
    { broker: { enabled: true, port: 0 }, publish: { enabled: true, everyMs: 100 } },
    more,
  );
  const ann = await client(`mqtt://127.0.0.1:${port()}`, { username: 'ann', password: 'right' });
  const seen = await heard(ann, '#');
  await expect.poll(() => seen.get('earshot/tank-1/level/state'), WAIT).toBe('42');
  await ann.publishAsync(TOPIC, '13', { qos: 1 });
  await ann.publishAsync(TOPIC, '7', { qos: 1 });
  await expect.poll(() => entries, WAIT).toHaveLength(1);
  expect(sets).toEqual([
    ['tank-1', 'level', 13, 'ann (MQTT)'],
    ['tank-1', 'level', 7, 'ann (MQTT)'],
  ]);
  expect(entries).toMatchObject([{ ...DONE, by: 'ann' }]);
  expect(entries[0]?.address).toMatch(/127\.0\.0\.1$/);
}, 60_000);

test('what is set on another broker is noted with that broker, which does not say who it was', async () => {
  const broker = await BrokerProcess.start(0, 'secret');
  endings.push(() => broker.stop());
  const { entries, more } = settable();
  const publish = { enabled: true, url: broker.url, user: 'x', password: 'secret', everyMs: 100 };
  await start({ publish }, more);
  const other = await broker.client({ password: 'secret' });
  endings.push(() => other.endAsync(true));
  const seen = await heard(other, '#');
  await expect.poll(() => seen.get('earshot/tank-1/level/state'), WAIT).toBe('42');
  await other.publishAsync(TOPIC, '7', { qos: 1 });
  await expect.poll(() => entries, WAIT).toHaveLength(1);
  expect(entries).toMatchObject([{ ...DONE, by: 'MQTT', address: new URL(broker.url).host }]);
}, 60_000);

function folderOf(): string {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-broker-'));
  endings.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  return folder;
}
const ANN = { username: 'ann', password: 'right' } as const;

test('what clients retain is there after a restart and after a kill of its thread, up to a bound', async () => {
  const folder = folderOf();
  const broker = { enabled: true, port: 0, maxRetained: 2 };
  const said: string[] = [];
  const log = (_: string, text: string): void => void said.push(text);
  const first = await startMqtt({
    ...PARTS,
    config: mqttConfiguration.parse({ broker }),
    folder,
    log,
  });
  const portIn = (): number =>
    Number(
      /^MQTT broker on port (\d+)/.exec(
        said.findLast((text) => text.startsWith('MQTT broker')) ?? '',
      )?.[1],
    );
  const ann = await client(`mqtt://127.0.0.1:${portIn()}`, ANN);
  const heardBy = await heard(ann, '#');
  const retain = { retain: true, qos: 1 } as const;
  await ann.publishAsync('tank/level', '41', retain);
  await ann.publishAsync('tank/name', 'Tank 1', retain);
  await ann.publishAsync('tank/level', '42', retain);
  await ann.publishAsync('tank/third', 'too many', retain);
  await expect.poll(() => heardBy.get('tank/third'), WAIT).toBe('too many');
  // What a thread says takes another way than what its clients hear.
  await expect
    .poll(() => said.filter((text) => text.includes('mqtt.broker.maxRetained')).length, WAIT)
    .toBe(1);
  await ann.endAsync(true);
  await first.stop();

  said.length = 0;
  const second = await startMqtt({
    ...PARTS,
    config: mqttConfiguration.parse({ broker }),
    folder,
    log,
  });
  endings.push(() => second.stop());
  const kept = [
    ['tank/level', '42'],
    ['tank/name', 'Tank 1'],
  ];
  const look = async (): Promise<unknown> => {
    const eyes = await client(`mqtt://127.0.0.1:${portIn()}`, ANN);
    const seen = await heard(eyes, 'tank/#');
    await expect.poll(() => seen.size, WAIT).toBe(2);
    await eyes.endAsync(true);
    return [...seen].sort();
  };
  expect(await look()).toEqual(kept);
  const starts = threads.length;
  await threads.at(-1)?.terminate();
  await expect.poll(() => threads.length, WAIT).toBe(starts + 1);
  await expect
    .poll(() => said.filter((text) => text.startsWith('MQTT broker')).length, WAIT)
    .toBe(2);
  expect(await look()).toEqual(kept);
}, 60_000);

test('with a certificate the port speaks TLS only, and the engine publishes to it all the same', async () => {
  const folder = folderOf();
  const { cert, key } = selfSigned('localhost');
  const [certFile, keyFile] = [join(folder, 'broker.crt'), join(folder, 'broker.key')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  const port = await start({
    broker: { enabled: true, port: 0, tls: { certFile, keyFile } },
    publish: { enabled: true, everyMs: 100 },
  });
  const url = `mqtts://127.0.0.1:${port()}`;
  const ann = await connectAsync(url, {
    ...ANN,
    ca: cert,
    servername: 'localhost',
    reconnectPeriod: 0,
  });
  endings.push(() => ann.endAsync(true));
  const seen = await heard(ann, 'earshot/#');
  await expect.poll(() => seen.get('earshot/tank-1/level/state'), WAIT).toBe('42');
  // Somebody who does not know the certificate, and somebody in clear.
  const refusal = (at: string): Promise<string> => {
    const other = connect(at, { ...ANN, reconnectPeriod: 0 });
    endings.push(() => other.endAsync(true));
    return new Promise((resolve) => {
      let why = '';
      other.on('error', ({ message }) => {
        why = message;
      });
      other.once('connect', () => resolve('connected'));
      other.once('close', () => resolve(`closed: ${why}`));
    });
  };
  expect(await refusal(url)).toMatch(/^closed: .*self.signed/);
  expect(await refusal(`mqtt://127.0.0.1:${port()}`)).toMatch(/^closed: /);
}, 60_000);

test('files of TLS that are missing or wrong keep the engine from starting, with the setting', async () => {
  const folder = folderOf();
  const own = selfSigned('localhost');
  const other = selfSigned('localhost');
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('own.crt'), own.cert);
  writeFileSync(at('own.key'), own.key);
  writeFileSync(at('other.key'), other.key);
  writeFileSync(at('text'), 'no PEM');
  const refused = async (certFile?: string, keyFile?: string): Promise<string> => {
    const tls = { ...(certFile && { certFile }), ...(keyFile && { keyFile }) };
    const started = start({ broker: { enabled: true, port: 0, tls } });
    return await started.then(
      () => '',
      (thrown: unknown) => EngineError.from(thrown).message,
    );
  };
  expect(await refused(at('own.crt'))).toMatch(/tls\.keyFile: .*EARSHOT_MQTT_TLS_KEY/);
  expect(await refused(at('none'), at('own.key'))).toMatch(/tls\.certFile: .*none cannot be read/);
  expect(await refused(at('text'), at('own.key'))).toMatch(/tls\.certFile: .*not a certificate/);
  expect(await refused(at('own.crt'), at('text'))).toMatch(/tls\.keyFile: .*not a key as PEM/);
  expect(await refused(at('own.crt'), at('other.key'))).toMatch(
    /tls\.keyFile: .*of the certificate/,
  );
});

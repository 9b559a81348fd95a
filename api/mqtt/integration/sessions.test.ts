import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { connect, type IConnackPacket, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import type { Principal } from '../../http/route.types.js';
import { createTables } from '../../site/tables.js';
import { startMqtt } from '../compose.js';
import { mqttConfiguration } from '../config.js';

const DEVICE: Principal = { kind: 'device', id: 'd', name: 'd', role: undefined };
const WAIT = { timeout: 20_000 };
const endings: (() => Promise<unknown>)[] = [];
const threads: Worker[] = [];
process.on('worker', (worker) => void threads.push(worker));
let folder: string;
let file: string;
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-sessions-'));
  file = join(folder, 'mqtt', 'sessions.jsonl');
  said = [];
});
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
  threads.length = 0;
});

/** A server of the folder; anybody with a password may publish, as who they say they are. */
async function start(limits: object = {}): Promise<{ readonly stop: () => Promise<void> }> {
  const tables = createTables();
  const mqtt = await startMqtt({
    config: mqttConfiguration.parse({ broker: { enabled: true, port: 0, ...limits } }),
    folder,
    host: '127.0.0.1',
    auth: {
      authenticate: () => ({ kind: 'anonymous', id: '', name: '', role: undefined }),
      verify: (user) =>
        user === 'nobody'
          ? Promise.reject(new EngineError('auth.required', 'no'))
          : Promise.resolve({ ...DEVICE, id: user }),
      onRevoked: () => () => undefined,
    },
    clock: new SystemClock(),
    devices: tables.devices,
    channels: tables.channels,
    specs: () => undefined,
    set: () => Promise.resolve(),
    log: (_, text) => void said.push(text),
  });
  endings.push(() => mqtt.stop());
  return mqtt;
}
const starts = (): readonly string[] => said.filter((text) => text.startsWith('MQTT broker on'));
const portNow = (): string => /\d+/.exec(starts().at(-1) ?? '')?.[0] ?? '';

interface Eyes {
  readonly mqtt: MqttClient;
  readonly heard: string[];
  /** The broker knew the session. */
  readonly known: boolean;
}

/** A client that keeps its session unless `clean`; hears from its first packet on. */
async function enter(clientId: string, clean = false, username = 'ann'): Promise<Eyes> {
  const login = { username, password: 'x', reconnectPeriod: 0 };
  const mqtt = connect(`mqtt://127.0.0.1:${portNow()}`, { ...login, clientId, clean });
  const heard: string[] = [];
  mqtt.on('message', (_, payload) => void heard.push(payload.toString()));
  mqtt.on('error', () => undefined);
  endings.push(() => mqtt.endAsync(true));
  const packet = await new Promise<IConnackPacket>((resolve, reject) => {
    mqtt.once('connect', resolve);
    mqtt.once('close', () => reject(new EngineError('link.closed', `${clientId} was closed`)));
  });
  return { mqtt, heard, known: packet.sessionPresent };
}

async function leave({ mqtt }: Eyes): Promise<void> {
  await mqtt.endAsync();
}

/** Somebody else publishes texts in order. */
async function publish(
  texts: readonly string[],
  qos: 1 | 2 = 1,
  topic = 'tank/level',
): Promise<void> {
  const other = await enter('publisher', true);
  for (const text of texts) await other.mqtt.publishAsync(topic, text, { qos });
  await leave(other);
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `m${at}`);

/** Subscribes as `clientId` and leaves. */
async function subscribeAndLeave(
  clientId: string,
  topic = 'tank/+',
  qos: 1 | 2 = 1,
): Promise<void> {
  const eyes = await enter(clientId);
  expect(eyes.known).toBe(false);
  await eyes.mqtt.subscribeAsync(topic, { qos });
  await leave(eyes);
}

async function restart(server: { readonly stop: () => Promise<void> }, limits: object = {}) {
  await server.stop();
  said.length = 0;
  return await start(limits);
}

test('what waited for a client comes after a restart of the server, once and in order, and its subscriptions are there', async () => {
  const server = await start();
  await subscribeAndLeave('eyes', 'tank/+', 2);
  await publish(numbered(40));
  await publish(['last'], 2);
  await restart(server);
  const eyes = await enter('eyes');
  expect(eyes.known).toBe(true);
  await expect.poll(() => eyes.heard.length, WAIT).toBe(41);
  expect(eyes.heard).toEqual([...numbered(40), 'last']);
  // Subscribed as before, without a word.
  await publish(['live']);
  await expect.poll(() => eyes.heard.at(-1), WAIT).toBe('live');
  await leave(eyes);
  const again = await enter('eyes');
  await publish(['only']);
  await expect.poll(() => again.heard, WAIT).toEqual(['only']);
}, 60_000);

test('what waited for a client comes after its thread was killed', async () => {
  await start();
  await subscribeAndLeave('eyes');
  await publish(numbered(20));
  // The broker acknowledges a message of quality 1 a moment before it is in the file.
  const last = Buffer.from('m19').toString('base64');
  await expect.poll(() => readFileSync(file, 'utf8').includes(last), WAIT).toBe(true);
  await threads.at(-1)?.terminate();
  await expect.poll(() => starts().length, WAIT).toBe(2);
  const eyes = await enter('eyes');
  expect(eyes.known).toBe(true);
  await expect.poll(() => eyes.heard, WAIT).toEqual(numbered(20));
}, 60_000);

test('a client that begins anew is forgotten with what waited for it, also over a restart', async () => {
  const server = await start();
  await subscribeAndLeave('eyes');
  await publish(['lost']);
  const clean = await enter('eyes', true);
  await clean.mqtt.subscribeAsync('tank/+', { qos: 1 });
  await leave(clean);
  await publish(['lost as well']);
  await restart(server);
  const eyes = await enter('eyes');
  expect(eyes.known).toBe(false);
  await eyes.mqtt.subscribeAsync('tank/+', { qos: 1 });
  await publish(['mine']);
  await expect.poll(() => eyes.heard, WAIT).toEqual(['mine']);
}, 60_000);

test('the oldest messages give way at the bound of one client, and it is said how many', async () => {
  const limits = { maxSessionMessages: 5 };
  const server = await start(limits);
  await subscribeAndLeave('eyes');
  await publish(numbered(8));
  expect(said.filter((text) => text.includes('mqtt.broker.maxSessionMessages'))).toHaveLength(1);
  const eyes = await enter('eyes');
  await expect.poll(() => eyes.heard, WAIT).toEqual(['m3', 'm4', 'm5', 'm6', 'm7']);
  expect(said).toContain('MQTT client eyes is back: 3 messages that waited for it were dropped');
  await leave(eyes);
  await publish(numbered(5));
  await restart(server, { maxSessionMessages: 2 });
  const later = await enter('eyes');
  await expect.poll(() => later.heard, WAIT).toEqual(['m3', 'm4']);
}, 60_000);

test('the oldest messages give way at the bound of all bytes, and the longest away at that of sessions', async () => {
  await start({ maxSessionBytes: 65_536, maxSessions: 2 });
  await subscribeAndLeave('first', 'a');
  await subscribeAndLeave('second', 'b');
  await publish(['x'.repeat(40_000)], 1, 'a');
  await publish(['y'.repeat(40_000), 'z'], 1, 'b');
  expect(said.filter((text) => text.includes('mqtt.broker.maxSessionBytes'))).toHaveLength(1);
  await subscribeAndLeave('third', 'c');
  expect(
    said.filter((text) => text.includes('mqtt.broker.maxSessions): that of first')),
  ).toHaveLength(1);
  const second = await enter('second');
  await expect.poll(() => second.heard.map((text) => text.length), WAIT).toEqual([40_000, 1]);
  expect((await enter('first')).known).toBe(false);
}, 60_000);

test('a session is its login’s alone: another under the same name gets nothing of it', async () => {
  const server = await start();
  await subscribeAndLeave('eyes');
  await publish(['for ann']);
  await restart(server);
  const bob = await enter('eyes', false, 'bob');
  expect(bob.known).toBe(false);
  await bob.mqtt.subscribeAsync('tank/+', { qos: 1 });
  await publish(['for all']);
  await expect.poll(() => bob.heard, WAIT).toEqual(['for all']);
}, 60_000);

test('a line that a kill cut off costs itself; a damaged file is put aside with a line, and what can be read of it counts', async () => {
  let server = await start();
  await subscribeAndLeave('eyes');
  await publish(['kept']);
  await server.stop();
  appendFileSync(file, '["queue",["eyes"],"broker",9,"tank/lev');
  server = await restart(server);
  expect(existsSync(`${file}.damaged`)).toBe(false);
  await server.stop();
  writeFileSync(file, `\u0000\u0001 no line of ours\n${readFileSync(file, 'utf8')}`);
  writeFileSync(join(folder, 'mqtt', 'retained.jsonl'), Buffer.alloc(5_000, '\u00ff\n'));
  server = await restart(server);
  expect(said.filter((text) => text.includes(`put aside as ${file}.damaged`))).toHaveLength(1);
  expect(said.filter((text) => text.includes('retained.jsonl.damaged'))).toHaveLength(1);
  const eyes = await enter('eyes');
  expect(eyes.known).toBe(true);
  await expect.poll(() => eyes.heard, WAIT).toEqual(['kept']);
  await leave(eyes);
  await server.stop();
  writeFileSync(file, Buffer.alloc(100_000, '\u00fe\u0000'));
  await restart(server);
  expect((await enter('eyes')).known).toBe(false);
}, 60_000);

import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../engine/testing/free-port.js';
import { startServer, type TestServer } from '../../testing/server.js';

let server: TestServer;
let port = 0;
let cookie = '';
const clients: MqttClient[] = [];

beforeAll(async () => {
  port = await freePort();
  server = await startServer({
    env: {
      EARSHOT_MQTT_BROKER: 'yes',
      EARSHOT_MQTT_PORT: String(port),
      EARSHOT_MQTT_PUBLISH: 'yes',
    },
    readyWithinMs: 90_000,
  });
  cookie = await server.signIn();
}, 120_000);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await server.stop();
});

async function client(password: string | undefined, username = 'admin'): Promise<MqttClient> {
  const made = await connectAsync(`mqtt://127.0.0.1:${port}`, {
    reconnectPeriod: 0,
    ...(password === undefined ? {} : { username, password }),
  });
  clients.push(made);
  return made;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const answer = await fetch(server.url + path, {
    method,
    headers: { cookie, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
}

test('the broker lets in users and tokens, and nobody else', async () => {
  await expect(client('wrong')).rejects.toMatchObject({ code: 5 });
  await expect(client(undefined)).rejects.toMatchObject({ code: 5 });
  const admin = await client(server.adminPassword);
  expect(admin.connected).toBe(true);
  const { json } = await call('POST', '/v1/tokens', { name: 'mqtt', role: 'viewer' });
  const { secret } = json as { secret: string };
  const viewer = await client(secret, 'anything');
  // Whoever may only look is closed when it speaks.
  viewer.publish('a/b', 'c');
  await expect.poll(() => viewer.connected).toBe(false);
});

test('a device on the embedded broker becomes one of the site, is published to Home Assistant and obeys it', async () => {
  const pump = await client(server.adminPassword);
  let state = 'OFF';
  const retain = { retain: true, qos: 1 } as const;
  const about = { dev: { ids: ['pump-1'], name: 'Pump 1' }, avty_t: 'pump/1/lwt' };
  const config = { ...about, name: 'Run', stat_t: 'pump/1/run', cmd_t: 'pump/1/run/set' };
  await pump.publishAsync('homeassistant/switch/pump1/run/config', JSON.stringify(config), retain);
  await pump.publishAsync('pump/1/lwt', 'online', retain);
  await pump.publishAsync('pump/1/run', state, retain);
  await pump.subscribeAsync('pump/1/run/set');
  pump.on('message', (_, payload) => {
    state = payload.toString();
    pump.publish('pump/1/run', state, retain);
  });
  const made = await call('POST', '/v1/plugin-instances', {
    plugin: 'mqtt',
    name: 'Own broker',
    config: { url: `mqtt://127.0.0.1:${port}`, user: 'admin', password: server.adminPassword },
  });
  expect(made.status, JSON.stringify(made.json)).toBe(201);
  const { id: instanceId } = made.json as { id: number };
  const added = await call('POST', '/v1/devices', { instanceId, externalId: 'pump-1' });
  expect(added.status, JSON.stringify(added.json)).toBe(201);
  const { id } = (added.json as { device: { id: string } }).device;

  const home = await client(server.adminPassword);
  const seen = new Map<string, string>();
  home.on('message', (topic, payload) => seen.set(topic, payload.toString()));
  await home.subscribeAsync(['homeassistant/#', 'earshot/#']);
  const described = (): Record<string, unknown> | undefined => {
    const texts = [...seen].filter(([topic, text]) => topic.includes('/earshot_') && text !== '');
    return texts
      .map(([, text]) => JSON.parse(text) as Record<string, unknown>)
      .find((one) => one['command_topic'] !== undefined);
  };
  await expect.poll(described, { timeout: 20_000 }).toMatchObject({ name: 'Run' });
  const { state_topic: stateTopic, command_topic: commandTopic } = described() as {
    state_topic: string;
    command_topic: string;
  };
  await expect.poll(() => seen.get(stateTopic), { timeout: 10_000 }).toBe('OFF');
  expect(seen.get('earshot/status')).toBe('online');
  await home.publishAsync(commandTopic, 'ON');
  await expect.poll(() => seen.get(stateTopic), { timeout: 10_000 }).toBe('ON');
  expect(state).toBe('ON');

  // The site tells of its own connections as devices too.
  const configTopic =
    [...seen].find(
      ([topic, text]) => topic.endsWith('/config') && text.includes(commandTopic),
    )?.[0] ?? '';
  await call('DELETE', `/v1/devices/${encodeURIComponent(id)}`);
  await expect.poll(() => seen.get(configTopic), { timeout: 10_000 }).toBe('');
  await expect.poll(() => seen.get(stateTopic), { timeout: 10_000 }).toBe('');
});

test('a flood is closed, and others go on', async () => {
  const flooder = await client(server.adminPassword);
  const other = await client(server.adminPassword);
  let heard = 0;
  other.on('message', () => {
    heard += 1;
  });
  await other.subscribeAsync('quiet/+');
  for (let n = 0; n < 20_000 && flooder.connected; n += 1) flooder.publish('flood/x', String(n));
  await expect.poll(() => flooder.connected, { timeout: 10_000 }).toBe(false);
  await other.publishAsync('quiet/x', 'still here', { qos: 1 });
  await expect.poll(() => heard).toBe(1);
});

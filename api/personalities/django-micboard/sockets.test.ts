import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEVICE_TOKEN_PREFIX, hashOf, newSecret, TOKEN_PREFIX } from '../../auth/secrets.js';
import { TextSocket } from '../../testing/text-socket.js';
import { type DjangoSite, fillDjango, startDjangoSite } from '../testing/django-site.js';
import { covers } from '../testing/mic-contract.js';

let site: DjangoSite;
beforeAll(async () => {
  site = await startDjangoSite();
  fillDjango(site);
});
afterAll(() => site.stop());

const open = (path: string, headers: Record<string, string> = {}): Promise<TextSocket> =>
  TextSocket.open(`${site.url.replace('http', 'ws')}/micboard${path}`, headers);

type Told = Readonly<Record<string, unknown>>;
const next = async (socket: TextSocket): Promise<Told> => (await socket.nextJson()) as Told;

test('pages are told of changes once, each manufacturer of its own', async () => {
  const { tables } = site;
  const sockets = await Promise.all([
    open('/ws'),
    open('/ws/micboard/'),
    open('/ws?manufacturer=sennheiser'),
  ]);
  const [one, two, other] = sockets;
  tables.rf.patch('1', { rfPercent: 20 });
  const update = await next(one);
  expect(update).toMatchObject({
    type: 'device_update',
    data: {
      receivers: [
        {
          api_device_id: 'shure-text:1:a',
          channels: [{ transmitter: { rf_level: 20 } }, { transmitter: null }],
        },
      ],
    },
  });
  expect(await next(two)).toEqual(update);
  covers('django WS', '/ws', '/ws/micboard/', 'device_update');

  tables.instances.patch('1', { health: 'unreachable', healthMessage: 'no answer' });
  expect(await next(one)).toMatchObject({
    type: 'api_health_update',
    manufacturer_code: 'shure',
    health_data: { status: 'unreachable', message: 'no answer' },
  });
  covers('django WS', 'api_health_update');

  tables.instances.patch('1', { state: 'failed', error: 'the port is taken' });
  expect(await next(one)).toEqual({
    type: 'status',
    message: 'Connection 1 is failed: the port is taken',
  });
  covers('django WS', 'status');

  tables.connections.patch('shure-text:1:a', { state: 'error' });
  expect(await next(one)).toEqual({
    type: 'device_status_update',
    service_code: 'shure',
    device_id: 'shure-text:1:a',
    device_type: 'ulxd',
    status: 'error',
    is_active: false,
  });
  covers('django WS', 'device_status_update');

  const scan = { id: 's', instanceId: 1, state: 'running', hosts: 254, asked: 12, found: 1 };
  site.put('scans', scan);
  expect(await next(one)).toEqual({
    type: 'progress',
    status: 'Search running: 12 of 254 asked, 1 found',
  });
  covers('django WS', 'progress');

  // The first thing the other manufacturer's page hears is its own.
  tables.rf.patch('3', { batteryBars: 2 });
  expect(await next(other)).toMatchObject({
    data: { receivers: [{ api_device_id: 'sennheiser-ssc:2:a' }] },
  });
  covers('django WS', '?manufacturer');
  for (const socket of sockets) socket.close();
  await Promise.all(sockets.map(({ closed }) => closed));
});

test('a ping is answered, what is no command is passed over, and a long one ends the socket', async () => {
  const socket = await open('/ws/');
  for (const text of ['{"command":', '[]', '"ping"', 'null', '{"command":"dance"}', '7']) {
    socket.send(text);
  }
  socket.send('{"command":"ping"}');
  expect(await next(socket)).toEqual({ type: 'pong' });
  covers('django WS', '=ping is answered by pong', '=malformed JSON is passed over');
  socket.send(JSON.stringify({ command: 'x'.repeat(5_000) }));
  expect(await socket.closed).toBe(1009);
  covers('django WS', '=1009');
});

test('who shows a wrong login is closed with 4401, who may not look with 4403', async () => {
  const wrong = { authorization: `Bearer ${newSecret(TOKEN_PREFIX)}` };
  expect(await (await open('/ws', wrong)).closed).toBe(4401);
  covers('django WS', '=4401');
  const secret = newSecret(DEVICE_TOKEN_PREFIX);
  const device = 'a-device';
  await site.store.devices.intern([{ id: device, protocol: 'smartos', channels: [] }]);
  await site.store.tokens.setForDevice(device, hashOf(secret), 'olga');
  const shown = { authorization: `Bearer ${secret}` };
  expect(await (await open('/ws/micboard/', shown)).closed).toBe(4403);
  covers('django WS', '=4403');
  expect(await (await open('/ws?manufacturer=akg')).closed).toBe(4504);
});

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TextSocket } from '../../testing/text-socket.js';
import { covers } from './testing/contract.js';
import { PASSWORD, startWebmacsSite, type WebmacsSite } from './testing/site.js';

let site: WebmacsSite;
beforeAll(async () => {
  site = await startWebmacsSite();
});
afterAll(() => site.stop());

type Row = Readonly<Record<string, unknown>>;
const PATIENCE = { timeout: 20_000, interval: 50 };

/** A controller as its documents describe it: its calls in their order, then a tick by HTTP or by its socket. */
async function startController(name: string, mode: 'http' | 'websocket') {
  const body = { email: 'admin@webmacs.io', password: PASSWORD };
  const login = await site.ask('', 'POST', '/auth/login', { body });
  const token = String(login.body['access_token']);
  const call = async (method: string, path: string, sent?: unknown): Promise<Row> => {
    const headers = { 'user-agent': 'python-httpx/0.27' };
    const got = await site.ask(token, method, path, { body: sent, headers });
    expect([200, 201]).toContain(got.status);
    return got.body;
  };
  const before = (await call('GET', '/plugins'))['data'] as Row[];
  await call('GET', '/events');
  if (!before.some((row) => row['instance_name'] === name)) {
    const instance = { plugin_id: 'simulated', instance_name: name, demo_mode: true };
    await call('POST', '/plugins', { ...instance, config_json: '{"seed":7}' });
  }
  await call('POST', '/logging', { content: `${name} starts`, logging_type: 'info' });
  await call('POST', '/logging', { content: `${name} is there`, logging_type: 'info' });
  await call('GET', '/events');
  const socket =
    mode === 'websocket'
      ? await TextSocket.open(`${site.wsUrl}/ws/controller/telemetry?token=${token}`)
      : undefined;
  const plugins = (await call('GET', '/plugins?page_size=100'))['data'] as Row[];
  const plugin = plugins.find((row) => row['instance_name'] === name) ?? {};
  const channels = (await call(
    'GET',
    `/plugins/${String(plugin['public_id'])}/channels`,
  )) as unknown as Row[];
  await call('POST', '/logging', { content: `${name} runs`, logging_type: 'info' });
  const inputs = channels.filter((row) => row['direction'] === 'input');
  return {
    plugin,
    channels,
    call,
    tick: async (value: number): Promise<readonly Row[]> => {
      const datapoints = inputs.map(({ event_public_id }) => ({ value, event_public_id }));
      if (socket === undefined) {
        const answer = await call('POST', '/datapoints/batch', { datapoints });
        expect(Number.parseInt(String(answer['message']), 10)).toBe(inputs.length);
      } else socket.send(JSON.stringify({ datapoints }));
      return (await call('GET', '/datapoints/latest')) as unknown as Row[];
    },
    stop: () => socket?.close(),
  };
}

test.each(['http', 'websocket'] as const)(
  'a controller runs its whole course by %s',
  async (mode) => {
    const controller = await startController(`Plant ${mode}`, mode);
    expect(controller.channels).toHaveLength(9);
    expect(controller.plugin['config_json']).toEqual({ seed: 7 });
    const heater = controller.channels.find((row) => row['channel_id'] === 'heater_power');
    const event = heater?.['event_public_id'];
    // Somebody turns the heater on in the browser: the controller finds it among the latest values.
    await controller.call('POST', '/datapoints', { value: 55, event_public_id: event });
    await vi.waitFor(async () => {
      const latest = await controller.tick(42);
      const mine = new Map(latest.map((row) => [row['event_public_id'], row['value']]));
      expect(mine.get(event)).toBe(55);
      for (const { direction, event_public_id: id } of controller.channels) {
        if (direction === 'input') expect(mine.get(id)).toBe(42);
      }
    }, PATIENCE);
    await vi.waitFor(async () => {
      const path = `/plugins/${String(controller.plugin['public_id'])}`;
      expect((await controller.call('GET', path))['status']).toBe('demo');
    }, PATIENCE);
    covers('GET /plugins/{id}', '=the status follows the values');
    controller.stop();
  },
);

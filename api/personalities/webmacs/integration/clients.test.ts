import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TextSocket } from '../../../testing/text-socket.js';
import { covers } from '../testing/contract.js';
import { Remote } from '../testing/remote.js';

const PATIENCE = { timeout: 40_000, interval: 100 };
type Row = Readonly<Record<string, unknown>>;

describe('clients of WebMACS on a whole server', () => {
  let remote: Remote;
  const data = mkdtempSync(join(tmpdir(), 'earshot-clients-'));
  let password = '';

  beforeAll(async () => {
    remote = await Remote.start({ data });
    password = remote.server.adminPassword ?? '';
  }, 120_000);
  afterAll(async () => {
    await remote.server.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const latest = async (): Promise<ReadonlyMap<unknown, unknown>> => {
    const rows = (await remote.call('GET', '/datapoints/latest')) as unknown as readonly Row[];
    return new Map(rows.map((row) => [row['event_public_id'], row['value']]));
  };
  const line = (content: string) =>
    remote.call('POST', '/logging', { content, logging_type: 'info' });

  it.each(['http', 'websocket'] as const)(
    'a controller goes its course by %s and its values are there',
    async (mode) => {
      await remote.list('/plugins');
      await remote.list('/events');
      const events = await remote.simulated(`Plant ${mode}`);
      await line(`${mode}: starts`);
      await line(`${mode}: has its events`);
      const known = await remote.list('/events?page_size=100');
      expect(known.map((row) => row['name'])).toContain(`Plant ${mode} – Humidity`);
      const socket = mode === 'http' ? undefined : await remote.socket('controller/telemetry');
      const plugin = (await remote.list('/plugins')).find(
        (row) => row['instance_name'] === `Plant ${mode}`,
      );
      const path = `/plugins/${String(plugin?.['public_id'])}`;
      expect(await remote.call('GET', `${path}/channels`)).toHaveLength(9);
      await line(`${mode}: runs`);
      const values = Object.fromEntries([...events.values()].map((id, i) => [id, i + 0.5]));
      if (socket === undefined) expect(await remote.measure(values)).toBe(9);
      else {
        const datapoints = Object.entries(values).map(([event_public_id, value]) => ({
          value,
          event_public_id,
        }));
        socket.send(JSON.stringify({ datapoints }));
      }
      await expect
        .poll(async () => {
          const now = await latest();
          return [...events.values()].map((id) => now.get(id));
        }, PATIENCE)
        .toEqual(Object.values(values));
      await expect
        .poll(async () => (await remote.call('GET', path))['status'], PATIENCE)
        .toBe('demo');
      socket?.close();
    },
    60_000,
  );

  it('the browser app reads its pages, edits a dashboard, listens, reconnects and polls', async () => {
    const events = await remote.simulated('Browser');
    const id = events.get('humidity') ?? '';
    for (const page of ['events', 'experiments', 'datapoints', 'users', 'logging', 'webhooks'])
      expect(await remote.call('GET', `/${page}/?page=1&page_size=50&_t=${Date.now()}`)).toEqual({
        page: 1,
        page_size: 50,
        total: expect.any(Number) as number,
        data: expect.any(Array) as unknown[],
      });
    for (const page of ['rules', 'ota', 'dashboards', 'plugins'])
      await remote.list(`/${page}/?page=1&page_size=50&_t=1`);
    for (const path of ['/auth/me/', '/plugins/available/', '/plugins/packages/', '/tokens/'])
      await remote.call('GET', `${path}?_t=1`);
    const board = await remote.call('POST', '/dashboards/', { name: 'Wall', is_global: true });
    const boardPath = `/dashboards/${String(board['public_id'])}`;
    await remote.call('POST', `${boardPath}/widgets/`, {
      widget_type: 'line_chart',
      title: 'Humidity',
      event_public_id: id,
      x: 0,
      y: 0,
      w: 6,
      h: 4,
    });
    const shown = await remote.call('GET', `${boardPath}/?_t=2`);
    const [widget] = shown['widgets'] as readonly Row[];
    expect(widget).toMatchObject({ title: 'Humidity', event_public_id: id, w: 6, h: 4 });
    const widgetPath = `${boardPath}/widgets/${String(widget?.['public_id'])}/`;
    await remote.call('PUT', widgetPath, { x: 6, w: 12 });
    await remote.call('DELETE', widgetPath);
    await remote.call('DELETE', `${boardPath}/`);
    expect((await remote.ask('GET', `${boardPath}/`)).status).toBe(404);

    await heard(await remote.socket('datapoints/stream'), id, 41);
    // The connection was cut: the app opens another, and asks for the latest values meanwhile.
    await remote.measure({ [id]: 42 });
    expect((await latest()).get(id)).toBe(42);
    await heard(await remote.socket('datapoints/stream'), id, 43);
    // Stored a moment after it was acknowledged.
    await expect
      .poll(async () => {
        const series = await remote.call('POST', '/datapoints/series/', {
          event_public_ids: [id],
          minutes: 60,
          max_points: 500,
        });
        return (series[id] as readonly Row[]).map(({ value }) => value);
      }, PATIENCE)
      .toEqual([41, 42, 43]);
    covers('every call', '=with and without a slash at its end', '=_t is ignored');
  }, 90_000);

  async function heard(socket: TextSocket, id: string, value: number): Promise<void> {
    expect(await socket.nextJson()).toMatchObject({ type: 'connected' });
    socket.send('{"type":"ping"}');
    expect(await socket.nextJson()).toEqual({ type: 'pong' });
    await remote.measure({ [id]: value });
    expect(await socket.nextJson()).toMatchObject({
      type: 'datapoints_batch',
      datapoints: [{ value, event_public_id: id, experiment_public_id: null }],
    });
    socket.cut();
  }

  it('the load tool makes its sensors, logs them in and counts what was taken', async () => {
    const plugin = await remote.call('POST', '/plugins', {
      plugin_id: 'simulated',
      instance_name: 'Load',
      auto_create_events: false,
    });
    const ids: string[] = [];
    for (let i = 0; i < 30; i++) {
      const event = await remote.call('POST', '/events', {
        name: `load_sensor_${i}`,
        min_value: 0,
        max_value: 100,
        unit: 'u',
        type: 'sensor',
      });
      const id = String(event['public_id']);
      ids.push(id);
      await remote.call('POST', `/plugins/${String(plugin['public_id'])}/channels`, {
        channel_id: `load_${i}`,
        channel_name: `Load ${i}`,
        direction: 'input',
        unit: 'u',
        event_public_id: id,
      });
    }
    const token = await remote.call('POST', '/tokens', { name: 'load' });
    expect(String(token['token'])).toMatch(/^wm_/);
    const batch = Object.fromEntries(ids.map((id, i) => [id, i]));
    const counts = await Promise.all(Array.from({ length: 10 }, () => remote.measure(batch)));
    expect(counts).toEqual(Array(10).fill(30));
  }, 60_000);

  it('what was acknowledged is there after a kill', async () => {
    const events = await remote.simulated('Killed');
    const values = Object.fromEntries([...events.values()].map((id, i) => [id, i + 100]));
    expect(await remote.measure(values)).toBe(9);
    await remote.server.kill();
    remote = await Remote.start({ data }, password);
    const ids = Object.keys(values);
    await expect
      .poll(async () => {
        const series = await remote.call('POST', '/datapoints/series', { event_public_ids: ids });
        return ids.map((id) => (series[id] as readonly Row[]).map(({ value }) => value));
      }, PATIENCE)
      .toEqual(ids.map((id) => [values[id]]));
    covers('POST /datapoints/batch', '=what was acknowledged outlives a kill');
  }, 120_000);
});

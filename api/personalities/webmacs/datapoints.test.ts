import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TextSocket } from '../../testing/text-socket.js';
import { isoMicros } from './iso-micros.js';
import { covers, shows } from './testing/contract.js';
import { linkedEvents, startWebmacsSite, type WebmacsSite } from './testing/site.js';

let site: WebmacsSite;
let operator: string;
beforeAll(async () => {
  site = await startWebmacsSite();
  operator = await site.login('olga');
});
afterAll(() => site.stop());

const text = expect.any(String) as unknown;
type Rows = Record<string, unknown>[];
const PATIENCE = { timeout: 20_000, interval: 50 };

const point = (id: string | undefined, value: number) => ({ value, event_public_id: id });
const batch = (datapoints: unknown) =>
  site.ask(operator, 'POST', '/datapoints/batch', { body: { datapoints } });
/** What was answered while the store was busy is on disk, and in the store a moment later. */
const seen = async (id: unknown, count: number, more: object = {}): Promise<Rows> =>
  await vi.waitFor(async () => {
    const rows = (await series([id], { max_points: 2_000, ...more })).body[String(id)] as Rows;
    expect(rows).toHaveLength(count);
    return rows;
  }, PATIENCE);
const series = async (ids: readonly unknown[], more: object = {}) =>
  await site.ask(operator, 'POST', '/datapoints/series', {
    body: { event_public_ids: ids, ...more },
  });

test('events are made, listed, changed and removed', async () => {
  const body = { name: 'Inlet', min_value: -5, max_value: 20, unit: 'bar', type: 'sensor' };
  const made = await site.ask(operator, 'POST', '/events/', { body });
  expect(made.status).toBe(201);
  shows('POST /events', made.body, { status: 'success', message: 'Event successfully created.' });
  covers('POST /events', '>name', '>min_value', '>max_value', '>unit', '>type');
  const again = await site.ask(operator, 'POST', '/events', { body });
  expect([again.status, again.body]).toEqual([409, { detail: 'Event already exists.' }]);
  covers('POST /events', '=409');
  covers('every call', '=409 already exists');
  for (const wrong of [{ type: 'other' }, { min_value: 'x' }, { min_value: 30 }, { name: '' }]) {
    const got = await site.ask(operator, 'POST', '/events', {
      body: { ...body, name: 'n', ...wrong },
    });
    expect([got.status, (got.body['detail'] as Rows)[0]?.['loc']]).toEqual([
      422,
      expect.any(Array),
    ]);
  }
  covers('POST /events', '=422');
  const path = `/events/${String(made.body['public_id'])}`;
  shows('GET /events/{id}', (await site.ask(operator, 'GET', path)).body, {
    ...body,
    public_id: made.body['public_id'],
    user_public_id: text,
  });
  expect((await site.ask(operator, 'GET', '/events/none')).body).toEqual({
    detail: "Event 'none' not found.",
  });
  covers('GET /events/{id}', '=404');
  const change = { name: 'Outlet', unit: 'mbar' };
  shows('PUT /events/{id}', (await site.ask(operator, 'PUT', path, { body: change })).body, {
    status: 'success',
    message: 'Event successfully updated.',
  });
  expect((await site.ask(operator, 'GET', path)).body).toMatchObject({ ...body, ...change });
  covers('PUT /events/{id}', '>name', '>unit');
  shows('DELETE /events/{id}', (await site.ask(operator, 'DELETE', path)).body, {
    status: 'success',
    message: 'Event successfully deleted.',
  });
  expect((await site.ask(operator, 'GET', path)).status).toBe(404);
});

test('a batch is stored before it is answered, and the answer begins with the number', async () => {
  const ids = await linkedEvents(site, operator, 30, 'Batch');
  const list = await site.ask(operator, 'GET', '/events?page=2&page_size=25');
  shows('GET /events', list.body, { page: 2, page_size: 25, total: 30, data: expect.any(Array) });
  expect(list.body['data']).toHaveLength(5);
  covers('GET /events', '?page', '?page_size', '=more than 25 are reached');

  const unlinked = await site.ask(operator, 'POST', '/events', {
    body: { name: 'Alone', min_value: 0, max_value: 1, unit: '', type: 'sensor' },
  });
  const alone = String(unlinked.body['public_id']);
  const got = await batch([...ids.map(point), point(alone, 1), point('unknown', 2)]);
  expect(got.status).toBe(201);
  shows('POST /datapoints/batch', got.body, {
    status: 'success',
    message: '30 datapoints successfully created.',
  });
  expect(Number.parseInt(String(got.body['message']), 10)).toBe(30);
  covers(
    'POST /datapoints/batch',
    '>datapoints',
    '=the message begins with the number accepted',
    '=values of events without an enabled plugin are left out',
  );
  const page = await vi.waitFor(async () => {
    const found = await site.ask(operator, 'GET', '/datapoints?page=1&page_size=10');
    expect(found.body['total']).toBe(30);
    return found;
  }, PATIENCE);
  shows('GET /datapoints', page.body, {
    page: 1,
    page_size: 10,
    total: 30,
    data: expect.any(Array),
  });
  const rows = page.body['data'] as Rows;
  shows('GET /datapoints', rows[0], {
    public_id: text,
    value: expect.any(Number),
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    event_public_id: text,
    experiment_public_id: null,
  });
  covers('GET /datapoints', '?page', '?page_size');

  const single = await site.ask(operator, 'POST', '/datapoints', { body: point(ids[3], 77) });
  expect(single.status).toBe(201);
  shows('POST /datapoints', single.body, {
    status: 'success',
    message: 'Datapoint successfully created.',
  });
  covers('POST /datapoints', '>value', '>event_public_id');
  const newest = await vi.waitFor(async () => {
    const rows = (await site.ask(operator, 'GET', '/datapoints')).body['data'] as Rows;
    expect(rows[0]).toMatchObject({ value: 77, event_public_id: ids[3] });
    return rows;
  }, PATIENCE);
  const times = newest.map((row) => String(row['timestamp']));
  expect(times).toEqual([...times].sort().reverse());
  covers('GET /datapoints', '=newest first');

  const latest = (await site.ask(operator, 'GET', '/datapoints/latest')).body as unknown as Rows;
  expect(latest).toHaveLength(30);
  const third = latest.find((row) => row['event_public_id'] === ids[3]);
  shows('GET /datapoints/latest', third, {
    public_id: newest[0]?.['public_id'],
    value: 77,
    timestamp: newest[0]?.['timestamp'],
    event_public_id: ids[3],
  });

  const path = `/datapoints/${String(newest[0]?.['public_id'])}`;
  shows('GET /datapoints/{id}', (await site.ask(operator, 'GET', path)).body, {
    public_id: newest[0]?.['public_id'],
    value: 77,
  });
  shows('DELETE /datapoints/{id}', (await site.ask(operator, 'DELETE', path)).body, {
    status: 'success',
    message: 'Datapoint successfully deleted.',
  });
  const gone = await site.ask(operator, 'GET', path);
  expect(gone.status).toBe(404);
  expect((await site.ask(operator, 'GET', '/datapoints/nothing')).status).toBe(404);
  covers('GET /datapoints/{id}', '=404');
  covers('DELETE /datapoints/{id}', '=it is gone');

  const unknown = await site.ask(operator, 'POST', '/datapoints', { body: point('nope', 1) });
  expect([unknown.status, unknown.body]).toEqual([404, { detail: "Event 'nope' not found." }]);
  covers('POST /datapoints', '=404 unknown event');
  const refused = await site.ask(operator, 'POST', '/datapoints', { body: point(alone, 1) });
  const detail = 'Event is not linked to an enabled plugin instance.';
  expect([refused.status, refused.body]).toEqual([409, { detail }]);
  covers('POST /datapoints', '=409 not linked');
});

test('batches that cannot be taken are refused with the place of the fault', async () => {
  const [id] = await linkedEvents(site, operator, 1, 'Fault');
  const many = await batch(Array.from({ length: 501 }, () => point(id, 1)));
  expect(many.status).toBe(422);
  expect(many.body['detail']).toMatchObject([{ type: 'too_long', loc: ['body', 'datapoints'] }]);
  expect((await batch(Array.from({ length: 500 }, () => point(id, 1)))).body['message']).toMatch(
    /^500 /,
  );
  covers('POST /datapoints/batch', '=500 at most, else 422');
  await seen(id, 500);
  covers('POST /datapoints/batch', '=equal times are kept apart');
  for (const wrong of [
    [{ value: 'x', event_public_id: id }],
    [{ event_public_id: id }],
    [{ value: 1 }],
    [{ value: 1, event_public_id: 7 }],
    [{ value: Number.NaN, event_public_id: id }],
    [{ value: 1, event_public_id: id, timestamp: 'noon' }],
    [null],
    'x',
    undefined,
  ]) {
    const got = await batch(wrong);
    expect([got.status, (got.body['detail'] as Rows)[0]?.['loc']]).toEqual([
      422,
      expect.any(Array),
    ]);
  }
  expect((await batch([])).body['message']).toBe('0 datapoints successfully created.');
});

test('values keep the time that the client measured them at', async () => {
  const [id] = await linkedEvents(site, operator, 1, 'Past');
  const at = new Date(Date.now() - 600_000);
  const stamps = [at.toISOString().replace('Z', '123+00:00'), at.getTime() / 1_000 + 60];
  const points = stamps.map((timestamp, i) => ({ ...point(id, i), timestamp }));
  expect((await batch(points)).body['message']).toMatch(/^2 /);
  const rows = await seen(id, 2, { minutes: 15 });
  expect(rows.map((row) => row['value'])).toEqual([0, 1]);
  expect(rows[0]?.['timestamp']).toBe(isoMicros(at.getTime() + 0.123));
  expect(Date.parse(String(rows[1]?.['timestamp']))).toBe(at.getTime() + 60_000);
  covers('POST /datapoints', '>timestamp');
});

test('a series has as many points as were asked for, and the last of all', async () => {
  const [id, other] = await linkedEvents(site, operator, 2, 'Long');
  const start = Date.now() - 3_000_000;
  for (let part = 0; part < 4; part++) {
    const points = Array.from({ length: 500 }, (_, i) => {
      const n = part * 500 + i;
      return { ...point(id, n), timestamp: (start + n * 1_000) / 1_000 };
    });
    expect((await batch(points)).status).toBe(201);
  }
  await seen(id, 2_000);
  const got = await series([id, other, 'unknown'], { minutes: 60, max_points: 100 });
  const rows = got.body[String(id)] as Rows;
  expect(got.body).toMatchObject({ [String(other)]: [], unknown: [] });
  covers('POST /datapoints/series', '=one list for each event', '>event_public_ids', '>minutes');
  expect(rows.length).toBeLessThanOrEqual(100);
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.at(-1)?.['value']).toBe(1_999);
  for (const row of rows) {
    expect(Date.parse(String(row['timestamp']))).toBe(start + Number(row['value']) * 1_000);
  }
  covers('POST /datapoints/series', '>max_points', '=bounded, the last kept');
  expect((await series([])).status).toBe(422);
  expect((await series(Array.from({ length: 21 }, String))).status).toBe(422);
  expect((await series([id], { minutes: 14_401 })).status).toBe(422);
  expect((await series([id], { max_points: 9 })).status).toBe(422);
  covers('POST /datapoints/series', '=1 to 20 events');
});

test('a controller sends by its socket, and is told what was wrong', async () => {
  const [id] = await linkedEvents(site, operator, 1, 'Socket');
  const socket = await TextSocket.open(`${site.wsUrl}/ws/controller/telemetry?token=${operator}`);
  socket.send(JSON.stringify({ datapoints: [point(id, 41), point(id, 42)] }));
  expect((await seen(id, 2)).map((row) => row['value'])).toEqual([41, 42]);
  covers('/ws/controller/telemetry', '=datapoints are stored');
  const many = Array.from({ length: 501 }, () => point(id, 1));
  socket.send(JSON.stringify({ datapoints: many }));
  expect(await socket.nextJson()).toEqual({
    type: 'error',
    message: 'Batch too large (501), max 500',
  });
  covers('/ws/controller/telemetry', '=Batch too large (n), max 500');
  for (const none of [
    { datapoints: [] },
    {},
    { datapoints: [{ value: 'x' }] },
    7,
    { datapoints: [point('x', 1)] },
  ]) {
    socket.send(JSON.stringify(none));
    expect(await socket.nextJson()).toEqual({
      type: 'error',
      message: 'No valid datapoints in batch',
    });
  }
  covers('/ws/controller/telemetry', '=No valid datapoints in batch');
  socket.send('{"datapoints":');
  expect(await socket.nextJson()).toEqual({ type: 'error', message: 'Invalid JSON' });
  socket.send('{"type":"ping"}');
  expect(await socket.nextJson()).toEqual({ type: 'pong' });
  covers('/ws/controller/telemetry', '=malformed JSON is answered and the socket stays');
  socket.close();
});

test('a browser hears each event at most five times a second, and always its last value', async () => {
  const [id, other] = await linkedEvents(site, operator, 2, 'Live');
  const browser = await TextSocket.open(`${site.wsUrl}/ws/datapoints/stream?token=${operator}`);
  expect(await browser.nextJson()).toEqual({
    type: 'connected',
    message: 'Subscribed to live datapoint stream.',
  });
  covers('/ws/datapoints/stream', '=connected');
  browser.send('{"type":"ping"}');
  expect(await browser.nextJson()).toEqual({ type: 'pong' });
  covers('/ws/datapoints/stream', '=ping is answered with pong');
  browser.send('nonsense');
  expect(await browser.nextJson()).toEqual({ type: 'error', message: 'Invalid JSON' });
  await batch([point(id, 1), point(other, 5)]);
  for (let value = 2; value <= 9; value++) await batch([point(id, value)]);
  const heard: Rows = [];
  const told: number[] = [];
  while (heard.findLast((row) => row['event_public_id'] === id)?.['value'] !== 9) {
    const message = (await browser.nextJson()) as { type: string; datapoints: Rows };
    expect(message.type).toBe('datapoints_batch');
    for (const row of message.datapoints) {
      heard.push(row);
      if (row['event_public_id'] === id) told.push(performance.now());
    }
  }
  expect(heard.find((row) => row['event_public_id'] === id)).toEqual({
    value: 1,
    event_public_id: id,
    timestamp: text,
    experiment_public_id: null,
  });
  expect(heard).toContainEqual(expect.objectContaining({ value: 5, event_public_id: other }));
  covers('/ws/datapoints/stream', '=datapoints_batch');
  expect(told.length).toBeLessThan(9);
  covers('/ws/datapoints/stream', '=one in 0.2 s of each event, and the last');
  browser.close();
});

test('a socket without a good token is accepted, then closed with the reason', async () => {
  const { WebSocket } = await import('ws');
  const reasonOf = (path: string): Promise<readonly [number, string, boolean]> =>
    new Promise((resolve) => {
      let opened = false;
      const socket = new WebSocket(`${site.wsUrl}${path}`);
      socket.on('open', () => {
        opened = true;
      });
      socket.on('close', (code, reason) => resolve([code, reason.toString(), opened]));
    });
  for (const path of [
    '/ws/controller/telemetry',
    '/ws/datapoints/stream',
    '/ws/datapoints/stream/',
  ]) {
    expect(await reasonOf(path)).toEqual([1008, 'Authentication required', true]);
    expect(await reasonOf(`${path}?token=x`)).toEqual([1008, 'Invalid or expired token', true]);
    const api = `wm_${'B'.repeat(43)}`;
    expect(await reasonOf(`${path}?token=${api}`)).toEqual([1008, 'Invalid API token', true]);
  }
  const victor = await site.login('victor');
  await site.ask(victor, 'POST', '/auth/logout');
  const out = `/ws/datapoints/stream?token=${victor}`;
  expect(await reasonOf(out)).toEqual([1008, 'Token has been revoked', true]);
  const reason = '=accepted, then closed 1008 with the reason';
  covers('/ws/controller/telemetry', reason);
  covers('/ws/datapoints/stream', reason);
});

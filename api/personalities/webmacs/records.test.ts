import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { covers, shows } from './testing/contract.js';
import { linkedEvents, startWebmacsSite, type WebmacsSite } from './testing/site.js';

let site: WebmacsSite;
let admin: string;
let operator: string;
let viewer: string;
const told: { event: string; body: Readonly<Record<string, unknown>>; key: string }[] = [];
beforeAll(async () => {
  site = await startWebmacsSite({
    deliveries: {
      event: (event, body, key) => {
        told.push({ event, body, key });
        return Promise.resolve();
      },
    },
  });
  [admin, operator, viewer] = await Promise.all([
    site.login('admin'),
    site.login('olga'),
    site.login('victor'),
  ]);
});
afterAll(() => site.stop());

type Rows = Record<string, unknown>[];
const text = expect.any(String) as unknown;
const ok = (message: string) => ({ status: 'success', message });
const PATIENCE = { timeout: 20_000, interval: 50 };
const made = (path: string, body: unknown, token = operator) =>
  site.ask(token, 'POST', path, { body });

test('an experiment runs from its start to its stop, and its values are a CSV', async () => {
  const [id] = await linkedEvents(site, operator, 1, 'Run');
  const first = await made('/experiments', { name: 'Run 07' });
  expect(first.status).toBe(201);
  shows('POST /experiments', first.body, ok('Experiment successfully created.'));
  covers('POST /experiments', '>name');
  const again = await made('/experiments', { name: 'Run 07' });
  expect([again.status, again.body]).toEqual([409, { detail: 'Experiment already exists.' }]);
  covers('POST /experiments', '=409 for a name that is there');
  const publicId = String(first.body['public_id']);
  const path = `/experiments/${publicId}`;
  shows('GET /experiments/{id}', (await site.ask(viewer, 'GET', path)).body, {
    public_id: publicId,
    name: 'Run 07',
    started_on: text,
    stopped_on: null,
    user_public_id: text,
  });
  covers('POST /experiments', '=it runs');
  expect((await site.ask(viewer, 'GET', '/experiments/x')).status).toBe(404);
  covers('GET /experiments/{id}', '=404');
  await made('/datapoints', { value: 21.5, event_public_id: id });
  const latest = (await site.ask(viewer, 'GET', '/datapoints/latest')).body as unknown as Rows;
  expect(latest.find((row) => row['event_public_id'] === id)).toMatchObject({
    value: 21.5,
    experiment_public_id: publicId,
  });
  const changed = await site.ask(operator, 'PUT', path, { body: { name: 'Run, 7' } });
  shows('PUT /experiments/{id}', changed.body, ok('Experiment successfully updated.'));
  covers('PUT /experiments/{id}', '>name');
  const stopped = await site.ask(operator, 'PUT', `${path}/stop`);
  shows('PUT /experiments/{id}/stop', stopped.body, ok('Experiment successfully stopped.'));
  expect((await site.ask(operator, 'PUT', `${path}/stop`)).status).toBe(409);
  covers('PUT /experiments/{id}/stop', '=409 when it does not run');
  await made('/datapoints', { value: 99, event_public_id: id });
  const csv = await vi.waitFor(async () => {
    const got = await site.ask(viewer, 'GET', `${path}/export/csv`);
    expect(got.text.split('\r\n')).toHaveLength(3);
    return got;
  }, PATIENCE);
  const [head, line = ''] = csv.text.split('\r\n');
  expect(head).toBe('timestamp,event_name,event_public_id,value,unit,datapoint_public_id');
  covers('GET /experiments/{id}/export/csv', '=its head');
  const [at, name, event, value, unit, point] = line.split(',');
  expect([name, event, value, unit]).toEqual(['Run 0', id, '21.5', '°C']);
  expect(at).toMatch(/^\d{4}-\d\d-\d\dT/);
  const found = await site.ask(viewer, 'GET', `/datapoints/${point}`);
  expect(found.body).toMatchObject({ value: 21.5, experiment_public_id: publicId });
  covers(
    'GET /experiments/{id}/export/csv',
    '=one line for each value, with ids',
    '=values carry the experiment',
  );
  const file = `experiment_Run_ 7_${publicId.slice(0, 8)}.csv`;
  expect(csv.headers.get('content-disposition')).toContain(`filename="${file}"`);
  covers('GET /experiments/{id}/export/csv', '=the name of the file');
  const list = await site.ask(viewer, 'GET', '/experiments?page=1&page_size=50');
  shows('GET /experiments', list.body, {
    page: 1,
    page_size: 50,
    total: 1,
    data: expect.any(Array),
  });
  covers('GET /experiments', '?page', '?page_size');
  const gone = await site.ask(operator, 'DELETE', path);
  shows('DELETE /experiments/{id}', gone.body, ok('Experiment successfully deleted.'));
});

test('the log is written, read and ticked off', async () => {
  const first = await made('/logging/', { content: 'Started', logging_type: 'warning' });
  expect(first.status).toBe(201);
  shows('POST /logging', first.body, ok('Log entry successfully created.'));
  covers('POST /logging', '>content', '>logging_type');
  expect((await made('/logging', { content: 'x'.repeat(501) })).status).toBe(422);
  covers('POST /logging', '=500 characters at most');
  await made('/logging', { content: 'Later' });
  const path = `/logging/${String(first.body['public_id'])}`;
  shows('GET /logging/{id}', (await site.ask(viewer, 'GET', path)).body, {
    public_id: first.body['public_id'],
    content: 'Started',
    logging_type: 'warning',
    status_type: 'unread',
    created_on: text,
    user_public_id: text,
  });
  expect((await site.ask(viewer, 'GET', '/logging/x')).status).toBe(404);
  covers('GET /logging/{id}', '=404');
  const body = { status_type: 'read', content: 'Begun' };
  const changed = await site.ask(operator, 'PUT', path, { body });
  shows('PUT /logging/{id}', changed.body, ok('Log entry successfully updated.'));
  expect((await site.ask(viewer, 'GET', path)).body).toMatchObject(body);
  covers('PUT /logging/{id}', '>status_type', '>content');
  const list = await site.ask(viewer, 'GET', '/logging/?page=1&page_size=50&_t=1');
  shows('GET /logging', list.body, { page: 1, page_size: 50, total: 2, data: expect.any(Array) });
  covers('GET /logging', '?page', '?page_size');
  expect((list.body['data'] as Rows).map((row) => row['content'])).toEqual(['Later', 'Begun']);
  covers('GET /logging', '=newest first');
});

test('rules of every operator are kept as the rules of the site', async () => {
  const [id] = await linkedEvents(site, operator, 1, 'Ruled');
  const body = {
    name: 'Hot',
    event_public_id: id,
    operator: 'gt',
    threshold: 50,
    action_type: 'log',
  };
  const first = await made('/rules', body);
  expect(first.status).toBe(201);
  shows('POST /rules', first.body, ok('Rule successfully created.'));
  const path = `/rules/${String(first.body['public_id'])}`;
  shows('GET /rules/{id}', (await site.ask(viewer, 'GET', path)).body, {
    public_id: first.body['public_id'],
    ...body,
    threshold_high: null,
    webhook_event_type: null,
    enabled: true,
    cooldown_seconds: 60,
    last_triggered_at: null,
    created_on: text,
    user_public_id: text,
  });
  for (const operator of ['gt', 'lt', 'gte', 'lte', 'eq', 'between', 'not_between']) {
    const high = operator.includes('between') ? { threshold_high: 60 } : {};
    const given = { ...body, operator, ...high, action_type: 'webhook' };
    const one = await made('/rules', given);
    const got = await site.ask(viewer, 'GET', `/rules/${String(one.body['public_id'])}`);
    expect(got.body).toMatchObject({ ...given, webhook_event_type: 'sensor.threshold_exceeded' });
  }
  covers('POST /rules', '=every operator');
  const { automation } = site.devices.store;
  const stored = await automation.rules.find();
  expect(stored.map(({ origin }) => origin)).toEqual(stored.map(() => 'webmacs'));
  expect(stored[0]).toMatchObject({
    condition: { type: 'threshold', op: '>', value: 50 },
    cooldownMs: 60_000,
    actions: [{ type: 'journal', level: 'warning' }],
  });
  covers('POST /rules', '=an action log writes the journal');
  expect(stored[5]).toMatchObject({
    condition: { type: 'equals', value: 50, tolerance: 1e-9 },
    actions: [{ type: 'webhooks', event: 'sensor.threshold_exceeded' }],
  });
  covers('POST /rules', '=an action webhook tells the webhooks of its event');
  for (const high of [undefined, null, 49]) {
    const wrong = { ...body, operator: 'between', threshold_high: high };
    expect((await made('/rules', wrong)).status).toBe(422);
  }
  covers('POST /rules', '=422 between without threshold_high');
  expect((await made('/rules', { ...body, event_public_id: 'x' })).status).toBe(404);
  covers('POST /rules', '=404 unknown event');
  const changed = await site.ask(operator, 'PUT', path, { body: { enabled: false, threshold: 7 } });
  shows('PUT /rules/{id}', changed.body, ok('Rule successfully updated.'));
  expect((await site.ask(viewer, 'GET', path)).body).toMatchObject({
    enabled: false,
    threshold: 7,
  });
  const list = await site.ask(viewer, 'GET', '/rules?page=1&page_size=25');
  shows('GET /rules', list.body, { page: 1, page_size: 25, total: 8, data: expect.any(Array) });
  covers('GET /rules', '?page', '?page_size');
  const gone = await site.ask(operator, 'DELETE', path);
  shows('DELETE /rules/{id}', gone.body, ok('Rule successfully deleted.'));
  await site.ask(operator, 'DELETE', `/events/${id}`);
  expect((await site.ask(viewer, 'GET', '/rules')).body['total']).toBe(0);
  covers('DELETE /rules/{id}', '=rules go with their event');
});

test('webhooks are targets whose secret nobody sees, and hear of readings and health', async () => {
  const url = 'http://127.0.0.1:9/hook';
  const body = { url, secret: 'hush hush', events: ['sensor.reading'], enabled: true };
  expect((await made('/webhooks', body)).status).toBe(403);
  expect((await site.ask(viewer, 'GET', '/webhooks')).status).toBe(403);
  covers('GET /webhooks', '=admins only');
  const first = await made('/webhooks', body, admin);
  expect(first.status).toBe(201);
  shows('POST /webhooks', first.body, ok('Webhook successfully created.'));
  covers('POST /webhooks', '>url', '>secret', '>events', '>enabled');
  expect((await made('/webhooks', body, admin)).body).toEqual({
    detail: 'Webhook already exists.',
  });
  covers('POST /webhooks', '=409');
  for (const wrong of [{ url: 'ftp://x' }, { events: [] }, { events: ['other'] }]) {
    expect((await made('/webhooks', { ...body, ...wrong }, admin)).status).toBe(422);
  }
  covers('POST /webhooks', '=422');
  const path = `/webhooks/${String(first.body['public_id'])}`;
  const got = await site.ask(admin, 'GET', path);
  shows('GET /webhooks/{id}', got.body, {
    public_id: first.body['public_id'],
    url,
    events: ['sensor.reading'],
    enabled: true,
    created_on: text,
    user_public_id: text,
  });
  expect(got.text).not.toContain('hush');
  const { automation } = site.devices.store;
  const [target] = await automation.targets.find();
  expect([target?.kind, target?.sealed?.includes('hush')]).toEqual(['webhook', false]);
  covers('GET /webhooks/{id}', '=the secret is never shown');
  const list = await site.ask(admin, 'GET', '/webhooks?page=1&page_size=25');
  shows('GET /webhooks', list.body, { page: 1, page_size: 25, total: 1, data: expect.any(Array) });
  covers('GET /webhooks', '?page', '?page_size');

  const [id, other] = await linkedEvents(site, operator, 2, 'Heard');
  for (let value = 0; value < 4; value++) {
    await made('/datapoints/batch', {
      datapoints: [id, other].map((event_public_id) => ({ value, event_public_id })),
    });
  }
  await vi.waitFor(() => expect(told).toHaveLength(2), PATIENCE);
  expect(told[0]).toMatchObject({
    event: 'sensor.reading',
    body: { type: 'sensor.reading', sensor: 'Heard 0', value: 0, time: text },
  });
  covers('webhooks', '=sensor.reading, one in 5 s of each sensor');
  site.stores.put({ id: 'series', state: 'away' });
  await vi.waitFor(() => expect(told.at(-1)?.event).toBe('system.health_changed'), PATIENCE);
  expect(told.at(-1)?.body).toMatchObject({ status: 'degraded' });
  covers('webhooks', '=system.health_changed');
  const health = await site.ask('', 'GET', '/health');
  shows('GET /health', health.body, {
    status: 'degraded',
    version: '0.1.0',
    database: 'error',
    last_datapoint: text,
    uptime_seconds: expect.any(Number),
  });
  site.stores.put({ id: 'series', state: 'up' });
  const old = await fetch(`${site.url}/health`);
  expect(((await old.json()) as Record<string, unknown>)['status']).toBe('ok');
  covers('GET /health', '=degraded');

  await automation.deliveries.create({
    publicId: crypto.randomUUID(),
    kind: 'target',
    targetId: target?.id ?? 0,
    event: 'sensor.reading',
    payload: '{}',
    subject: null,
    alarmId: null,
    state: 'dead',
    attempts: 3,
    nextAtUnixMs: null,
    lastError: 'refused',
    responseCode: 500,
    createdAtUnixMs: Date.now(),
    deliveredAtUnixMs: null,
  } as never);
  const query = 'status=dead_letter&page=1&page_size=25';
  const sent = await site.ask(admin, 'GET', `${path}/deliveries?${query}`);
  shows('GET /webhooks/{id}/deliveries', sent.body, {
    page: 1,
    page_size: 25,
    total: 1,
    data: expect.any(Array),
  });
  shows('GET /webhooks/{id}/deliveries', (sent.body['data'] as Rows)[0], {
    event_type: 'sensor.reading',
    status: 'dead_letter',
    attempts: 3,
    last_error: 'refused',
    response_code: 500,
    created_on: text,
    delivered_on: null,
  });
  const none = await site.ask(admin, 'GET', `${path}/deliveries?status=delivered`);
  expect(none.body['total']).toBe(0);
  covers('GET /webhooks/{id}/deliveries', '?page', '?page_size', '?status');
  const changed = await site.ask(admin, 'PUT', path, { body: { enabled: false } });
  shows('PUT /webhooks/{id}', changed.body, ok('Webhook successfully updated.'));
  const gone = await site.ask(admin, 'DELETE', path);
  shows('DELETE /webhooks/{id}', gone.body, ok('Webhook successfully deleted.'));
});

test('dashboards are their owners, or everybody sees them', async () => {
  const [id] = await linkedEvents(site, operator, 1, 'Shown');
  const first = await made('/dashboards', { name: 'Mine', is_global: false });
  expect(first.status).toBe(201);
  shows('POST /dashboards', first.body, ok('Dashboard successfully created.'));
  const path = `/dashboards/${String(first.body['public_id'])}`;
  expect((await site.ask(viewer, 'GET', path)).status).toBe(404);
  const shared = await site.ask(operator, 'PUT', path, { body: { is_global: true } });
  shows('PUT /dashboards/{id}', shared.body, ok('Dashboard successfully updated.'));
  covers('POST /dashboards', '>name', '>is_global');
  await made('/dashboards', { name: 'Hidden' }, admin);
  const list = await site.ask(viewer, 'GET', '/dashboards?page=1&page_size=25');
  shows('GET /dashboards', list.body, {
    page: 1,
    page_size: 25,
    total: 1,
    data: expect.any(Array),
  });
  covers('GET /dashboards', '?page', '?page_size', '=own and global');

  const widget = {
    widget_type: 'gauge',
    title: 'Inlet',
    event_public_id: id,
    x: 1,
    y: 2,
    w: 6,
    h: 3,
    config_json: '{"unit":"bar"}',
  };
  const added = await made(`${path}/widgets`, widget);
  expect(added.status).toBe(201);
  shows('POST /dashboards/{id}/widgets', added.body, {
    ...ok('Widget successfully created.'),
    ...widget,
  });
  for (const wrong of [{ w: 13 }, { widget_type: 'pie' }, { title: '' }]) {
    expect((await made(`${path}/widgets`, { ...widget, ...wrong })).status).toBe(422);
  }
  covers('POST /dashboards/{id}/widgets', '=422');
  const its = `${path}/widgets/${String(added.body['public_id'])}`;
  const moved = await site.ask(operator, 'PUT', its, { body: { x: 5 } });
  shows('PUT /dashboards/{id}/widgets/{wid}', moved.body, ok('Widget successfully updated.'));
  shows('GET /dashboards/{id}', (await site.ask(viewer, 'GET', path)).body, {
    public_id: first.body['public_id'],
    name: 'Mine',
    is_global: true,
    created_on: text,
    user_public_id: text,
    widgets: [{ ...widget, x: 5, public_id: added.body['public_id'] }],
  });
  await site.auth.createUser('oscar', 'long enough for staff', 'operator');
  const login = { email: 'oscar', password: 'long enough for staff' };
  const oscar = String((await made('/auth/login', login, '')).body['access_token']);
  expect((await site.ask(oscar, 'PUT', path, { body: { name: 'Stolen' } })).status).toBe(403);
  covers('PUT /dashboards/{id}', '=403 for others');
  const removed = await site.ask(operator, 'DELETE', its);
  shows('DELETE /dashboards/{id}/widgets/{wid}', removed.body, ok('Widget successfully deleted.'));
  const gone = await site.ask(operator, 'DELETE', path);
  shows('DELETE /dashboards/{id}', gone.body, ok('Dashboard successfully deleted.'));
});

test('the calls are listed for tools', async () => {
  const got = (await (await fetch(`${site.url}/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(got.paths)).toContain('/api/v1/datapoints/batch');
  covers('GET /openapi.json', '=lists the calls');
  const redoc = await fetch(`${site.url}/redoc`, { redirect: 'manual' });
  expect([redoc.status, redoc.headers.get('location')]).toEqual([307, '/docs']);
});

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ZipFile } from 'yazl';
import { covers, shows } from './testing/contract.js';
import { startWebmacsSite, type WebmacsSite } from './testing/site.js';

let site: WebmacsSite;
let admin: string;
let operator: string;
beforeAll(async () => {
  site = await startWebmacsSite();
  [admin, operator] = await Promise.all([site.login('admin'), site.login('olga')]);
});
afterAll(() => site.stop());

type Rows = Record<string, unknown>[];
const text = expect.any(String) as unknown;
const ok = (message: string) => ({ status: 'success', message });
const rows = (body: unknown) => body as Rows;
const PATIENCE = { timeout: 20_000, interval: 50 };

test('a plugin instance gets its channels and events, and its status follows its values', async () => {
  const plugins = rows((await site.ask(operator, 'GET', '/plugins/available')).body);
  shows('GET /plugins/available', plugins[0], {
    id: 'simulated',
    name: text,
    version: text,
    vendor: text,
    description: text,
  });
  expect(plugins.map(({ id }) => id)).toEqual(['simulated', 'system', 'revpi']);
  covers('GET /plugins/available', '=bundled');

  const body = { plugin_id: 'simulated', instance_name: 'Demo', config_json: { rate: 2 } };
  expect((await site.ask(operator, 'POST', '/plugins', { body })).status).toBe(403);
  covers('POST /plugins', '=operators may not');
  const made = await site.ask(admin, 'POST', '/plugins', { body });
  expect(made.status).toBe(201);
  shows('POST /plugins', made.body, ok('Plugin instance successfully created.'));
  const path = `/plugins/${String(made.body['public_id'])}`;
  const plugin = (await site.ask(operator, 'GET', path)).body;
  shows('GET /plugins/{id}', plugin, {
    public_id: made.body['public_id'],
    plugin_id: 'simulated',
    instance_name: 'Demo',
    demo_mode: false,
    enabled: true,
    status: 'inactive',
    config_json: '{"rate":2}',
    error_message: null,
    created_on: text,
    updated_on: text,
    user_public_id: text,
    channel_mappings: expect.any(Array),
  });
  const python = await site.ask(operator, 'GET', path, {
    headers: { 'user-agent': 'python-httpx/0.27.0' },
  });
  expect(python.body['config_json']).toEqual({ rate: 2 });
  covers('GET /plugins/{id}', '=config_json is an object for Python controllers');

  const channels = rows((await site.ask(operator, 'GET', `${path}/channels`)).body);
  expect(channels).toHaveLength(9);
  shows('GET /plugins/{id}/channels', channels[0], {
    public_id: text,
    channel_id: 'temp_reactor',
    channel_name: 'Temperature Reactor',
    direction: 'input',
    unit: '°C',
    event_public_id: text,
    created_on: text,
  });
  const events = rows((await site.ask(operator, 'GET', '/events?page_size=100')).body['data']);
  expect(events.map(({ name }) => name)).toContain('Demo – Temperature Reactor');
  expect(events.find(({ name }) => name === 'Demo – Heater Power')).toMatchObject({
    type: 'actuator',
    min_value: 0,
    max_value: 100,
    unit: '%',
  });
  covers('POST /plugins', '=channels and events are made, named with an en dash');

  const event = channels[0]?.['event_public_id'];
  const point = { value: 300, event_public_id: event };
  expect((await site.ask(operator, 'POST', '/datapoints', { body: point })).status).toBe(201);
  await vi.waitFor(async () => {
    expect((await site.ask(operator, 'GET', path)).body['status']).toBe('connected');
  }, PATIENCE);
  covers('GET /plugins/{id}', '=the status follows the values');

  const off = await site.ask(admin, 'PUT', path, { body: { enabled: false } });
  shows('PUT /plugins/{id}', off.body, ok('Plugin instance successfully updated.'));
  expect((await site.ask(operator, 'POST', '/datapoints', { body: point })).status).toBe(409);
  const batch = { datapoints: [point] };
  const none = await site.ask(operator, 'POST', '/datapoints/batch', { body: batch });
  expect(none.body['message']).toMatch(/^0 /);
  covers('PUT /plugins/{id}', '=values are not taken while it is off');

  const bare = { plugin_id: 'system', instance_name: 'Bare', auto_create_events: false };
  const second = await site.ask(admin, 'POST', '/plugins', { body: bare });
  const its = rows(
    (await site.ask(operator, 'GET', `/plugins/${String(second.body['public_id'])}/channels`)).body,
  );
  expect([its.length, its[0]?.['event_public_id']]).toEqual([7, null]);
  covers('POST /plugins', '=without events when auto_create_events is false');
  const strange = { plugin_id: 'strange', instance_name: 'x' };
  expect((await site.ask(admin, 'POST', '/plugins', { body: strange })).status).toBe(404);
  covers('POST /plugins', '=404 unknown plugin');
  expect((await site.ask(admin, 'GET', '/plugins/none')).status).toBe(404);
  covers('GET /plugins/{id}', '=404');

  for (let i = 0; i < 26; i++) {
    const more = { plugin_id: 'revpi', instance_name: `R${i}` };
    expect((await site.ask(admin, 'POST', '/plugins', { body: more })).status).toBe(201);
  }
  const list = await site.ask(operator, 'GET', '/plugins/?page=2&page_size=25');
  shows('GET /plugins', list.body, { page: 2, page_size: 25, total: 28, data: expect.any(Array) });
  expect(list.body['data']).toHaveLength(3);
  covers('GET /plugins', '?page', '?page_size', '=more than 25 are reached');

  const gone = await site.ask(admin, 'DELETE', path);
  shows('DELETE /plugins/{id}', gone.body, ok('Plugin instance successfully deleted.'));
});

test('channels are added, bound to events and removed', async () => {
  const body = { plugin_id: 'revpi', instance_name: 'Cabinet' };
  const made = await site.ask(admin, 'POST', '/plugins', { body });
  const path = `/plugins/${String(made.body['public_id'])}/channels`;
  const channel = { channel_id: 'ai1', channel_name: 'Input 1', direction: 'input', unit: 'mV' };
  const added = await site.ask(admin, 'POST', path, { body: channel });
  expect(added.status).toBe(201);
  shows('POST /plugins/{id}/channels', added.body, ok('Channel mapping successfully created.'));
  expect((await site.ask(admin, 'POST', path, { body: channel })).status).toBe(409);
  covers('POST /plugins/{id}/channels', '=409');
  const event = await site.ask(operator, 'POST', '/events', {
    body: { name: 'Input', min_value: 0, max_value: 1, unit: 'mV', type: 'sensor' },
  });
  const id = event.body['public_id'];
  const mapping = `${path}/${String(added.body['public_id'])}`;
  const bound = await site.ask(admin, 'PUT', mapping, { body: { event_public_id: id } });
  shows(
    'PUT /plugins/{id}/channels/{mid}',
    bound.body,
    ok('Channel mapping successfully updated.'),
  );
  const point = { value: 1, event_public_id: id };
  expect((await site.ask(operator, 'POST', '/datapoints', { body: point })).status).toBe(201);
  covers('PUT /plugins/{id}/channels/{mid}', '>event_public_id');
  const gone = await site.ask(admin, 'DELETE', mapping);
  shows(
    'DELETE /plugins/{id}/channels/{mid}',
    gone.body,
    ok('Channel mapping successfully deleted.'),
  );
  expect((await site.ask(operator, 'POST', '/datapoints', { body: point })).status).toBe(409);
});

async function wheel(points: string): Promise<Uint8Array> {
  const zip = new ZipFile();
  const folder = 'webmacs_plugin_probe-1.2.0.dist-info';
  const metadata = 'Metadata-Version: 2.1\nName: webmacs-plugin-probe\nVersion: 1.2.0\n';
  zip.addBuffer(Buffer.from(metadata), `${folder}/METADATA`);
  zip.addBuffer(Buffer.from(points), `${folder}/entry_points.txt`);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const form = (bytes: Uint8Array | string, name: string): FormData => {
  const data = new FormData();
  data.append('file', new Blob([Buffer.from(bytes as string)]), name);
  return data;
};

test('a wheel with plugins is kept and its plugins can be used', async () => {
  const path = '/plugins/packages/upload';
  const good = await wheel('[console_scripts]\nx = a:b\n[webmacs.plugins]\nprobe = p:Probe\n');
  const body = form(good, 'webmacs_plugin_probe-1.2.0-py3-none-any.whl');
  const made = await site.ask(admin, 'POST', path, { body });
  expect([made.status, made.text]).toEqual([
    201,
    expect.stringContaining("'webmacs-plugin-probe' v1.2.0"),
  ]);
  shows('POST /plugins/packages/upload', made.body, { status: 'success', message: text });
  const list = rows((await site.ask(operator, 'GET', '/plugins/packages')).body);
  shows('GET /plugins/packages', list.at(-1), {
    public_id: text,
    package_name: 'webmacs-plugin-probe',
    version: '1.2.0',
    source: 'uploaded',
    plugin_ids: ['probe'],
    file_size_bytes: good.length,
    installed_on: text,
    removable: true,
  });
  const use = { plugin_id: 'probe', instance_name: 'Probe' };
  expect((await site.ask(admin, 'POST', '/plugins', { body: use })).status).toBe(201);
  covers('POST /plugins/packages/upload', '=its plugins are available');
  const again = form(good, 'again.whl');
  expect((await site.ask(admin, 'POST', path, { body: again })).status).toBe(409);
  covers('POST /plugins/packages/upload', '=409');
  const bare = form(await wheel('[console_scripts]\nx = a:b\n'), 'bare.whl');
  expect((await site.ask(admin, 'POST', path, { body: bare })).status).toBe(422);
  const broken = form('not a zip', 'broken.whl');
  expect((await site.ask(admin, 'POST', path, { body: broken })).status).toBe(422);
  covers('POST /plugins/packages/upload', '=422 without entry point');
  const other = await site.ask(admin, 'POST', path, { body: form('x', 'x.zip') });
  expect([other.status, other.body]).toEqual([
    400,
    { detail: 'File must be a .whl Python wheel package.' },
  ]);
  covers('POST /plugins/packages/upload', '=400 no wheel');
  const id = String(list.at(-1)?.['public_id']);
  const gone = await site.ask(admin, 'DELETE', `/plugins/packages/${id}`);
  shows('DELETE /plugins/packages/{id}', gone.body, ok('Plugin package successfully deleted.'));
  expect((await site.ask(admin, 'DELETE', '/plugins/packages/bundled-system')).status).toBe(409);
  covers('DELETE /plugins/packages/{id}', '=bundled ones stay');
});

test('firmware is uploaded, verified, applied and taken back, in that order only', async () => {
  const body = { version: '2.1.0', changelog: 'Better.' };
  const made = await site.ask(admin, 'POST', '/ota', { body });
  expect(made.status).toBe(201);
  shows('POST /ota', made.body, ok('Firmware update successfully created.'));
  covers('POST /ota', '>version', '>changelog');
  expect((await site.ask(admin, 'POST', '/ota', { body })).status).toBe(409);
  covers('POST /ota', '=409');
  expect((await site.ask(admin, 'POST', '/ota', { body: { version: 'two' } })).status).toBe(422);
  covers('POST /ota', '=422');
  const bytes = Buffer.alloc(3_000_000, 7);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const up = await site.ask(admin, 'POST', '/ota/upload', {
    body: form(bytes, 'update-2.1.0.tar.gz'),
  });
  expect(up.status).toBe(201);
  shows(
    'POST /ota/upload',
    up.body,
    ok("Bundle 'update-2.1.0.tar.gz' uploaded (3,000,000 bytes)."),
  );
  const twice = await site.ask(admin, 'POST', '/ota/upload', {
    body: form(bytes, 'update-2.1.0.tar.gz'),
  });
  expect(twice.status).toBe(409);
  covers('POST /ota/upload', '=409');
  const zip = await site.ask(admin, 'POST', '/ota/upload', { body: form(bytes, 'update.zip') });
  expect(zip.status).toBe(400);
  covers('POST /ota/upload', '=400 no .tar.gz');

  const path = `/ota/${String(made.body['public_id'])}`;
  shows('GET /ota/{id}', (await site.ask(admin, 'GET', path)).body, {
    public_id: made.body['public_id'],
    ...body,
    file_hash_sha256: sha256,
    file_size_bytes: 3_000_000,
    status: 'pending',
    error_message: null,
    created_on: text,
    started_on: null,
    completed_on: null,
    user_public_id: text,
    has_firmware_file: true,
  });
  const list = await site.ask(admin, 'GET', '/ota?page=1&page_size=10');
  shows('GET /ota', list.body, { page: 1, page_size: 10, total: 1, data: expect.any(Array) });
  covers('GET /ota', '?page', '?page_size');
  shows('GET /ota/check', (await site.ask(operator, 'GET', '/ota/check')).body, {
    current_version: '0.1.0',
    latest_version: '2.1.0',
    update_available: true,
  });
  const early = await site.ask(admin, 'POST', `${path}/rollback`);
  expect([early.status, early.body]).toEqual([
    409,
    { detail: 'Invalid transition: pending -> rolled_back.' },
  ]);
  const wrong = { file_hash_sha256: '0'.repeat(64) };
  expect((await site.ask(admin, 'POST', `${path}/apply`, { body: wrong })).status).toBe(400);
  expect((await site.ask(admin, 'GET', path)).body).toMatchObject({
    status: 'failed',
    error_message: expect.stringContaining('mismatch') as unknown,
  });
  covers('POST /ota/{id}/apply', '=a wrong hash fails it');
  const applied = await site.ask(admin, 'POST', `${path}/apply`);
  shows('POST /ota/{id}/apply', applied.body, ok('Firmware update successfully applied.'));
  expect((await site.ask(admin, 'POST', `${path}/apply`)).status).toBe(409);
  covers('POST /ota/{id}/apply', '=409 on a bad transition');
  const back = await site.ask(admin, 'POST', `${path}/rollback`);
  shows('POST /ota/{id}/rollback', back.body, ok('Firmware update successfully rolled back.'));
  expect((await site.ask(admin, 'POST', `${path}/rollback`)).status).toBe(409);
  covers('POST /ota/{id}/rollback', '=409 on a bad transition');

  const server = createServer((_, answer) => answer.end(bytes));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const next = await site.ask(admin, 'POST', '/ota', { body: { version: '2.2.0' } });
  const second = `/ota/${String(next.body['public_id'])}`;
  const wish = { download_url: `http://127.0.0.1:${port}/f.tar.gz`, file_hash_sha256: sha256 };
  expect((await site.ask(admin, 'POST', `${second}/apply`, { body: wish })).text).toContain(
    'applied',
  );
  expect((await site.ask(admin, 'GET', second)).body).toMatchObject({
    status: 'completed',
    has_firmware_file: true,
    file_hash_sha256: sha256,
  });
  await new Promise((resolve) => server.close(resolve));
  covers('POST /ota/{id}/apply', '=it is downloaded');
  const gone = await site.ask(admin, 'DELETE', second);
  shows('DELETE /ota/{id}', gone.body, ok('Firmware update successfully deleted.'));
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ConfigurationApplied } from '../../contract/configuration.js';
import { startServer, type TestServer } from '../../testing/server.js';

interface Document {
  tables: Record<string, Record<string, unknown>[]>;
}

const READY_MS = 120_000;
let data: string;
let server: TestServer;
let cookie = '';
let adminPassword = '';
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'earshot-configuration-'));
  server = await startServer({ data, readyWithinMs: READY_MS });
  adminPassword = server.adminPassword ?? '';
  cookie = await server.signIn();
}, READY_MS);
afterAll(async () => {
  await server.stop();
  rmSync(data, { recursive: true, force: true });
});

const get = (path: string) => fetch(`${server.url}${path}`, { headers: { cookie } });
const post = (path: string, text: string) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/yaml' },
    body: text,
  });
const configuration = async (): Promise<string> => await (await get('/v1/configuration')).text();

test('an applied configuration is taken over by a running site, told in the audit log, and kept', async () => {
  const before = await configuration();
  const wanted = parse(before) as Document;
  wanted.tables['variables'] = [{ id: 70, name: 'limit', kind: 'number', value: 4 }];
  wanted.tables['rules']?.push({
    id: 900,
    name: 'always',
    condition: { type: 'expression', text: '1 < 2' },
    actions: [{ type: 'variable', name: 'limit', value: 5 }],
  });
  wanted.tables['dashboards'] = [{ id: 40, name: 'hall', shared: true }];
  wanted.tables['widgets'] = [{ id: 41, dashboardId: 40, type: 'text', title: 'hello' }];
  const text = stringify(wanted);
  const answer = await post('/v1/configuration/apply', text);
  expect(answer.status).toBe(200);
  const { version, changes } = (await answer.json()) as ConfigurationApplied;
  expect(changes['rules']).toEqual({ added: [900], changed: [], removed: [] });
  expect(await (await get(`/v1/configuration/versions/${version ?? ''}`)).text()).toBe(before);
  // The rule runs without a restart: the variable that it sets is all that differs from the text.
  await expect
    .poll(async () => await (await post('/v1/configuration/diff', text)).json())
    .toMatchObject({ changes: { variables: { added: [], changed: [70], removed: [] } } });
  // The service of rules knows it without a restart.
  await expect.poll(async () => (await get('/v1/rules/900/sources')).status).toBe(200);
  expect(await (await get('/v1/dashboards/40')).json()).toMatchObject({
    widgets: [{ id: 41, title: 'hello' }],
  });
  await vi.waitFor(async () => {
    const audit = await (await get('/v1/audit?subject=configuration')).text();
    expect(audit).toContain('/v1/configuration/apply');
  }, 15_000);
  expect((await post('/v1/configuration/apply', before)).status).toBe(200);
  await expect.poll(async () => (await get('/v1/rules/900/sources')).status).toBe(404);
  expect(await configuration()).toBe(before);
}, 90_000);

test('a vendor connection of a text is opened without a restart, and closed by the text before', async () => {
  const before = await configuration();
  const wanted = parse(before) as Document;
  const config = { url: 'mqtt://127.0.0.1:1', user: 'hall' };
  const row = {
    id: 77,
    plugin: 'mqtt',
    name: 'Hall',
    enabled: true,
    config,
    secrets: ['password'],
  };
  wanted.tables['instances']?.push(row);
  wanted.tables['overrides']?.push({
    id: 78,
    scope: 'instance',
    scopeId: '77',
    key: 'net.retries',
    value: 5,
  });
  const answer = await post('/v1/configuration/apply', stringify(wanted));
  expect(await answer.json()).toMatchObject({ secretsNeeded: ['instances/77/password'] });
  const shown = async () => (await get('/v1/plugin-instances/77')).json();
  await expect.poll(shown, { timeout: 20_000 }).toMatchObject({ name: 'Hall', config });
  const refused = parse(await configuration()) as Document;
  Object.assign(refused.tables['instances']?.find(({ id }) => id === 77) ?? {}, {
    config: { url: 'nowhere' },
  });
  const refusal = await post('/v1/configuration/apply', stringify(refused));
  expect(refusal.status).toBe(400);
  expect(await refusal.text()).toContain('instances/77/config.url');
  expect(await shown()).toMatchObject({ config });
  expect((await post('/v1/configuration/apply', before)).status).toBe(200);
  await expect.poll(async () => (await get('/v1/plugin-instances/77')).status).toBe(404);
  expect(await configuration()).toBe(before);
}, 90_000);

test('a kill in the middle leaves the old configuration or the new one, never a part of it', async () => {
  const old = await configuration();
  const wanted = parse(old) as Document;
  wanted.tables['units'] = Array.from({ length: 3_000 }, (_, at) => ({
    id: at + 1,
    name: `pack ${at + 1}`,
  }));
  const sent = post('/v1/configuration/apply', stringify(wanted)).then(
    ({ status }) => status,
    () => 0,
  );
  // The former state is on disk before the first row is written, and the rows take a while.
  await expect
    .poll(() => readdirSync(join(data, 'configuration')).length, { timeout: 30_000, interval: 2 })
    .toBeGreaterThan(2);
  await server.kill();
  const status = await sent;
  server = await startServer({ data, readyWithinMs: READY_MS });
  cookie = await server.signIn('admin', adminPassword);
  const { units } = (parse(await configuration()) as Document).tables;
  expect([0, 3_000]).toContain(units?.length);
  if (status === 200) expect(units).toHaveLength(3_000);
}, 240_000);

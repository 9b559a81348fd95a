import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditPort } from '../../automation/ports.js';
import { type DjangoSite, fillDjango, startDjangoSite } from '../testing/django-site.js';

type Entry = Parameters<AuditPort['note']>[0];

const entries: Entry[] = [];
let site: DjangoSite;
let headers: Readonly<Record<string, string>>;
beforeAll(async () => {
  site = await startDjangoSite(false, { note: (entry) => void entries.push(entry) });
  fillDjango(site);
  headers = { authorization: await site.bearer('operator') };
});
afterAll(() => site.stop());

const ask = (method: string, path: string, body?: unknown) =>
  site.ask(method, path, { body, headers });

test('groups, values and assignments are noted with the thing before and after', async () => {
  await ask('POST', 'groups/4/', { title: 'Choir', slots: [1, 2] });
  await ask('POST', 'group/', { group: 4, title: 'Band', slots: [1] });
  await ask('POST', 'v1/config/?manufacturer=shure', { interval: 5 });
  await ask('POST', 'v1/config/?manufacturer=shure', { interval: 6 });
  const band = { number: 4, title: 'Band', slots: [1] };
  const noted = entries.splice(0);
  expect(noted).toMatchObject([
    {
      action: 'POST /micboard/api/groups/{id}',
      subject: 'groups/4',
      before: null,
      after: { title: 'Choir', slots: [1, 2] },
    },
    { action: 'POST /micboard/api/group', before: { title: 'Choir' }, after: band },
    {
      action: 'POST /micboard/api/config',
      subject: 'config',
      before: {},
      after: { interval: '5' },
    },
    { before: { interval: '5' }, after: { interval: '6' } },
  ]);
  for (const { by, address, requestId } of noted) {
    expect(by).toBe('token of olga');
    expect(address).toMatch(/^10\.9\./);
    expect(requestId).toMatch(/./);
  }

  const { id: instanceId } = await site.rows.instance({ plugin: 'simulated' });
  const { deviceId } = await site.rows.device(instanceId, 'a', {});
  const { id: channel } = await site.rows.channel(deviceId, 1, {});
  const made = await ask('POST', 'user-assignments/', { user: 'olga', channel });
  const path = `user-assignments/${String(made.body['id'])}`;
  await ask('PATCH', `v1/${path}/`, { priority: 'high' });
  await ask('DELETE', `${path}/`);
  expect(entries.splice(0)).toMatchObject([
    { subject: path, before: null, after: { channel, priority: 'normal' } },
    { subject: path, before: { priority: 'normal' }, after: { priority: 'high' } },
    { subject: path, before: { priority: 'high' }, after: null },
  ]);
});

test('searches, readings and refusals are in no log', async () => {
  await ask('POST', 'discover/');
  await ask('POST', 'refresh/');
  await ask('GET', 'config/');
  expect((await ask('POST', 'groups/0/', { title: 'None' })).status).toBe(400);
  expect((await site.ask('POST', 'groups/5/', { body: { title: 'Choir' } })).status).toBe(401);
  expect((await ask('POST', 'groups/5/', 'no json')).status).toBe(400);
  expect(entries).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditPort } from '../../automation/ports.js';
import { startWebmacsSite, type WebmacsSite } from './testing/site.js';

type Entry = Parameters<AuditPort['note']>[0];

const entries: Entry[] = [];
let site: WebmacsSite;
beforeAll(async () => {
  site = await startWebmacsSite({ audit: { note: (entry) => void entries.push(entry) } });
});
afterAll(() => site.stop());

test('changes are noted with the thing before and after, and nothing else is', async () => {
  const admin = await site.login('admin');
  expect(entries.splice(0)).toMatchObject([{ by: 'admin', action: 'POST /api/v1/auth/login' }]);
  const body = { name: 'Boiler', min_value: 0, max_value: 100, unit: '°C', type: 'sensor' };
  const made = await site.ask(admin, 'POST', '/events/', { body });
  const path = `/events/${String(made.body['public_id'])}`;
  await site.ask(admin, 'GET', path);
  await site.ask(admin, 'PUT', path, { body: { name: 'Kettle' } });
  await site.ask(admin, 'PUT', path, { body: { name: '' } });
  await site.ask(admin, 'POST', '/datapoints/batch', { body: { datapoints: [] } });
  await site.ask(admin, 'POST', '/datapoints/series', {
    body: { event_public_ids: [path.slice(8)] },
  });
  await site.ask(admin, 'DELETE', path);
  const subject = path.slice(1);
  expect(entries).toMatchObject([
    { action: 'POST /api/v1/events', subject, before: null, after: { name: 'Boiler' } },
    {
      by: 'admin',
      action: 'PUT /api/v1/events/{id}',
      subject,
      before: { name: 'Boiler', unit: '°C' },
      after: { name: 'Kettle', unit: '°C' },
    },
    { action: 'DELETE /api/v1/events/{id}', subject, before: { name: 'Kettle' }, after: null },
  ]);
  for (const { address, requestId } of entries) {
    expect(address).toBe('127.0.0.1');
    expect(requestId).toMatch(/./);
  }
});

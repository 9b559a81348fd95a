import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntry } from '../contract/ops.js';
import { startServer, type TestServer } from '../testing/server.js';
import { withoutSecrets } from './audit.js';

describe('the log of changes', () => {
  let server: TestServer;
  let cookie = '';
  beforeAll(async () => {
    server = await startServer();
    cookie = await server.signIn();
  });
  afterAll(async () => {
    await server.stop();
  });

  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: { cookie, 'content-type': 'application/json', 'x-request-id': 'audit-test' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
    return answer.status === 204 ? undefined : await answer.json();
  };
  const log = async (query: string): Promise<readonly AuditEntry[]> =>
    ((await call('GET', `/v1/audit?${query}`)) as { items: AuditEntry[] }).items;

  test('says who changed what, with the thing before and after', async () => {
    const made = (await call('POST', '/v1/locations', { kind: 'room', name: 'Stage' })) as {
      id: number;
    };
    await call('PATCH', `/v1/locations/${made.id}`, { name: 'Main stage' });
    await call('DELETE', `/v1/locations/${made.id}`);
    await expect.poll(async () => await log(`subject=locations/${made.id}`)).toHaveLength(3);
    const [removed, changed, first] = await log(`subject=locations/${made.id}`);
    expect(first).toMatchObject({
      by: 'admin',
      action: 'POST /v1/locations',
      before: null,
      after: { id: made.id, name: 'Stage' },
    });
    expect(changed).toMatchObject({ before: { name: 'Stage' }, after: { name: 'Main stage' } });
    expect(removed).toMatchObject({ action: 'DELETE /v1/locations/{id}', after: null });
    expect(removed?.before).toMatchObject({ name: 'Main stage' });
    expect(changed?.requestId).toMatch(/./);
  });

  test('is found by person, words, action and time, and tells no secret', async () => {
    await call('POST', '/v1/users', {
      username: 'ann',
      password: 'quite-a-long-one',
      role: 'viewer',
    });
    await expect.poll(async () => await log('text=ANN&action=/v1/users')).toHaveLength(1);
    const [entry] = await log('by=admin&action=/v1/users&text=ann');
    expect(entry?.after).toMatchObject({ username: 'ann', password: '(secret)' });
    expect(JSON.stringify(await log('limit=1000'))).not.toContain('quite-a-long-one');
    expect(await log(`from=${Date.now() + 60_000}`)).toEqual([]);
    expect((await log('action=login')).map(({ by }) => by)).toContain('admin');
  });

  test('holds nothing that was refused or only read', async () => {
    const refused = await fetch(`${server.url}/v1/locations`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'palace', name: 'x' }),
    });
    expect(refused.status).toBe(400);
    await call('GET', '/v1/locations');
    await call('POST', '/v1/locations', { kind: 'site', name: 'Afterwards' });
    await expect.poll(async () => await log('text=Afterwards')).toHaveLength(1);
    expect(await log('text=palace')).toEqual([]);
    expect(await log('action=GET')).toEqual([]);
  });

  test('is for admins only', async () => {
    await call('POST', '/v1/users', {
      username: 'op',
      password: 'quite-a-long-one',
      role: 'operator',
    });
    const operator = await server.signIn('op', 'quite-a-long-one');
    const answer = await fetch(`${server.url}/v1/audit`, { headers: { cookie: operator } });
    expect(answer.status).toBe(403);
  });
});

test('whatever a body holds, its copy is short, plain JSON', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
      const bare = withoutSecrets(value);
      const text = JSON.stringify(bare ?? null);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(bare ?? null)));
    }),
    { numRuns: 2_000 },
  );
});

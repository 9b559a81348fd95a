import { once } from 'node:events';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { TestClock } from '../../engine/clock.js';
import type { AuthSessionsAnswer } from '../contract/auth.js';
import { scopeOf } from '../http/scopes.js';
import type { ApiDocument } from '../routes/openapi.types.js';
import { startServer, type TestServer } from '../testing/server.js';
import { FailedLogins } from './failed-logins.js';

const PASSWORD = 'correct horse';
let server: TestServer;
let admin = '';
beforeAll(async () => {
  server = await startServer({
    env: { EARSHOT_REQUESTS_PER_ADDRESS: '0' },
    readyWithinMs: 150_000,
  });
  admin = await server.signIn();
}, 180_000);
afterAll(async () => {
  await server.stop();
});

type Headers = Readonly<Record<string, string>>;

async function call(method: string, path: string, headers: Headers, body?: unknown) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
  return { answer, status: answer.status, text, json };
}

async function makeUser(username: string, role = 'operator'): Promise<string> {
  const body = { username, password: PASSWORD, role };
  const { json } = await call('POST', '/v1/users', { cookie: admin }, body);
  return String(json['id']);
}

const loginsOf = async (cookie: string) =>
  ((await call('GET', '/v1/auth-sessions', { cookie })).json as unknown as AuthSessionsAnswer)
    .items;

test('people see where they are signed in, and sign a browser out with its sockets', async () => {
  await makeUser('eve');
  const [one, other] = [await server.signIn('eve', PASSWORD), await server.signIn('eve', PASSWORD)];
  const mine = await loginsOf(one);
  expect(mine.map(({ username }) => username)).toEqual(['eve', 'eve']);
  expect(mine.filter(({ current }) => current)).toHaveLength(1);
  expect(new Set((await loginsOf(admin)).map(({ username }) => username))).toEqual(
    new Set(['admin', 'eve']),
  );
  const socket = new WebSocket(`${server.wsUrl}/v1/live`, { headers: { cookie: other } });
  const closed = once(socket, 'close');
  await once(socket, 'open');
  const [elsewhere] = mine.filter(({ current }) => !current);
  const path = `/v1/auth-sessions/${elsewhere?.id ?? ''}`;
  await makeUser('mallory');
  const mallory = await server.signIn('mallory', PASSWORD);
  expect((await call('DELETE', path, { cookie: mallory })).status).toBe(404);
  expect((await call('DELETE', path, { cookie: one })).status).toBe(204);
  await closed;
  expect((await call('GET', '/v1/me', { cookie: other })).status).toBe(401);
  expect((await call('GET', '/v1/me', { cookie: one })).status).toBe(200);
  expect((await call('DELETE', path, { cookie: one })).status).toBe(404);
});

test('an admin signs a user out everywhere, and sets a password that is shown once', async () => {
  const id = await makeUser('fay', 'viewer');
  const fay = await server.signIn('fay', PASSWORD);
  const ended = await call('DELETE', `/v1/users/${id}/auth-sessions`, { cookie: admin });
  expect(ended.json).toEqual({ ended: 1 });
  expect((await call('GET', '/v1/me', { cookie: fay })).status).toBe(401);
  const made = await call('POST', `/v1/users/${id}/password`, { cookie: admin }, {});
  expect(made.json).toMatchObject({ username: 'fay', password: expect.any(String) as string });
  await server.signIn('fay', String(made.json['password']));
  const given = await call(
    'POST',
    `/v1/users/${id}/password`,
    { cookie: admin },
    {
      password: 'battery staple',
    },
  );
  expect(given.json).toEqual({ username: 'fay', password: null });
  await server.signIn('fay', 'battery staple');
  expect((await call('POST', '/v1/users/nobody/password', { cookie: admin }, {})).status).toBe(404);
});

test('a token with scopes does what they cover, is nobody on open calls beside them, and sees /v1/me', async () => {
  const bearer = async (role: string, scopes?: readonly string[]): Promise<Headers> => {
    const body = { name: 'script', role, ...(scopes === undefined ? {} : { scopes }) };
    const made = await call('POST', '/v1/tokens', { cookie: admin }, body);
    expect(made.json).toMatchObject({ scopes: scopes ?? null });
    return { authorization: `Bearer ${String(made.json['secret'])}` };
  };
  const reader = await bearer('admin', ['read']);
  const rules = await bearer('operator', ['rules']);
  const whole = await bearer('admin');
  const status = async (headers: Headers, method: string, path: string, body?: unknown) =>
    (await call(method, path, headers, body)).status;
  expect(await status(reader, 'GET', '/v1/rules')).toBe(200);
  expect(await status(reader, 'POST', '/v1/rules', {})).toBe(403);
  // Reading for admins holds secrets: the right to read does not cover it.
  expect(await status(reader, 'GET', '/v1/backup')).toBe(403);
  expect(await status(reader, 'GET', '/v1/users')).toBe(403);
  expect(await status(rules, 'POST', '/v1/rules', {})).toBe(400);
  expect(await status(rules, 'GET', '/v1/devices')).toBe(403);
  expect(await status(rules, 'GET', '/v1/me')).toBe(200);
  expect(await status(whole, 'GET', '/v1/users')).toBe(200);
  const refused = await call('GET', '/v1/devices', rules);
  expect(refused.json['detail']).toContain('needs a token with the scope devices or read');
  const unknown = await call(
    'POST',
    '/v1/tokens',
    { cookie: admin },
    { name: 'x', scopes: ['all'] },
  );
  expect(unknown.json).toMatchObject({ status: 400 });
  expect(unknown.text).toContain('body.scopes');
  const closeOf = async (headers: Headers): Promise<unknown> => {
    const socket = new WebSocket(`${server.wsUrl}/v1/live`, { headers });
    const code = await Promise.race([
      once(socket, 'close').then(([closed]) => closed as number),
      once(socket, 'message').then(() => 'open'),
    ]);
    socket.terminate();
    return code;
  };
  expect(await closeOf(reader)).toBe('open');
  expect(await closeOf(rules)).not.toBe('open');
});

test('every tag of the calls belongs to a scope', async () => {
  const { tags } = (await call('GET', '/v1/openapi.json', {})).json as unknown as ApiDocument;
  expect(tags.map(({ name }) => name).filter((name) => scopeOf(name) === undefined)).toEqual([]);
});

test('who guesses passwords has to wait, whatever they try next, and it stands in the audit log', async () => {
  const id = await makeUser('gus', 'viewer');
  const guess = (password: string) => call('POST', '/v1/login', {}, { username: 'Gus', password });
  for (let tries = 0; tries < 10; tries += 1) {
    expect((await guess(`wrong number ${tries}`)).status).toBe(401);
  }
  const stopped = await guess(PASSWORD);
  expect(stopped.status).toBe(429);
  expect(Number(stopped.answer.headers.get('retry-after'))).toBeGreaterThan(0);
  // Others are not kept out.
  await server.signIn();
  const failed = async () =>
    (await call('GET', '/v1/audit?action=failed%20sign-in&limit=100', { cookie: admin })).json[
      'items'
    ] as { by: string; address: string; after: unknown }[];
  await vi.waitFor(async () => expect(await failed()).toHaveLength(11), 10_000);
  const rows = await failed();
  expect(rows.filter(({ by }) => by === 'gus')).toHaveLength(10);
  expect(JSON.stringify(rows)).toContain('too many tries');
  expect(JSON.stringify(rows)).not.toContain('wrong number');
  await call('DELETE', `/v1/users/${id}`, { cookie: admin });
});

test('a flood of failed tries fills no audit log, and says how many were left out', () => {
  const clock = new TestClock();
  const noted: unknown[] = [];
  const failed = new FailedLogins(({ after }) => noted.push(after), clock);
  const one = { username: undefined, address: '192.0.2.1', code: 'auth.required' } as const;
  for (let tries = 0; tries < 1_000; tries += 1) failed.note(one);
  expect(noted).toHaveLength(20);
  clock.advance(60_000);
  failed.note(one);
  expect(noted.at(-1)).toMatchObject({ failedBeforeAndNotListed: 980 });
});

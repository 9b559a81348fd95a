import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TextSocket } from '../../testing/text-socket.js';
import { covers, shows } from './testing/contract.js';
import { PASSWORD, startWebmacsSite, type WebmacsSite } from './testing/site.js';

let site: WebmacsSite;
let admin: string;
let viewer: string;
beforeAll(async () => {
  site = await startWebmacsSite();
  [admin, viewer] = await Promise.all([site.login('admin'), site.login('victor')]);
});
afterAll(() => site.stop());

const text = expect.any(String) as unknown;
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown;

test('a login by e-mail or username gives a signed token of 24 hours', async () => {
  const body = { email: 'admin@webmacs.io', password: PASSWORD };
  const got = await site.ask('', 'POST', '/auth/login', { body });
  expect(got.status).toBe(200);
  shows('POST /auth/login', got.body, {
    status: 'success',
    message: 'Successfully logged in.',
    access_token: text,
    public_id: text,
    username: 'admin',
  });
  covers('POST /auth/login', '>email', '>password');
  const [head = '', payload = ''] = String(got.body['access_token']).split('.');
  expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toMatchObject({ alg: 'HS256' });
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, number>;
  expect(claims).toMatchObject({ sub: got.body['public_id'], role: 'admin' });
  expect((claims['exp'] ?? 0) - (claims['iat'] ?? 0)).toBe(86_400);
  covers('POST /auth/login', '=JWT HS256 with sub, exp, iat, role; 24 h');
  const named = { email: 'Olga', password: PASSWORD };
  expect((await site.ask('', 'POST', '/auth/login', { body: named })).status).toBe(200);
  covers('POST /auth/login', '=username instead of e-mail');
  for (const wrong of [
    { ...body, password: 'not it at all' },
    { ...body, email: 'no@one.io' },
  ]) {
    const refused = await site.ask('', 'POST', '/auth/login', { body: wrong });
    expect([refused.status, refused.body]).toEqual([401, { detail: 'Invalid email or password.' }]);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
  }
  covers('POST /auth/login', '=401 Invalid email or password.');
});

test('a logout ends the token, for calls and for the sockets it opened', async () => {
  const token = await site.login('olga');
  const socket = await TextSocket.open(`${site.wsUrl}/ws/controller/telemetry?token=${token}`);
  const out = await site.ask(token, 'POST', '/auth/logout');
  shows('POST /auth/logout', out.body, { status: 'success', message: 'Successfully logged out.' });
  expect(await socket.closed).toBe(1008);
  covers('/ws/controller/telemetry', '=closed when the login ends');
  const after = await site.ask(token, 'GET', '/auth/me');
  expect([after.status, after.body]).toEqual([401, { detail: 'Token has been revoked' }]);
  covers('POST /auth/logout', '=the token is revoked');
});

test('a token says who asks, and wrong ones are refused with the reason', async () => {
  shows('GET /auth/me', (await site.ask(viewer, 'GET', '/auth/me')).body, {
    public_id: text,
    email: 'victor@webmacs.local',
    username: 'victor',
    role: 'viewer',
    admin: false,
    registered_on: iso,
    sso_provider: null,
  });
  const [head, , signature] = admin.split('.');
  const forged = Buffer.from(JSON.stringify({ sub: 'x', exp: 9e9, role: 'admin' }));
  const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
  const details = [
    ['', 'Not authenticated'],
    ['nonsense', 'Invalid or expired token'],
    [`${head}.${forged.toString('base64url')}.${signature}`, 'Invalid or expired token'],
    [`${unsigned}.${forged.toString('base64url')}.`, 'Invalid or expired token'],
    [`wm_${'A'.repeat(43)}`, 'Invalid API token'],
  ] as const;
  for (const [token, detail] of details) {
    const got = await site.ask(token, 'GET', '/auth/me');
    expect([got.status, got.body]).toEqual([401, { detail }]);
    expect(got.headers.get('www-authenticate')).toBe('Bearer');
  }
  covers('every call', '=401 with WWW-Authenticate: Bearer');
});

test('the key that signs lies in the data folder, for its owner alone', () => {
  expect(readdirSync(site.folder)).toContain('webmacs.key');
  const file = join(site.folder, 'webmacs.key');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
});

test('admins make, change and remove users; others may not', async () => {
  const body = { email: 'Uma@example.org', username: 'uma', password: 'quite a long one' };
  const made = await site.ask(admin, 'POST', '/users', { body: { ...body, role: 'operator' } });
  expect(made.status).toBe(201);
  shows('POST /users', made.body, {
    status: 'success',
    message: 'User successfully created.',
  });
  covers('POST /users', '>email', '>username', '>password', '>role');
  const again = await site.ask(admin, 'POST', '/users', { body: { ...body, username: 'other' } });
  expect([again.status, again.body]).toEqual([409, { detail: 'User already exists.' }]);
  covers('POST /users', '=409');
  const boss = {
    email: 'boss@example.org',
    username: 'boss',
    password: 'long enough',
    admin: true,
  };
  const bossId = (await site.ask(admin, 'POST', '/users', { body: boss })).body['public_id'];
  expect((await site.ask(admin, 'GET', `/users/${String(bossId)}`)).body['role']).toBe('admin');
  covers('POST /users', '>admin');

  const list = await site.ask(admin, 'GET', '/users?page=1&page_size=2');
  shows('GET /users', list.body, { page: 1, page_size: 2, total: 5, data: expect.any(Array) });
  expect(list.body['data']).toHaveLength(2);
  covers('GET /users', '?page', '?page_size');

  const path = `/users/${String(made.body['public_id'])}`;
  shows('GET /users/{id}', (await site.ask(admin, 'GET', path)).body, {
    public_id: made.body['public_id'],
    email: 'uma@example.org',
    username: 'uma',
    role: 'operator',
    admin: false,
  });
  expect((await site.ask(admin, 'GET', '/users/nobody')).body).toEqual({
    detail: "User 'nobody' not found.",
  });
  covers('GET /users/{id}', '=404');
  covers('every call', '=404 names the thing and its id');

  const change = {
    username: 'ursula',
    email: 'u@example.org',
    password: 'another long one',
    role: 'viewer',
  };
  shows('PUT /users/{id}', (await site.ask(admin, 'PUT', path, { body: change })).body, {
    status: 'success',
    message: 'User successfully updated.',
  });
  const login = { email: 'u@example.org', password: 'another long one' };
  const uma = await site.ask('', 'POST', '/auth/login', { body: login });
  expect(uma.body['username']).toBe('ursula');
  const token = String(uma.body['access_token']);
  expect((await site.ask(token, 'GET', '/auth/me')).body['role']).toBe('viewer');
  covers('PUT /users/{id}', '>email', '>username', '>password', '>role');

  shows('DELETE /users/{id}', (await site.ask(admin, 'DELETE', path)).body, {
    status: 'success',
    message: 'User successfully deleted.',
  });
  expect((await site.ask(token, 'GET', '/auth/me')).body).toEqual({ detail: 'User not found' });
  covers('DELETE /users/{id}', '=logins end');

  const denied = await site.ask(viewer, 'GET', '/users');
  expect([denied.status, denied.body]).toEqual([403, { detail: 'Admin access required.' }]);
  covers('every call', '=403 by role');
});

test('API tokens act for their owner, are kept as a hash, and end', async () => {
  const olga = await site.login('olga');
  const made = await site.ask(olga, 'POST', '/tokens', {
    body: { name: 'controller', expires_at: '2999-01-01T00:00:00' },
  });
  shows('POST /tokens', made.body, {
    token: expect.stringMatching(/^wm_[A-Za-z0-9_-]{43}$/),
    name: 'controller',
    public_id: text,
  });
  covers('POST /tokens', '>name', '=wm_');
  const secret = String(made.body['token']);
  expect((await site.ask(secret, 'GET', '/auth/me')).body['username']).toBe('olga');
  for (const file of readdirSync(site.folder).filter((name) => name.startsWith('control.db'))) {
    expect(readFileSync(join(site.folder, file)).includes(secret.slice(3))).toBe(false);
  }
  covers('POST /tokens', '=only its hash is kept');
  const mine = ((await site.ask(olga, 'GET', '/tokens')).body['data'] as unknown[])[0];
  shows('GET /tokens', mine, {
    public_id: made.body['public_id'],
    name: 'controller',
    last_used_at: iso,
    expires_at: '2999-01-01T00:00:00.000Z',
    created_at: iso,
    user_public_id: text,
  });
  const old = await site.ask(olga, 'POST', '/tokens', {
    body: { name: 'old', expires_at: '2001-01-01T00:00:00Z' },
  });
  const expired = await site.ask(String(old.body['token']), 'GET', '/auth/me');
  expect(expired.body).toEqual({ detail: 'API token expired' });
  covers('POST /tokens', '>expires_at');

  const path = `/tokens/${String(made.body['public_id'])}`;
  expect((await site.ask(viewer, 'DELETE', path)).status).toBe(404);
  shows('DELETE /tokens/{id}', (await site.ask(olga, 'DELETE', path)).body, {
    status: 'success',
    message: 'API token successfully deleted.',
  });
  expect((await site.ask(secret, 'GET', '/auth/me')).body).toEqual({ detail: 'Invalid API token' });
  covers('DELETE /tokens/{id}', '=the token is refused');
});

test('errors and answers look as FastAPI makes them', async () => {
  const slash = await site.ask(viewer, 'GET', '/auth/me/?_t=1700000000000');
  expect(slash.status).toBe(200);
  covers('every call', '=with and without a slash at its end', '=_t is ignored');
  expect(slash.headers.get('x-request-id')).toMatch(/./);
  const own = await site.ask(viewer, 'GET', '/auth/me', { headers: { 'x-request-id': 'abc-1' } });
  expect(own.headers.get('x-request-id')).toBe('abc-1');
  covers('every call', '=X-Request-ID');
  const missing = await site.ask('', 'POST', '/auth/login', { body: { email: 'x' } });
  expect(missing.status).toBe(422);
  expect(missing.body['detail']).toEqual([
    { type: 'missing', loc: ['body', 'password'], msg: 'Field required', input: null },
  ]);
  const page = await site.ask(admin, 'GET', '/users?page=0&page_size=101');
  expect(page.status).toBe(422);
  expect((page.body['detail'] as { loc: unknown }[]).map(({ loc }) => loc)).toEqual([
    ['query', 'page'],
    ['query', 'page_size'],
  ]);
  for (const broken of ['{', '', '[1]', '{"a":']) {
    expect((await site.ask('', 'POST', '/auth/login', { body: broken })).status).toBe(422);
  }
  covers('every call', '=422 as FastAPI');
  const method = await site.ask(admin, 'PUT', '/users');
  expect([method.status, method.body]).toEqual([405, { detail: 'Method Not Allowed' }]);
  covers('every call', '=405');
  expect((await site.ask(admin, 'GET', '/nothing/here')).body).toEqual({ detail: 'Not Found' });
});

test('an address on the internet has 300 requests a minute, but for datapoints', async () => {
  const from = '198.51.100.7';
  for (let i = 0; i < 300; i++) {
    expect((await site.ask(viewer, 'GET', '/auth/me', { from })).status).toBe(200);
  }
  const over = await site.ask(viewer, 'GET', '/auth/me', { from });
  expect([over.status, over.headers.get('retry-after')]).toEqual([429, '60']);
  covers('every call', '=300 requests a minute, then 429 with Retry-After 60');
  expect((await site.ask(viewer, 'GET', '/datapoints/latest/', { from })).status).toBe(200);
  for (let i = 0; i < 301; i++) {
    const near = await site.ask(viewer, 'GET', '/auth/me', { from: '10.1.2.3' });
    expect(near.status).toBe(200);
  }
  covers('every call', '=no limit for datapoints, ota, health and private networks');
});

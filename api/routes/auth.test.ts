import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { SiteStore } from '../../actors/control/site.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import type { TestClock } from '../../engine/clock.js';
import { type Auth, openAuth } from '../auth/auth.js';
import { createGateway, type Gateway } from '../http/server.js';
import { authRoutes } from './auth.js';

let home: TestHome;
let store: SiteStore & { readonly clock: TestClock };
let auth: Auth;
let gateway: Gateway;
let base: string;
let adminPassword: string;

beforeAll(async () => {
  home = await testHome('sqlite');
  store = await home.open();
  const opened = await openAuth({
    store,
    clock: store.clock,
    onError: (error) => {
      throw error;
    },
    passwordCost: { memoryKiB: 64, passes: 1 },
  });
  auth = opened.auth;
  adminPassword = opened.adminPassword ?? '';
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes: authRoutes({ auth, store, clock: store.clock }),
    authenticate: auth.authenticate,
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 0 },
    trustedProxies: ['127.0.0.1'],
    sockets: [{ path: '/ws', access: 'viewer', accept: () => ({}), message: () => undefined }],
  });
  auth.onRevoked((who) => gateway.closeSocketsOf(who));
  base = `http://127.0.0.1:${gateway.port}`;
  await store.devices.create({ id: 'mic', protocol: 'native', channels: [] });
});
afterAll(async () => {
  await gateway.stop();
  auth.close();
  await home.close();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly setCookie: string;
}

async function call(
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json', ...options.headers },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    setCookie: response.headers.getSetCookie()[0] ?? '',
  };
}

async function signIn(username = 'admin', password = adminPassword): Promise<{ cookie: string }> {
  const answer = await call('POST', '/v1/login', { body: { username, password } });
  expect(answer.status).toBe(200);
  return { cookie: answer.setCookie.split(';')[0] ?? '' };
}

test('signing in sets a cookie scripts cannot read, secure behind TLS, and signing out ends it', async () => {
  const credentials = { username: 'admin', password: adminPassword };
  const plain = await call('POST', '/v1/login', { body: credentials });
  expect(plain.body).toMatchObject({ username: 'admin', role: 'admin' });
  expect(plain.setCookie).toMatch(
    /^earshot_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/,
  );
  const tls = await call('POST', '/v1/login', {
    body: credentials,
    headers: { 'x-forwarded-proto': 'https' },
  });
  expect(tls.setCookie).toMatch(/; Secure$/);
  const headers = { cookie: plain.setCookie.split(';')[0] ?? '' };
  expect(await call('GET', '/v1/me', { headers })).toMatchObject({
    status: 200,
    body: { username: 'admin' },
  });
  const out = await call('POST', '/v1/logout', { headers });
  expect(out).toMatchObject({ status: 204 });
  expect(out.setCookie).toContain('Max-Age=0');
  expect((await call('GET', '/v1/me', { headers })).status).toBe(401);
});

test('a wrong login says nothing about the user, and a stale cookie does not stand in the way', async () => {
  const stale = { cookie: `earshot_session=${'x'.repeat(43)}` };
  const wrong = await call('POST', '/v1/login', {
    body: { username: 'nobody', password: 'wrong' },
    headers: stale,
  });
  expect(wrong).toMatchObject({ status: 401, body: { code: 'auth.required' } });
  expect(wrong.body['detail']).toBe('username or password is wrong');
  const right = { username: 'admin', password: adminPassword };
  expect((await call('POST', '/v1/login', { body: right, headers: stale })).status).toBe(200);
});

test('a page of another site can neither sign in, nor sign out, nor act', async () => {
  const own = await signIn();
  const evil = { origin: 'https://evil.example' };
  const body = { username: 'admin', password: adminPassword };
  expect((await call('POST', '/v1/login', { body, headers: evil })).status).toBe(403);
  expect((await call('POST', '/v1/logout', { headers: { ...own, ...evil } })).status).toBe(403);
  const token = { body: { name: 'stolen', role: 'admin' } };
  const foreign = { ...own, 'sec-fetch-site': 'cross-site' };
  expect((await call('POST', '/v1/tokens', { ...token, headers: foreign })).status).toBe(401);
  expect(
    (await call('POST', '/v1/tokens', { ...token, headers: { ...own, ...evil } })).status,
  ).toBe(401);
  expect(
    (await call('POST', '/v1/tokens', { ...token, headers: { ...own, origin: base } })).status,
  ).toBe(201);
});

test('each role may do what its routes allow and nothing more', async () => {
  const admin = await signIn();
  const people: Record<string, Record<string, string>> = { nobody: {}, admin };
  for (const role of ['viewer', 'operator']) {
    const made = await call('POST', '/v1/users', {
      body: { username: role, password: 'correct horse', role },
      headers: admin,
    });
    expect(made.status).toBe(201);
    people[role] = await signIn(role, 'correct horse');
  }
  const issued = await call('POST', '/v1/devices/mic/token', { headers: admin });
  people['device'] = { authorization: `Bearer ${String(issued.body['secret'])}` };
  const status = async (who: string, method: string, path: string, body?: unknown) =>
    (await call(method, path, { body, headers: people[who] ?? {} })).status;

  const matrix: Record<string, readonly number[]> = {};
  for (const who of ['nobody', 'device', 'viewer', 'operator', 'admin']) {
    matrix[who] = [
      await status(who, 'GET', '/v1/me'),
      await status(who, 'GET', '/v1/tokens'),
      await status(who, 'POST', '/v1/tokens', { name: 'x', role: 'viewer' }),
      await status(who, 'POST', '/v1/tokens', { name: 'x', role: 'operator' }),
      await status(who, 'POST', '/v1/devices/nope/token'),
      await status(who, 'GET', '/v1/users'),
      await status(who, 'DELETE', '/v1/users/nope'),
    ];
  }
  expect(matrix).toEqual({
    nobody: [401, 401, 401, 401, 401, 401, 401],
    device: [403, 403, 403, 403, 403, 403, 403],
    viewer: [200, 200, 201, 403, 403, 403, 403],
    operator: [200, 200, 201, 201, 404, 403, 403],
    admin: [200, 200, 201, 201, 404, 200, 404],
  });
});

test('a token is shown once, listed to its owner, and revoked at once; it cannot make others', async () => {
  const admin = await signIn();
  const made = await call('POST', '/v1/tokens', {
    body: { name: 'grafana', role: 'operator', expiresInDays: 1 },
    headers: admin,
  });
  expect(made).toMatchObject({ status: 201, body: { name: 'grafana', owner: 'admin' } });
  const secret = String(made.body['secret']);
  expect(secret).toMatch(/^ear_[\w-]{43}$/);
  const headers = { authorization: `Bearer ${secret}` };
  expect((await call('GET', '/v1/me', { headers })).body).toMatchObject({ role: 'operator' });
  expect((await call('POST', '/v1/tokens', { body: { name: 'child' }, headers })).status).toBe(403);
  const listed = await call('GET', '/v1/tokens', { headers: admin });
  expect(JSON.stringify(listed.body)).toContain('grafana');
  expect(JSON.stringify(listed.body)).not.toContain(secret);
  const path = `/v1/tokens/${String(made.body['id'])}`;
  await call('POST', '/v1/users', {
    body: { username: 'other', password: 'correct horse' },
    headers: admin,
  });
  const other = await signIn('other', 'correct horse');
  expect((await call('DELETE', path, { headers: other })).status).toBe(404);
  expect((await call('DELETE', path, { headers: admin })).status).toBe(204);
  expect((await call('GET', '/v1/me', { headers })).status).toBe(401);
});

test('a user changes the own password, an admin anybody’s, and the last admin stays', async () => {
  const admin = await signIn();
  const made = await call('POST', '/v1/users', {
    body: { username: 'Eve', password: 'correct horse', role: 'viewer' },
    headers: admin,
  });
  const id = String(made.body['id']);
  const eve = await signIn('eve', 'correct horse');
  const second = await signIn('eve', 'correct horse');
  const changed = await call('POST', '/v1/me/password', {
    body: { current: 'correct horse', next: 'battery staple' },
    headers: eve,
  });
  expect(changed.status).toBe(200);
  expect((await call('GET', '/v1/me', { headers: second })).status).toBe(401);
  const fresh = { cookie: changed.setCookie.split(';')[0] ?? '' };
  expect((await call('GET', '/v1/me', { headers: fresh })).status).toBe(200);
  const patched = await call('PATCH', `/v1/users/${id}`, {
    body: { role: 'operator', password: 'set by the admin' },
    headers: admin,
  });
  expect(patched).toMatchObject({ status: 200, body: { role: 'operator', username: 'eve' } });
  expect(JSON.stringify(patched.body)).not.toContain('argon2');
  expect((await call('GET', '/v1/me', { headers: fresh })).status).toBe(401);
  const self = (await call('GET', '/v1/me', { headers: admin })).body['id'];
  const last = await call('DELETE', `/v1/users/${String(self)}`, { headers: admin });
  expect(last).toMatchObject({ status: 409, body: { code: 'conflict' } });
  expect((await call('DELETE', `/v1/users/${id}`, { headers: admin })).status).toBe(204);
});

test('open sockets of somebody whose rights changed are closed, and others stay', async () => {
  const admin = await signIn();
  const made = await call('POST', '/v1/users', {
    body: { username: 'zoe', password: 'correct horse', role: 'operator' },
    headers: admin,
  });
  const zoe = await signIn('zoe', 'correct horse');
  const token = await call('POST', '/v1/tokens', { body: { name: 'script' }, headers: zoe });
  const bearer = { authorization: `Bearer ${String(token.body['secret'])}` };
  const open = async (headers: Record<string, string>) => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/ws`, { headers });
    const closed = once(socket, 'close');
    await once(socket, 'open');
    return { socket, closed };
  };
  const [hers, script, mine] = await Promise.all([open(zoe), open(bearer), open(admin)]);
  const path = `/v1/users/${String(made.body['id'])}`;
  await call('PATCH', path, { body: { role: 'viewer' }, headers: admin });
  expect((await hers.closed)[0]).toBe(4003);
  expect((await script.closed)[0]).toBe(4003);
  expect(mine.socket.readyState).toBe(WebSocket.OPEN);
  mine.socket.close();
  await mine.closed;
});

test('an invalid request names the field', async () => {
  const admin = await signIn();
  const answer = await call('POST', '/v1/users', {
    body: { username: 'x', password: 'short' },
    headers: admin,
  });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'body.password' }] } });
});

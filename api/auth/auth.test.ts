// Over 400 lines: one suite of passwords, sessions, tokens and roles over one store.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SiteStore } from '../../actors/control/site.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import type { TestClock } from '../../engine/clock.js';
import type { Principal } from '../http/route.types.js';
import { type Auth, type AuthOptions, openAuth } from './auth.js';
import { Passwords } from './passwords.js';
import { DEVICE_TOKEN_PREFIX, hashOf, newSecret, TOKEN_PREFIX } from './secrets.js';
import { Verified } from './verified.js';

const CHEAP = { memoryKiB: 64, passes: 1 };
const place = { address: '192.0.2.1', userAgent: 'test' };
const DAY_MS = 86_400_000;

let home: TestHome;
let store: SiteStore & { readonly clock: TestClock; readonly errors: readonly Error[] };
let auth: Auth;
let password: string;

async function start(options: Partial<AuthOptions> = {}): Promise<void> {
  const opened = await openAuth({
    store,
    clock: store.clock,
    onError: (error) => {
      throw error;
    },
    passwordCost: CHEAP,
    ...options,
  });
  auth = opened.auth;
  password = opened.adminPassword ?? password;
}

beforeAll(async () => {
  home = await testHome('sqlite');
});
beforeEach(async () => {
  await home.renew();
  store = await home.open();
  await start();
});
afterEach(() => {
  auth.close();
});
afterAll(async () => {
  await home.close();
});

function ask(
  headers: Record<string, string>,
  method = 'GET',
  query = '',
): Principal | Promise<Principal> {
  return auth.authenticate({
    method,
    path: '/v1/me',
    query,
    address: place.address,
    header: (name) => headers[name.toLowerCase()],
  });
}
const cookie = (secret: string) => ({ cookie: `other=1; earshot_session=${secret}` });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

async function token(
  userId: string,
  role: 'viewer' | 'admin',
  expiresAtUnixMs?: number,
): Promise<{ id: string; secret: string }> {
  const secret = newSecret(TOKEN_PREFIX);
  const id = `t${secret.slice(-6)}`;
  const createdAtUnixMs = store.clock.nowMs();
  await store.tokens.create(
    { id, name: 'script', userId, role, createdAtUnixMs, expiresAtUnixMs },
    hashOf(secret),
  );
  return { id, secret };
}

describe('the first start', () => {
  test('makes one admin with a password that is stored as argon2id only, and never again', async () => {
    expect(password).toMatch(/^\S{20,}$/);
    const admin = await store.users.byName('ADMIN ');
    expect(admin).toMatchObject({ username: 'admin', role: 'admin' });
    expect(admin?.passwordHash).toMatch(/^\$argon2id\$/);
    expect(JSON.stringify(admin)).not.toContain(password);
    expect(await auth.ensureAdmin()).toBeUndefined();
    const hash = await Passwords.open().then((real) => real.hash('x'));
    expect(hash).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  });
});

describe('a login', () => {
  test('is recognised by its cookie at once after the first time, and its secret is not stored', async () => {
    const login = await auth.login('Admin', password, place);
    expect(login.secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await store.authSessions.find(login.secret)).toBeUndefined();
    expect(await ask(cookie(login.secret))).toMatchObject({ kind: 'user', role: 'admin' });
    const again = ask(cookie(login.secret));
    expect(again).not.toBeInstanceOf(Promise);
    expect(again).toMatchObject({ name: 'admin' });
    expect(ask({ cookie: 'earshot_session=short' })).toMatchObject({ kind: 'anonymous' });
    expect(await ask(cookie(newSecret()))).toMatchObject({ kind: 'anonymous' });
  });

  test('fails with the same words and the same work for a wrong password and an unknown user', async () => {
    const verify = vi.spyOn(Passwords.prototype, 'verify');
    const messages: string[] = [];
    for (const [name, guess] of [
      ['admin', 'wrong password'],
      ['nobody', 'wrong password'],
      ['\0', password],
    ] as const) {
      await auth.login(name, guess, place).catch((error: unknown) => {
        messages.push(String(error));
      });
    }
    expect(messages.length).toBe(3);
    expect(new Set(messages).size).toBe(1);
    expect(verify).toHaveBeenCalledTimes(3);
    expect(verify.mock.calls[1]?.[0]).toBeUndefined();
    verify.mockRestore();
  });

  test('is locked after ten wrong passwords, for real and unknown users alike, from that address only', async () => {
    for (const name of ['admin', 'nobody']) {
      for (let index = 0; index < 10; index++) {
        await expect(auth.login(name, 'wrong', place)).rejects.toMatchObject({
          code: 'auth.required',
        });
      }
      await expect(auth.login(name, password, place)).rejects.toMatchObject({
        code: 'rate.limited',
        retryAfterS: expect.any(Number) as number,
      });
    }
    const elsewhere = { ...place, address: '192.0.2.2' };
    expect((await auth.login('admin', password, elsewhere)).user.username).toBe('admin');
  });

  test('that succeeds forgets the wrong tries before it', async () => {
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 9; index++) {
        await auth.login('admin', 'wrong', place).catch(() => undefined);
      }
      expect((await auth.login('admin', password, place)).user.username).toBe('admin');
    }
  });

  test('cannot be guessed by many tries at once, nor from other addresses of the same IPv6 network', async () => {
    const from = (index: number) => ({ ...place, address: `2001:db8:1:2::${index + 1}` });
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => auth.login('admin', 'wrong', from(index))),
    );
    const codes = results.map((r) =>
      r.status === 'rejected' ? (r.reason as { code: string }).code : 'in',
    );
    expect(codes.filter((code) => code === 'auth.required').length).toBe(10);
    expect(codes.filter((code) => code === 'rate.limited').length).toBe(20);
  });

  test('ends when nobody uses it, and in any case after its time', async () => {
    const unused = await auth.login('admin', password, place);
    const used = await auth.login('admin', password, place);
    for (let day = 0; day < 29; day++) {
      store.clock.advance(DAY_MS);
      expect(await ask(cookie(used.secret))).toMatchObject({ kind: 'user' });
      // Lets the last use and the hourly clean-ups reach the store, as they would in a day.
      await store.control.write(() => Promise.resolve());
    }
    expect(await ask(cookie(unused.secret))).toMatchObject({ kind: 'anonymous' });
    store.clock.advance(DAY_MS);
    expect(await ask(cookie(used.secret))).toMatchObject({ kind: 'anonymous' });
    expect(store.errors).toEqual([]);
  });

  test('ends at once on logout, on a new password and with its user', async () => {
    const one = await auth.login('admin', password, place);
    const two = await auth.login('admin', password, place);
    for (const { secret } of [one, two]) await ask(cookie(secret));
    const revoked: string[] = [];
    auth.onRevoked(({ kind, id }) => revoked.push(`${kind} ${id}`));
    await auth.logout(cookie(one.secret).cookie);
    expect(revoked).toEqual([`user ${one.user.id}`]);
    expect(await ask(cookie(one.secret))).toMatchObject({ kind: 'anonymous' });
    expect(await ask(cookie(two.secret))).toMatchObject({ kind: 'user' });
    await expect(
      auth.changePassword(two.user.id, 'not it', 'a new long one', place),
    ).rejects.toMatchObject({ code: 'auth.denied' });
    await expect(auth.changePassword(two.user.id, password, 'short', place)).rejects.toThrow(
      'at least 10',
    );
    const three = await auth.changePassword(two.user.id, password, 'a new long one', place);
    expect(await ask(cookie(two.secret))).toMatchObject({ kind: 'anonymous' });
    expect(await ask(cookie(three.secret))).toMatchObject({ kind: 'user' });
    await expect(auth.login('admin', password, place)).rejects.toMatchObject({
      code: 'auth.required',
    });
    const ann = await auth.createUser('Ann', 'correct horse', 'operator');
    const hers = await auth.login('ann', 'correct horse', place);
    expect(await ask(cookie(hers.secret))).toMatchObject({ role: 'operator' });
    await store.users.setRole(ann.id, 'viewer');
    expect(await ask(cookie(hers.secret))).toMatchObject({ role: 'viewer' });
    await store.users.remove(ann.id);
    expect(await ask(cookie(hers.secret))).toMatchObject({ kind: 'anonymous' });
  });

  test('that was being read while it was revoked does not come back through the cache', async () => {
    const login = await auth.login('admin', password, place);
    const find = store.authSessions.find.bind(store.authSessions);
    vi.spyOn(store.authSessions, 'find').mockImplementationOnce(async (hash) => {
      const found = await find(hash);
      await auth.logout(cookie(login.secret).cookie);
      return found;
    });
    await ask(cookie(login.secret));
    expect(await ask(cookie(login.secret))).toMatchObject({ kind: 'anonymous' });
  });

  test('survives a restart, and its last use is written once a minute at most', async () => {
    const login = await auth.login('admin', password, place);
    const touch = vi.spyOn(store.authSessions, 'touch');
    for (let second = 0; second < 130; second++) {
      store.clock.advance(1_000);
      await ask(cookie(login.secret));
    }
    expect(touch).toHaveBeenCalledTimes(2);
    await store.close();
    auth.close();
    store = await home.open();
    await start();
    expect(await ask(cookie(login.secret))).toMatchObject({ kind: 'user' });
    const found = await store.authSessions.find(hashOf(login.secret));
    expect(found?.session.usedAtUnixMs).toBe(login.user.createdAtUnixMs + 120_000);
  });

  test('made with older password settings is hashed anew without signing anybody out', async () => {
    const before = (await store.users.byName('admin'))?.passwordHash;
    auth.close();
    await start({ passwordCost: { memoryKiB: 128, passes: 1 } });
    const login = await auth.login('admin', password, place);
    const after = (await store.users.byName('admin'))?.passwordHash;
    expect(after).not.toBe(before);
    expect(after).toContain('m=128');
    expect(await ask(cookie(login.secret))).toMatchObject({ kind: 'user' });
    expect((await auth.login('admin', password, place)).user.username).toBe('admin');
  });
});

describe('a cookie sent by a page of another site', () => {
  test.each([
    ['POST', { origin: 'https://evil.example' }],
    ['POST', { origin: 'null' }],
    ['DELETE', { 'sec-fetch-site': 'cross-site' }],
    ['POST', { 'sec-fetch-site': 'same-site', origin: 'http://other.site.example' }],
    ['GET', { upgrade: 'websocket', origin: 'https://evil.example' }],
    ['POST', { origin: 'http://site.example:81' }],
  ])('does not count: %s %o', async (method, headers) => {
    const { secret } = await auth.login('admin', password, place);
    const sent = { host: 'site.example', ...cookie(secret), ...headers };
    expect(await ask(sent, method)).toMatchObject({ kind: 'anonymous' });
  });

  test.each([
    ['POST', { origin: 'http://site.example' }],
    ['POST', { origin: 'https://site.example:443', host: 'site.example' }],
    ['POST', { origin: 'https://public.example', 'sec-fetch-site': 'same-origin' }],
    ['POST', { origin: 'https://public.example', 'x-forwarded-host': 'public.example' }],
    ['POST', {}],
    ['GET', { 'sec-fetch-site': 'cross-site' }],
    ['GET', { upgrade: 'websocket', origin: 'http://site.example' }],
  ])('is told from the site’s own: %s %o counts', async (method, headers) => {
    const { secret } = await auth.login('admin', password, place);
    const sent = { host: 'site.example', ...cookie(secret), ...headers };
    expect(await ask(sent, method)).toMatchObject({ kind: 'user' });
  });

  test('a token counts from anywhere: no browser adds it by itself', async () => {
    const admin = await store.users.byName('admin');
    const { secret } = await token(admin?.id ?? '', 'viewer');
    const sent = { ...bearer(secret), origin: 'https://evil.example' };
    expect(await ask(sent, 'POST')).toMatchObject({ kind: 'token' });
  });
});

describe('a token', () => {
  test('is recognised, expires, and is over at once when revoked', async () => {
    const admin = (await store.users.byName('admin'))?.id ?? '';
    const lasting = await token(admin, 'viewer');
    const short = await token(admin, 'admin', store.clock.nowMs() + 1_000);
    expect(await ask(bearer(lasting.secret))).toMatchObject({
      kind: 'token',
      id: lasting.id,
      name: 'script',
      role: 'viewer',
    });
    expect(await ask(bearer(short.secret))).toMatchObject({ role: 'admin' });
    store.clock.advance(1_000);
    expect(() => ask(bearer(short.secret))).toThrow('expired');
    await expect(ask(bearer(short.secret))).rejects.toMatchObject({ code: 'auth.required' });
    await store.tokens.remove(lasting.id);
    await expect(ask(bearer(lasting.secret))).rejects.toMatchObject({ code: 'auth.required' });
    await expect(ask(bearer(newSecret(TOKEN_PREFIX)))).rejects.toThrow('revoked');
  });

  test('never has more rights than its owner, and ends with the owner', async () => {
    const ann = await auth.createUser('ann', 'correct horse', 'admin');
    const hers = await token(ann.id, 'admin');
    expect(await ask(bearer(hers.secret))).toMatchObject({ role: 'admin' });
    await store.users.setRole(ann.id, 'viewer');
    expect(await ask(bearer(hers.secret))).toMatchObject({ role: 'viewer' });
    await store.users.remove(ann.id);
    await expect(ask(bearer(hers.secret))).rejects.toMatchObject({ code: 'auth.required' });
  });

  test('notes its last use once a minute at most', async () => {
    const admin = (await store.users.byName('admin'))?.id ?? '';
    const { id, secret } = await token(admin, 'viewer');
    await ask(bearer(secret));
    store.clock.advance(30_000);
    await ask(bearer(secret));
    await vi.waitFor(async () => {
      const used = (await store.tokens.get(id))?.token.usedAtUnixMs;
      expect(used).toBe(store.clock.nowMs() - 30_000);
    });
  });

  test('of a device is bound to it, opens sockets by the address line only, and ends with the device', async () => {
    await store.devices.create({ id: 'mic 1', protocol: 'native', channels: [] });
    const secret = newSecret(DEVICE_TOKEN_PREFIX);
    await store.tokens.setForDevice('mic 1', hashOf(secret), 'admin');
    const device = { kind: 'device', id: 'mic 1', role: undefined };
    expect(await ask(bearer(secret))).toMatchObject(device);
    const query = `a=1&token=${secret}`;
    expect(await ask({ upgrade: 'websocket' }, 'GET', query)).toMatchObject(device);
    expect(ask({}, 'GET', query)).toMatchObject({ kind: 'anonymous' });
    const revoked: string[] = [];
    auth.onRevoked(({ kind, id }) => revoked.push(`${kind} ${id}`));
    await store.devices.remove(['mic 1']);
    await expect(ask(bearer(secret))).rejects.toMatchObject({ code: 'auth.required' });
    expect(revoked).toEqual(['device mic 1']);
    await expect(store.tokens.setForDevice('nope', 'x', 'admin')).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('of another program’s scheme is left alone', () => {
    expect(ask({ authorization: 'Token 0123456789abcdef' })).toMatchObject({ kind: 'anonymous' });
    expect(ask({ authorization: 'Bearer eyJhbGciOi.x.y' })).toMatchObject({ kind: 'anonymous' });
  });
});

test('the site always keeps an admin', async () => {
  const admin = (await store.users.byName('admin'))?.id ?? '';
  await expect(store.users.setRole(admin, 'viewer')).rejects.toMatchObject({ code: 'conflict' });
  await expect(store.users.remove(admin)).rejects.toMatchObject({ code: 'conflict' });
  await auth.createUser('second', 'correct horse', 'admin');
  await store.users.remove(admin);
  expect((await store.users.list()).map((user) => user.username)).toEqual(['second']);
  await expect(auth.createUser('SECOND', 'correct horse', 'viewer')).rejects.toMatchObject({
    code: 'conflict',
  });
});

describe('a password that is brought with each request', () => {
  const { address } = place;
  const verifications = () => vi.spyOn(Passwords.prototype, 'verify').mockClear();

  test('is checked once a minute, each other one each time', async () => {
    const verify = verifications();
    const who = await auth.verify('Admin', password, address);
    expect(who).toMatchObject({ kind: 'user', name: 'admin', role: 'admin' });
    for (let n = 0; n < 20; n++)
      expect(await auth.verify('admin ', password, address)).toEqual(who);
    expect(verify).toHaveBeenCalledTimes(1);
    await expect(auth.verify('admin', `${password}x`, address)).rejects.toThrow('wrong');
    expect(verify).toHaveBeenCalledTimes(2);
    store.clock.advance(60_000);
    await auth.verify('admin', password, address);
    expect(verify).toHaveBeenCalledTimes(3);
  });

  test('is forgotten at once when the user changes or ends', async () => {
    const { id } = await auth.createUser('ann', 'correct horse', 'operator');
    const old = await auth.verify('ann', 'correct horse', address);
    expect(old).toMatchObject({ role: 'operator' });
    await auth.resetPassword(id, 'battery staple');
    await expect(auth.verify('ann', 'correct horse', address)).rejects.toThrow('wrong');
    await auth.verify('ann', 'battery staple', address);
    await auth.changePassword(id, 'battery staple', 'another horse', place);
    await expect(auth.verify('ann', 'battery staple', address)).rejects.toThrow('wrong');
    await auth.verify('ann', 'another horse', address);
    const ended = new Promise<void>((resolve) => auth.onRevoked(() => resolve()));
    await store.users.remove(id);
    await ended;
    await expect(auth.verify('ann', 'another horse', address)).rejects.toThrow('wrong');
  });

  test('does not help one who may not try any more to find it', async () => {
    auth.close();
    await start({ loginLimits: { windowS: 60, pair: 3, address: 50, username: 50 } });
    await auth.verify('admin', password, address);
    for (let n = 0; n < 3; n++)
      await auth.verify('admin', `no ${n}`, address).catch(() => undefined);
    for (const guess of ['no', password]) {
      await expect(auth.verify('admin', guess, address)).rejects.toMatchObject({
        code: 'rate.limited',
      });
    }
    expect(await auth.verify('admin', password, '198.51.100.7')).toMatchObject({ name: 'admin' });
  });

  test('is kept for a thousand at most, and never in clear', () => {
    const verified = new Verified();
    const who: Principal = { kind: 'user', id: 'u', name: 'u', role: 'viewer' };
    for (let n = 0; n < 1_500; n++) verified.put('u', `password ${n}`, who, 0);
    expect(verified.size).toBe(1_000);
    expect(verified.get('u', 'password 0', 0)).toBeUndefined();
    expect(verified.get('u', 'password 1499', 0)).toBe(who);
    expect(verified.get('u1', ' password 1499', 0)).toBeUndefined();
  });
});

import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import { checkedLookup, type Resolve } from './addresses.js';
import { HttpSender } from './http.js';
import type { Sending } from './protocol.js';

const PUBLIC = { address: '93.184.216.34', family: 4 };
const LOOPBACK = { address: '127.0.0.1', family: 4 };
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const sending: Sending = {
  ticket: 1,
  to: 'target-1',
  key: 'k1',
  event: 'test',
  atUnixMs: 0,
  subject: '',
  text: '',
  severity: undefined,
  body: '{}',
  email: undefined,
};

/** Answers what the script says, the n-th time by its n-th step and later by the last. */
function resolver(...script: readonly (readonly (typeof PUBLIC)[])[]) {
  const asked: string[] = [];
  const resolve: Resolve = (name, _options, done) => {
    const step = script[Math.min(asked.length, script.length - 1)] ?? [];
    asked.push(name);
    setImmediate(() => done(null, [...step]));
  };
  return { asked, resolve };
}

async function site(resolve: Resolve, allowPrivate = false) {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(String(request.headers['idempotency-key']));
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const sender = new HttpSender(
    {
      kind: 'webhook',
      id: 'target-1',
      version: 1,
      timeoutMs: 5_000,
      allowPrivate,
      url: `http://hooks.example.org:${port}/`,
      headers: {},
      key: undefined,
    },
    new SystemClock(),
    resolve,
  );
  ends.push(async () => {
    await sender.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { sender, heard, signal: new AbortController().signal };
}

test('a name that was public when it was looked at and leads inside when it is called is refused', async () => {
  const { asked, resolve } = resolver([PUBLIC], [LOOPBACK]);
  const before = await new Promise((done) => {
    checkedLookup(false, resolve)('hooks.example.org', {}, (error, found) => done(error ?? found));
  });
  expect(before).toBe(PUBLIC.address);
  const { sender, heard, signal } = await site(resolve);
  await expect(sender.send(sending, signal)).rejects.toThrow(/hooks\.example\.org.*allowPrivate/);
  expect(asked).toEqual(['hooks.example.org', 'hooks.example.org']);
  expect(heard).toEqual([]);
});

test('a name is refused for one private address among public ones', async () => {
  const { sender, heard, signal } = await site(resolver([PUBLIC, LOOPBACK]).resolve);
  await expect(sender.send(sending, signal)).rejects.toThrow(/allowPrivate/);
  expect(heard).toEqual([]);
});

test('the address that was checked is the one that is called: a name is asked for once', async () => {
  const { asked, resolve } = resolver([LOOPBACK]);
  const { sender, heard, signal } = await site(resolve, true);
  expect(await sender.send(sending, signal)).toMatchObject({ ok: true, code: 200 });
  expect(heard).toEqual(['k1']);
  expect(asked).toEqual(['hooks.example.org']);
});

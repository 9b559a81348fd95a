import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { addressOf, createClient } from './client.js';
import { ApiError } from './errors.js';

type Handler = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A server that answers as it is told, on a port of its own, and what it was asked. */
async function serve(handler: Handler) {
  const asked: { line: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      handler(request, response, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return { asked, base: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const json =
  (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Handler =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };

const caught = async (call: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`not refused as an ApiError: ${String(error)}`);
};

test('a value of a path may hold any character, and what is not asked is not in the query', () => {
  const address = addressOf('/v1/devices/{id}/parameters', {
    params: { id: 'rack/a?b#c %é' },
    query: { limit: 5, offset: undefined, text: 'a&b=c' },
  });
  expect(address).toBe(
    '/v1/devices/rack%2Fa%3Fb%23c%20%25%C3%A9/parameters?limit=5&text=a%26b%3Dc',
  );
  const url = new URL(address, 'http://x');
  expect(decodeURIComponent(url.pathname.split('/')[3] ?? '')).toBe('rack/a?b#c %é');
  expect([...url.searchParams]).toEqual([
    ['limit', '5'],
    ['text', 'a&b=c'],
  ]);
});

test('a call sends its body and headers, and answers what the server said; an empty answer is undefined', async () => {
  const { asked, base } = await serve((request, response, attempt) => {
    if (attempt > 1) response.writeHead(204).end();
    else json(201, { id: 7 })(request, response, attempt);
  });
  const client = createClient({ base, headers: () => ({ authorization: 'Bearer x' }) });
  expect(await client.callAny('POST', '/v1/things', { body: { name: 'ü' } })).toEqual({ id: 7 });
  expect(await client.callAny('DELETE', '/v1/things/{id}', { params: { id: 7 } })).toBeUndefined();
  expect(asked.map(({ line }) => line)).toEqual(['POST /v1/things', 'DELETE /v1/things/7']);
  expect(asked[0]).toMatchObject({
    body: '{"name":"ü"}',
    headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
  });
  expect(asked[1]?.headers['content-type']).toBeUndefined();
});

test('a read is tried again while the server is away or busy, a write is sent once', async () => {
  const busy = json(503, { code: 'server.busy', detail: 'busy' });
  const { asked, base } = await serve((request, response, attempt) =>
    (attempt <= 2 ? busy : json(200, { ok: true }))(request, response, attempt),
  );
  const client = createClient({ base, retries: 2 });
  expect(await client.callAny('GET', '/v1/things')).toEqual({ ok: true });
  expect(asked).toHaveLength(3);
  const write = await serve(busy);
  const writing = createClient({ base: write.base, retries: 2 });
  expect(await caught(writing.callAny('POST', '/v1/things', { body: {} }))).toMatchObject({
    status: 503,
    code: 'server.busy',
    retry: true,
    remedy: 'Try again in a moment.',
  });
  expect(write.asked).toHaveLength(1);
});

test('what will not work later is not tried again, and is told with its fields', async () => {
  const errors = [{ field: 'name', message: 'must not be empty' }];
  const { asked, base } = await serve(
    json(422, { code: 'input.invalid', detail: 'name must not be empty', errors }),
  );
  const error = await caught(createClient({ base, retries: 5 }).callAny('GET', '/v1/things'));
  expect(error).toMatchObject({
    status: 422,
    code: 'input.invalid',
    message: 'name must not be empty',
    retry: false,
    fields: errors,
  });
  expect(asked).toHaveLength(1);
});

test('how long to wait is said as the server says it', async () => {
  const { base } = await serve(json(429, { code: 'rate.limited' }, { 'retry-after': '7' }));
  const error = await caught(createClient({ base }).callAny('GET', '/v1/things'));
  expect(error.remedy).toBe('Wait 7 s, then try again.');
});

test('a server that is not there, answers too late, breaks off or answers no JSON is an error with words', async () => {
  const gone = await serve(json(200, {}));
  await ends.pop()?.();
  expect(await caught(createClient(gone).callAny('GET', '/v1/things'))).toMatchObject({
    status: 0,
    code: 'unreachable',
    message: 'The server cannot be reached.',
  });
  const silent = await serve(() => undefined);
  const late = createClient({ base: silent.base, deadlineMs: 50 });
  expect((await caught(late.callAny('GET', '/v1/things'))).message).toBe(
    'The server did not answer within 0.05 s.',
  );
  const breaking = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
    response.write('{"half":');
    setImmediate(() => response.destroy());
  });
  const broken = createClient(breaking).callAny('GET', '/v1/things');
  expect((await caught(broken)).code).toBe('unreachable');
  const page = await serve((_, response) => response.end('<html>a proxy</html>'));
  expect(await caught(createClient(page).callAny('GET', '/v1/things'))).toMatchObject({
    status: 200,
    code: 'answer.unreadable',
    retry: false,
  });
});

test('a call that is given up rejects with the reason of its signal', async () => {
  const { base } = await serve(() => undefined);
  const giveUp = new AbortController();
  const call = createClient({ base, retries: 3 }).callAny('GET', '/v1/things', {
    signal: giveUp.signal,
  });
  giveUp.abort(new Error('left the page'));
  await expect(call).rejects.toThrow('left the page');
});

test('every answer is heard with the template of its path, refusals included; a stream is read by its caller', async () => {
  const heard: string[] = [];
  const { base } = await serve((request, response, attempt) => {
    if (attempt === 1) response.end('a,b\n1,2\n');
    else json(404, { code: 'not-found' })(request, response, attempt);
  });
  const client = createClient({
    base,
    heard: ({ status }, path) => void heard.push(`${status} ${path}`),
  });
  const answer = await client.open('GET', '/v1/series/export', {
    query: { channel: 'a/b', from: 0, to: 1, format: 'csv' },
  });
  expect(await answer.text()).toBe('a,b\n1,2\n');
  await caught(client.open('GET', '/v1/devices/{id}', { params: { id: 'x' } }));
  expect(heard).toEqual(['200 /v1/series/export', '404 /v1/devices/{id}']);
});

test('an answer that somebody asked for before is taken; others are asked for', async () => {
  const { asked, base } = await serve(json(200, { now: true }));
  const address = `${base}/v1/me`;
  const before = new Map([[address, Promise.resolve(Response.json({ before: true }))]]);
  const client = createClient({ base, early: (wanted) => before.get(wanted) });
  expect(await client.callAny('GET', '/v1/me')).toEqual({ before: true });
  expect(asked).toHaveLength(0);
  expect(await client.callAny('POST', '/v1/me')).toEqual({ now: true });
  expect(await client.callAny('GET', '/v1/other')).toEqual({ now: true });
});

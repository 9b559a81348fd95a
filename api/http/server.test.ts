// Over 400 lines: one real server serves all of these.
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import { problem } from '../contract/rest.js';
import { ANONYMOUS } from './auth.types.js';
import { Reply, route } from './route.types.js';
import { createGateway, type Gateway } from './server.js';
import { socketEndpoint, stateOf } from './socket.types.js';

const echo = route({
  method: 'POST',
  path: '/v1/echo/{id}',
  summary: 'echo',
  tag: 'test',
  access: 'open',
  params: z.object({ id: z.string().max(20) }),
  query: z.object({ times: z.coerce.number().int().min(1).max(3).default(1) }),
  body: z.strictObject({ text: z.string(), more: z.array(z.unknown()).optional() }),
  maxBodyBytes: 1_000,
  status: 201,
  handler: ({ params, query, body }) => ({ id: params.id, text: body.text.repeat(query.times) }),
});

let released: (() => void) | undefined;
let aborted = 0;
const routes = [
  echo,
  route({
    method: 'GET',
    path: '/v1/big',
    summary: 'big',
    tag: 'test',
    access: 'viewer',
    handler: () => ({ rows: Array.from({ length: 500 }, (_, i) => `row ${String(i)}`) }),
  }),
  route({
    method: 'GET',
    path: '/v1/throws',
    summary: 'throws',
    tag: 'test',
    access: 'open',
    handler: () => {
      throw new TypeError('secret detail');
    },
  }),
  route({
    method: 'GET',
    path: '/v1/slow',
    summary: 'slow',
    tag: 'test',
    access: 'open',
    timeLimitMs: 50,
    handler: ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted++;
          resolve(undefined);
        });
      }),
  }),
  route({
    method: 'GET',
    path: '/v1/waits',
    summary: 'waits',
    tag: 'test',
    access: 'open',
    handler: () =>
      new Promise((resolve) => {
        released = () => {
          resolve({ done: true });
        };
      }),
  }),
  route({
    method: 'GET',
    path: '/v1/stream',
    summary: 'stream',
    tag: 'test',
    access: 'open',
    handler: () =>
      new Reply({
        headers: { 'Content-Type': 'application/octet-stream' },
        stream: (async function* () {
          for (let i = 0; i < 200; i++) {
            await Promise.resolve();
            yield new Uint8Array(65_536).fill(i);
          }
        })(),
      }),
  }),
];

let gateway: Gateway;
let base: string;
const closes: number[] = [];

beforeEach(async () => {
  aborted = 0;
  closes.length = 0;
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    routes,
    limits: { perAddressPerSecond: 0, perPrincipalPerSecond: 3 },
    authenticate: (credentials) => {
      const token = credentials.header('authorization') ?? credentials.header('cookie');
      if (token === undefined) return ANONYMOUS;
      if (token === 'bad') throw new EngineError('auth.required', 'the token has expired');
      return { kind: 'token', id: token, name: token, role: token === 'boss' ? 'admin' : 'viewer' };
    },
    raw: [
      {
        method: 'GET',
        path: '/mount/{name...}',
        handler: (exchange, { params }) => {
          exchange.start(200, { 'content-type': 'audio/mpeg' });
          exchange.write(`mount ${params['name'] ?? ''}`);
          exchange.end();
        },
      },
    ],
    sockets: [
      socketEndpoint<{ readonly id: string }>({
        path: '/ws/{id}',
        access: 'viewer',
        maxMessageBytes: 100,
        accept: ({ params }) => ({ id: params['id'] ?? '' }),
        message: (socket, data) => {
          const text = Buffer.from(data).toString();
          if (text === 'throw') throw new EngineError('frame.malformed', 'not that');
          socket.send(`${stateOf(socket).id}: ${text}`);
        },
        close: (_, code) => {
          closes.push(code);
        },
      }),
    ],
  });
  base = `http://127.0.0.1:${String(gateway.port)}`;
});

afterEach(async () => {
  await gateway.stop(100);
});

async function failure(response: Response): Promise<z.infer<typeof problem>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return problem.parse(await response.json());
}

const post = (path: string, body: string | Uint8Array, type = 'application/json') =>
  fetch(base + path, { method: 'POST', body, headers: { 'content-type': type } });

/** Sends exactly these bytes and gives back what came until the connection ended or 300 ms of silence. */
function rawRequest(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.port, '127.0.0.1');
    let got = '';
    socket.setTimeout(300, () => socket.destroy());
    socket.on('data', (chunk) => {
      got += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(got);
    });
    socket.write(text);
  });
}

describe('a request', () => {
  it('reaches its handler with decoded parameters, coerced query and checked body', async () => {
    const response = await post('/v1/echo/a%2Fb:c?times=2', '{"text":"hi"}');
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ id: 'a/b:c', text: 'hihi' });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain('worker-src');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('keeps a plain request id of the client and replaces a wild one', async () => {
    const kept = await fetch(`${base}/v1/throws`, { headers: { 'x-request-id': 'abc-1' } });
    expect(kept.headers.get('x-request-id')).toBe('abc-1');
    const made = await fetch(`${base}/v1/throws`, { headers: { 'x-request-id': '<script>' } });
    expect(made.headers.get('x-request-id')).not.toContain('<');
  });

  it.each([
    ['a missing field', '/v1/echo/a', '{}', 400, 'body.text'],
    ['a wrong type', '/v1/echo/a', '{"text":1}', 400, 'body.text'],
    ['a body that is no object', '/v1/echo/a', 'null', 400, 'body'],
    ['a query out of range', '/v1/echo/a?times=9', '{"text":"x"}', 400, 'query.times'],
    ['a parameter too long', `/v1/echo/${'a'.repeat(21)}`, '{"text":"x"}', 400, 'params.id'],
  ])('is answered with the field for %s', async (_, path, body, status, field) => {
    const answer = await failure(await post(path, body));
    expect(answer.status).toBe(status);
    expect(answer.errors?.map((e) => e.field)).toContain(field);
  });

  it.each([
    ['malformed JSON', '/v1/echo/a', '{"text":', 400, 'not JSON'],
    ['an empty body', '/v1/echo/a', '', 400, 'empty'],
    ['JSON nested too deep', '/v1/echo/a', '['.repeat(400) + ']'.repeat(400), 400, 'deeper'],
    ['bad UTF-8', '/v1/echo/a', new Uint8Array([0x22, 0xff, 0x22]), 400, 'UTF-8'],
    ['a body too large', '/v1/echo/a', 'x'.repeat(1_001), 413, 'at most 1000'],
    ['broken percent-encoding in the path', '/v1/echo/%ff', '{"text":"x"}', 400, 'percent'],
    ['broken percent-encoding in the query', '/v1/echo/a?times=%f', '{"text":"x"}', 400, 'percent'],
    ['an unknown path', '/v1/nothing', '{}', 404, '/v1/nothing'],
  ])('is answered clearly for %s', async (_, path, body, status, text) => {
    const answer = await failure(await post(path, body));
    expect(answer.status).toBe(status);
    expect(answer.detail).toContain(text);
  });

  it('refuses a content type that is not JSON', async () => {
    expect((await failure(await post('/v1/echo/a', 'a=b', 'text/plain'))).status).toBe(415);
  });

  it('counts a body that comes in chunks without a length', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${base}/v1/echo/a`, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.write('x'.repeat(600));
      request.write('x'.repeat(600));
      request.end();
    });
    expect(status).toBe(413);
  });

  it('names the allowed methods', async () => {
    const response = await fetch(`${base}/v1/big`, { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('answers a preflight for open calls only', async () => {
    const ask = (path: string, method: string) =>
      fetch(base + path, {
        method: 'OPTIONS',
        headers: { origin: 'http://other', 'access-control-request-method': method },
      });
    const open = await ask('/v1/echo/a', 'POST');
    expect(open.status).toBe(204);
    expect(open.headers.get('access-control-allow-origin')).toBe('*');
    const closed = await ask('/v1/big', 'GET');
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('hides the text of an unexpected throw and gives the request id', async () => {
    const answer = await failure(await fetch(`${base}/v1/throws`));
    expect(answer.status).toBe(500);
    expect(answer.detail).not.toContain('secret');
    expect(answer.detail).toContain(answer.requestId);
  });

  it('ends with 504 at its time limit, and its signal fires', async () => {
    const answer = await failure(await fetch(`${base}/v1/slow`));
    expect(answer.status).toBe(504);
    expect(aborted).toBe(1);
  });

  it('fires the signal when the client goes away', async () => {
    const controller = new AbortController();
    const asked = fetch(`${base}/v1/slow`, { signal: controller.signal }).catch(() => 'gone');
    await expect.poll(() => gateway.inFlight).toBe(1);
    controller.abort();
    expect(await asked).toBe('gone');
    await expect.poll(() => aborted).toBe(1);
    await expect.poll(() => gateway.inFlight).toBe(0);
  });

  it('survives bytes that are not HTTP, and huge headers', async () => {
    await rawRequest('\x00\xff not http at all\r\n\r\n');
    const huge = await rawRequest(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`);
    expect(huge).toMatch(/^HTTP\/1.1 413 [\s\S]*headers/);
    await rawRequest(`GET / HTTP/1.1\r\nHost: a\r\n${'Y: y\r\n'.repeat(2_000)}\r\n`);
    await rawRequest(`GET /${'z'.repeat(2_000_000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect((await fetch(`${base}/v1/throws`)).status).toBe(500);
  });
});

describe('an answer', () => {
  const viewer = { authorization: 'ann' };

  it('is packed, tagged, and not sent again while it is the same', async () => {
    const first = await fetch(`${base}/v1/big`, { headers: viewer });
    expect(first.headers.get('content-encoding')).toBe('gzip');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\//);
    await first.json();
    const again = await fetch(`${base}/v1/big`, { headers: { ...viewer, 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('to HEAD has the same headers and no body', async () => {
    const response = await fetch(`${base}/v1/big`, { method: 'HEAD', headers: viewer });
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).toMatch(/^W\//);
    expect(await response.text()).toBe('');
  });

  it('may be a stream of any length', async () => {
    const response = await fetch(`${base}/v1/stream`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(bytes.length).toBe(200 * 65_536);
    expect(bytes[199 * 65_536]).toBe(199);
  });

  it('may be written by a raw handler', async () => {
    const response = await fetch(`${base}/mount/a/b.mp3`);
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    expect(await response.text()).toBe('mount a/b.mp3');
  });
});

describe('a login', () => {
  it('is asked for, refused when the token is bad, and measured by role', async () => {
    const none = await fetch(`${base}/v1/big`);
    expect(none.status).toBe(401);
    expect(none.headers.get('www-authenticate')).toContain('Bearer');
    const bad = await fetch(`${base}/v1/big`, { headers: { authorization: 'bad' } });
    expect((await failure(bad)).detail).toContain('expired');
  });

  it('by cookie does not count when a page of another site asks', async () => {
    const cookie = 'ann';
    const own = await fetch(`${base}/v1/big`, { headers: { cookie, origin: base } });
    expect(own.status).toBe(200);
    const other = await fetch(`${base}/v1/big`, { headers: { cookie, origin: 'http://evil' } });
    expect(other.status).toBe(401);
  });

  it('is limited in requests per second, with the time to wait', async () => {
    const headers = { authorization: 'busy' };
    let last: Response | undefined;
    for (let i = 0; i < 31; i++) last = await fetch(`${base}/v1/big`, { headers });
    expect(last?.status).toBe(429);
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await fetch(`${base}/v1/big`, { headers: { authorization: 'calm' } });
    expect(other.status).toBe(200);
  });
});

describe('a socket', () => {
  const open = (path: string, token?: string) =>
    new WebSocket(`ws://127.0.0.1:${String(gateway.port)}${path}`, {
      ...(token === undefined ? {} : { headers: { authorization: token } }),
    });
  const closed = (socket: WebSocket) =>
    new Promise<number>((resolve) => {
      socket.once('close', resolve);
    });

  it('talks to its endpoint', async () => {
    const socket = open('/ws/a%2Fb', 'ann');
    socket.once('open', () => {
      socket.send('hello');
    });
    const text = await new Promise<string>((resolve) => {
      socket.once('message', (data: Buffer) => {
        resolve(data.toString());
      });
    });
    expect(text).toBe('a/b: hello');
    socket.close();
    await expect.poll(() => gateway.sockets).toBe(0);
  });

  it('is closed with the code of the error table without a login, and for a malformed frame', async () => {
    expect(await closed(open('/ws/a'))).toBe(4501);
    const socket = open('/ws/a', 'ann');
    socket.once('open', () => {
      socket.send('throw');
    });
    expect(await closed(socket)).toBe(4400);
    expect(closes).toEqual([4400]);
  });

  it('is told that the server stops', async () => {
    const socket = open('/ws/a', 'ann');
    await new Promise((resolve) => socket.once('open', resolve));
    const code = closed(socket);
    await gateway.stop(100);
    expect(await code).toBe(4001);
  });

  it('of a path explains itself to a plain request', async () => {
    expect((await failure(await fetch(`${base}/ws/a`))).detail).toContain('WebSocket');
  });
});

describe('stopping', () => {
  it('lets a request in flight end, and refuses new ones', async () => {
    const asked = fetch(`${base}/v1/waits`);
    await expect.poll(() => gateway.inFlight).toBe(1);
    const stopped = gateway.stop(5_000);
    released?.();
    expect(await (await asked).json()).toEqual({ done: true });
    await stopped;
    await expect(fetch(`${base}/v1/waits`)).rejects.toThrow();
  });

  it('cuts what is still there at the deadline', async () => {
    const asked = fetch(`${base}/v1/waits`).catch(() => 'cut');
    await expect.poll(() => gateway.inFlight).toBe(1);
    await gateway.stop(20);
    expect(await asked).toBe('cut');
  });

  it('frees its port, and a taken port is an error', async () => {
    const { port } = gateway;
    await expect(createGateway({ host: '127.0.0.1', port })).rejects.toThrow(/taken/);
  });
});

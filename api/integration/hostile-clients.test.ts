import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SystemClock } from '../../engine/clock.js';
import { Reply, route } from '../http/route.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { LiveHub } from '../live/hub.js';
import { MemoryTable } from '../live/table.js';
import { TestLiveClient } from '../live/testing.js';

let gateway: Gateway;
let hub: LiveHub;
let chunks = 0;
let ended = 0;
const errors: unknown[] = [];

beforeAll(async () => {
  const table = new MemoryTable('devices');
  for (let i = 0; i < 50; i++) table.put({ id: `d${String(i)}`, a: i, b: 'text' });
  hub = new LiveHub({
    tables: [table],
    clock: new SystemClock(),
    limits: { tickMs: 10, messageBurst: 100_000 },
    access: 'open',
  });
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0 },
    maxSockets: 3,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (fields, message) => errors.push([message, fields]),
    },
    sockets: [hub.endpoint()],
    routes: [
      route({
        method: 'POST',
        path: '/v1/things/{id}',
        summary: 'takes a thing',
        tag: 'test',
        access: 'open',
        query: z.object({ n: z.coerce.number().optional() }),
        body: z.object({ a: z.number(), list: z.array(z.string()).optional() }),
        handler: ({ body }) => body,
      }),
      route({
        method: 'GET',
        path: '/v1/endless',
        summary: 'never ends',
        tag: 'test',
        access: 'open',
        handler: () =>
          new Reply({
            headers: { 'content-type': 'application/octet-stream' },
            stream: (async function* () {
              try {
                for (;;) {
                  await Promise.resolve();
                  chunks++;
                  yield new Uint8Array(65_536);
                }
              } finally {
                ended++;
              }
            })(),
          }),
      }),
    ],
  });
  hub.start((channel, message, isBinary) => {
    gateway.publish(channel, message, isBinary);
  });
});

afterAll(async () => {
  hub.stop();
  await gateway.stop(100);
});

const url = (): string => `ws://127.0.0.1:${String(gateway.port)}/v1/live`;

/** Writes these bytes and waits for the end or for an answer. */
function throwAt(bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(gateway.port, '127.0.0.1');
    let got = '';
    const done = (): void => {
      socket.destroy();
      resolve(got);
    };
    socket.on('data', (data) => {
      got += data.toString('latin1');
      if (got.includes('\r\n\r\n')) done();
    });
    socket.on('error', done);
    socket.on('close', done);
    socket.setTimeout(30, done);
    socket.write(bytes);
  });
}

describe('the gateway', () => {
  it('answers any request that is HTTP with a status, never with 500, and outlives the rest', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    const method = fc.constantFrom(
      'GET',
      'POST',
      'PUT',
      'DELETE',
      'OPTIONS',
      'HEAD',
      'PURGE',
      'get',
    );
    const path = fc.oneof(
      fc.constantFrom(
        '/',
        '/v1/things/a',
        '/v1/things/%ff',
        '/v1/things/a?n=x',
        '/v1/live',
        '//',
        '*',
      ),
      fc.webPath().map((raw) => (raw === '' ? '/' : raw)),
    );
    const http = fc
      .record({
        method,
        path,
        name: fc.constantFrom('X-A', 'Content-Type', 'Range', 'Origin'),
        text,
      })
      .map((r) => {
        const body = Buffer.from(r.text);
        return Buffer.concat([
          Buffer.from(
            `${r.method} ${r.path} HTTP/1.1\r\nHost: a\r\n${r.name}: ${encodeURIComponent(r.text)}\r\nContent-Length: ${String(body.length)}\r\n\r\n`,
          ),
          body,
        ]);
      });
    const noise = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: http }, noise), async (bytes) => {
        const answer = await throwAt(bytes);
        expect(answer.slice(0, 12)).not.toBe('HTTP/1.1 500');
      }),
      { numRuns: 150 },
    );
    expect((await fetch(`http://127.0.0.1:${String(gateway.port)}/nothing`)).status).toBe(404);
    expect(errors).toEqual([]);
  });

  it('makes no more of a stream than a client reads, and ends it when the client goes', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('GET /v1/endless HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    let before = -1;
    await expect
      .poll(
        () => {
          const still = chunks === before;
          before = chunks;
          return still;
        },
        { interval: 100, timeout: 10_000 },
      )
      .toBe(true);
    // What is left is in the kernel's buffers: some megabytes.
    expect(chunks).toBeLessThan(500);
    socket.resume();
    await expect.poll(() => chunks).toBeGreaterThan(before + 100);
    socket.destroy();
    await expect.poll(() => ended).toBe(1);
  });

  it('refuses a socket too many with a code that says to come back', async () => {
    const clients = await Promise.all([1, 2, 3].map(() => new TestLiveClient(url()).opened()));
    const refused = new TestLiveClient(url());
    await expect.poll(() => refused.closeCode).toBe(4013);
    for (const client of clients) client.close();
    await expect.poll(() => gateway.sockets).toBe(0);
  });
});

describe('the live protocol', () => {
  it('answers any message, and goes on', async () => {
    const client = await new TestLiveClient(url()).opened();
    const query = fc.record(
      {
        resource: fc.constantFrom('devices', 'alarms', 'x'),
        filter: fc.oneof(
          fc.record({
            field: fc.constantFrom('a', 'b', '__proto__', ''),
            op: fc.constantFrom('<', '==', 'contains', '?'),
            value: fc.jsonValue(),
          }),
          fc.jsonValue(),
        ),
        sort: fc.jsonValue(),
        window: fc.record({ offset: fc.integer(), limit: fc.integer() }),
        fields: fc.array(fc.string()),
      },
      { requiredKeys: [] },
    );
    const request = fc.record(
      {
        type: fc.constantFrom('subscribe', 'unsubscribe', 'ping', 'pong', '__proto__'),
        id: fc.oneof(fc.constantFrom('a', 'b'), fc.jsonValue()),
        query,
        resume: fc.record({ topic: fc.integer(), epoch: fc.string(), revision: fc.integer() }),
        at: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const messages = fc.sample(
      fc.oneof({ weight: 5, arbitrary: request.map((r) => JSON.stringify(r)) }, fc.string()),
      600,
    );
    for (const message of messages) client.socket.send(message);
    client.send({ type: 'ping', at: 424_242 });
    await expect
      .poll(() => client.ofType('pong').some((pong) => pong.at === 424_242), { timeout: 10_000 })
      .toBe(true);
    expect(client.ofType('error').length).toBeGreaterThan(100);
    expect(client.ofType('error').filter((error) => error.code === 'internal')).toEqual([]);
    expect(client.closeCode).toBeUndefined();
    client.close();
  });

  it('ends a socket that sends a message too large', async () => {
    const client = await new TestLiveClient(url()).opened();
    client.socket.send('x'.repeat(70_000));
    await expect.poll(() => client.closeCode).toBeDefined();
    const next = await new TestLiveClient(url()).opened();
    expect(next.subscribe('a', { resource: 'devices' }).total).toBe(0);
    await expect.poll(() => next.ofType('snapshot')).toHaveLength(1);
    next.close();
  });
});

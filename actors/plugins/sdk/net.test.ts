import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { ArrivalClock, SystemClock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { PluginNetwork } from './net.js';
import type { NetLimits } from './net.types.js';

type Handler = (request: IncomingMessage, response: ServerResponse, n: number) => void;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function network(limits: Partial<NetLimits> = {}): PluginNetwork {
  const net = new PluginNetwork({
    clock: new SystemClock(),
    limits: { backoffMs: 5, timeoutMs: 2_000, ...limits },
  });
  ends.push(() => net.close());
  return net;
}

/** @returns its address; the handler is given the running number of the request, from 1. */
async function server(handler: Handler): Promise<string> {
  let n = 0;
  const http = createServer((request, response) => {
    n += 1;
    handler(request, response, n);
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', () => resolve());
  });
  ends.push(
    () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  );
  const address = http.address();
  return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
}

const nobody = 'http://127.0.0.1:9';

describe('a request', () => {
  it('sends an object as JSON and none without a body', async () => {
    const url = await server((request, response) => {
      const parts: string[] = [];
      request.setEncoding('utf8');
      request.on('data', (part: string) => parts.push(part));
      request.on('end', () => {
        const type = request.headers['content-type'] ?? 'none';
        response.end(JSON.stringify({ type, body: parts.join('') }));
      });
    });
    const net = network();
    const put = await net.http({ method: 'PUT', url, body: { a: 1 } });
    expect(put.json()).toEqual({ type: 'application/json', body: '{"a":1}' });
    expect((await net.http({ method: 'DELETE', url })).json()).toEqual({ type: 'none', body: '' });
    expect(net.health.lastSuccessUnixMs).toBeGreaterThan(0);
  });

  it('is tried again after 503, and after as long as the server asks', async () => {
    const times: number[] = [];
    const url = await server((_, response, n) => {
      times.push(performance.now());
      if (n === 1) response.writeHead(429, { 'retry-after': '0.3' }).end();
      else if (n === 2) response.writeHead(503).end();
      else response.end('{}');
    });
    const net = network();
    expect((await net.http({ url })).status).toBe(200);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(250);
    expect(net.health.consecutiveFailures).toBe(0);
  });

  it('answers 4xx as they are, and names a refused login, a page that is no JSON and a bad address', async () => {
    const url = await server((request, response) => {
      if (request.url === '/in') response.writeHead(401).end('who are you');
      else if (request.url === '/page') response.end('<html>');
      else response.writeHead(404).end();
    });
    const net = network();
    expect((await net.http({ url })).status).toBe(404);
    await expect(net.http({ url: `${url}/in` })).rejects.toMatchObject({ code: 'auth.denied' });
    const page = await net.http({ url: `${url}/page` });
    expect(() => page.json()).toThrow(/not JSON/);
    await expect(net.http({ url: 'ftp://x' })).rejects.toMatchObject({ code: 'input.invalid' });
  });

  it('of an answer without end is cut at the limit', async () => {
    const url = await server((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(network({ maxBodyBytes: 200_000 }).http({ url })).rejects.toMatchObject({
      code: 'input.too-large',
    });
  });

  it('to a server that stalls is given up in time, and by its signal', async () => {
    const url = await server(() => undefined);
    const net = network({ timeoutMs: 100, retries: 0 });
    await expect(net.http({ url })).rejects.toMatchObject({
      code: 'device.unreachable',
      message: expect.stringContaining('within 100 ms') as string,
    });
    const control = new AbortController();
    const call = network().http({ url, signal: control.signal });
    control.abort();
    await expect(call).rejects.toMatchObject({ code: 'call.aborted' });
  });

  it('is not even tried after five failures in a row, until the pause is over; other servers are', async () => {
    let requests = 0;
    let well = false;
    const url = await server((_, response) => {
      requests += 1;
      response.writeHead(well ? 200 : 500).end('{}');
    });
    const other = await server((_, response) => response.end('{}'));
    const net = network({ breakerOpenMs: 300, retries: 0 });
    for (let n = 0; n < 5; n += 1) {
      await expect(net.http({ url })).rejects.toMatchObject({ code: 'device.unreachable' });
    }
    await expect(net.http({ url })).rejects.toMatchObject({ code: 'server.busy' });
    expect(requests).toBe(5);
    expect(net.health.consecutiveFailures).toBe(5);
    expect((await net.http({ url: other })).status).toBe(200);
    well = true;
    await expect
      .poll(
        () =>
          net.http({ url }).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 5_000 },
      )
      .toBe(200);
  });

  it('is tried as often as was set last', async () => {
    let asked = 0;
    const url = await server((_, response, n) => {
      asked = n;
      response.statusCode = 503;
      response.end();
    });
    const net = network({ retries: 2, breakerFailures: 100 });
    await expect(net.http({ url })).rejects.toMatchObject({ code: 'device.unreachable' });
    expect(asked).toBe(3);
    net.tune({ retries: 0, timeoutMs: 1_234 });
    await expect(net.http({ url })).rejects.toMatchObject({ code: 'device.unreachable' });
    expect(asked).toBe(4);
    expect(net.limits).toMatchObject({ retries: 0, timeoutMs: 1_234, breakerFailures: 100 });
  });

  it('waits for its turn at its server where a rate is set, and another rate lets go of what waits', async () => {
    const url = await server((_, response) => response.end('fine'));
    const other = await server((_, response) => response.end('fine'));
    const net = network({ requestsPerS: 1 });
    await net.http({ url });
    const waiting = net.http({ url });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'call.aborted' });
    await net.http({ url: other });
    net.tune({ requestsPerS: 1_000 });
    await refused;
    await Promise.all(Array.from({ length: 20 }, () => net.http({ url })));
  });

  it('is spread over time at its server without any bucket, and other servers do not wait for it', async () => {
    const times: number[] = [];
    const url = await server((_, response) => {
      times.push(performance.now());
      response.end('fine');
    });
    const other = await server((_, response) => response.end('fine'));
    const net = network();
    expect(net.limits.requestsPerS).toBe(50);
    const all = Promise.all(Array.from({ length: 26 }, () => net.http({ url })));
    await net.http({ url: other });
    await all;
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(400);
  });

  it('of a bucket waits for its turn, and a thousand may wait', async () => {
    const times: number[] = [];
    const url = await server((_, response) => {
      times.push(performance.now());
      response.end('{}');
    });
    const net = network();
    net.limit('slow', 20);
    await Promise.all(Array.from({ length: 6 }, () => net.http({ url, bucket: 'slow' })));
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(200);
    net.limit('stopped', 0.001);
    const waiting = Array.from({ length: 1_002 }, () => net.http({ url, bucket: 'stopped' }));
    const outcomes = Promise.allSettled(waiting);
    await expect(waiting.at(-1)).rejects.toMatchObject({ code: 'server.busy' });
    await net.close();
    const refused = (await outcomes).filter(
      (outcome) =>
        outcome.status === 'rejected' && EngineError.from(outcome.reason).code === 'server.busy',
    );
    expect(refused).toHaveLength(1);
  });
});

describe('a stream of events', () => {
  it('is read in pieces, ends with the server, and an event over the limit ends it', async () => {
    const url = await server((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-location': '/s/1' });
      if (request.url === '/long') {
        response.write(`data: ${'x'.repeat(300_000)}\n\n`);
        return;
      }
      response.write(': hello\n\nevent: open\ndata: {"a"');
      response.write(':1}\n\nid: 7\nda');
      response.end('ta: two\ndata: lines\n\n');
    });
    const net = network();
    const stream = await net.events({ url });
    expect(stream.headers['content-location']).toBe('/s/1');
    const events: unknown[] = [];
    for await (const event of stream.events) events.push(event);
    expect(events).toEqual([
      { event: 'open', data: '{"a":1}', id: undefined },
      { event: 'message', data: 'two\nlines', id: '7' },
    ]);
    const long = await net.events({ url: `${url}/long` });
    await expect(long.events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'input.too-large',
    });
    expect(net.openCount).toBe(0);
  });

  it('and every socket end when the instance is closed', async () => {
    const url = await server((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    });
    const tcp = createTcp((socket) => socket.on('error', () => socket.destroy()));
    await new Promise<void>((resolve) => {
      tcp.listen(0, '127.0.0.1', () => resolve());
    });
    ends.push(() => new Promise((resolve) => void tcp.close(() => resolve())));
    const address = tcp.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const net = network();
    const stream = await net.events({ url });
    const socket = await net.tcp({ host: '127.0.0.1', port });
    const udp = await net.udp();
    const gone = new Promise<void>((resolve) => {
      udp.once('close', () => resolve());
    });
    expect(net.openCount).toBe(3);
    const reading = (async () => {
      const seen: string[] = [];
      for await (const { data } of stream.events) seen.push(data);
      return seen;
    })();
    await net.close();
    expect(await reading).toEqual(expect.any(Array));
    await gone;
    expect(socket.destroyed).toBe(true);
    await expect(net.tcp({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'call.aborted',
    });
  });
});

describe('a socket', () => {
  it('to nobody is unreachable', async () => {
    const net = network({ retries: 0 });
    await expect(net.tcp({ host: '127.0.0.1', port: 9 })).rejects.toMatchObject({
      code: 'device.unreachable',
    });
    await expect(net.http({ url: nobody })).rejects.toMatchObject({ code: 'device.unreachable' });
    await expect(net.webSocket('ws://127.0.0.1:9')).rejects.toMatchObject({
      code: 'device.unreachable',
    });
    await expect(net.webSocket(nobody)).rejects.toMatchObject({ code: 'input.invalid' });
  });

  it('gives its bytes in a buffer of all, says that the other end closed, and ends with what its taker throws', async () => {
    const closing = new Promise<void>((resolve) => {
      const tcp = createTcp((socket) => {
        socket.on('error', () => resolve());
        socket.on('close', () => resolve());
        socket.write('one ');
        socket.on('data', (data) => {
          if (data.toString() === 'more') socket.write('two');
          else socket.end('bye');
        });
      });
      ends.push(() => new Promise((done) => void tcp.close(() => done())));
      tcp.listen(0, '127.0.0.1', () => listening(tcp));
    });
    const ports: number[] = [];
    function listening(tcp: ReturnType<typeof createTcp>): void {
      const address = tcp.address();
      ports.push(typeof address === 'object' ? (address?.port ?? 0) : 0);
    }
    await vi.waitFor(() => expect(ports).toHaveLength(1));
    const [port = 0] = ports;
    const net = network();
    let heard = '';
    const onBytes = (chunk: Uint8Array): void => {
      heard += Buffer.from(chunk).toString();
    };
    const socket = await net.tcp({ host: '127.0.0.1', port, onBytes });
    await vi.waitFor(() => expect(heard).toBe('one '));
    socket.write('more');
    await vi.waitFor(() => expect(heard).toBe('one two'));
    const closed = new Promise((resolve) => void socket.once('close', resolve));
    socket.write('end');
    await closed;
    expect(heard).toBe('one twobye');
    const second = await net.tcp({
      host: '127.0.0.1',
      port,
      onBytes: () => {
        throw new Error('not for me');
      },
    });
    const failed = await new Promise((resolve) => void second.once('error', resolve));
    expect(failed).toMatchObject({ message: 'not for me' });
    await closing;
  });

  it('hands its bytes over at one time, that of their arrival', async () => {
    const tcp = createTcp((socket) => {
      socket.write('bytes');
      ends.push(async () => void socket.destroy());
    });
    ends.push(() => new Promise((done) => void tcp.close(() => done())));
    const port = await new Promise<number>((resolve) => {
      tcp.listen(0, '127.0.0.1', () => {
        const address = tcp.address();
        resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
      });
    });
    let looks = 0;
    const clock = new SystemClock();
    clock.nowMs = () => ++looks;
    const arrivals = new ArrivalClock(clock);
    const net = new PluginNetwork({ clock, arrivals });
    ends.push(() => net.close());
    const times: number[] = [];
    const onBytes = (): void => void times.push(arrivals.nowMs(), arrivals.nowMs());
    await net.tcp({ host: '127.0.0.1', port, onBytes });
    await vi.waitFor(() => expect(times).toHaveLength(2));
    expect(times[0]).toBe(times[1]);
    expect(arrivals.nowMs()).toBeGreaterThan(times[1] ?? 0);
  });

  it('of a web server talks both ways, and a message over the limit ends it', async () => {
    const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await new Promise<void>((resolve) => {
      sockets.once('listening', () => resolve());
    });
    ends.push(() => new Promise((resolve) => void sockets.close(() => resolve())));
    sockets.on('connection', (socket, request) => {
      socket.send(String(request.headers['x-key']));
      socket.on('message', (data: Buffer) => {
        socket.send(data.toString() === 'long' ? 'x'.repeat(100_000) : `got ${data.toString()}`);
      });
    });
    const address = sockets.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const net = network();
    const stream = await net.webSocket(`ws://127.0.0.1:${port}`, { headers: { 'x-key': 'k' } });
    const messages = stream.messages[Symbol.asyncIterator]();
    expect((await messages.next()).value).toBe('k');
    expect(stream.send('hi')).toBe(true);
    expect((await messages.next()).value).toBe('got hi');
    stream.send('long');
    await expect(messages.next()).rejects.toMatchObject({ code: 'input.too-large' });
    expect(stream.send('late')).toBe(false);
    expect(net.openCount).toBe(0);
  });
});

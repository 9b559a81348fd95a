import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BodyStream } from './body.js';
import { route } from './route.types.js';
import { createGateway, type Gateway } from './server.js';

const MIB = 1_048_576;
let gateway: Gateway;
let url = '';
let begin: () => void = () => undefined;
let may: Promise<void> = Promise.resolve();

const streamed = (maxBodyBytes: number, path: string) =>
  route({
    method: 'POST',
    path,
    summary: 'takes a stream',
    tag: 'test',
    access: 'open',
    bodyType: 'stream',
    maxBodyBytes,
    handler: async ({ body, query }) => {
      if (!(body instanceof BodyStream)) throw new TypeError('no stream');
      if ((query as Record<string, string>)['read'] === 'no') return { bytes: 0 };
      await may;
      let bytes = 0;
      for await (const chunk of body) bytes += chunk.length;
      return { bytes };
    },
  });

const buffered = route({
  method: 'POST',
  path: '/buffered',
  summary: 'holds its body',
  tag: 'test',
  access: 'open',
  bodyType: 'bytes',
  maxBodyBytes: 2 * MIB,
  handler: async ({ body, query }) => {
    if ((query as Record<string, string>)['hold'] === 'yes') await may;
    return { bytes: (body as Uint8Array).length };
  },
});

beforeEach(async () => {
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    maxBufferedBytes: 3 * MIB,
    routes: [streamed(64 * MIB, '/streamed'), streamed(MIB, '/small'), buffered],
  });
  url = `http://127.0.0.1:${gateway.port}`;
  may = new Promise((resolve) => {
    begin = resolve;
  });
});
afterEach(async () => {
  begin();
  await gateway.stop(200);
});

const post = async (path: string, bytes: number) =>
  await fetch(`${url}${path}`, { method: 'POST', body: Buffer.alloc(bytes, 7) });

describe('a streamed body', () => {
  it('holds its sender back until it is read, then arrives whole', async () => {
    const size = 48 * MIB;
    const piece = Buffer.alloc(MIB, 1);
    let sent = 0;
    const answer = new Promise<string>((resolve, reject) => {
      const call = request(`${url}/streamed`, {
        method: 'POST',
        headers: { 'content-length': String(size) },
      });
      call.on('error', reject);
      call.on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve(text));
      });
      const more = (): void => {
        if (sent === size) call.end();
        else
          call.write(piece, () => {
            sent += piece.length;
            more();
          });
      };
      more();
    });
    let before = -1;
    while (before !== sent || sent === 0) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(sent).toBeLessThan(size);
    begin();
    expect(JSON.parse(await answer)).toEqual({ bytes: size });
  });

  it('over the limit is refused, and one that nobody reads does not stand in the way of the next', async () => {
    begin();
    expect((await post('/small', MIB)).status).toBe(200);
    expect((await post('/small', MIB + 1)).status).toBe(413);
    expect((await post('/streamed?read=no', 4 * MIB)).status).toBe(200);
    expect(await (await post('/streamed', 4 * MIB)).json()).toEqual({ bytes: 4 * MIB });
  });
});

describe('bodies held in memory', () => {
  it('share one budget over all requests, and give it back', async () => {
    const first = post('/buffered?hold=yes', 2 * MIB);
    await expect.poll(() => gateway.inFlight).toBe(1);
    // The first one is being answered, so its bytes are counted as soon as they are here.
    await expect.poll(async () => (await post('/buffered', 2 * MIB - 1)).status).toBe(503);
    begin();
    expect((await first).status).toBe(200);
    expect((await post('/buffered', 2 * MIB)).status).toBe(200);
  });
});

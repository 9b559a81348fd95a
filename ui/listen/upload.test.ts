import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { metadataHeader, Upload, UploadRefused, type UploadState } from './upload.js';

/** A tus server of the smallest kind, on a real socket, that can be made to fail. */
class TusHost {
  readonly files = new Map<string, { bytes: Buffer; length: number; metadata: string }>();
  readonly log: string[] = [];
  /** Asked before each request; answers a status to fail with, or `cut` to break the line. */
  trouble: (request: IncomingMessage) => number | 'cut' | undefined = () => undefined;
  /** False: the piece is taken, and its answer is lost. */
  answers: (offset: number) => boolean = () => true;
  #server: Server | undefined;

  async start(): Promise<string> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/v1/uploads`;
  }

  stop(): Promise<void> {
    this.#server?.closeAllConnections();
    return new Promise((resolve) => this.#server?.close(() => resolve()) ?? resolve());
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    this.log.push(request.method ?? '');
    const trouble = this.trouble(request);
    if (trouble === 'cut') {
      request.socket.destroy();
      return;
    }
    if (trouble !== undefined) {
      response.writeHead(trouble, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ detail: `no, ${trouble}` }));
      return;
    }
    if (request.method === 'POST') {
      const id = `/v1/uploads/${this.files.size + 1}`;
      this.files.set(id, {
        bytes: Buffer.alloc(0),
        length: Number(request.headers['upload-length']),
        metadata: String(request.headers['upload-metadata']),
      });
      response.writeHead(201, { location: id }).end();
      return;
    }
    const file = this.files.get(request.url ?? '');
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    if (request.method === 'DELETE') {
      this.files.delete(request.url ?? '');
      response.writeHead(204).end();
      return;
    }
    if (request.method === 'PATCH') {
      if (Number(request.headers['upload-offset']) !== file.bytes.length) {
        response.writeHead(409).end();
        return;
      }
      file.bytes = Buffer.concat([file.bytes, ...pieces]);
    }
    const whole = file.bytes.length === file.length;
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ offset: file.bytes.length, assetId: whole ? 7 : null }));
      return;
    }
    if (this.answers(file.bytes.length)) {
      response
        .writeHead(204, {
          'upload-offset': String(file.bytes.length),
          ...(whole ? { 'asset-id': '7' } : {}),
        })
        .end();
    } else request.socket.destroy();
  }
}

const hosts: TusHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

async function setUp(bytes: number, extra: Partial<ConstructorParameters<typeof Upload>[0]> = {}) {
  const host = new TusHost();
  hosts.push(host);
  const endpoint = await host.start();
  const content = Buffer.from(Array.from({ length: bytes }, (_, i) => i % 251));
  const states: UploadState[] = [];
  const upload = new Upload({
    endpoint,
    file: new Blob([content]),
    metadata: { filename: 'blob', description: 'Grüße', latitude: undefined },
    pieceBytes: 100,
    firstWaitMs: 1,
    longestWaitMs: 5,
    onState: (state) => states.push(state),
    ...extra,
  });
  return { host, content, states, upload };
}

describe('an upload', () => {
  it('sends the file in pieces, tells how far it is, and answers what was made of it', async () => {
    const { host, content, states, upload } = await setUp(350);
    expect(await upload.run()).toBe(7);
    expect(host.files.get('/v1/uploads/1')?.bytes.equals(content)).toBe(true);
    expect(host.log).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH', 'PATCH']);
    expect(states.map(({ sentBytes }) => sentBytes)).toEqual([0, 100, 200, 300, 350, 350]);
    expect(upload.state.phase).toBe('sent');
    expect(host.files.get('/v1/uploads/1')?.metadata).toBe(
      `filename ${btoa('blob')},description ${Buffer.from('Grüße').toString('base64')}`,
    );
  });

  it('goes on where it was after the line broke', async () => {
    const { host, content, states, upload } = await setUp(350);
    let patches = 0;
    host.trouble = ({ method }) => {
      if (method === 'PATCH') patches += 1;
      return method === 'PATCH' && patches === 3 ? 'cut' : undefined;
    };
    await upload.run();
    expect(host.log).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH', 'GET', 'PATCH', 'PATCH']);
    expect(host.files.get('/v1/uploads/1')?.bytes.equals(content)).toBe(true);
    expect(states.some(({ phase }) => phase === 'away')).toBe(true);
  });

  it('waits through a server that is away, however often', async () => {
    const { host, content, upload } = await setUp(150);
    let failures = 12;
    host.trouble = () => (failures-- > 0 ? 503 : undefined);
    await upload.run();
    expect(host.files.get('/v1/uploads/1')?.bytes.equals(content)).toBe(true);
  });

  it('asks where it is when the server counts otherwise', async () => {
    const { host, content, upload } = await setUp(250);
    let once = true;
    host.trouble = ({ method, url }) => {
      const file = host.files.get(url ?? '');
      if (method === 'PATCH' && once && file && file.bytes.length === 100) {
        once = false;
        // It has the next piece already: its answer was lost.
        file.bytes = content.subarray(0, 200);
      }
      return undefined;
    };
    await upload.run();
    expect(host.files.get('/v1/uploads/1')?.bytes.equals(content)).toBe(true);
  });

  it('knows what became of it when the last answer was lost', async () => {
    const { host, content, upload } = await setUp(250);
    let lost = 0;
    host.answers = (offset) => {
      if (offset < 250) return true;
      lost += 1;
      return false;
    };
    expect(await upload.run()).toBe(7);
    expect(lost).toBe(1);
    expect(host.files.get('/v1/uploads/1')?.bytes.equals(content)).toBe(true);
  });

  it('begins anew when the server has forgotten it', async () => {
    const { host, content, upload } = await setUp(250);
    let patches = 0;
    host.trouble = ({ method }) => {
      if (method !== 'PATCH') return undefined;
      patches += 1;
      if (patches === 2) host.files.delete('/v1/uploads/1');
      return patches === 2 ? 'cut' : undefined;
    };
    // The forgotten one is number 1 again: the host counts what it has.
    await upload.run();
    expect([...host.files.values()].some(({ bytes }) => bytes.equals(content))).toBe(true);
    expect(host.log.filter((method) => method === 'POST').length).toBe(2);
  });

  it('says why it was refused, and does not try again', async () => {
    const { host, upload } = await setUp(150);
    host.trouble = () => 413;
    await expect(upload.run()).rejects.toThrow(new UploadRefused(413, 'no, 413'));
    expect(host.log).toEqual(['POST']);
    expect(upload.state.phase).toBe('failed');
  });

  it('can be given up, and the server forgets it', async () => {
    const { host, upload } = await setUp(1_000);
    host.trouble = ({ method }) => {
      if (method === 'PATCH' && upload.state.sentBytes >= 200) upload.cancel();
      return undefined;
    };
    await expect(upload.run()).rejects.toThrow('given up');
    expect(upload.state.phase).toBe('cancelled');
    await expect.poll(() => host.files.size).toBe(0);
  });

  it('goes on at once when the network is back', async () => {
    const { host, upload } = await setUp(50, { firstWaitMs: 3_600_000, longestWaitMs: 3_600_000 });
    let away = true;
    host.trouble = () => (away ? 503 : undefined);
    const done = upload.run();
    await expect.poll(() => upload.state.phase).toBe('away');
    away = false;
    upload.wake();
    expect(await done).toBe(7);
  });

  it('leaves out what is not known', () => {
    expect(metadataHeader({ a: '1', b: undefined, c: '' })).toBe(`a ${btoa('1')},c`);
  });
});

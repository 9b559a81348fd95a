import { get, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import { type Mount, MountTable } from '../../media/mounts/mount.js';
import { SILENT_LOG } from '../http/log.types.js';
import { createGateway, type Gateway } from '../http/server.js';
import { MOUNTS_PREFIX, mountRoute, openMountServer } from './mount-server.js';

const clock = new SystemClock();
const FRAME = 384;
const PATH = '/streamA.mp3';

let table: MountTable;
let mount: Mount;
let server: Gateway;
let demo: string | undefined;
const counts: number[] = [];

beforeEach(async () => {
  counts.length = 0;
  table = new MountTable(3);
  mount = table.add({
    path: PATH,
    name: 'Gärten',
    contentType: 'audio/mpeg',
    bitrateKbps: 128,
    startedUnixMs: 0,
  });
  demo = undefined;
  server = await openMountServer({
    host: '127.0.0.1',
    port: 0,
    table,
    clock,
    log: SILENT_LOG,
    trustedProxies: ['127.0.0.1'],
    onListeners: (changed) => counts.push(changed.listeners),
    demo: (origin) => Promise.resolve(demo === undefined ? undefined : `${origin}${demo}`),
  });
});
afterEach(async () => {
  for (const one of table.all()) one.close();
  await server.stop(0);
});

const url = (path = PATH): string => `http://127.0.0.1:${server.port}${path}`;
let pushed = 0;
/** Frames numbered in their content. */
function push(frames: number): void {
  for (let i = 0; i < frames; i += 1) {
    const frame = Buffer.alloc(FRAME, 7);
    frame.writeUInt32BE(0xfffb9400);
    frame.writeUInt32BE(pushed++, 4);
    mount.push(frame, clock.monoMs());
  }
}

function numbersOf(bytes: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at + FRAME <= bytes.length; at += FRAME) {
    expect(bytes.readUInt32BE(at)).toBe(0xfffb9400);
    numbers.push(bytes.readUInt32BE(at + 4));
  }
  return numbers;
}

function open(path = PATH, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url(path), { agent: false, headers }, (answer) => {
      answer.on('error', () => undefined);
      resolve(answer);
    }).on('error', reject);
  });
}

describe('the mount server', () => {
  it('answers HEAD with the same headers and without a listener', async () => {
    const answer = await fetch(url(), { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(answer.headers.get('icy-br')).toBe('128');
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    expect(answer.headers.get('cache-control')).toMatch(/no-store/);
    expect(counts).toEqual([]);
  });

  it('takes a Range of a player that asks for one, and sends the sound of now with 200', async () => {
    push(10);
    const answer = await open(PATH, { range: 'bytes=0-' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['accept-ranges']).toBe('none');
    expect(answer.headers['content-range']).toBeUndefined();
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(counts).toEqual([1]);
    answer.destroy();
    await expect.poll(() => counts.at(-1)).toBe(0);
  });

  it('lets a player come back to the same mount: the sound went on without it', async () => {
    push(5);
    const first = await open();
    const begun = await new Promise<Buffer>((resolve) => first.once('data', resolve));
    const [from = 0] = numbersOf(begun);
    first.destroy();
    await expect.poll(() => mount.listeners).toBe(0);
    push(100);
    const second = await open();
    const again = await new Promise<Buffer>((resolve) => second.once('data', resolve));
    expect(numbersOf(again)[0]).toBeGreaterThan(from + 80);
    second.destroy();
  });

  it('skips a listener that reads at half speed to now, whole frames only, and delays nobody', async () => {
    // An answer begins with its first sound.
    push(1);
    const [slow, quick] = [await open(), await open()];
    const [slowParts, quickParts]: Buffer[][] = [[], []];
    quick.on('data', (part: Buffer) => quickParts?.push(part));
    slow.pause();
    const first = pushed - 1;
    // 8 MB a second against 4: as 128 kbit/s against 64, but without waiting for minutes until the kernel's buffers are full.
    const until = performance.now() + 4_000;
    let given = 0;
    while (performance.now() < until) {
      push(420);
      given += 80_000;
      const part = slow.read(Math.min(given, slow.readableLength)) as Buffer | null;
      if (part !== null) {
        slowParts?.push(part);
        given -= part.length;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    slow.resume();
    slow.on('data', (part: Buffer) => slowParts?.push(part));
    push(1);
    const last = pushed - 1;
    const lastOf = (parts: Buffer[] | undefined) => {
      const all = Buffer.concat(parts ?? []);
      const at = all.length - (all.length % FRAME) - FRAME;
      return at < 0 ? -1 : all.readUInt32BE(at + 4);
    };
    await expect.poll(() => lastOf(quickParts), { timeout: 10_000 }).toBe(last);
    await expect.poll(() => lastOf(slowParts), { timeout: 10_000 }).toBe(last);
    const quickNumbers = numbersOf(Buffer.concat(quickParts ?? []));
    expect(quickNumbers).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
    const slowNumbers = numbersOf(Buffer.concat(slowParts ?? []));
    expect(slowNumbers).toEqual([...slowNumbers].sort((a, b) => a - b));
    expect(slowNumbers.length).toBeLessThan(quickNumbers.length);
    expect(mount.listeners).toBe(2);
    slow.destroy();
    quick.destroy();
  }, 30_000);

  it('has its limit of listeners, and says so', async () => {
    push(1);
    const many = [await open(), await open(), await open()];
    const refused = await fetch(url());
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('10');
    for (const one of many) one.destroy();
  });

  it('sends players away from a mount that leaves by Icecast alone, and from none', async () => {
    table.add({ ...mount.options, path: '/streamB.mp3', hidden: true });
    expect(await (await fetch(url('/streamB.mp3'))).text()).toMatch(/leaves by Icecast/);
    expect((await fetch(url('/streamC.mp3'))).status).toBe(404);
    const status = await (await fetch(url('/status-json.xsl'))).text();
    expect(status).toContain('streamA.mp3');
    expect(status).not.toContain('streamB.mp3');
  });

  it('counts the streams of single persons and does not list them', async () => {
    table.add({ ...mount.options, path: '/streamP.mp3', personal: true });
    expect((await fetch(url('/streamP.mp3'), { method: 'HEAD' })).status).toBe(200);
    const status = await (await fetch(url('/status-json.xsl'))).text();
    expect(status).not.toContain('streamP.mp3');
    expect(status).toContain(`"sources":${[...table.all()].length}`);
  });

  it('sends players of the demo to its sound, and says clearly that there is none', async () => {
    for (const method of ['GET', 'HEAD']) {
      demo = '/media/a%20b.mp3';
      const found = await fetch(url('/demo_stream.mp3'), { method, redirect: 'manual' });
      expect(found.status).toBe(302);
      expect(found.headers.get('location')).toBe(url('/media/a%20b.mp3'));
      expect(found.headers.get('cache-control')).toBe('no-store');
      demo = undefined;
      const none = await fetch(url('/demo_stream.mp3'), { method, redirect: 'manual' });
      expect(none.status).toBe(404);
      expect(await none.text()).toMatch(method === 'GET' ? /no open project has .* demo/ : /^$/);
    }
  });

  it('names its streams by the address that a trusted proxy tells', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'garden.example' };
    const body = await (await fetch(url('/status-json.xsl'), { headers })).text();
    expect(body).toContain('"listenurl":"https://garden.example/streamA.mp3"');
  });

  it('serves the same mounts below a prefix of another port', async () => {
    const raw = [mountRoute(MOUNTS_PREFIX, table, clock)];
    const main = await createGateway({ host: '127.0.0.1', port: 0, raw });
    const answer = await fetch(`http://127.0.0.1:${main.port}/mounts${PATH}`, { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    await main.stop(0);
  });
});

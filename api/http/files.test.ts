import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRange } from './files.js';
import { createGateway, type Gateway } from './server.js';

let gateway: Gateway;
let base: string;
let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'earshot-files-'));
  const folder = join(root, 'ui');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(root, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'index.html'), '<!doctype html>home');
  writeFileSync(join(folder, 'assets', 'app-Ab3dEf9h.js'), `// ${'x'.repeat(5_000)}`);
  writeFileSync(join(folder, 'big.mp3'), Buffer.alloc(6 * 1024 * 1024, 7));
  gateway = await createGateway({
    host: '127.0.0.1',
    port: 0,
    limits: { perAddressPerSecond: 0 },
    files: [{ prefix: '/', folder, fallback: 'index.html' }],
  });
  base = `http://127.0.0.1:${String(gateway.port)}`;
});

afterAll(async () => {
  await gateway.stop(100);
  rmSync(root, { recursive: true });
});

/** `fetch` would tidy the path up. */
function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: gateway.port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('static files', () => {
  it('are packed, typed and kept for ever when their name has a hash', async () => {
    const response = await fetch(`${base}/assets/app-Ab3dEf9h.js`);
    expect(response.headers.get('content-type')).toContain('text/javascript');
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect((await response.text()).length).toBe(5_003);
    const plain = await fetch(`${base}/assets/app-Ab3dEf9h.js`, {
      headers: { 'accept-encoding': 'identity' },
    });
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  it('are asked for again by their tag otherwise, and a changed file is noticed', async () => {
    const first = await fetch(base);
    expect(await first.text()).toContain('home');
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await fetch(base, { headers })).status).toBe(304);
    writeFileSync(join(root, 'ui', 'index.html'), '<!doctype html>new home');
    const changed = await fetch(base, { headers });
    expect(await changed.text()).toContain('new home');
  });

  it('are sent in parts, so that players can seek', async () => {
    const part = await fetch(`${base}/big.mp3`, { headers: { range: 'bytes=10-19' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 10-19/6291456');
    expect((await part.arrayBuffer()).byteLength).toBe(10);
    const beyond = await fetch(`${base}/big.mp3`, { headers: { range: 'bytes=9999999-' } });
    expect(beyond.status).toBe(416);
    const whole = await fetch(`${base}/big.mp3`);
    expect((await whole.arrayBuffer()).byteLength).toBe(6 * 1024 * 1024);
  });

  it('give the page to browsers at any path, but not to programs or under the API', async () => {
    const html = { accept: 'text/html,*/*' };
    const page = await fetch(`${base}/devices/7`, { headers: html });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${base}/devices/7`)).status).toBe(404);
    expect((await fetch(`${base}/v1/nothing`, { headers: html })).status).toBe(404);
    expect((await fetch(`${base}/missing.js`, { headers: html })).status).toBe(404);
  });

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%2f..%2fsecret.txt',
    '/%00',
    '/%ff',
  ])('never leave their folder: %s', async (path) => {
    expect([400, 404]).toContain(await statusOf(path));
  });
});

describe('a byte range', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=2-99', { start: 2, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=5-4', 'unsatisfiable'],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=1-2', undefined],
  ])('%s', (header, wanted) => {
    expect(parseRange(header, 10)).toEqual(wanted);
  });
});

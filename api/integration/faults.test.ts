import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SystemClock } from '../../engine/clock.js';
import { EmbeddedStore } from '../../engine/series/embedded.js';
import { CuttableProxy } from '../testing/proxy.js';
import { startServer, type TestServer } from '../testing/server.js';
import { SmartosLoad } from '../testing/smartos-load.js';
import { compareStored, until, untilReplayed } from '../testing/stored.js';

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Children of a process whose command line contains `text`. */
function childrenOf(pid: number, text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1];
        return (
          Number(parent) === pid && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(text)
        );
      } catch {
        return false;
      }
    });
}

async function settle(load: SmartosLoad): Promise<void> {
  load.pause();
  await until('every frame answered', () => load.inFlight === 0);
}

test('kill -9 of the store process under load loses and doubles nothing that was acknowledged', async () => {
  const server = await startServer();
  ends.push(async () => void (await server.stop()));
  const cookie = await server.signIn();
  const load = new SmartosLoad({ wsUrl: () => server.wsUrl, devices: 20, perSecond: 25 });
  ends.push(() => load.stop());
  load.start();
  for (const kill of [1, 2]) {
    const before = load.ackedCount;
    await until('frames are acknowledged', () => load.ackedCount > before + 500);
    const [pid] = childrenOf(server.pid, 'chdb.child');
    if (pid === undefined) throw new Error('no store process');
    process.kill(pid, 'SIGKILL');
    const at = load.ackedCount;
    await until(`acknowledged while the store is away (${kill})`, () => load.ackedCount > at + 500);
    await until('the store is back', async () => {
      const text = await (await fetch(`${server.url}/v1/health`, { headers: { cookie } })).text();
      return childrenOf(server.pid, 'chdb.child').length === 1 && !text.includes('"away"');
    });
  }
  await settle(load);
  await untilReplayed(server, cookie, load);
  expect(await compareStored(server, cookie, load)).toMatchObject({ lost: 0, doubled: 0 });
  expect(load.closes).toBe(0);
}, 120_000);

test('kill -9 of the whole engine under load loses nothing, and sessions and devices are back', async () => {
  const data = mkdtempSync(join(tmpdir(), 'earshot-kill-'));
  ends.push(() => rmSync(data, { recursive: true, force: true }));
  const env = { EARSHOT_DEMO: 'yes', EARSHOT_DEMO_DEVICES: '0', EARSHOT_DEMO_WALKERS: '0' };
  let server = await startServer({ data, env });
  ends.push(async () => void (await server.stop()));
  const { adminPassword } = server;
  const load = new SmartosLoad({ wsUrl: () => server.wsUrl, devices: 20, perSecond: 25 });
  ends.push(() => load.stop());
  const created = await fetch(`${server.url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ projectId: 1 }),
  });
  expect(created.ok).toBe(true);
  const session = (await created.json()) as { readonly id: string; readonly streamUrl: string };
  load.start();
  await until('frames are acknowledged', () => load.ackedCount > 1_500);
  await server.kill();
  server = await startServer({ data, env });
  const at = load.ackedCount;
  await until('the devices are back', () => load.connected === 20 && load.ackedCount > at + 500);
  const cookie = await server.signIn('admin', adminPassword);
  const again = await fetch(`${server.url}/v1/sessions/${session.id}`);
  expect(again.status).toBe(200);
  const mount = new URL(((await again.json()) as { readonly streamUrl: string }).streamUrl)
    .pathname;
  expect(mount).toBe(new URL(session.streamUrl).pathname);
  const stream = await fetch(`${server.streamUrl}${mount}`);
  let heard = 0;
  for await (const chunk of stream.body ?? []) {
    heard += (chunk as Uint8Array).byteLength;
    if (heard > 0) break;
  }
  expect(heard).toBeGreaterThan(0);
  await settle(load);
  await untilReplayed(server, cookie, load);
  expect(await compareStored(server, cookie, load)).toMatchObject({ lost: 0, doubled: 0 });
  expect(childrenOf(1, data)).toEqual([]);
}, 120_000);

test('the store away for 60 s under load: everything is acknowledged from the spool and replayed once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-away-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const store = new EmbeddedStore({ folder, clock: new SystemClock() });
  const address = await store.start();
  ends.push(() => store.stop());
  const url = new URL(address.url);
  const proxy = new CuttableProxy(Number(url.port));
  await proxy.restore();
  ends.push(() => proxy.cut());
  url.port = String(proxy.port);
  const server: TestServer = await startServer({ env: { EARSHOT_CLICKHOUSE_URL: url.href } });
  ends.push(async () => void (await server.stop()));
  const cookie = await server.signIn();
  const load = new SmartosLoad({ wsUrl: () => server.wsUrl, devices: 20, perSecond: 10 });
  ends.push(() => load.stop());
  load.start();
  await until('frames are acknowledged', () => load.ackedCount > 500);
  await proxy.cut();
  const away = performance.now();
  const at = load.ackedCount;
  await until('a minute has passed', () => performance.now() - away > 60_000, 70_000);
  // 20 devices × 10 frames × 60 s, less what a busy machine delays.
  expect(load.ackedCount - at).toBeGreaterThan(6_000);
  expect(load.refused).toBe(0);
  const health = await (await fetch(`${server.url}/v1/health`, { headers: { cookie } })).text();
  expect(health).toContain('"away"');
  await proxy.restore();
  await settle(load);
  await untilReplayed(server, cookie, load);
  expect(await compareStored(server, cookie, load)).toMatchObject({ lost: 0, doubled: 0 });
}, 240_000);

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Asset, Project } from '../../../actors/content/content.types.js';
import { contentRows } from '../../../actors/content/testing/rows.js';
import { openSiteStore } from '../../../actors/control/site.js';
import { SystemClock } from '../../../engine/clock.js';
import { startContentSite, toneBytes } from '../../testing/content-site.js';
import { startServer, type TestServer } from '../../testing/server.js';

let data = '';
let server: TestServer | undefined;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'earshot-crash-'));
});
afterEach(async () => {
  await server?.stop();
  rmSync(data, { recursive: true, force: true });
});

/** Processes that work on files below a folder. */
function processesOn(folder: string): number {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words[0]?.includes('ffmpeg') === true && words.some((word) => word.includes(folder));
    } catch {
      return false;
    }
  }).length;
}

it('takes up a conversion that kill -9 of the engine cut off, and leaves no process behind', async () => {
  server = await startServer({ data, readyWithinMs: 90_000 });
  const cookie = await server.signIn();
  const headers = { cookie, origin: server.url, 'content-type': 'application/json' };
  const made = await fetch(`${server.url}/v1/projects`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'Garden', latitude: 1, longitude: 2 }),
  });
  const project = (await made.json()) as Project;
  const form = new FormData();
  form.set('projectId', String(project.id));
  form.set('file', new Blob([toneBytes(150, '-ar', '16000', '-f', 'flac')]), 'blob');
  const sent = await fetch(`${server.url}/v1/assets/upload`, {
    method: 'POST',
    headers: { cookie, origin: server.url },
    body: form,
  });
  expect(sent.status).toBe(201);
  const { id } = (await sent.json()) as Asset;
  await expect.poll(() => processesOn(data), { timeout: 20_000, interval: 5 }).toBe(1);
  await server.kill();
  await expect.poll(() => processesOn(data), { timeout: 5_000 }).toBe(0);

  const before = await openSiteStore({
    file: join(data, 'control.db'),
    clock: new SystemClock(),
    onError: () => undefined,
  });
  expect(await before.content.assets.get(id)).toMatchObject({ ingest: 'working' });
  await before.close();

  server = await startServer({ data, readyWithinMs: 90_000 });
  const asset = async () =>
    (await (
      await fetch(`${server?.url}/v1/assets/${id}`, { headers: { cookie } })
    ).json()) as Asset;
  await expect
    .poll(async () => (await asset()).ingest, { timeout: 60_000, interval: 200 })
    .toBe('ready');
  expect((await asset()).lengthS).toBeCloseTo(150, 0);
}, 240_000);

it('gives a file up that was in work at two crashes', async () => {
  const clock = new SystemClock();
  let id = 0;
  const crash = async (): Promise<void> => {
    const store = await openSiteStore({
      file: join(data, 'control.db'),
      clock,
      onError: () => undefined,
    });
    if (id === 0) {
      const project = await contentRows(store).project();
      const media = { id: 'm', name: 'm', file: 'm.wav', contentType: '', sizeBytes: 1 };
      await store.media.put({ ...media, durationMs: undefined, sha256: '', createdAtUnixMs: 1 });
      ({ id } = await contentRows(store).asset({ projectId: project.id, mediaId: 'm' }));
    }
    const asset = await store.content.assets.get(id);
    // What a crash during the second try leaves.
    const ingestError =
      asset?.ingest === 'none'
        ? null
        : 'the engine stopped while working on it; it is tried once more';
    await store.content.assets.update(id, { ingest: 'working', ingestError });
    await store.close();
  };
  await crash();
  const first = await startContentSite({ folder: data });
  await first.content.ingest.settled(id);
  await first.stop();
  await crash();
  const second = await startContentSite({ folder: data });
  const asset = await second.content.ingest.settled(id);
  expect(asset.ingest).toBe('failed');
  expect(asset.ingestError).toContain('stopped twice');
  await second.stop();
});

it('takes nothing when the disk would be too full, and says so', async () => {
  const site = await startContentSite({
    config: { ingest: { minFreeBytes: Number.MAX_SAFE_INTEGER } },
  });
  try {
    const project = await site.rows.project();
    const visit = await site.rows.session({ projectId: project.id });
    site.visits.set('secret', { number: visit.id, projectId: project.id });
    const form = new FormData();
    form.set('sessionId', 'secret');
    form.set('file', new Blob([toneBytes(0.1)]), 'blob');
    const answer = await fetch(`${site.url}/v1/assets/upload`, { method: 'POST', body: form });
    expect(answer.status).toBe(507);
    expect(await answer.json()).toMatchObject({ code: 'spool.full' });
    expect(await site.store.content.assets.count()).toBe(0);
  } finally {
    await site.stop();
  }
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contentRows } from '../../actors/content/testing/rows.js';
import { openSiteStore, type SiteStore } from '../../actors/control/site.js';
import { SystemClock } from '../../engine/clock.js';
import { demoSound, pagesOrigin } from './demo.js';

const clock = new SystemClock();
let folder: string;
let store: SiteStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-demo-'));
  store = await openSiteStore({
    file: join(folder, 'control.db'),
    clock,
    onError: (error) => expect(error).toBeUndefined(),
  });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** A sound of the project, as a file of this name. */
async function sound(projectId: number, file: string, submitted = true): Promise<void> {
  await store.media.put({
    id: file,
    name: file,
    file,
    contentType: 'audio/mpeg',
    sizeBytes: 1,
    durationMs: 5_000,
    sha256: '0'.repeat(64),
    createdAtUnixMs: clock.nowMs(),
  });
  await contentRows(store).asset({
    projectId,
    mediaId: file,
    lengthS: 5,
    ingest: 'ready',
    submitted,
  });
}

test('the demo is the first published sound of the first open project that has one enabled', async () => {
  const make = contentRows(store);
  expect(await demoSound(store)).toBeUndefined();
  const plain = await make.project({});
  await sound(plain.id, 'plain.mp3');
  const closed = await make.project({ demoStreamEnabled: true, listenEnabled: false });
  await sound(closed.id, 'closed.mp3');
  const silent = await make.project({ demoStreamEnabled: true });
  await sound(silent.id, 'unpublished.mp3', false);
  expect(await demoSound(store)).toBeUndefined();
  const open = await make.project({ demoStreamEnabled: true });
  await sound(open.id, 'by the sea.wav');
  await sound(open.id, 'second.mp3');
  expect(await demoSound(store)).toBe('/media/by%20the%20sea.mp3');
});

test('pages are on their own port of the same host, or on the host of the proxy that ends TLS', () => {
  expect(pagesOrigin('http://10.0.0.7:8000', 8_080)).toBe('http://10.0.0.7:8080');
  expect(pagesOrigin('https://garden.example', 8_080)).toBe('https://garden.example');
});

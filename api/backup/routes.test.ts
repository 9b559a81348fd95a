import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBuffer } from 'yauzl';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { SystemClock } from '../../engine/clock.js';
import type { BackupStatus } from '../contract/ops.js';
import { Reply } from '../http/route.types.js';
import { backupRoutes } from './routes.js';

let home: TestHome;
const folder = mkdtempSync(join(tmpdir(), 'earshot-backup-test-'));
const mediaFolder = join(folder, 'media');

beforeAll(async () => {
  home = await testHome('sqlite');
  await home.renew();
  mkdirSync(mediaFolder);
});
afterAll(async () => {
  await home.close();
  rmSync(folder, { recursive: true, force: true });
});

function namesIn(zip: Buffer): Promise<readonly string[]> {
  return new Promise((done, failed) => {
    fromBuffer(zip, (error, file) => {
      if (error !== null) {
        failed(error);
        return;
      }
      const names: string[] = [];
      file.on('entry', ({ fileName }: { fileName: string }) => names.push(fileName));
      file.once('end', () => done(names));
      file.once('error', failed);
    });
  });
}

async function backups() {
  const store = await home.open();
  const routes = backupRoutes({
    control: store.control,
    series: { url: 'http://127.0.0.1:9', database: 'none' },
    mediaFolder,
    keyFile: join(folder, 'none'),
    version: '1.0.0',
    clock: new SystemClock(),
  });
  const request = { query: { media: 'true', history: 'false' }, principal: { name: 'ann' } };
  const call = async (method: string, path: string): Promise<unknown> => {
    const found = routes.find((one) => one.method === method && one.path === path);
    const handler = found?.handler as unknown as (of: typeof request) => unknown;
    return await handler(request);
  };
  return {
    begin: async (): Promise<Readable> => {
      const reply = await call('GET', '/v1/backup');
      expect(reply).toBeInstanceOf(Reply);
      return (reply as { readonly stream: Readable }).stream;
    },
    status: async () => (await call('GET', '/v1/backup/status')) as BackupStatus,
    cancel: () => call('DELETE', '/v1/backup'),
  };
}

test('a media file that is deleted while the backup is made is left out, and the backup is whole', async () => {
  // Larger than all buffers on the way, so that the first waits until somebody reads.
  writeFileSync(join(mediaFolder, 'a.wav'), Buffer.alloc(8_388_608, 1));
  writeFileSync(join(mediaFolder, 'b.wav'), Buffer.alloc(1_000, 2));
  writeFileSync(join(mediaFolder, 'c.wav'), Buffer.alloc(1_000, 3));
  const { begin, status } = await backups();
  expect(await status()).toMatchObject({ state: 'none' });
  const stream = await begin();
  expect(await status()).toMatchObject({ state: 'running', by: 'ann', finishedAtUnixMs: null });
  await new Promise((resolve) => stream.once('readable', resolve));
  rmSync(join(mediaFolder, 'b.wav'));
  const names = await namesIn(await buffer(stream));
  expect(names).toEqual(
    expect.arrayContaining(['backup.json', 'control.db', 'media/a.wav', 'media/c.wav']),
  );
  expect(names).not.toContain('media/b.wav');
  // The settings and the three files of the folder, of which one went.
  expect(await status()).toMatchObject({ state: 'done', files: 4, ofFiles: 4, phase: null });
  expect((await status()).bytes).toBeGreaterThan(8_388_608);
});

test('a backup is broken off by word, or when nobody takes it any more, and the next can begin', async () => {
  writeFileSync(join(mediaFolder, 'a.wav'), Buffer.alloc(8_388_608, 1));
  const { begin, status, cancel } = await backups();
  await expect(cancel()).rejects.toThrow('no backup is made now');
  const first = await begin();
  await expect(begin()).rejects.toThrow('another backup is being made');
  const broken = new Promise((resolve) => first.once('error', resolve));
  await cancel();
  expect(String(await broken)).toContain('broken off');
  expect(await status()).toMatchObject({ state: 'cancelled', error: null });
  const second = await begin();
  const closed = new Promise((resolve) => second.once('close', resolve));
  second.destroy();
  await closed;
  expect(await status()).toMatchObject({ state: 'cancelled' });
});

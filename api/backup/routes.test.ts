import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBuffer } from 'yauzl';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { SystemClock } from '../../engine/clock.js';
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

test('a media file that is deleted while the backup is made is left out, and the backup is whole', async () => {
  // Larger than all buffers on the way, so that the first waits until somebody reads.
  writeFileSync(join(mediaFolder, 'a.wav'), Buffer.alloc(8_388_608, 1));
  writeFileSync(join(mediaFolder, 'b.wav'), Buffer.alloc(1_000, 2));
  writeFileSync(join(mediaFolder, 'c.wav'), Buffer.alloc(1_000, 3));
  const store = await home.open();
  const [route] = backupRoutes({
    control: store.control,
    series: { url: 'http://127.0.0.1:9', database: 'none' },
    mediaFolder,
    keyFile: join(folder, 'none'),
    version: '1.0.0',
    clock: new SystemClock(),
  });
  const request = { query: { media: 'true', history: 'false' } };
  const handler = route?.handler as unknown as (of: typeof request) => Promise<unknown>;
  const reply = await handler(request);
  expect(reply).toBeInstanceOf(Reply);
  const stream = (reply as { readonly stream: Readable }).stream;
  await new Promise((resolve) => stream.once('readable', resolve));
  rmSync(join(mediaFolder, 'b.wav'));
  const names = await namesIn(await buffer(stream));
  expect(names).toEqual(
    expect.arrayContaining(['backup.json', 'control.db', 'media/a.wav', 'media/c.wav']),
  );
  expect(names).not.toContain('media/b.wav');
});

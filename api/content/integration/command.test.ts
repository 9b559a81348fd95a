import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { entryUrl } from '../../../engine/entry.js';
import { type ContentSite, startContentSite, toneBytes } from '../../testing/content-site.js';

let site: ContentSite;
beforeEach(async () => {
  site = await startContentSite();
});
afterEach(async () => {
  await site.stop();
});

function content(
  ...args: readonly string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [
    fileURLToPath(entryUrl('api/content/cli')),
    ...['--url', site.url, '--token', 'operator'],
    ...args,
  ]);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

it('brings a folder, checks, repairs, exports and imports', async () => {
  const project = await site.rows.project({ name: 'Walk' });
  const folder = join(site.folder, 'walk');
  mkdirSync(join(folder, 'sounds'), { recursive: true });
  writeFileSync(join(folder, 'sounds', 'a.wav'), toneBytes(0.2));
  writeFileSync(join(folder, 'table.csv'), 'file,lat,lon\na.wav,1,2\nb.wav,1,2\n');
  const upload = await content('mass-upload', folder, '--project', String(project.id));
  expect(upload.out).toContain('failed  row 3  b.wav: file: b.wav is not in the archive');
  expect(upload.out).toContain('1 received, 1 failed, by table.csv');
  expect(upload.code).toBe(2);
  const asset = await site.content.ingest.settled(1);

  expect(await content('check')).toMatchObject({ code: 0, err: '' });
  rmSync(join(site.mediaFolder, `${asset.mediaId}.m4a`));
  const found = await content('--json', 'check');
  expect(found.code).toBe(2);
  expect(JSON.parse(found.out)).toMatchObject({ findings: [{ kind: 'missing-file', done: null }] });
  const repaired = await content('check', '--repair');
  expect(repaired.out).toContain('done: make its files anew from the original');
  expect(repaired.code).toBe(0);
  await site.content.ingest.settled(asset.id);

  const archive = join(site.folder, 'walk.zip');
  expect((await content('export', archive, '--project', String(project.id))).code).toBe(0);
  expect((await content('import', archive)).out).toMatch(/^project 2 "Walk", 5 files, 0 missing/);
  const missing = await content('export', archive, '--project', '99');
  expect(missing).toMatchObject({ code: 1 });
  expect(missing.err).toContain('there is no project 99');
  expect((await content('mass-upload', folder, '--project', 'x')).err).toContain('whole number');
});

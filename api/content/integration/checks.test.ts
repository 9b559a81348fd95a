import { existsSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Asset, Project } from '../../../actors/content/content.types.js';
import {
  type ContentSite,
  OPERATOR,
  startContentSite,
  toneBytes,
} from '../../testing/content-site.js';
import type { CheckReport } from '../checks.js';

let site: ContentSite;
let project: Project;

beforeEach(async () => {
  site = await startContentSite();
  project = await site.rows.project();
});
afterEach(async () => {
  await site.stop();
});

async function recording(): Promise<Asset> {
  const file = site.content.ingest.incomingFile();
  writeFileSync(file, toneBytes(0.3));
  const { id } = await site.content.ingest.receive({ projectId: project.id, source: { file } });
  return await site.content.ingest.settled(id);
}

const path = (asset: Asset, extension: string) =>
  join(site.mediaFolder, `${asset.mediaId ?? ''}${extension}`);

async function check(query = ''): Promise<CheckReport> {
  const answer = await fetch(`${site.url}/v1/checks${query}`, { headers: OPERATOR });
  expect(answer.status).toBe(200);
  return (await answer.json()) as CheckReport;
}

async function repair(deep = false): Promise<CheckReport> {
  const answer = await fetch(`${site.url}/v1/checks/repair`, {
    method: 'POST',
    headers: { ...OPERATOR, 'content-type': 'application/json' },
    body: JSON.stringify({ deep }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as CheckReport;
}

const found = ({ findings }: CheckReport) =>
  findings.map(({ kind, action, what }) => `${kind} ${action} ${what}`).sort();

function age(file: string): void {
  const old = new Date(Date.now() - 3_600_000);
  utimesSync(file, old, old);
}

it('finds nothing where all is well', async () => {
  await recording();
  expect(await check('?deep=true')).toMatchObject({ findings: [], mediaCount: 1, fileCount: 5 });
});

it('makes missing and damaged files anew from the original, and says so before', async () => {
  const [a, b] = [await recording(), await recording()];
  rmSync(path(a, '.mp3'));
  truncateSync(path(b, '.wav'), 1_000);
  expect(found(await check())).toEqual([
    `missing-file convert-again ${a.mediaId}.mp3`,
    `unreadable convert-again ${b.mediaId}.wav`,
  ]);
  const done = await repair();
  expect(done.findings.every((one) => one.done === true)).toBe(true);
  await site.content.ingest.settled(a.id);
  await site.content.ingest.settled(b.id);
  expect(existsSync(path(a, '.mp3'))).toBe(true);
  expect((await check('?deep=true')).findings).toEqual([]);
});

it('finds by decoding what only looks like sound', async () => {
  const a = await recording();
  const damaged = Buffer.concat([Buffer.from('OggS'), Buffer.alloc(200_000, 3)]);
  writeFileSync(path(a, '.wav'), damaged);
  expect((await check()).findings).toEqual([]);
  expect(found(await check('?deep=true'))).toEqual([`unreadable convert-again ${a.mediaId}.wav`]);
});

it('marks what has lost everything as failed, once', async () => {
  const a = await recording();
  for (const extension of ['.wav', '.mp3', '.m4a', '.peaks.json']) rmSync(path(a, extension));
  rmSync(join(site.mediaFolder, 'original', a.mediaId ?? ''), { recursive: true });
  expect(found(await check())).toContain(`missing-file mark-failed ${a.mediaId}.wav`);
  await repair();
  expect(await site.store.content.assets.get(a.id)).toMatchObject({ ingest: 'failed' });
  expect((await check()).findings.every(({ action }) => action === 'none')).toBe(true);
});

it('removes binaries that nobody uses, but only such as ingest made and no young ones', async () => {
  const a = await recording();
  await site.store.content.assets.remove(a.id);
  const media = await site.store.media.get(a.mediaId ?? '');
  if (media === undefined) throw new Error('no media');
  expect(found(await check())).toEqual([`unused-media none ${media.name}`]);
  await site.store.media.put({ ...media, createdAtUnixMs: 1 });
  const stray = join(site.mediaFolder, '20200101-000000-3.wav');
  const foreign = join(site.mediaFolder, 'somebody-elses.wav');
  const young = join(site.mediaFolder, '20200101-000000-4.wav');
  for (const file of [stray, foreign, young]) writeFileSync(file, 'x');
  for (const file of [stray, foreign]) age(file);
  expect(found(await check())).toEqual([
    'unused-file none somebody-elses.wav',
    'unused-file remove-file 20200101-000000-3.wav',
    `unused-media remove-media ${media.name}`,
  ]);
  await repair();
  expect([stray, foreign, young, path(a, '.wav')].map((file) => existsSync(file))).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(await site.store.media.list()).toEqual([]);
});

it('needs an operator', async () => {
  expect((await fetch(`${site.url}/v1/checks`)).status).toBe(401);
});

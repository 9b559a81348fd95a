// Over 400 lines: one furnished project is exported and imported by all of these.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ZipFile } from 'yazl';
import type { Asset, Project } from '../../../actors/content/content.types.js';
import {
  NOTIFICATION_DEFAULTS,
  TAG_DEFAULTS,
  UI_GROUP_DEFAULTS,
  UI_ITEM_DEFAULTS,
} from '../../../actors/content/defaults.js';
import { EngineError } from '../../../engine/errors.js';
import {
  type ContentSite,
  OPERATOR,
  startContentSite,
  toneBytes,
} from '../../testing/content-site.js';
import { exportProject } from '../archive/export.js';
import { type ImportReport, importProject } from '../archive/import.js';
import type { MassUploadReport } from '../archive/mass-upload.js';
import { ARCHIVE_TABLES } from '../archive/shape.js';
import { ZipBundle } from '../archive/zip.js';

let site: ContentSite;
let project: Project;

beforeEach(async () => {
  site = await startContentSite();
  project = await site.rows.project({ name: 'Garden of voices' });
});
afterEach(async () => {
  await site.stop();
});

async function zipOf(
  files: Readonly<Record<string, Buffer | string>>,
): Promise<Buffer<ArrayBuffer>> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(files))
    zip.addBuffer(Buffer.from(bytes as string), name);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks) as Buffer<ArrayBuffer>;
}

const post = async (path: string, body: Buffer<ArrayBuffer> | FormData, headers = OPERATOR) =>
  await fetch(`${site.url}${path}`, { method: 'POST', body, headers });

async function tag(value: string): Promise<number> {
  const { content } = site.store;
  const category =
    (await content.tagCategories.find())[0] ??
    (await content.tagCategories.create({ name: 'kind', data: '' }));
  const made = await content.tags.create({
    ...TAG_DEFAULTS,
    projectId: project.id,
    categoryId: category.id,
    value,
  });
  return made.id;
}

describe('a mass upload', () => {
  it('takes each row of a CSV, and says what is wrong with the others', async () => {
    const [bird, water] = [await tag('Bird'), await tag('Water')];
    const table = [
      'File;Lat;Lon;Tags;Title;Submitted;Weight',
      'day/one.wav;52.5;13.25;bird,Water;First;yes;80',
      'two.mp3;52.6;13.5;;;no;',
      'three.wav;52.6;;;;;',
      'four.wav;52.6;13.5;Fish;;;',
      'none.wav;1;1;;;;',
    ].join('\r\n');
    const answer = await post(
      `/v1/projects/${project.id}/mass-upload`,
      await zipOf({
        'walk/positions.csv': `\ufeff${table}`,
        'walk/day/one.wav': toneBytes(0.3),
        'walk/two.mp3': toneBytes(0.3, '-f', 'mp3'),
        'walk/three.wav': toneBytes(0.1),
        'walk/four.wav': toneBytes(0.1),
        'walk/readme.pdf': 'x',
        '__MACOSX/._one.wav': 'junk',
      }),
    );
    expect(answer.status).toBe(200);
    const report = (await answer.json()) as MassUploadReport;
    expect(report).toMatchObject({ table: 'walk/positions.csv', received: 2, failed: 3 });
    expect(report.rows.map(({ row, error }) => [row, error?.slice(0, 40) ?? null])).toEqual([
      [2, null],
      [3, null],
      [4, 'latitude and longitude belong together: '],
      [5, 'tags: the project has no tag "Fish"'],
      [6, 'file: none.wav is not in the archive'],
    ]);
    expect(report.unused).toEqual(
      ['walk/three.wav', 'walk/four.wav', 'walk/readme.pdf'].filter((n) => !/three|four/.test(n)),
    );
    const first = await site.content.ingest.settled(report.rows[0]?.assetId ?? 0);
    expect(first).toMatchObject({
      ingest: 'ready',
      latitude: 52.5,
      longitude: 13.25,
      tagIds: [bird, water],
      description: 'First',
      submitted: true,
      weight: 80,
    });
    const second = await site.content.ingest.settled(report.rows[1]?.assetId ?? 0);
    expect(second).toMatchObject({ ingest: 'ready', submitted: false });
  });

  it('takes places and areas of a GeoJSON, in a form too, and comes through a queue of two', async () => {
    await site.stop();
    site = await startContentSite({ config: { ingest: { maxWaiting: 4 } } });
    project = await site.rows.project();
    const ring = [
      [13, 52],
      [13.1, 52],
      [13.1, 52.1],
      [13, 52],
    ];
    const features = [
      ...Array.from({ length: 5 }, (_, i) => ({
        type: 'Feature',
        geometry: { type: 'Point', coordinates: [13 + i / 10, 52] },
        properties: { file: `${i}.wav`, description: `place ${i}` },
      })),
      {
        type: 'Feature',
        geometry: { type: 'Polygon', coordinates: [ring] },
        properties: { file: 'area.wav' },
      },
    ];
    const files: Record<string, Buffer | string> = {
      'map.geojson': JSON.stringify({ type: 'FeatureCollection', features }),
      'area.wav': toneBytes(0.1),
    };
    for (let i = 0; i < 5; i++) files[`${i}.wav`] = toneBytes(0.1);
    const form = new FormData();
    form.set('file', new Blob([await zipOf(files)]), 'walk.zip');
    const answer = await post(`/v1/projects/${project.id}/mass-upload`, form);
    const report = (await answer.json()) as MassUploadReport;
    expect(report).toMatchObject({ received: 6, failed: 0, unused: [] });
    const area = await site.content.ingest.settled(report.rows[5]?.assetId ?? 0);
    expect(area.shape).toEqual([[ring]]);
  });

  it('of a hostile archive is refused', async () => {
    const problem = async (bytes: Buffer<ArrayBuffer>) => {
      const answer = await post(`/v1/projects/${project.id}/mass-upload`, bytes);
      return `${answer.status} ${((await answer.json()) as { detail: string }).detail}`;
    };
    expect(await problem(Buffer.from('no zip'))).toMatch(/^400 the archive is broken/);
    const bomb = await zipOf({ 'zeros.wav': Buffer.alloc(60_000_000) });
    expect(bomb.length).toBeLessThan(100_000);
    expect(await problem(bomb)).toMatch(/^400 the archive is refused: zeros.wav: it unpacks to/);
    const honest = await zipOf({ 'aaaaaaaaaaaaaa.wav': 'x' });
    const slip = Buffer.from(
      honest.toString('latin1').replaceAll('aaaaaaaaaaaaaa.wav', '../../../evil.wav'),
      'latin1',
    ) as Buffer<ArrayBuffer>;
    expect(await problem(slip)).toMatch(/^400 the archive is broken/);
    // The size in the directory is smaller than what comes out.
    const noise = createHash('shake256', { outputLength: 5_000 }).update('x').digest();
    const lies = await zipOf({ 'lies.wav': noise });
    const at = lies.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1'));
    lies.writeUInt32LE(10, at + 24);
    const report = await problem(lies);
    expect(report).toMatch(/^(400|200)/);
    expect((await post('/v1/projects/99/mass-upload', honest)).status).toBe(404);
    expect(
      (await post(`/v1/projects/${project.id}/mass-upload`, honest, { authorization: '' })).status,
    ).toBe(401);
    expect(existsSync(join(site.folder, '..', 'evil.wav'))).toBe(false);
    expect(readdirSync(join(site.folder, 'incoming'))).toEqual([]);
  });
});

describe('an archive of a project', () => {
  async function furnish(): Promise<Asset> {
    const { content } = site.store;
    const text = await content.localizedStrings.create({ languageId: 1, text: 'Walk slowly' });
    await content.projects.update(project.id, { descriptionLocIds: [text.id] });
    const bird = await tag('Bird');
    const category = (await content.tagCategories.find())[0];
    const group = await content.uiGroups.create({
      ...UI_GROUP_DEFAULTS,
      projectId: project.id,
      categoryId: category?.id ?? 0,
      name: 'What',
    });
    const child = { ...UI_ITEM_DEFAULTS, groupId: group.id, tagId: bird };
    const late = await content.uiItems.create(child);
    const parent = await content.uiItems.create(child);
    await content.uiItems.update(late.id, { parentId: parent.id });
    const author = await site.rows.visitor({
      username: 'ann',
      email: 'ann@example.org',
      tokenHash: 'secret-hash',
    });
    const visit = await site.rows.session({ projectId: project.id, userId: author.id });
    const envelope = await content.envelopes.create({ sessionId: visit.id, createdAtUnixMs: 1 });
    const asset = await site.content.ingest.receive({
      projectId: project.id,
      sessionNumber: visit.id,
      envelopeId: envelope.id,
      tagIds: [bird],
      description: 'a voice',
      source: { file: await site.content.ingest.save(bytes(toneBytes(0.5, '-f', 'flac'))) },
    });
    await site.content.ingest.settled(asset.id);
    await content.timedAssets.create({
      projectId: project.id,
      assetId: asset.id,
      startS: 1,
      endS: 2,
    });
    await content.votes.create({
      assetId: asset.id,
      sessionId: visit.id,
      userId: author.id,
      kind: 'like',
      value: null,
      createdAtUnixMs: 1,
    });
    await content.notifications.create({
      ...NOTIFICATION_DEFAULTS,
      projectId: project.id,
      to: ['boss@example.org'],
    });
    return asset;
  }
  async function* bytes(all: Uint8Array): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(all);
  }
  const exported = async () => {
    const answer = await fetch(`${site.url}/v1/projects/${project.id}/export`, {
      headers: OPERATOR,
    });
    expect(answer.headers.get('content-disposition')).toContain('Garden-of-voices');
    return Buffer.from(await answer.arrayBuffer());
  };

  it('goes to another site, and comes back beside itself, with all that belongs to it', async () => {
    await furnish();
    const archive = await exported();
    expect(archive.includes('boss@example.org')).toBe(false);
    const other = await startContentSite();
    try {
      await other.store.content.languages.create({ name: 'German', code: 'de' });
      const here = site;
      for (const target of [other, here]) {
        site = target;
        const answer = await post('/v1/projects/import', archive);
        expect(answer.status).toBe(201);
        const report = (await answer.json()) as ImportReport;
        expect(report.missing).toEqual([]);
        expect(report.rows).toMatchObject({
          projects: 1,
          tags: 1,
          assets: 1,
          uiItems: 2,
          votes: 1,
        });
        const { content, media } = target.store;
        const where = [{ field: 'projectId', op: '=', value: report.projectId }] as const;
        const [asset] = await content.assets.find({ where });
        const [copiedTag] = await content.tags.find({ where });
        expect(asset).toMatchObject({
          description: 'a voice',
          ingest: 'ready',
          tagIds: [copiedTag?.id],
        });
        const file = await media.get(asset?.mediaId ?? '');
        for (const path of [file?.file, file?.peaksFile, ...Object.values(file?.variants ?? {})]) {
          expect(existsSync(join(target.mediaFolder, path ?? '?')), path).toBe(true);
        }
        const copy = await content.projects.get(report.projectId);
        const texts = await content.texts(copy?.descriptionLocIds ?? [], 1);
        expect([...texts.values()]).toEqual(['Walk slowly']);
        const items = await content.uiItems.find({
          order: { by: 'id', direction: 'desc' },
          limit: 2,
        });
        expect(items.some((item) => items.some(({ id }) => id === item.parentId))).toBe(true);
        const author = await content.visitors.get(asset?.userId ?? 0);
        expect(author).toMatchObject({ username: 'ann', email: '' });
        expect(author?.tokenHash).not.toBe('secret-hash');
        expect((await content.envelopes.many(asset?.envelopeIds ?? [])).length).toBe(1);
        const [timed] = await content.timedAssets.find({ where });
        expect(timed?.assetId).toBe(asset?.id);
      }
      site = here;
    } finally {
      await other.stop();
    }
  });

  it('has files that are named by address only, long tables, and no row that could not be imported', async () => {
    const asset = await furnish();
    const { content } = site.store;
    const stem = asset.mediaId ?? '';
    writeFileSync(join(site.mediaFolder, 'plan.svg'), '<svg/>');
    writeFileSync(join(site.mediaFolder, 'loop.ogg'), 'OggS');
    const corner = [13, 52] as const;
    const corners = [corner, corner, corner, corner];
    await content.projects.update(project.id, { plan: { url: '/media/plan.svg', corners } });
    await content.speakers.create({
      projectId: project.id,
      active: true,
      code: '',
      name: 'By address',
      maxVolume: 1,
      minVolume: 0,
      uri: '/media/loop.ogg',
      backupUri: `/media/${stem}.mp3`,
      mediaId: null,
      shape: [
        [
          [
            [13, 52],
            [13.1, 52],
            [13.1, 52.1],
            [13, 52],
          ],
        ],
      ],
      attenuationM: 1,
      law: 'linear',
    });
    await content.assets.update(asset.id, { mediaId: null, filename: `${stem}.mp3` });
    const vote = { assetId: asset.id, sessionId: 1, userId: null, kind: 'like' as const };
    await content.votes.createMany(
      Array.from({ length: 10_001 }, () => ({ ...vote, value: null, createdAtUnixMs: 1 })),
    );
    const archive = await exported();
    const answer = await post('/v1/projects/import', archive);
    const report = (await answer.json()) as ImportReport;
    expect(report).toMatchObject({ missing: [], rows: { votes: 10_002 } });
    const where = [{ field: 'projectId', op: '=', value: report.projectId }] as const;
    const [copy] = await content.assets.find({ where });
    const [speaker] = await content.speakers.find({ where });
    const plan = (await content.projects.get(report.projectId))?.plan;
    const names = [`/media/${copy?.filename}`, speaker?.uri, speaker?.backupUri, plan?.url];
    expect(names.filter((name) => name?.includes(stem) || /loop|plan/.test(name ?? ''))).toEqual(
      [],
    );
    for (const name of names) expect((await fetch(`${site.url}${name}`)).status, name).toBe(200);

    // A category that came after categories were read.
    const racing = Object.create(content, {
      tagCategories: { value: { many: async () => await Promise.resolve([]) } },
    }) as typeof content;
    const store = Object.create(site.store, { content: { value: racing } }) as typeof site.store;
    const { bytes: stream } = await exportProject(
      store,
      site.mediaFolder,
      project.id,
      1,
      ARCHIVE_TABLES,
    );
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const torn = await post('/v1/projects/import', Buffer.concat(chunks));
    expect(torn.status).toBe(201);
    expect(((await torn.json()) as ImportReport).rows).toMatchObject({ tags: 0, assets: 1 });
  });

  it('that unpacks to more than the disk takes is refused before anything is read', async () => {
    const file = join(site.folder, 'some.zip');
    writeFileSync(file, await zipOf({ 'manifest.json': '{}', 'media/a.wav': Buffer.alloc(500) }));
    const limits = { maxEntries: 10, maxTotalBytes: 1_000, maxEntryBytes: 1_000 };
    const bundle = await ZipBundle.open(file, limits);
    const asked: number[] = [];
    const services = {
      store: site.store,
      mediaFolder: site.mediaFolder,
      stagingFolder: join(site.folder, 'staging'),
      nowUnixMs: 1,
      checkRoom: async (bytes: number) => {
        asked.push(bytes);
        await Promise.reject(new EngineError('spool.full', 'the disk is full'));
      },
    };
    await expect(importProject(bundle, services)).rejects.toThrow(/disk is full/);
    bundle.close();
    expect(asked).toEqual([502]);
    // Every table is within what one may have, all together are not.
    const sizeBytes = () => 20_000_000;
    const huge = Object.create(bundle, {
      has: { value: () => true },
      totalBytes: { value: 1 },
      text: {
        value: async () => await Promise.resolve('{"format":"earshot-project","version":1}'),
      },
      sizeBytes: { value: sizeBytes },
    }) as ZipBundle;
    const room = { ...services, checkRoom: async () => await Promise.resolve() };
    await expect(importProject(huge, room)).rejects.toThrow(/tables of the archive have/);
  });

  it('that is damaged leaves nothing behind', async () => {
    await furnish();
    const files = readdirSync(site.mediaFolder).sort();
    const originals = readdirSync(join(site.mediaFolder, 'original')).sort();
    const media = (await site.store.media.list()).length;
    const tables = { 'manifest.json': '{"format":"earshot-project","version":1}' };
    const row = (values: object) => `${JSON.stringify(values)}\n`;
    const good = row({ ...project, id: 5 });
    const problem = async (more: Record<string, string>) => {
      const answer = await post('/v1/projects/import', await zipOf({ ...tables, ...more }));
      return `${answer.status} ${((await answer.json()) as { detail: string }).detail}`;
    };
    expect(await problem({})).toMatch(/must have one row/);
    expect(await problem({ 'tables/projects.ndjson': row({ id: 1, name: 7 }) })).toMatch(
      /line 1: name/,
    );
    const orphan = row({ ...TAG_DEFAULTS, id: 1, projectId: 5, categoryId: 77, value: 'x' });
    expect(await problem({ 'tables/projects.ndjson': good, 'tables/tags.ndjson': orphan })).toMatch(
      /^400 tables\/tags.ndjson: row 1: categoryId 77 is not in the archive/,
    );
    const climbing = row({
      id: 'm',
      name: 'm',
      file: '../../evil',
      contentType: 'x',
      sizeBytes: 1,
      sha256: '',
      createdAtUnixMs: 1,
    });
    expect(
      await problem({ 'tables/projects.ndjson': good, 'tables/media.ndjson': climbing }),
    ).toMatch(/is no path/);
    const sound = row({
      id: 'm',
      name: 'm',
      file: 'm.wav',
      contentType: 'audio/wav',
      sizeBytes: 1,
      sha256: '',
      createdAtUnixMs: 1,
    });
    expect(
      await problem({
        'tables/projects.ndjson': good,
        'tables/media.ndjson': sound,
        'tables/tags.ndjson': orphan,
        'media/m.wav': 'RIFF',
      }),
    ).toMatch(/^400/);
    expect(await problem({ 'manifest.json': '{"format":"earshot-project","version":9}' })).toMatch(
      /version/,
    );
    expect(await site.store.content.projects.count()).toBe(1);
    expect((await site.store.media.list()).length).toBe(media);
    expect(readdirSync(site.mediaFolder).sort()).toEqual(files);
    expect(readdirSync(join(site.mediaFolder, 'original')).sort()).toEqual(originals);
  });
});

import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  AUDIO_TRACK_DEFAULTS,
  SPEAKER_DEFAULTS,
  TAG_DEFAULTS,
  UI_GROUP_DEFAULTS,
  UI_ITEM_DEFAULTS,
} from '../../../actors/content/defaults.js';
import { SystemClock } from '../../../engine/clock.js';
import { silentLog } from '../../../engine/log.js';
import { openAuth } from '../../auth/auth.js';
import { openRoundware } from '../../personalities/roundware/compose.js';
import { staff, visitor } from '../../personalities/roundware/testing/client.js';
import { WrittenSound } from '../../personalities/roundware/testing/site.js';
import {
  type ContentSite,
  OPERATOR,
  startContentSite,
  toneBytes,
} from '../../testing/content-site.js';
import { ZipBundle } from '../archive/zip.js';
import type { RoundwareReport } from '../roundware/import.js';

let remote: ContentSite;
let site: ContentSite;
let token = '';
const PASSWORD = 'long enough for staff';

beforeEach(async () => {
  remote = await startContentSite({
    moreRaw: async ({ store, content, mediaFolder }) => {
      const clock = new SystemClock();
      const passwordCost = { memoryKiB: 1_024, passes: 1 };
      const { auth } = await openAuth({ store, clock, onError: () => undefined, passwordCost });
      await auth.createUser('olga', PASSWORD, 'operator');
      const { ingest, uploadLimits } = content;
      const parts = { store, auth, ingest, uploadLimits, mediaFolder, clock };
      return openRoundware({ ...parts, sound: new WrittenSound(), log: silentLog() });
    },
  });
  site = await startContentSite({ config: { imports: { allowPrivate: true } } });
  token = (await visitor(remote.url, 'importer')).token;
});
afterEach(async () => {
  await remote.stop();
  await site.stop();
});

async function furnish(): Promise<number> {
  const { content } = remote.store;
  await content.languages.create({ name: 'German', code: 'de' });
  const text = await content.localizedStrings.create({ languageId: 2, text: 'Geh langsam' });
  const project = await remote.rows.project({
    name: 'Harbour',
    recordingRadiusM: 33,
    descriptionLocIds: [text.id],
    languageIds: [1, 2],
  });
  const category = await content.tagCategories.create({ name: 'kind', data: '' });
  const inTag = { ...TAG_DEFAULTS, projectId: project.id, categoryId: category.id };
  const tag = await content.tags.create({ ...inTag, value: 'Bird' });
  const group = await content.uiGroups.create({
    ...UI_GROUP_DEFAULTS,
    projectId: project.id,
    categoryId: category.id,
    name: 'What',
  });
  await content.uiItems.create({ ...UI_ITEM_DEFAULTS, groupId: group.id, tagId: tag.id });
  const ring: [number, number][] = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 0],
  ];
  await content.speakers.create({
    ...SPEAKER_DEFAULTS,
    projectId: project.id,
    active: true,
    code: 'dock',
    uri: 'http://radio.example/dock.mp3',
    shape: [[ring]],
  });
  await content.audioTracks.create({
    ...AUDIO_TRACK_DEFAULTS,
    projectId: project.id,
    maxPan: 0.5,
    tagIds: [tag.id],
  });
  const author = await remote.rows.visitor({ username: 'ann' });
  const visit = await remote.rows.session({ projectId: project.id, userId: author.id });
  const envelope = await content.envelopes.create({ sessionId: visit.id, createdAtUnixMs: 1 });
  const file = await remote.content.ingest.save(
    (async function* () {
      yield await Promise.resolve(toneBytes(0.4));
    })(),
  );
  const asset = await remote.content.ingest.receive({
    projectId: project.id,
    envelopeId: envelope.id,
    tagIds: [tag.id],
    description: 'a gull',
    submitted: true,
    weight: 70,
    position: { latitude: 1.5, longitude: 2.5 },
    source: { file },
  });
  await remote.content.ingest.settled(asset.id);
  await content.timedAssets.create({
    projectId: project.id,
    assetId: asset.id,
    startS: 3,
    endS: 9,
  });
  const vote = { assetId: asset.id, sessionId: visit.id, userId: author.id, createdAtUnixMs: 1 };
  await content.votes.create({ ...vote, kind: 'like', value: null });
  await remote.rows.asset({
    projectId: project.id,
    filename: 'gone.mp3',
    description: 'lost',
    submitted: true,
  });
  return project.id;
}

const bring = async (body: object) =>
  await fetch(`${site.url}/v1/projects/import-roundware`, {
    method: 'POST',
    headers: { ...OPERATOR, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

it('brings a project of a Roundware server over its API, with the files', async () => {
  const id = await furnish();
  await remote.rows.project({ name: 'Another' });
  const answer = await bring({ url: `${remote.url}/api/2/projects/${id}/`, token });
  const report = (await answer.json()) as RoundwareReport;
  expect(answer.status, JSON.stringify(report)).toBe(201);
  expect(report).toMatchObject({ name: 'Harbour', mediaFiles: 1 });
  expect(report.rows).toMatchObject({
    tags: 1,
    uiItems: 1,
    speakers: 1,
    audioTracks: 1,
    assets: 2,
    votes: 1,
  });
  const { content } = site.store;
  const where = [{ field: 'projectId', op: '=', value: report.projectId }] as const;
  const project = await content.projects.get(report.projectId);
  expect(project).toMatchObject({ name: 'Harbour', recordingRadiusM: 33 });
  const [german] = await content.languages.find({
    where: [{ field: 'code', op: '=', value: 'de' }],
  });
  const texts = await content.texts(project?.descriptionLocIds ?? [], german?.id ?? 0);
  expect([...texts.values()]).toEqual(['Geh langsam']);
  const [tag] = await content.tags.find({ where });
  const assets = await content.assets.find({ where });
  const gull = assets.find(({ description }) => description === 'a gull');
  const ready = await site.content.ingest.settled(gull?.id ?? 0);
  expect(ready).toMatchObject({
    ingest: 'ready',
    submitted: true,
    weight: 70,
    latitude: 1.5,
    tagIds: [tag?.id],
  });
  expect(ready.lengthS).toBeCloseTo(0.4, 1);
  expect((await content.envelopes.many(ready.envelopeIds)).length).toBe(1);
  expect(await content.visitors.get(ready.userId ?? 0)).toMatchObject({ username: 'ann' });
  expect(await content.voteSums([ready.id])).toMatchObject([{ kind: 'like', count: 1 }]);
  expect((await content.timedAssets.find({ where }))[0]).toMatchObject({
    assetId: ready.id,
    endS: 9,
  });
  const [speaker] = await content.speakers.find({ where });
  expect(speaker).toMatchObject({ uri: 'http://radio.example/dock.mp3', code: 'dock' });
  expect(speaker?.shape).toEqual([
    [
      [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 0],
      ],
    ],
  ]);
  const [track] = await content.audioTracks.find({ where });
  expect(track).toMatchObject({ maxPan: 0.5, tagIds: [tag?.id] });
});

it('says what is wrong, and leaves nothing behind', async () => {
  const problem = async (body: object) => {
    const answer = await bring(body);
    return `${answer.status} ${((await answer.json()) as { detail: string }).detail}`;
  };
  const url = `${remote.url}/api/2/`;
  expect(await problem({ url: 'ftp://x/api/2/' })).toMatch(/^400 url:/);
  expect(await problem({ url: 'http://x/elsewhere' })).toMatch(/^400 url:/);
  expect(await problem({ url, token: 'f'.repeat(40) })).toMatch(
    /^503 the Roundware server answers .* 401/,
  );
  expect(await problem({ url: 'http://127.0.0.1:1/api/2/', token })).toMatch(/^503 127.0.0.1:1/);
  await furnish();
  await remote.rows.project({ name: 'Another' });
  expect(await problem({ url, token })).toMatch(/has 2 projects.*1 Harbour, 2 Another/);
  expect(await problem({ url: `${url}projects/9/`, token })).toMatch(/has no project 9/);
  expect(await site.store.content.projects.count()).toBe(0);
  expect(readdirSync(join(site.folder, 'incoming'))).toEqual([]);
  await site.stop();
  site = await startContentSite();
  expect(await problem({ url, token })).toMatch(/private or loopback/);
});

/** The files of a ZIP that an address answers with. */
async function unzipped(url: string): Promise<Record<string, string>> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/zip');
  const file = join(site.folder, 'fetched.zip');
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  const limits = { maxEntries: 10, maxTotalBytes: 10_000, maxEntryBytes: 10_000 };
  const bundle = await ZipBundle.open(file, limits);
  const files: Record<string, string> = {};
  for (const name of bundle.names) files[name] = await bundle.text(name, 10_000);
  bundle.close();
  return files;
}

it('packs the pictures of an app into the ZIP that it asks for, and brings them with the project', async () => {
  const { id } = await remote.rows.project({ name: 'Harbour' });
  const olga = await staff(remote.url, 'olga', PASSWORD);
  const zipOf = (origin: string, projectId: number, variant: string) =>
    `${origin}/media/project${projectId}-uielements${variant}.zip`;
  const none = await fetch(zipOf(remote.url, id, '-2x'));
  expect(none.status).toBe(404);
  expect(await none.text()).toContain('has no files of UI elements');
  const label = await olga.post('localizedstrings/', { text: 'Listen', language: 'en' });
  const add = async (name: string, variant: string, picture?: string) => {
    const form = new FormData();
    const kind = await olga.post('uielementnames/', { name, view: 'home' });
    form.set('uielementname_id', String(kind.id));
    form.set('project_id', String(id));
    form.set('variant', variant);
    form.set('file_extension', 'png');
    form.set('label_text_loc_ids', String(label.id));
    if (picture !== undefined) form.set('file', new Blob([picture]), 'x.png');
    return await olga.post('uielements/', form);
  };
  await add('listen', '-2x', 'a picture');
  const speak = await add('speak', '-2x', 'before');
  await add('listen', '', 'a small picture');
  await add('bare', '-2x');
  const told = await olga.get<{ config: { files_url: string } }>(
    `projects/${id}/uielements/?variant=-2x`,
  );
  expect(told.config.files_url).toBe(zipOf(remote.url, id, '-2x'));
  expect(await unzipped(told.config.files_url)).toEqual({
    'listen-2x.png': 'a picture',
    'speak-2x.png': 'before',
  });
  const change = new FormData();
  change.set('file', new Blob(['after']), 'x.png');
  await olga.patch(`uielements/${speak.id}/`, change);
  const first = await fetch(told.config.files_url);
  expect(await unzipped(told.config.files_url)).toMatchObject({ 'speak-2x.png': 'after' });
  const etag = first.headers.get('etag') ?? '';
  const again = await fetch(told.config.files_url, { headers: { 'if-none-match': etag } });
  expect([etag !== '', again.status]).toEqual([true, 304]);
  const large = new FormData();
  large.set('file', new Blob([new Uint8Array(8_388_609)]), 'x.png');
  expect((await olga.call('PATCH', `uielements/${speak.id}/`, large)).status).toBe(413);

  const answer = await bring({ url: `${remote.url}/api/2/projects/${id}/`, token });
  const report = (await answer.json()) as RoundwareReport;
  expect(answer.status, JSON.stringify(report)).toBe(201);
  expect(report).toMatchObject({
    elementFiles: 3,
    rows: { uiElements: 4, uiElementNames: 4, localizedStrings: 1 },
    missing: [expect.stringContaining('bare-2x.png is not in') as unknown],
  });
  const where = [{ field: 'projectId', op: '=', value: report.projectId }] as const;
  const elements = await site.store.content.uiElements.find({ where });
  const texts = await site.store.content.texts(elements[0]?.labelTextLocIds ?? [], 1);
  expect([...texts.values()]).toEqual(['Listen']);
  const names = await site.store.content.uiElementNames.find();
  expect(names.map(({ name, view }) => [name, view])).toContainEqual(['speak', 'home']);
  expect(await unzipped(zipOf(site.url, report.projectId, '-2x'))).toEqual({
    'listen-2x.png': 'a picture',
    'speak-2x.png': 'after',
  });
  expect(await unzipped(zipOf(site.url, report.projectId, ''))).toEqual({
    'listen.png': 'a small picture',
  });
  expect(readdirSync(join(site.folder, 'incoming'))).toEqual([]);

  await olga.call('DELETE', `uielements/${speak.id}/`);
  expect(Object.keys(await unzipped(told.config.files_url))).toEqual(['listen-2x.png']);
});

it('copies the files that speakers loop, and leaves live streams and what cannot be had', async () => {
  const tone = toneBytes(0.4, '-f', 'mp3');
  const radio: Server = createServer((request, answer) => {
    if (request.url === '/loop.mp3') {
      answer.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': tone.length });
      answer.end(tone);
    } else if (request.url === '/text.mp3') {
      answer.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': 5 }).end('hello');
    } else if (request.url === '/live.mp3') {
      answer.writeHead(200, { 'content-type': 'audio/mpeg', 'icy-name': 'live' });
      answer.write(tone);
    } else answer.writeHead(404).end();
  });
  await new Promise<void>((resolve) => radio.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${(radio.address() as AddressInfo).port}`;
  const { content } = remote.store;
  const { id: projectId } = await remote.rows.project({ name: 'Harbour' });
  const uris = ['loop', 'live', 'gone', 'text'].map((name) => `${at}/${name}.mp3`);
  uris.push('http://radio.example/far.mp3');
  for (const uri of uris) {
    await content.speakers.create({ ...SPEAKER_DEFAULTS, projectId, uri, code: 'dock' });
  }
  try {
    const wish = { url: `${remote.url}/api/2/projects/${projectId}/`, token };
    const report = (await (await bring(wish)).json()) as RoundwareReport;
    expect(report).toMatchObject({ speakerFiles: 1, rows: { speakers: 5, assets: 0 } });
    expect(report.missing).toHaveLength(2);
    expect(report.missing[0]).toContain(`404: it plays from ${at}/gone.mp3`);
    expect(report.missing[1]).toContain(`it plays from ${at}/text.mp3`);
    const speakersOf = async (id: number) =>
      await site.store.content.speakers.find({
        where: [{ field: 'projectId', op: '=', value: id }],
      });
    const speakers = await speakersOf(report.projectId);
    expect(speakers.map(({ uri }) => uri)).toEqual(['', ...uris.slice(1)]);
    const media = await site.store.media.get(speakers[0]?.mediaId ?? '');
    expect(media?.durationMs).toBeGreaterThan(300);
    const where = [{ field: 'projectId', op: '=', value: report.projectId }] as const;
    expect(await site.store.content.assets.count({ where })).toBe(0);
    expect(readdirSync(join(site.folder, 'incoming'))).toEqual([]);
    const kept = (await (
      await bring({ ...wish, copySpeakerFiles: false })
    ).json()) as RoundwareReport;
    expect(kept).toMatchObject({ speakerFiles: 0, missing: [] });
    expect((await speakersOf(kept.projectId)).map(({ uri }) => uri)).toEqual(uris);
  } finally {
    radio.closeAllConnections();
    radio.close();
  }
});

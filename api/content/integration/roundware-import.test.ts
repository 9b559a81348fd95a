import { readdirSync } from 'node:fs';
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
import { visitor } from '../../personalities/roundware/testing/client.js';
import { WrittenSound } from '../../personalities/roundware/testing/site.js';
import {
  type ContentSite,
  OPERATOR,
  startContentSite,
  toneBytes,
} from '../../testing/content-site.js';
import type { RoundwareReport } from '../roundware/import.js';

let remote: ContentSite;
let site: ContentSite;
let token = '';

beforeEach(async () => {
  remote = await startContentSite({
    moreRaw: async ({ store, content, mediaFolder }) => {
      const clock = new SystemClock();
      const { auth } = await openAuth({ store, clock, onError: () => undefined });
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

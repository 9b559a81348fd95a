import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  AUDIO_TRACK_DEFAULTS,
  SPEAKER_DEFAULTS,
  TAG_DEFAULTS,
  UI_GROUP_DEFAULTS,
  UI_ITEM_DEFAULTS,
} from '../../actors/content/defaults.js';
import { contentRows } from '../../actors/content/testing/rows.js';
import { openSiteStore, type SiteStore } from '../../actors/control/site.js';
import { SystemClock } from '../../engine/clock.js';
import type { AssetChanges, ProjectDefinition } from '../../media/ports.js';
import { type Blocker, SoundDirectory } from './sounds.js';

const folder = mkdtempSync(join(tmpdir(), 'earshot-sounds-'));
const clock = new SystemClock();
let store: SiteStore;
let sounds: SoundDirectory;
let changed: ProjectDefinition[] = [];
let assets: AssetChanges[] = [];
const removed: number[] = [];
const blockers: (readonly Blocker[] | undefined)[] = [];

beforeAll(async () => {
  store = await openSiteStore({
    file: join(folder, 'control.db'),
    clock,
    onError: (error) => expect(error).toBeUndefined(),
  });
  sounds = new SoundDirectory(store, clock, {
    changed: (project) => changed.push(project),
    removed: (id) => removed.push(id),
    assets: (one) => assets.push(one),
    mediaChanged: () => undefined,
    blocks: (by) => blockers.push(by),
    failed: (error) => expect(error).toBeUndefined(),
  });
  await sounds.open();
});
afterAll(async () => {
  sounds.close();
  await store.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await sounds.settled();
  changed = [];
  assets = [];
});

const playable = { mediaId: 'm1', lengthS: 5, ingest: 'ready' as const, submitted: true };

test('a project and what is in it appear, change and go with the store', async () => {
  const make = contentRows(store);
  const project = await make.project({ recordingRadiusM: 30 });
  const speaker = await store.content.speakers.create({
    ...SPEAKER_DEFAULTS,
    projectId: project.id,
    uri: 'http://radio.example/a.mp3',
  });
  const track = await store.content.audioTracks.create({
    ...AUDIO_TRACK_DEFAULTS,
    projectId: project.id,
  });
  const asset = await make.asset({ ...playable, projectId: project.id });
  await sounds.settled();
  expect(sounds.get(project.id)).toMatchObject({
    settings: { recordingRadiusM: 30 },
    speakers: [{ id: speaker.id, sources: [{ kind: 'live' }] }],
    tracks: [{ id: track.id, durationS: [10, 30] }],
  });
  expect(sounds.asset(asset.id)?.endS).toBe(5);

  await store.content.speakers.update(speaker.id, { maxVolume: 0.3 });
  await sounds.settled();
  expect(changed.at(-1)?.speakers[0]?.maxVolume).toBe(0.3);
  await store.content.audioTracks.remove(track.id);
  await sounds.settled();
  expect(sounds.get(project.id)?.tracks).toEqual([]);
  await store.content.assets.remove(asset.id);
  await sounds.settled();
  expect(assets.at(-1)).toEqual({
    projectId: project.id,
    reset: false,
    put: [],
    removed: [asset.id],
  });
  await store.content.projects.remove(project.id);
  await sounds.settled();
  expect(removed).toEqual([project.id]);
  expect(sounds.get(project.id)).toBeUndefined();
});

test('one edit among many assets sends that one, and many edits send few messages', async () => {
  const make = contentRows(store);
  const project = await make.project();
  const row = await make.asset({ ...playable, projectId: project.id });
  const { id: _id, ...values } = row;
  const many = await store.content.assets.createMany(Array.from({ length: 2_500 }, () => values));
  await sounds.settled();
  expect(sounds.assetsOf(project.id).size).toBe(2_501);
  expect(assets.length).toBeLessThan(5);
  assets = [];
  changed = [];
  await store.content.assets.update(many[1_200]?.id ?? 0, { volume: 0.5 });
  await sounds.settled();
  expect(assets).toHaveLength(1);
  expect(assets[0]?.put.map(({ id, volume }) => [id, volume])).toEqual([[many[1_200]?.id, 0.5]]);
  expect(changed).toEqual([]);
  assets = [];
  for (let i = 0; i < 50; i += 1) {
    await store.content.assets.update(many[i]?.id ?? 0, { weight: i });
  }
  await sounds.settled();
  expect(assets.length).toBeLessThan(50);
  expect(assets.flatMap(({ put }) => put).length).toBeGreaterThanOrEqual(50);
});

test('an asset leaves the sound when it is no longer playable, and moves with its project', async () => {
  const make = contentRows(store);
  const [here, there] = [await make.project(), await make.project()];
  const asset = await make.asset({ ...playable, projectId: here.id });
  await store.content.assets.update(asset.id, { projectId: there.id });
  await sounds.settled();
  expect([...sounds.assetsOf(here.id).keys()]).toEqual([]);
  expect([...sounds.assetsOf(there.id).keys()]).toEqual([asset.id]);
  await store.content.assets.update(asset.id, { ingest: 'failed' });
  await sounds.settled();
  expect(sounds.asset(asset.id)).toBeUndefined();
});

test('likes follow the votes, also when one is taken back, and blocks say whose they are', async () => {
  const make = contentRows(store);
  const project = await make.project();
  const visitor = await make.visitor();
  const session = await make.session({ projectId: project.id, userId: visitor.id });
  const asset = await make.asset({ ...playable, projectId: project.id });
  const vote = (kind: 'like' | 'block_user') =>
    store.content.votes.create({
      assetId: asset.id,
      sessionId: session.id,
      userId: visitor.id,
      kind,
      value: null,
      createdAtUnixMs: 0,
    });
  await vote('like');
  const second = await vote('like');
  await sounds.settled();
  expect(sounds.asset(asset.id)?.likes).toBe(2);
  await store.content.votes.remove(second.id);
  await sounds.settled();
  expect(sounds.asset(asset.id)?.likes).toBe(1);
  expect(assets.at(-1)?.put[0]?.likes).toBe(1);
  expect(blockers.at(-1)).toBeUndefined();
  await vote('block_user');
  await sounds.settled();
  expect(blockers.at(-1)).toEqual([{ userId: visitor.id, sessionId: session.id }]);
});

test('tag rules follow groups, items and tags', async () => {
  const project = await contentRows(store).project();
  const category = await store.content.tagCategories.create({ name: 'mood', data: '' });
  const tag = await store.content.tags.create({
    ...TAG_DEFAULTS,
    projectId: project.id,
    categoryId: category.id,
    value: 'calm',
  });
  const group = await store.content.uiGroups.create({
    ...UI_GROUP_DEFAULTS,
    projectId: project.id,
    categoryId: category.id,
    name: 'Mood',
  });
  const item = await store.content.uiItems.create({
    ...UI_ITEM_DEFAULTS,
    groupId: group.id,
    tagId: tag.id,
  });
  await sounds.settled();
  const rules = () => sounds.get(project.id)?.settings.tagRules;
  expect(rules()?.defaultTagIds).toEqual([tag.id]);
  expect(rules()?.categoryOf.get(tag.id)).toBe(category.id);
  await store.content.uiItems.update(item.id, { active: false });
  await sounds.settled();
  expect(rules()?.defaultTagIds).toEqual([]);
  await store.content.uiGroups.update(group.id, { active: false });
  await sounds.settled();
  expect(rules()?.categoryOf.size).toBe(0);
});

test('a speaker that names a file of ours by its address plays that media', async () => {
  const project = await contentRows(store).project();
  await store.media.put({
    id: 'loop',
    name: 'Loop',
    file: 'a/loop one.mp3',
    contentType: 'audio/mpeg',
    sizeBytes: 1,
    durationMs: 1,
    sha256: '',
    createdAtUnixMs: 0,
  });
  await store.content.speakers.create({
    ...SPEAKER_DEFAULTS,
    projectId: project.id,
    uri: 'https://site.example/media/a/loop%20one.mp3',
    backupUri: '/media/%E0%A4%A',
  });
  await sounds.settled();
  expect(sounds.get(project.id)?.speakers[0]?.sources).toEqual([
    { kind: 'media', mediaId: 'loop' },
  ]);
});

test('a directory that is opened later finds everything', async () => {
  const seen: AssetChanges[] = [];
  const other = new SoundDirectory(store, clock, {
    changed: () => undefined,
    removed: () => undefined,
    assets: (one) => seen.push(one),
    mediaChanged: () => undefined,
    blocks: () => undefined,
    failed: (error) => expect(error).toBeUndefined(),
  });
  await other.open();
  other.close();
  expect([...other.ids()].sort()).toEqual([...sounds.ids()].sort());
  for (const id of other.ids()) expect(other.assetsOf(id)).toEqual(sounds.assetsOf(id));
  expect(seen.every(({ reset }) => reset)).toBe(true);
});

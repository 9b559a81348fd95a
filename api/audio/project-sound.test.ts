import { expect, test } from 'vitest';
import type * as Rows from '../../actors/content/content.types.js';
import { assetSound, projectSound, speakerSources, tagRules } from './project-sound.js';

const group = (id: number, over: Partial<Rows.UiGroup> = {}): Rows.UiGroup => ({
  id,
  projectId: 1,
  categoryId: id * 10,
  name: `Group ${id}`,
  mode: 'listen',
  select: 'multi',
  active: true,
  index: 0,
  itemFilter: 'none',
  headerLocIds: [],
  ...over,
});
const item = (id: number, groupId: number, tagId: number, active = true): Rows.UiItem => ({
  id,
  groupId,
  tagId,
  parentId: null,
  index: 0,
  isDefault: true,
  active,
});
const tag = (id: number, categoryId: number): Rows.Tag => ({
  id,
  projectId: 1,
  categoryId,
  value: `tag ${id}`,
  description: '',
  data: '',
  filter: '',
  location: null,
  descriptionLocIds: [],
  messageLocIds: [],
});

const asset: Rows.Asset = {
  id: 5,
  projectId: 1,
  sessionId: null,
  userId: 9,
  languageId: 1,
  mediaType: 'audio',
  mediaId: 'm5',
  filename: '20260131-235959-5.mp3',
  description: '',
  latitude: 1,
  longitude: 2,
  shape: null,
  radiusM: null,
  placed: false,
  law: 'linear',
  volume: 1,
  weight: 50,
  submitted: true,
  startS: null,
  endS: null,
  lengthS: 12.5,
  loudnessLufs: null,
  ingest: 'ready',
  ingestError: null,
  createdAtUnixMs: 0,
  updatedAtUnixMs: 0,
  tagIds: [3],
  envelopeIds: [],
  descriptionLocIds: [],
  altTextLocIds: [],
};

const speaker: Rows.Speaker = {
  id: 2,
  projectId: 1,
  active: true,
  code: 'S2',
  name: '',
  maxVolume: 1,
  minVolume: 0,
  uri: '',
  backupUri: '',
  mediaId: null,
  shape: [],
  attenuationM: 10,
  law: 'linear',
};

test('tag rules come from active listen groups and their active items only', () => {
  const rules = tagRules({
    tags: [tag(1, 10), tag(2, 10), tag(3, 20), tag(4, 30)],
    uiGroups: [group(1), group(2, { mode: 'speak' }), group(3, { active: false })],
    uiItems: [item(1, 1, 2), item(2, 1, 1), item(3, 1, 9, false), item(4, 2, 3), item(5, 3, 4)],
  });
  expect(rules.defaultTagIds).toEqual([1, 2]);
  expect([...rules.categoryOf]).toEqual([
    [1, 10],
    [2, 10],
  ]);
});

test('a speaker plays its own media, then its address, then its reserve; nonsense is left out', () => {
  const mediaOf = (url: string) => (url === '/media/a.mp3' ? 'a' : undefined);
  expect(speakerSources(speaker, mediaOf)).toEqual([]);
  expect(
    speakerSources(
      { ...speaker, mediaId: 'own', uri: 'http://radio.example/x', backupUri: '/media/a.mp3' },
      mediaOf,
    ),
  ).toEqual([
    { kind: 'media', mediaId: 'own' },
    { kind: 'live', url: 'http://radio.example/x' },
    { kind: 'media', mediaId: 'a' },
  ]);
  expect(speakerSources({ ...speaker, uri: 'ftp://radio.example/x' }, mediaOf)).toEqual([]);
});

test('an asset sounds when it has playable sound, from its first to its last second', () => {
  expect(assetSound(asset, 4)).toMatchObject({
    id: 5,
    name: '20260131-235959-5.mp3',
    position: { latitude: 1, longitude: 2 },
    startS: 0,
    endS: 12.5,
    likes: 4,
    userId: 9,
    radiusM: undefined,
  });
  expect(assetSound({ ...asset, startS: 3, endS: 99 }, 0)).toMatchObject({ startS: 3, endS: 12.5 });
  expect(assetSound({ ...asset, latitude: null }, 0)?.position).toBeUndefined();
  for (const silent of [
    { ...asset, mediaType: 'photo' as const },
    { ...asset, mediaId: null },
    { ...asset, ingest: 'failed' as const },
    { ...asset, ingest: 'working' as const },
    { ...asset, lengthS: null },
    { ...asset, startS: 12.5 },
  ]) {
    expect(assetSound(silent, 0)).toBeUndefined();
  }
});

test('a project without a radius keeps a small one, and what is off stays undefined', () => {
  const project: Rows.Project = {
    id: 1,
    name: 'Site',
    owner: '',
    latitude: 10,
    longitude: 20,
    publishedAtUnixMs: 0,
    audioFormat: 'mp3',
    audioBitrateKbps: 128,
    autoSubmit: true,
    maxRecordingS: 30,
    listenQuestionsDynamic: false,
    speakQuestionsDynamic: false,
    sharingUrl: '',
    outOfRangeUrl: '',
    recordingRadiusM: null,
    listenEnabled: true,
    geoListenEnabled: true,
    speakEnabled: true,
    geoSpeakEnabled: true,
    resetTagDefaultsOnStartup: false,
    timedAssetFirst: true,
    repeatMode: 'stop',
    filesUrl: '',
    filesVersion: '',
    ordering: 'random',
    demoStreamEnabled: false,
    demoStreamUrl: '',
    outOfRangeM: 1_000,
    bannedS: 1_800,
    masterGain: 1,
    targetLufs: null,
    output: null,
    plan: null,
    demoStreamMessageLocIds: [],
    legalAgreementLocIds: [],
    descriptionLocIds: [],
    sharingMessageLocIds: [],
    outOfRangeMessageLocIds: [],
    languageIds: [1],
  };
  const none = { tracks: [], timedAssets: [], tags: [], uiGroups: [], uiItems: [] };
  const sound = projectSound({ project, speakers: [speaker], ...none }, () => undefined);
  expect(sound).toMatchObject({
    center: { latitude: 10, longitude: 20 },
    settings: { recordingRadiusM: 1, geoListen: true, bannedS: 1_800 },
    speakers: [{ name: 'S2', sources: [] }],
  });
  expect(sound.settings.targetLufs).toBeUndefined();
});

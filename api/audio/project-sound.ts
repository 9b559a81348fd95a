import type * as Rows from '../../actors/content/content.types.js';
import { pointOf } from '../../actors/content/content.types.js';
import type {
  AssetDefinition,
  ProjectDefinition,
  SpeakerDefinition,
  SpeakerSource,
  TagRules,
  TrackDefinition,
} from '../../media/ports.js';

/** Radius of recordings where neither they nor their project name one, metres. */
const DEFAULT_RADIUS_M = 1;
/** Recordings shorter than this are taken for empty files, seconds. */
const LEAST_LENGTH_S = 1e-6;

/** Rows that the sound of one project is made of, its assets left aside. */
export interface SoundRows {
  readonly project: Rows.Project;
  readonly speakers: readonly Rows.Speaker[];
  readonly tracks: readonly Rows.AudioTrack[];
  readonly timedAssets: readonly Rows.TimedAsset[];
  readonly tags: readonly Rows.Tag[];
  readonly uiGroups: readonly Rows.UiGroup[];
  readonly uiItems: readonly Rows.UiItem[];
}

/** The site's own media behind a path or URL of a media file; undefined: it is somebody else's. */
export type MediaOfUrl = (url: string) => string | undefined;

/** What the media threads play of a project. */
export function projectSound(rows: SoundRows, mediaOf: MediaOfUrl): ProjectDefinition {
  const { project } = rows;
  return {
    id: project.id,
    name: project.name,
    center: { latitude: project.latitude, longitude: project.longitude },
    settings: {
      geoListen: project.geoListenEnabled,
      recordingRadiusM: project.recordingRadiusM ?? DEFAULT_RADIUS_M,
      outOfRangeM: project.outOfRangeM,
      ordering: project.ordering,
      repeatMode: project.repeatMode,
      timedFirst: project.timedAssetFirst,
      bannedS: project.bannedS,
      masterGain: project.masterGain,
      targetLufs: project.targetLufs ?? undefined,
      tagRules: tagRules(rows),
    },
    speakers: rows.speakers.map((row) => speakerSound(row, mediaOf)),
    tracks: rows.tracks.map(trackSound),
    timedAssets: rows.timedAssets.map(({ id, assetId, startS, endS }) => ({
      id,
      assetId,
      startS,
      endS,
    })),
  };
}

/** Only active listen groups count: choices that nobody is offered neither ask nor forbid. */
export function tagRules({
  tags,
  uiGroups,
  uiItems,
}: Pick<SoundRows, 'tags' | 'uiGroups' | 'uiItems'>): TagRules {
  const groups = uiGroups.filter(({ active, mode }) => active && mode === 'listen');
  const groupIds = new Set(groups.map(({ id }) => id));
  const categories = new Set(groups.map(({ categoryId }) => categoryId));
  const offered = uiItems.filter(({ active, groupId }) => active && groupIds.has(groupId));
  return {
    defaultTagIds: [...new Set(offered.map(({ tagId }) => tagId))].sort((a, b) => a - b),
    categoryOf: new Map(
      tags
        .filter(({ categoryId }) => categories.has(categoryId))
        .map(({ id, categoryId }) => [id, categoryId]),
    ),
  };
}

/** Its own media first, then the address, then the reserve. Empty and unusable ones are left out. */
export function speakerSources(row: Rows.Speaker, mediaOf: MediaOfUrl): readonly SpeakerSource[] {
  const sources: SpeakerSource[] = [];
  if (row.mediaId !== null) sources.push({ kind: 'media', mediaId: row.mediaId });
  for (const url of [row.uri.trim(), row.backupUri.trim()]) {
    if (url === '') continue;
    const mediaId = mediaOf(url);
    if (mediaId !== undefined) sources.push({ kind: 'media', mediaId });
    else if (/^https?:\/\//i.test(url)) sources.push({ kind: 'live', url });
  }
  return sources;
}

function speakerSound(row: Rows.Speaker, mediaOf: MediaOfUrl): SpeakerDefinition {
  return {
    id: row.id,
    projectId: row.projectId,
    name: row.name === '' ? row.code : row.name,
    active: row.active,
    shape: row.shape,
    attenuationM: row.attenuationM,
    minVolume: row.minVolume,
    maxVolume: row.maxVolume,
    law: row.law,
    sources: speakerSources(row, mediaOf),
  };
}

function trackSound(row: Rows.AudioTrack): TrackDefinition {
  return {
    id: row.id,
    projectId: row.projectId,
    active: row.active,
    volume: [row.minVolume, row.maxVolume],
    durationS: [row.minDurationS, row.maxDurationS],
    deadAirS: [row.minDeadAirS, row.maxDeadAirS],
    fadeInS: [row.minFadeInS, row.maxFadeInS],
    fadeOutS: [row.minFadeOutS, row.maxFadeOutS],
    pan: [row.minPan, row.maxPan],
    panDurationS: [row.minPanDurationS, row.maxPanDurationS],
    repeatRecordings: row.repeatRecordings,
    tagIds: row.tagIds,
    startWithSilence: row.startWithSilence,
    bannedS: row.bannedS,
    fadeOutWhenFiltered: row.fadeOutWhenFiltered,
    timedPriority: row.timedPriority,
  };
}

/** @returns undefined for what cannot sound: photos, texts, files not (yet) playable. */
export function assetSound(row: Rows.Asset, likes: number): AssetDefinition | undefined {
  if (row.mediaType !== 'audio' || row.mediaId === null) return undefined;
  if (row.ingest !== 'ready' && row.ingest !== 'none') return undefined;
  const startS = row.startS ?? 0;
  const endS = Math.min(row.endS ?? row.lengthS ?? 0, row.lengthS ?? Number.POSITIVE_INFINITY);
  if (endS - startS < LEAST_LENGTH_S) return undefined;
  return {
    id: row.id,
    projectId: row.projectId,
    name: row.description === '' ? (row.filename ?? `Recording ${row.id}`) : row.description,
    mediaId: row.mediaId,
    position: pointOf(row),
    shape: row.shape ?? undefined,
    radiusM: row.radiusM ?? undefined,
    placed: row.placed,
    law: row.law,
    volume: row.volume,
    weight: row.weight,
    likes,
    tagIds: row.tagIds,
    languageId: row.languageId,
    submitted: row.submitted,
    userId: row.userId ?? undefined,
    startS,
    endS,
    createdAtUnixMs: row.createdAtUnixMs,
    loudnessLufs: row.loudnessLufs ?? undefined,
  };
}

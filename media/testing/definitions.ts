import type {
  AssetDefinition,
  GeoPoint,
  ListenerState,
  Polygon,
  ProjectDefinition,
  ProjectSettings,
  SpeakerDefinition,
  TrackDefinition,
} from '../ports.js';

/** Degrees of latitude in a metre. */
export const DEG_PER_M = 1 / 111_194.926_644_558_74;

/** A place so many metres east and north of 0/0, where degrees of both are equally long. */
export const at = (eastM: number, northM: number): GeoPoint => ({
  latitude: northM * DEG_PER_M,
  longitude: eastM * DEG_PER_M,
});

/** A square around a place near the equator. */
export function square(center: GeoPoint, halfM: number): Polygon {
  const half = halfM * DEG_PER_M;
  const { latitude, longitude } = center;
  return [
    [
      [longitude - half, latitude - half],
      [longitude + half, latitude - half],
      [longitude + half, latitude + half],
      [longitude - half, latitude + half],
      [longitude - half, latitude - half],
    ],
  ];
}

/** An asset that any listener of language 1 may hear at 0/0, 10 s long; `id` is all it needs. */
export function assetOf(part: Partial<AssetDefinition> & { readonly id: number }): AssetDefinition {
  return {
    projectId: 1,
    name: `asset ${part.id}`,
    mediaId: `media-${part.id}`,
    position: at(0, 0),
    shape: undefined,
    radiusM: undefined,
    placed: false,
    law: 'linear',
    volume: 1,
    weight: 50,
    likes: 0,
    tagIds: [],
    languageId: 1,
    submitted: true,
    userId: undefined,
    startS: 0,
    endS: 10,
    createdAtUnixMs: 0,
    loudnessLufs: undefined,
    ...part,
  };
}

export function trackOf(part: Partial<TrackDefinition> = {}): TrackDefinition {
  return {
    id: 1,
    projectId: 1,
    active: true,
    volume: [1, 1],
    durationS: [10, 30],
    deadAirS: [1, 3],
    fadeInS: [0.1, 0.5],
    fadeOutS: [0.1, 2],
    pan: [0, 0],
    panDurationS: [5, 10],
    repeatRecordings: false,
    tagIds: [],
    startWithSilence: true,
    bannedS: 0,
    fadeOutWhenFiltered: false,
    timedPriority: 'normal',
    ...part,
  };
}

export function speakerOf(
  part: Partial<SpeakerDefinition> & { readonly id: number },
): SpeakerDefinition {
  return {
    projectId: 1,
    name: `speaker ${part.id}`,
    active: true,
    shape: [square(at(0, 0), 100)],
    attenuationM: 20,
    minVolume: 0,
    maxVolume: 1,
    law: 'linear',
    sources: [],
    ...part,
  };
}

export function settingsOf(part: Partial<ProjectSettings> = {}): ProjectSettings {
  return {
    geoListen: true,
    recordingRadiusM: 50,
    outOfRangeM: 1_000,
    ordering: 'by_weight',
    repeatMode: 'stop',
    timedFirst: true,
    bannedS: 1_800,
    masterGain: 1,
    targetLufs: undefined,
    tagRules: { defaultTagIds: [], categoryOf: new Map() },
    ...part,
  };
}

/** Project 1 with one track, if none is given. */
export function projectOf(
  part: Partial<Omit<ProjectDefinition, 'settings'>> & {
    readonly settings?: Partial<ProjectSettings>;
  } = {},
): ProjectDefinition {
  return {
    id: 1,
    name: 'project',
    center: at(0, 0),
    speakers: [],
    tracks: [trackOf()],
    timedAssets: [],
    ...part,
    settings: settingsOf(part.settings),
  };
}

/** A native listener at 0/0. */
export function listenerOf(part: Partial<ListenerState> = {}): ListenerState {
  return {
    profile: 'native',
    geoListen: true,
    position: at(0, 0),
    headingDeg: undefined,
    headingWidthDeg: undefined,
    rangeMinM: undefined,
    rangeMaxM: undefined,
    tagIds: undefined,
    languageId: 1,
    userId: undefined,
    blockedAssetIds: [],
    blockedUserIds: [],
    ...part,
  };
}

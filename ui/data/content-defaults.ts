import type { AudioTrack, NewRow, Project, ServerFields, Shape, Speaker } from './content.types.js';

/** A project as most begin: visitors hear what is near, may contribute, nothing is changed in loudness. */
export function newProject(options: {
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly languageIds: readonly number[];
}): NewRow<'projects'> {
  const { name, latitude, longitude, languageIds } = options;
  const made: Omit<Project, ServerFields> = {
    name,
    owner: '',
    latitude,
    longitude,
    audioFormat: 'mp3',
    audioBitrateKbps: 128,
    autoSubmit: false,
    maxRecordingS: 60,
    listenQuestionsDynamic: false,
    speakQuestionsDynamic: false,
    sharingUrl: '',
    outOfRangeUrl: '',
    recordingRadiusM: 20,
    listenEnabled: true,
    geoListenEnabled: true,
    speakEnabled: true,
    geoSpeakEnabled: true,
    resetTagDefaultsOnStartup: true,
    timedAssetFirst: true,
    repeatMode: 'continuous',
    filesUrl: '',
    filesVersion: '',
    ordering: 'random',
    demoStreamEnabled: false,
    demoStreamUrl: '',
    outOfRangeM: 1_000,
    bannedS: 600,
    masterGain: 1,
    targetLufs: null,
    output: null,
    plan: null,
    demoStreamMessageLocIds: [],
    legalAgreementLocIds: [],
    descriptionLocIds: [],
    sharingMessageLocIds: [],
    outOfRangeMessageLocIds: [],
    languageIds,
  };
  return made;
}

/** A voice that plays one recording after another, with a breath between them. */
export function newTrack(projectId: number): NewRow<'tracks'> {
  const made: Omit<AudioTrack, 'id'> = {
    projectId,
    active: true,
    minVolume: 1,
    maxVolume: 1,
    minDurationS: 5,
    maxDurationS: 30,
    minDeadAirS: 1,
    maxDeadAirS: 3,
    minFadeInS: 0.1,
    maxFadeInS: 0.5,
    minFadeOutS: 0.3,
    maxFadeOutS: 1,
    minPan: 0,
    maxPan: 0,
    minPanDurationS: 5,
    maxPanDurationS: 10,
    repeatRecordings: false,
    tagIds: [],
    startWithSilence: true,
    bannedS: 0,
    fadeOutWhenFiltered: true,
    timedPriority: 'normal',
  };
  return made;
}

export function newSpeaker(projectId: number, name: string, shape: Shape): NewRow<'speakers'> {
  const made: Omit<Speaker, 'id'> = {
    projectId,
    active: true,
    code: '',
    name,
    maxVolume: 1,
    minVolume: 0,
    uri: '',
    backupUri: '',
    mediaId: null,
    shape,
    attenuationM: 5,
    law: 'linear',
  };
  return made;
}

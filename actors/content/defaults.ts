import type * as Rows from './content.types.js';

/** What a new row has where its maker says nothing; the rest must be given. */

export const PROJECT_DEFAULTS = {
  owner: '',
  audioFormat: 'mp3',
  audioBitrateKbps: 128,
  autoSubmit: false,
  maxRecordingS: 30,
  listenQuestionsDynamic: false,
  speakQuestionsDynamic: false,
  sharingUrl: '',
  outOfRangeUrl: '',
  recordingRadiusM: 25,
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
} satisfies Partial<Rows.Project>;

export const PROJECT_GROUP_DEFAULTS = {
  active: true,
  description: '',
  thumbnailUrl: '',
  projectIds: [],
} satisfies Partial<Rows.ProjectGroup>;

export const SPEAKER_DEFAULTS = {
  active: false,
  code: '',
  name: '',
  maxVolume: 1,
  minVolume: 0,
  uri: '',
  backupUri: '',
  mediaId: null,
  shape: [],
  attenuationM: 10,
  law: 'linear',
} satisfies Partial<Rows.Speaker>;

/** As a typical project has them (reference 2.12). */
export const AUDIO_TRACK_DEFAULTS = {
  active: true,
  minVolume: 1,
  maxVolume: 1,
  minDurationS: 10,
  maxDurationS: 30,
  minDeadAirS: 1,
  maxDeadAirS: 3,
  minFadeInS: 0.1,
  maxFadeInS: 0.5,
  minFadeOutS: 0.1,
  maxFadeOutS: 2,
  minPan: 0,
  maxPan: 0,
  minPanDurationS: 5,
  maxPanDurationS: 10,
  repeatRecordings: false,
  tagIds: [],
  startWithSilence: false,
  bannedS: 0,
  fadeOutWhenFiltered: false,
  timedPriority: 'normal',
} satisfies Partial<Rows.AudioTrack>;

export const ASSET_DEFAULTS = {
  sessionId: null,
  userId: null,
  languageId: 1,
  mediaType: 'audio',
  mediaId: null,
  filename: null,
  description: '',
  latitude: null,
  longitude: null,
  shape: null,
  radiusM: null,
  placed: false,
  law: 'linear',
  volume: 1,
  weight: 50,
  submitted: false,
  startS: null,
  endS: null,
  lengthS: null,
  loudnessLufs: null,
  ingest: 'none',
  ingestError: null,
  tagIds: [],
  envelopeIds: [],
  descriptionLocIds: [],
  altTextLocIds: [],
} satisfies Partial<Rows.Asset>;

export const TAG_DEFAULTS = {
  description: '',
  data: '',
  filter: '',
  location: null,
  descriptionLocIds: [],
  messageLocIds: [],
} satisfies Partial<Rows.Tag>;

export const UI_GROUP_DEFAULTS = {
  mode: 'listen',
  select: 'multi',
  active: true,
  index: 0,
  itemFilter: 'none',
  headerLocIds: [],
} satisfies Partial<Rows.UiGroup>;

export const UI_ITEM_DEFAULTS = {
  parentId: null,
  index: 0,
  isDefault: false,
  active: true,
} satisfies Partial<Rows.UiItem>;

export const UI_ELEMENT_DEFAULTS = {
  variant: '',
  fileExtension: 'png',
  labelTextColor: '',
  labelPosition: '',
  labelTextLocIds: [],
} satisfies Partial<Rows.UiElement>;

export const VISITOR_DEFAULTS = {
  firstName: '',
  lastName: '',
  email: '',
  deviceId: null,
  clientType: '',
  staffId: null,
} satisfies Partial<Rows.Visitor>;

export const SESSION_DEFAULTS = {
  userId: null,
  languageId: 1,
  clientType: '',
  clientSystem: '',
  timezone: '0000',
  geoListenEnabled: true,
  demoStreamEnabled: false,
  endedAtUnixMs: null,
  endReason: null,
} satisfies Partial<Rows.VisitSession>;

export const NOTIFICATION_DEFAULTS = {
  active: true,
  on: ['add'],
  channel: 'email',
  to: [],
  subject: '',
  message: '',
  lastSentAtUnixMs: null,
  lastError: null,
} satisfies Partial<Rows.Notification>;

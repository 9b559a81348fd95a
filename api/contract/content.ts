// Over 400 lines: the fields of every resource beside each other, which are compared more often than read.
import { z } from 'zod';

/**
 * What a sounding site is made of, as `/v1/<resource>` takes and answers it. Each resource has one object of
 * fields: `input` says what may be written and what a new row has by itself; the answer is the same with
 * `id` and `server` fields, which only the server writes. Times are Unix ms, ids whole numbers.
 */

const id = z.int().min(1);
const maybe = <T extends z.ZodType>(schema: T) => schema.nullable().default(null as never);
const text = (most: number) => z.string().max(most);
const latitude = z.number().min(-90).max(90);
const longitude = z.number().min(-180).max(180);
const seconds = z.number().min(0).max(1e9);
const volume = z.number().min(0).max(10);
const ids = z.array(id).max(1_000).default([]);
const time = z.number();

const point = z.tuple([z.number().min(-540).max(540), latitude]);
/** Closed: the first point is the last one again. */
const ring = z
  .array(point)
  .min(4)
  .max(10_000)
  .refine((points) => {
    const [first, last] = [points[0], points.at(-1)];
    return first?.[0] === last?.[0] && first?.[1] === last?.[1];
  }, 'must be closed: repeat the first point at the end');
/** Outside ring first, then holes. */
export const polygons = z.array(z.array(ring).min(1).max(1_000)).max(1_000);
const distanceLaw = z.enum(['linear', 'inverse', 'exponential', 'cosine']);

interface Resource {
  /** `/v1/<path>`. */
  readonly path: string;
  /** One of them, for people. */
  readonly singular: string;
  readonly input: z.ZodRawShape;
  readonly server: z.ZodRawShape;
}

const languages = {
  path: 'languages',
  singular: 'a language',
  input: {
    name: text(80).min(1),
    code: z.string().regex(/^[a-z]{2}$/, 'must be two small letters'),
  },
  server: {},
} as const satisfies Resource;

const localizedStrings = {
  path: 'localized-strings',
  singular: 'a text in one language',
  input: { languageId: id, text: text(10_000) },
  server: {},
} as const satisfies Resource;

const projects = {
  path: 'projects',
  singular: 'a project',
  input: {
    name: text(50).min(1),
    owner: text(128).default(''),
    latitude,
    longitude,
    audioFormat: z.enum(['mp3', 'ogg']).default('mp3'),
    audioBitrateKbps: z.int().min(16).max(320).default(128),
    autoSubmit: z.boolean().default(false),
    maxRecordingS: seconds.default(30),
    listenQuestionsDynamic: z.boolean().default(false),
    speakQuestionsDynamic: z.boolean().default(false),
    sharingUrl: text(512).default(''),
    outOfRangeUrl: text(512).default(''),
    recordingRadiusM: z.number().min(0).max(2.1e7).nullable().default(25),
    listenEnabled: z.boolean().default(true),
    geoListenEnabled: z.boolean().default(true),
    speakEnabled: z.boolean().default(true),
    geoSpeakEnabled: z.boolean().default(true),
    resetTagDefaultsOnStartup: z.boolean().default(false),
    timedAssetFirst: z.boolean().default(true),
    repeatMode: z.enum(['stop', 'continuous']).default('stop'),
    filesUrl: text(512).default(''),
    filesVersion: text(16).default(''),
    ordering: z.enum(['random', 'by_like', 'by_weight']).default('random'),
    demoStreamEnabled: z.boolean().default(false),
    demoStreamUrl: text(512).default(''),
    outOfRangeM: z.number().min(0).max(2.1e7).default(1_000),
    bannedS: seconds.default(1_800),
    masterGain: z.number().min(0).max(16).default(1),
    targetLufs: maybe(z.number().min(-60).max(0)),
    output: maybe(z.enum(['builtin', 'icecast', 'both'])),
    plan: maybe(
      z.strictObject({
        url: text(512).min(1),
        corners: z.array(z.tuple([longitude, latitude])).length(4),
      }),
    ),
    demoStreamMessageLocIds: ids,
    legalAgreementLocIds: ids,
    descriptionLocIds: ids,
    sharingMessageLocIds: ids,
    outOfRangeMessageLocIds: ids,
    languageIds: z.array(id).max(1_000).default([1]),
  },
  server: { publishedAtUnixMs: time },
} as const satisfies Resource;

const projectGroups = {
  path: 'project-groups',
  singular: 'a group of projects',
  input: {
    name: text(128).min(1),
    active: z.boolean().default(true),
    description: text(2_048).default(''),
    thumbnailUrl: text(512).default(''),
    projectIds: ids,
  },
  server: {},
} as const satisfies Resource;

const speakers = {
  path: 'speakers',
  singular: 'a speaker: an area that sounds',
  input: {
    projectId: id,
    active: z.boolean().default(true),
    code: text(10).default(''),
    name: text(200).default(''),
    maxVolume: volume.default(1),
    minVolume: volume.default(0),
    uri: text(1_024).default(''),
    backupUri: text(1_024).default(''),
    mediaId: maybe(text(128).min(1)),
    shape: polygons.default([]),
    attenuationM: z.number().min(0).max(1e6).default(10),
    law: distanceLaw.default('linear'),
  },
  server: {},
} as const satisfies Resource;

const pan = z.number().min(-1).max(1);
const audioTracks = {
  path: 'tracks',
  singular: 'an audio track: one voice that plays assets one after the other',
  input: {
    projectId: id,
    active: z.boolean().default(true),
    minVolume: volume.default(1),
    maxVolume: volume.default(1),
    minDurationS: seconds.default(10),
    maxDurationS: seconds.default(30),
    minDeadAirS: seconds.default(1),
    maxDeadAirS: seconds.default(3),
    minFadeInS: seconds.default(0.1),
    maxFadeInS: seconds.default(0.5),
    minFadeOutS: seconds.default(0.1),
    maxFadeOutS: seconds.default(2),
    minPan: pan.default(0),
    maxPan: pan.default(0),
    minPanDurationS: seconds.default(5),
    maxPanDurationS: seconds.default(10),
    repeatRecordings: z.boolean().default(false),
    tagIds: ids,
    startWithSilence: z.boolean().default(false),
    bannedS: seconds.default(0),
    fadeOutWhenFiltered: z.boolean().default(false),
    timedPriority: z.enum(['highest', 'normal', 'neutral', 'lowest', 'discard']).default('normal'),
  },
  server: {},
} as const satisfies Resource;

const assets = {
  path: 'assets',
  singular: 'an asset: a recording, picture, text or film at a place',
  input: {
    projectId: id,
    languageId: id.default(1),
    description: text(8_192).default(''),
    latitude: maybe(latitude),
    longitude: maybe(longitude),
    shape: maybe(polygons),
    radiusM: maybe(z.number().min(0).max(2.1e7)),
    placed: z.boolean().default(false),
    law: distanceLaw.default('linear'),
    volume: volume.default(1),
    weight: z.int().min(0).max(99).default(50),
    submitted: z.boolean().default(false),
    startS: maybe(seconds),
    endS: maybe(seconds),
    tagIds: ids,
    envelopeIds: ids,
    descriptionLocIds: ids,
    altTextLocIds: ids,
    mediaType: z.enum(['audio', 'photo', 'text', 'video']).default('audio'),
    mediaId: maybe(text(128).min(1)),
  },
  server: {
    sessionId: z.int().nullable(),
    userId: z.int().nullable(),
    filename: z.string().nullable(),
    lengthS: z.number().nullable(),
    loudnessLufs: z.number().nullable(),
    ingest: z.enum(['none', 'waiting', 'working', 'ready', 'failed']),
    ingestError: z.string().nullable(),
    createdAtUnixMs: time,
    updatedAtUnixMs: time,
  },
} as const satisfies Resource;

const envelopes = {
  path: 'envelopes',
  singular: 'an envelope: what a visitor contributes together',
  input: { sessionId: id },
  server: { createdAtUnixMs: time },
} as const satisfies Resource;

const tagCategories = {
  path: 'tag-categories',
  singular: 'a category of tags',
  input: { name: text(128).min(1), data: text(2_048).default('') },
  server: {},
} as const satisfies Resource;

const tags = {
  path: 'tags',
  singular: 'a tag',
  input: {
    projectId: id,
    categoryId: id,
    value: text(128).min(1),
    description: text(2_048).default(''),
    data: text(2_048).default(''),
    filter: z.enum(['', '_within_10km', '_ten_most_recent_days']).default(''),
    location: maybe(polygons),
    descriptionLocIds: ids,
    messageLocIds: ids,
  },
  server: {},
} as const satisfies Resource;

const tagRelationships = {
  path: 'tag-relationships',
  singular: 'a place of a tag under another one',
  input: { tagId: id, parentId: maybe(id) },
  server: {},
} as const satisfies Resource;

const uiGroups = {
  path: 'ui-groups',
  singular: 'a group of choices on the visitor’s page',
  input: {
    projectId: id,
    categoryId: id,
    name: text(128).min(1),
    mode: z.enum(['listen', 'speak', 'browse']).default('listen'),
    select: z.enum(['single', 'multi', 'min_one']).default('multi'),
    active: z.boolean().default(true),
    index: z.int().min(0).max(100_000).default(0),
    itemFilter: z.enum(['none', 'random-1']).default('none'),
    headerLocIds: ids,
  },
  server: {},
} as const satisfies Resource;

const uiItems = {
  path: 'ui-items',
  singular: 'a choice in a group',
  input: {
    groupId: id,
    tagId: id,
    parentId: maybe(id),
    index: z.int().min(0).max(100_000).default(0),
    isDefault: z.boolean().default(false),
    active: z.boolean().default(true),
  },
  server: {},
} as const satisfies Resource;

const uiElementNames = {
  path: 'ui-element-names',
  singular: 'a kind of picture or label in an app',
  input: {
    name: text(128).min(1),
    description: text(2_048).default(''),
    view: text(64).default(''),
  },
  server: {},
} as const satisfies Resource;

const uiElements = {
  path: 'ui-elements',
  singular: 'a picture or label in an app',
  input: {
    projectId: id,
    nameId: id,
    variant: text(64).default(''),
    fileExtension: text(16).default('png'),
    labelTextColor: text(32).default(''),
    labelPosition: text(32).default(''),
    labelTextLocIds: ids,
  },
  server: {},
} as const satisfies Resource;

const timedAssets = {
  path: 'timed-assets',
  singular: 'a time at which an asset plays',
  input: { projectId: id, assetId: id, startS: seconds, endS: seconds },
  server: {},
} as const satisfies Resource;

const visitors = {
  path: 'visitors',
  singular: 'a visitor: who contributes and votes',
  input: {
    username: text(254).min(1),
    firstName: text(150).default(''),
    lastName: text(150).default(''),
    email: text(254).default(''),
    deviceId: maybe(text(254).min(1)),
    clientType: text(255).default(''),
  },
  server: { staffId: z.string().nullable(), createdAtUnixMs: time },
} as const satisfies Resource;

const visits = {
  path: 'visits',
  singular: 'a visit: one opening of an app or page',
  input: {
    projectId: id,
    userId: maybe(id),
    languageId: id.default(1),
    clientType: text(128).default(''),
    clientSystem: text(128).default(''),
    timezone: z
      .string()
      .regex(/^[+-]?\d{4}$/, 'must be like +0200')
      .default('0000'),
    geoListenEnabled: z.boolean().default(true),
    demoStreamEnabled: z.boolean().default(false),
  },
  server: {
    startedAtUnixMs: time,
    endedAtUnixMs: time.nullable(),
    endReason: z.string().nullable(),
  },
} as const satisfies Resource;

const visitEvents = {
  path: 'visit-events',
  singular: 'something that happened in a visit',
  input: {
    sessionId: id,
    kind: text(50).min(1),
    clientTime: maybe(text(50)),
    data: maybe(text(10_000)),
    latitude: maybe(latitude),
    longitude: maybe(longitude),
    tagIds: ids,
  },
  server: { atUnixMs: time },
} as const satisfies Resource;

const listens = {
  path: 'listens',
  singular: 'a listening: somebody heard an asset',
  input: {
    sessionId: id,
    assetId: id,
    projectId: id,
    startedAtUnixMs: time,
    durationS: seconds.default(0),
  },
  server: {},
} as const satisfies Resource;

const votes = {
  path: 'votes',
  singular: 'a vote about an asset',
  input: {
    assetId: id,
    sessionId: id,
    userId: maybe(id),
    kind: z.enum(['like', 'flag', 'rate', 'block_asset', 'block_user']),
    value: maybe(z.int().min(-1_000_000).max(1_000_000)),
  },
  server: { createdAtUnixMs: time },
} as const satisfies Resource;

const notifications = {
  path: 'notifications',
  singular: 'a message to people when content arrives or changes',
  input: {
    projectId: id,
    active: z.boolean().default(true),
    on: z
      .array(z.enum(['add', 'edit', 'delete']))
      .max(3)
      .default(['add']),
    channel: z.enum(['email', 'webhook']).default('email'),
    to: z.array(text(1_024).min(1)).max(50).default([]),
    subject: text(255).default(''),
    message: text(10_000).default(''),
  },
  server: { lastSentAtUnixMs: time.nullable(), lastError: z.string().nullable() },
} as const satisfies Resource;

/** By the name of the table in the content store. */
export const CONTENT = {
  languages,
  localizedStrings,
  projects,
  projectGroups,
  speakers,
  audioTracks,
  assets,
  envelopes,
  tagCategories,
  tags,
  tagRelationships,
  uiGroups,
  uiItems,
  uiElementNames,
  uiElements,
  timedAssets,
  visitors,
  sessions: visits,
  events: visitEvents,
  listens,
  votes,
  notifications,
} as const;
export type ContentResource = keyof typeof CONTENT;

type Shapes<R extends ContentResource> = (typeof CONTENT)[R]['input'] &
  (typeof CONTENT)[R]['server'];

/** A row as it is answered. */
export type ContentRow<R extends ContentResource> = { readonly id: number } & {
  readonly [K in keyof Shapes<R>]: Shapes<R>[K] extends z.ZodType ? z.output<Shapes<R>[K]> : never;
};
/** What a new row is made of; fields with a default may be left out. */
export type ContentInput<R extends ContentResource> = z.input<
  z.ZodObject<(typeof CONTENT)[R]['input']>
>;

/** Choices of the visitor's page, `GET /v1/projects/{id}/listener?language=en`. */
const choiceGroup = z.object({
  id: z.int(),
  name: z.string(),
  header: z.string(),
  select: z.enum(['single', 'multi', 'min_one']),
  items: z.array(
    z.object({
      id: z.int(),
      tagId: z.int(),
      parentId: z.int().nullable(),
      text: z.string(),
      isDefault: z.boolean(),
    }),
  ),
});
export const listenerProject = z.object({
  project: z.object({
    id: z.int(),
    name: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    listenEnabled: z.boolean(),
    geoListenEnabled: z.boolean(),
    speakEnabled: z.boolean(),
    geoSpeakEnabled: z.boolean(),
    maxRecordingS: z.number(),
    recordingRadiusM: z.number().nullable(),
    outOfRangeM: z.number(),
    sharingUrl: z.string(),
    plan: z
      .object({ url: z.string(), corners: z.array(z.tuple([z.number(), z.number()])) })
      .nullable(),
  }),
  language: z.string(),
  languages: z.array(z.object({ id: z.int(), code: z.string(), name: z.string() })),
  /** In the language asked for, else in English, else null. */
  texts: z.object({
    legalAgreement: z.string().nullable(),
    description: z.string().nullable(),
    sharingMessage: z.string().nullable(),
    outOfRangeMessage: z.string().nullable(),
    demoStreamMessage: z.string().nullable(),
  }),
  listenGroups: z.array(choiceGroup),
  speakGroups: z.array(choiceGroup),
  speakers: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      shape: z.array(z.array(z.array(z.tuple([z.number(), z.number()])))),
      attenuationM: z.number(),
    }),
  ),
  tracks: z.int(),
});
export type ListenerProject = z.infer<typeof listenerProject>;

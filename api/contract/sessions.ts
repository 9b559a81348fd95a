import { z } from 'zod';
import { page, position } from './rest.js';

const id = z.int().min(1);
const heading = z.number().min(0).lt(360);
const width = z.number().gt(0).max(360);
const range = z.number().min(0).max(2.1e7);
const tagIds = z.array(id).max(1_000);
/** `en` or `en-US`: the first two letters count. */
const language = z
  .string()
  .regex(/^[a-zA-Z]{2}([-_].{0,20})?$/, 'must be a language code like en or en-US')
  .transform((text) => text.slice(0, 2).toLowerCase());

/** What MPEG-1 Layer III knows at 48 kHz, kbit/s. */
const MP3_KBPS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];

/** How a listener begins; only the project must be given. */
export const sessionCreate = z
  .strictObject({
    projectId: id,
    position: position.optional(),
    headingDeg: heading.optional(),
    /** Of the cone that is listened to; absent: all around. */
    headingWidthDeg: width.optional(),
    rangeMinM: range.optional(),
    rangeMaxM: range.optional(),
    /** Absent: no choice, the project's defaults hold. */
    tagIds: tagIds.optional(),
    /** Absent: recordings in every language. */
    language: language.optional(),
    format: z.enum(['mp3', 'opus', 'vorbis']).default('mp3'),
    /** Absent: as the project has it. */
    bitrateKbps: z.int().min(16).max(320).optional(),
    /** Random name that a browser keeps: votes and contributions of later visits belong to the same visitor. */
    deviceId: z.string().min(8).max(254).optional(),
  })
  .refine(
    ({ format, bitrateKbps }) =>
      format !== 'mp3' || bitrateKbps === undefined || MP3_KBPS.includes(bitrateKbps),
    { path: ['bitrateKbps'], message: `mp3 takes one of ${MP3_KBPS.join(', ')}` },
  );

/** `null` takes a choice back. */
export const sessionPatch = z
  .strictObject({
    position: position.optional(),
    headingDeg: heading.nullable().optional(),
    headingWidthDeg: width.nullable().optional(),
    rangeMinM: range.nullable().optional(),
    rangeMaxM: range.nullable().optional(),
    tagIds: tagIds.nullable().optional(),
    /** Null: as without a choice, recordings in every language. */
    language: language.nullable().optional(),
  })
  .refine(
    (given) => Object.keys(given).length > 0,
    'give at least one of position, headingDeg, headingWidthDeg, rangeMinM, rangeMaxM, tagIds, language',
  );

const state = z.enum(['starting', 'streaming', 'paused', 'idle', 'stopped']);

export const session = z.object({
  /** Secret: who has it steers the session. */
  id: z.string(),
  number: z.int(),
  projectId: z.int(),
  profile: z.enum(['native', 'roundware']),
  state,
  streamUrl: z.url(),
  /** WebSocket of Opus packets. */
  lowLatencyUrl: z.url(),
  format: z.enum(['mp3', 'opus', 'vorbis']),
  bitrateKbps: z.int(),
  position: position.nullable(),
  headingDeg: z.number().nullable(),
  headingWidthDeg: z.number().nullable(),
  rangeMinM: z.number().nullable(),
  rangeMaxM: z.number().nullable(),
  tagIds: z.array(z.int()).nullable(),
  languageId: z.int().nullable(),
  listeners: z.int(),
  hears: z.array(z.string()),
  tracks: z.array(
    z.object({
      trackId: z.int(),
      assetId: z.int(),
      name: z.string(),
      sinceUnixMs: z.number(),
    }),
  ),
});
export type Session = z.infer<typeof session>;

/** What people who watch see of a session: nothing that steers it or lets them listen in. */
export const sessionSeen = session.omit({ id: true, streamUrl: true, lowLatencyUrl: true });

export const sessionListQuery = z.object({
  projectId: z.coerce.number().int().positive().optional(),
  state: state.optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export const sessionList = page(sessionSeen);

export const playAsset = z.strictObject({ assetId: id });

/** Answer of `play`, `replay`, `skip`, `pause`, `resume`, `heartbeat`. */
export const commandAnswer = session.extend({
  done: z.boolean(),
  /** Why nothing was done. */
  message: z.string().nullable(),
});

export const sessionPlaying = z.object({
  /** Seconds of sound since the stream began. */
  elapsedS: z.number(),
  /** Text for the listeners of the project; a minute old at most. */
  announcement: z.object({ text: z.string(), atUnixMs: z.number() }).nullable(),
  tracks: z.array(
    z.object({
      trackId: z.int(),
      state: z.enum(['dead-air', 'playing', 'fading-out', 'held', 'waiting']),
      assetId: z.int().nullable(),
      name: z.string().nullable(),
      positionS: z.number().nullable(),
      remainingS: z.number().nullable(),
      gain: z.number(),
      pan: z.number(),
    }),
  ),
  voices: z.array(
    z.object({
      kind: z.enum(['speaker', 'asset']),
      id: z.int(),
      name: z.string(),
      gain: z.number(),
      pan: z.number(),
    }),
  ),
  /** Next first, at most 100. */
  queue: z.array(z.int()),
  queued: z.int(),
});

export const explainQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  /** `3,4`: these, instead of the nearest ones. */
  assetIds: z
    .string()
    .regex(/^\d{1,15}(,\d{1,15})*$/, 'must be ids with commas')
    .transform((text) => text.split(',').map(Number))
    .pipe(z.array(id).max(1_000))
    .optional(),
});
export const explainAnswer = z.object({
  items: z.array(
    z.object({
      assetId: z.int(),
      name: z.string().nullable(),
      playing: z.boolean(),
      /** Empty: it may be taken next. */
      reasons: z.array(z.string()),
      distanceM: z.number().nullable(),
    }),
  ),
});

export const audibleQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});
/** Recordings around a listener that their choices allow, the nearest first. */
export const audibleAnswer = z.object({
  items: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      latitude: z.number(),
      longitude: z.number(),
      tagIds: z.array(z.int()),
      userId: z.int().nullable(),
      mediaUrl: z.string().nullable(),
      mediaType: z.enum(['audio', 'photo', 'text', 'video']),
    }),
  ),
});

export const voteCreate = z.strictObject({
  assetId: id,
  kind: z.enum(['like', 'flag', 'rate', 'block_asset', 'block_user']),
  value: z.int().min(-1_000).max(1_000).nullable().optional(),
});
/** `voted` false: an equal vote of this session was taken back. */
export const voteAnswer = z.object({
  assetId: z.int(),
  kind: z.string(),
  voted: z.boolean(),
  value: z.int().nullable(),
  likes: z.int(),
});

export const envelopeAnswer = z.object({ id: z.int() });

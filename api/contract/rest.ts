import { z } from 'zod';

export const role = z.enum(['viewer', 'operator', 'admin']);
export type Role = z.infer<typeof role>;

/** RFC 9457 answer of every failed call. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** Names the field or thing and the remedy. */
  detail: z.string(),
  code: z.string(),
  requestId: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problem>;

export const loginRequest = z.strictObject({
  username: z.string().min(1).max(128),
  password: z.string().min(1).max(512),
});
export const me = z.object({ id: z.string(), username: z.string(), role });
export type Me = z.infer<typeof me>;

const latitude = z.number().min(-90).max(90);
const longitude = z.number().min(-180).max(180);
export const position = z.strictObject({ latitude, longitude });
export type Position = z.infer<typeof position>;

export const deviceCreate = z.strictObject({
  id: z.string().min(1).max(128),
  name: z.string().max(200).optional(),
  protocol: z.string().min(1).max(32).default('native'),
});
export const devicePatch = z.strictObject({ name: z.string().min(1).max(200) });
export const parameterSet = z.strictObject({
  name: z.string().min(1).max(128),
  value: z.union([z.number(), z.string().max(4_096), z.boolean()]),
});
export const commandResult = z.object({
  id: z.string(),
  deviceId: z.string(),
  name: z.string(),
  value: z.union([z.number(), z.string(), z.boolean()]),
  state: z.enum(['pending', 'queued', 'confirmed', 'refused', 'unanswered', 'offline', 'expired']),
  createdAtUnixMs: z.number(),
  settledAtUnixMs: z.number().nullable(),
  by: z.string(),
  /** Queued until then; null: it does not wait. */
  expiresAtUnixMs: z.number().nullable().optional(),
  /** The device's words when it refused, or why it ended. */
  detail: z.string().nullable().optional(),
});

export const samplesAppend = z.strictObject({
  deviceId: z.string().min(1).max(128),
  samples: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(128),
        /** Unix ms; absent: the time of arrival. */
        atUnixMs: z.number().positive().optional(),
        value: z.union([z.number(), z.string().max(4_096), z.boolean()]),
      }),
    )
    .min(1)
    .max(10_000),
});

export const aggregation = z.enum(['avg', 'min', 'max', 'sum', 'count', 'last', 'minmax']);
/** Query string of `GET /v1/series`. `channel` is a number or `<device>/<parameter>`, several with commas. */
export const seriesQuery = z.object({
  channel: z.string().min(1).max(4_000),
  from: z.coerce.number(),
  to: z.coerce.number(),
  intervalMs: z.coerce.number().int().min(0).optional(),
  aggregation: aggregation.default('avg'),
  maxPoints: z.coerce.number().int().min(2).max(100_000).default(2_000),
  /** No sample for so many usual intervals is a gap; 0: none are told. */
  gapFactor: z.coerce.number().min(0).max(1_000).default(3),
});
export const seriesAnswer = z.object({
  source: z.enum(['raw', '1m', '1h', '1d']),
  intervalMs: z.number(),
  series: z.array(
    z.object({
      channel: z.int(),
      name: z.string(),
      unit: z.string().nullable(),
      atUnixMs: z.array(z.number()),
      value: z.array(z.union([z.number(), z.string()])),
      /** Times without samples: a line is not drawn across them. */
      gaps: z.array(z.object({ fromUnixMs: z.number(), toUnixMs: z.number() })).optional(),
    }),
  ),
});
export type SeriesAnswer = z.infer<typeof seriesAnswer>;

/** Query string of `GET /v1/series/export`. Without `intervalMs` its rows are the samples themselves. */
export const seriesExportQuery = z.object({
  channel: z.string().min(1).max(4_000),
  from: z.coerce.number(),
  to: z.coerce.number(),
  intervalMs: z.coerce.number().int().min(0).optional(),
  aggregation: aggregation.default('avg'),
  format: z.enum(['csv', 'parquet']).default('csv'),
});

/** Query string of `GET /v1/events`; the newest come first. */
export const eventsQuery = z.object({
  kind: z.string().min(1).max(64).optional(),
  subject: z.string().min(1).max(300).optional(),
  from: z.coerce.number(),
  to: z.coerce.number(),
  limit: z.coerce.number().int().min(1).max(10_000).default(200),
});
export const eventsAnswer = z.object({
  events: z.array(
    z.object({
      atUnixMs: z.number(),
      kind: z.string(),
      subject: z.string(),
      detail: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** Everything a map needs: `GET /v1/projects/{id}/map`. Shapes are GeoJSON-ordered (longitude, latitude). */
export const projectMap = z.object({
  id: z.int(),
  name: z.string(),
  center: position,
  /** Corners of the site plan image, clockwise from north-west, or null: plain grid. */
  plan: z
    .object({ url: z.string(), corners: z.array(z.tuple([z.number(), z.number()])).length(4) })
    .nullable(),
  /** The active ones. */
  speakers: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      shape: z.array(z.array(z.array(z.tuple([z.number(), z.number()])))),
      attenuationM: z.number(),
      minVolume: z.number(),
      maxVolume: z.number(),
    }),
  ),
  /** Submitted assets with sound and a place, at most 5,000. */
  recordings: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      position,
      radiusM: z.number(),
      tagIds: z.array(z.int()),
    }),
  ),
});
export type ProjectMap = z.infer<typeof projectMap>;

/** Paged REST list. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ total: z.int(), offset: z.int(), limit: z.int(), items: z.array(item) });

/** One supervised thing, see `ActorRow`. */
export const actorRow = z.object({
  id: z.string(),
  kind: z.string(),
  shard: z.string(),
  parent: z.string(),
  state: z.string(),
  sinceUnixMs: z.number(),
  restarts: z.int(),
  lastError: z.string().nullable(),
  mailboxDepth: z.int(),
});
/** Query string of `GET /v1/actors`. */
export const actorsQuery = z.strictObject({
  kind: z.string().min(1).max(64).optional(),
  state: z.string().min(1).max(64).optional(),
  shard: z.string().min(1).max(64).optional(),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export const actorsAnswer = z.object({
  /** Actors that match, on this and other pages. */
  total: z.int(),
  /** Offset of the next page, or null on the last. */
  next: z.int().nullable(),
  rows: z.array(actorRow),
});
export const actorCommandAnswer = z.object({ id: z.string(), done: z.boolean() });

const healthCheck = z.object({ name: z.string(), ok: z.boolean(), detail: z.string() });
export const readyAnswer = z.object({ ready: z.boolean(), checks: z.array(healthCheck) });
export type ReadyAnswer = z.infer<typeof readyAnswer>;
const storeRow = z.looseObject({
  id: z.string(),
  home: z.string(),
  state: z.enum(['up', 'away', 'starting', 'off']),
  latencyMs: z.number().nullable(),
  rowsPerSecond: z.number().nullable(),
  pendingRows: z.int().nullable(),
  spoolBytes: z.number().nullable(),
  lastError: z.string().nullable(),
});
const shardRow = z.looseObject({
  id: z.string(),
  kind: z.enum(['device', 'media', 'plugin', 'main', 'rule', 'notify']),
  state: z.enum(['starting', 'running', 'stuck', 'lost', 'stopped']),
  actors: z.int(),
  restarts: z.int(),
  loopDelayMs: z.number(),
  loopDelayP99Ms: z.number(),
  heapBytes: z.number(),
  lastError: z.string().nullable(),
});
/** `GET /v1/health`: rows as in the live resources `stores` and `shards`, and rates a second. */
export const healthAnswer = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  uptimeS: z.number(),
  stores: z.array(storeRow),
  shards: z.array(shardRow),
  rates: z.record(z.string(), z.number()),
});

import { z } from 'zod';

/** Recordings, the journal, notes on the time axis: `/v1/experiments`, `/v1/journal`, `/v1/annotations`. Times are Unix ms. */

const text = (most: number) => z.string().max(most);
const time = z.number().min(0);
const channelNames = z.array(z.string().min(1).max(400)).max(1_000).default([]);

export const HISTORY = {
  experiments: {
    path: 'experiments',
    singular: 'a recording',
    input: {
      name: text(200).min(1),
      notes: text(10_000).default(''),
      /** `<device>/<parameter>`; empty: every signal. */
      channels: channelNames,
    },
    server: {
      publicId: z.string(),
      startedAtUnixMs: time.nullable(),
      stoppedAtUnixMs: time.nullable(),
      ownerId: z.string().nullable(),
      createdAtUnixMs: time,
    },
  },
  journal: {
    path: 'journal',
    singular: 'a line of the operators’ log',
    input: {
      level: z.enum(['error', 'warning', 'info']).default('info'),
      text: text(4_000).min(1),
      read: z.boolean().default(false),
    },
    server: {
      publicId: z.string(),
      atUnixMs: time,
      by: z.string(),
      ownerId: z.string().nullable(),
    },
  },
  annotations: {
    path: 'annotations',
    singular: 'a note on the time axis',
    input: {
      fromUnixMs: time,
      /** Null: a moment. */
      toUnixMs: time.nullable().default(null),
      text: text(2_000).min(1),
      /** Channels it belongs to; empty: all. */
      channels: channelNames,
      tags: z.array(text(100).min(1)).max(50).default([]),
    },
    server: { by: z.string() },
  },
  signals: {
    path: 'signals',
    singular: 'a signal: a name, limits and a unit for a channel',
    input: {
      name: text(255).min(1),
      minimum: z.number().min(-1e300).max(1e300),
      maximum: z.number().min(-1e300).max(1e300),
      unit: text(255).default(''),
      type: z
        .enum(['sensor', 'actuator', 'range', 'cmd_button', 'cmd_opened', 'cmd_closed'])
        .default('sensor'),
      deviceId: text(200).min(1),
      parameter: text(100).min(1),
    },
    server: {
      publicId: z.string(),
      ownerId: z.string().nullable(),
      createdAtUnixMs: time,
    },
  },
} as const;

const row = <I extends z.ZodRawShape, S extends z.ZodRawShape>(of: {
  readonly input: I;
  readonly server: S;
}) => z.object({ id: z.int(), ...of.input, ...of.server });

export const experiment = row(HISTORY.experiments);
export type Experiment = z.infer<typeof experiment>;

/** Query string of `GET /v1/experiments/compare`. */
export const experimentsCompareQuery = z.object({
  /** Numbers with commas between them. */
  ids: z
    .string()
    .regex(/^\d{1,15}(,\d{1,15}){0,19}$/, 'must be 1 to 20 ids with commas between them')
    .transform((ids) => [...new Set(ids.split(',').map(Number))]),
  /** `<device>/<parameter>`, several with commas; absent: what each of them recorded. */
  channel: z.string().min(1).max(4_000).optional(),
  aggregation: z.enum(['avg', 'min', 'max', 'last', 'minmax']).default('minmax'),
  /** Of each series. */
  maxPoints: z.coerce.number().int().min(2).max(20_000).default(1_000),
});

export const experimentsCompareAnswer = z.object({
  runs: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      startedAtUnixMs: z.number(),
      /** Until now when it still runs. */
      durationMs: z.number(),
      series: z.array(
        z.object({
          name: z.string(),
          unit: z.string().nullable(),
          /** Since its start. */
          atMs: z.array(z.number()),
          value: z.array(z.union([z.number(), z.string()])),
        }),
      ),
    }),
  ),
});

/** Body of `POST /v1/sql`. */
export const sqlQuery = z.strictObject({
  sql: z.string().min(1).max(20_000),
  format: z.enum(['json', 'csv']).default('json'),
  /** A statement with more rows is broken off with an error. */
  maxRows: z.int().min(1).max(1_000_000).default(100_000),
  maxSeconds: z.int().min(1).max(300).default(30),
});

export const sqlAnswer = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.unknown())),
});

const channelList = z.string().min(1).max(4_000);

/** Query string of `GET /v1/series/statistics`. */
export const statisticsOfSeriesQuery = z.object({
  channel: channelList,
  from: z.coerce.number(),
  to: z.coerce.number(),
  /** Ends of a range, to hear how long values were within it; one alone is open on the other side. */
  low: z.coerce.number().min(-1e300).max(1e300).optional(),
  high: z.coerce.number().min(-1e300).max(1e300).optional(),
});

const sample = z.object({ atUnixMs: z.number(), value: z.union([z.number(), z.string()]) });
export const statisticsOfSeriesAnswer = z.object({
  /** `raw`: from the samples; else from that roll-up, which knows neither spread nor first value. */
  source: z.enum(['raw', '1m', '1h', '1d']),
  /** Levels of `percentiles`. */
  levels: z.array(z.number()),
  channels: z.array(
    z.object({
      name: z.string(),
      unit: z.string().nullable(),
      count: z.int(),
      min: z.number().nullable(),
      max: z.number().nullable(),
      avg: z.number().nullable(),
      stddev: z.number().nullable(),
      percentiles: z.array(z.number()).nullable(),
      first: sample.nullable(),
      last: sample.nullable(),
      /** How long each value stood, ms; null: it has more than 20 different ones. */
      states: z.record(z.string(), z.number()).nullable(),
      /** Between `low` and `high`, of the time in which a value is known, ms; null: not asked, or samples are not kept. */
      within: z.object({ insideMs: z.number(), knownMs: z.number() }).nullable(),
    }),
  ),
});
export type SeriesStatistics = z.infer<typeof statisticsOfSeriesAnswer>;

/** Query string of `GET /v1/series/compare`: the period `from` … `to`, and one as long that begins at `otherFrom`. */
export const periodsQuery = z.object({
  channel: channelList,
  from: z.coerce.number(),
  to: z.coerce.number(),
  otherFrom: z.coerce.number(),
  aggregation: z.enum(['avg', 'min', 'max', 'sum', 'count', 'last', 'minmax']).default('avg'),
  maxPoints: z.coerce.number().int().min(2).max(20_000).default(1_000),
});

const period = z.object({
  /** Since the start of the period. */
  atMs: z.array(z.number()),
  value: z.array(z.union([z.number(), z.string()])),
  avg: z.number().nullable(),
});
export const periodsAnswer = z.object({
  intervalMs: z.number(),
  channels: z.array(
    z.object({
      name: z.string(),
      unit: z.string().nullable(),
      period,
      other: period,
      /** Average of the period less that of the other. */
      difference: z.number().nullable(),
    }),
  ),
});
export type PeriodsAnswer = z.infer<typeof periodsAnswer>;

/** A file that is made in the background. */
export const exportJob = z.object({
  id: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  format: z.enum(['csv', 'json', 'parquet']),
  title: z.string(),
  by: z.string(),
  /** 0 to 1; of Parquet 0 until it is done. */
  progress: z.number(),
  /** Written so far. */
  bytes: z.int(),
  createdAtUnixMs: z.number(),
  finishedAtUnixMs: z.number().nullable(),
  /** The file goes then. */
  expiresAtUnixMs: z.number().nullable(),
  error: z.string().nullable(),
});
export type ExportJob = z.infer<typeof exportJob>;

/** Body of `POST /v1/exports`: channels by name, or all of a device, or all. */
export const exportWish = z.strictObject({
  channels: z.array(z.string().min(1).max(400)).min(1).max(1_000).optional(),
  deviceId: z.string().min(1).max(128).optional(),
  all: z.literal(true).optional(),
  fromUnixMs: z.number().min(0),
  toUnixMs: z.number().min(0),
  format: z.enum(['csv', 'json', 'parquet']).default('csv'),
  /** Absent: the samples themselves. */
  aggregation: z.enum(['avg', 'min', 'max', 'sum', 'count', 'last', 'minmax']).optional(),
  /** Of the buckets; a whole minute, hour or day where samples are not kept any more. */
  intervalMs: z.int().min(1_000).max(31_536_000_000).default(60_000),
});
export type ExportWish = z.infer<typeof exportWish>;

/** How the removal of what is too old stands: `GET /v1/retention-overrides/status`. */
export const retentionStatus = z.object({
  state: z.enum(['waiting', 'running', 'failed']),
  /** With a time of their own. */
  channels: z.int(),
  lastRunUnixMs: z.number().nullable(),
  lastRowsRemoved: z.int(),
  /** Since the start of the engine. */
  rowsRemoved: z.int(),
  lastError: z.string().nullable(),
});
export type RetentionStatus = z.infer<typeof retentionStatus>;

/** `/v1/retention-overrides`: days kept of a device or a channel, less than the site's; 0: as the site. */
export const RETENTION = {
  path: 'retention-overrides',
  singular: 'how long a device or a channel is kept',
  input: {
    scope: z.enum(['device', 'channel']),
    /** Device id, or `<device>/<parameter>`. */
    scopeId: z.string().min(1).max(400),
    rawDays: z.int().min(0).max(36_500),
    rollupDays: z.int().min(0).max(36_500),
  },
  server: {},
} as const;

const correctionRange = {
  channels: z.array(z.string().min(1).max(400)).min(1).max(100),
  fromUnixMs: z.number().min(0),
  toUnixMs: z.number().min(0),
};
/** Body of `POST /v1/samples/corrections`. */
export const correction = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('set'),
    channel: z.string().min(1).max(400),
    /** A sample that is there at the same time is replaced. */
    samples: z
      .array(
        z.strictObject({
          atUnixMs: z.number().positive(),
          value: z.union([z.number(), z.string().max(4_096)]),
        }),
      )
      .min(1)
      .max(10_000),
    reason: z.string().max(1_000).default(''),
  }),
  z.strictObject({
    action: z.literal('delete'),
    ...correctionRange,
    reason: z.string().max(1_000).default(''),
  }),
  z.strictObject({
    action: z.literal('shift'),
    ...correctionRange,
    byMs: z.number().min(-31_536_000_000).max(31_536_000_000),
    reason: z.string().max(1_000).default(''),
  }),
]);

export const correctionAnswer = z.object({
  /** Samples of these channels in the hours that were touched. */
  before: z.int(),
  after: z.int(),
  /** Channel-hours whose roll-ups are recomputed within seconds. */
  channelHours: z.int(),
});

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

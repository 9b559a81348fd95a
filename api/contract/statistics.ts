import { z } from 'zod';

const range = {
  projectId: z.coerce.number().int().positive().optional(),
  /** Unix ms. */
  from: z.coerce.number(),
  to: z.coerce.number(),
};
const timezone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9_+\-/]+$/)
  .default('UTC');

/** Query string of `GET /v1/statistics`. Without a project: all of them, and no grid of places. */
export const statisticsQuery = z.object({
  ...range,
  interval: z.enum(['hour', 'day']).default('day'),
  /** IANA name: where days begin. */
  timezone,
  /** Of the list of assets. */
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  /** Edge of a cell of the heat map, metres. */
  cellM: z.coerce.number().min(1).max(10_000).default(10),
});

/** Query string of `GET /v1/statistics/export`. */
export const statisticsExportQuery = statisticsQuery.extend({
  part: z.enum(['times', 'assets', 'places']),
});

export const statisticsAnswer = z.object({
  totals: z.object({
    /** Begun in the range. */
    sessions: z.int(),
    /** Seconds that somebody listened, all sessions together. */
    listeningS: z.number(),
    /** Times that an asset was heard. */
    heard: z.int(),
  }),
  /** Only intervals in which something happened, in order; `atUnixMs`: their beginning. */
  times: z.array(
    z.object({
      atUnixMs: z.number(),
      sessions: z.int(),
      listeningS: z.number(),
      heard: z.int(),
    }),
  ),
  /** Most heard first. */
  assets: z.array(
    z.object({
      assetId: z.int(),
      /** Null: it is gone. */
      name: z.string().nullable(),
      heard: z.int(),
      /** Different sessions that heard it. */
      sessions: z.int(),
      seconds: z.number(),
    }),
  ),
  /** Middle of each cell in which somebody listened, the longest first, at most 10,000. */
  places: z.array(z.object({ latitude: z.number(), longitude: z.number(), seconds: z.number() })),
  cellM: z.number(),
});
export type StatisticsAnswer = z.infer<typeof statisticsAnswer>;

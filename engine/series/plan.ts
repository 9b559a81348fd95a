import type { Aggregation, SeriesAnswer, SeriesQuery } from './series.types.js';

export type SeriesSource = SeriesAnswer['source'];

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Sources from coarse to fine, with the width of their buckets. */
const SOURCES: readonly (readonly [source: SeriesSource, widthMs: number])[] = [
  ['1d', DAY_MS],
  ['1h', HOUR_MS],
  ['1m', MINUTE_MS],
  ['raw', 1],
];

/** How far back each source reaches, Unix ms; rows before it are gone. */
export type SourceHorizon = Readonly<Record<SeriesSource, number>>;

/** What is gone of some channels that are kept for another time than the site's; 0: nothing. */
export interface ChannelHorizon {
  readonly rawFromUnixMs: number;
  readonly rollupFromUnixMs: number;
}

/** Of the site and of the channels asked for: where one of them has lost its rows none is read there. */
export function horizonOf(site: SourceHorizon, channels: ChannelHorizon): SourceHorizon {
  const { rawFromUnixMs, rollupFromUnixMs } = channels;
  return {
    raw: Math.max(site.raw, rawFromUnixMs),
    '1m': Math.max(site['1m'], rollupFromUnixMs),
    '1h': Math.max(site['1h'], rollupFromUnixMs),
    '1d': Math.max(site['1d'], rollupFromUnixMs),
  };
}

export interface SeriesPlan {
  readonly source: SeriesSource;
  /** 0: the samples themselves. */
  readonly intervalMs: number;
}

/** True when samples may stand for themselves: a sum or count of one sample would say something else. */
export function samplesWillDo(query: SeriesQuery): boolean {
  return (
    !(query.intervalMs !== undefined && query.intervalMs > 0) && !isAdditive(query.aggregation)
  );
}

function isAdditive(aggregation: Aggregation): boolean {
  return aggregation === 'sum' || aggregation === 'count';
}

/**
 * Bucket width and the coarsest table that has it and still holds the range. A given width is kept where such a table
 * has it and the points fit; else it grows to the next whole minute, hour or day.
 */
export function planBuckets(query: SeriesQuery, horizon: SourceHorizon): SeriesPlan {
  const spanMs = Math.max(1, query.toUnixMs - query.fromUnixMs);
  const perBucket = query.aggregation === 'minmax' ? 2 : 1;
  const maxBuckets = Math.max(1, Math.floor(query.maxPoints / perBucket));
  const asked = query.intervalMs !== undefined && query.intervalMs > 0 ? query.intervalMs : 1;
  const held = heldAt(query.fromUnixMs, horizon);
  const finestMs = held.at(-1)?.[1] ?? 1;
  let intervalMs = asked;
  if (bucketsOf(query, intervalMs) > maxBuckets) {
    // One bucket more than the span needs, since buckets are aligned to the clock and not to the range.
    intervalMs = roundUp(Math.ceil(spanMs / Math.max(1, maxBuckets - 1)));
  }
  intervalMs = Math.max(intervalMs, finestMs);
  if (finestMs > 1) intervalMs = Math.ceil(intervalMs / finestMs) * finestMs;
  while (bucketsOf(query, intervalMs) > maxBuckets) {
    intervalMs = Math.ceil(roundUp(intervalMs * 2) / finestMs) * finestMs;
  }
  const widest = held.find(([, widthMs]) => intervalMs % widthMs === 0);
  return { source: widest?.[0] ?? 'raw', intervalMs };
}

/** The finest source that still holds what was at `fromUnixMs`; when none does, the one that reaches furthest back. */
export function finestAt(fromUnixMs: number, horizon: SourceHorizon): SeriesSource {
  return heldAt(fromUnixMs, horizon).at(-1)?.[0] ?? 'raw';
}

function heldAt(fromUnixMs: number, horizon: SourceHorizon): typeof SOURCES {
  const held = SOURCES.filter(([source]) => fromUnixMs >= horizon[source]);
  if (held.length > 0) return held;
  const earliest = Math.min(...SOURCES.map(([source]) => horizon[source]));
  return SOURCES.filter(([source]) => horizon[source] === earliest);
}

function bucketsOf(query: SeriesQuery, intervalMs: number): number {
  const first = Math.floor(query.fromUnixMs / intervalMs);
  return Math.floor((query.toUnixMs - 1) / intervalMs) - first + 1;
}

/** Up to a width that a rollup has: reading 40-second buckets costs every raw row, a minute costs one row. */
function roundUp(intervalMs: number): number {
  if (intervalMs > HOUR_MS * 12) return Math.ceil(intervalMs / DAY_MS) * DAY_MS;
  if (intervalMs > MINUTE_MS * 30) return Math.ceil(intervalMs / HOUR_MS) * HOUR_MS;
  if (intervalMs > 20_000) return Math.ceil(intervalMs / MINUTE_MS) * MINUTE_MS;
  return intervalMs;
}

const RANGE = `channel IN {channels:Array(UInt32)}
    AND at >= fromUnixTimestamp64Micro({fromUs:Int64}, 'UTC')
    AND at < fromUnixTimestamp64Micro({toUs:Int64}, 'UTC')`;

/** Of numbers, each once: rows of one key that are not merged yet are merged while reading. */
export const SAMPLES = `(SELECT channel, at, value FROM samples FINAL WHERE ${RANGE})`;
export const TEXTS = `(SELECT channel, at, value FROM samples_text FINAL WHERE ${RANGE})`;

const toMs = (at: string) => `toUnixTimestamp64Micro(${at}) / 1000`;

/** Samples themselves, as `channel, atUnixMs, value`; at most `{maxPoints}` a channel. */
export function pointsSql(from: string): string {
  return `SELECT channel, ${toMs('at')} AS ms, value FROM ${from}
    ORDER BY channel, at LIMIT {maxPoints:UInt32} BY channel`;
}

const ROLLUP_VALUE: Readonly<Record<Aggregation, string>> = {
  avg: 'sum(total) / sum(points)',
  min: 'min(minimum)',
  max: 'max(maximum)',
  sum: 'sum(total)',
  count: 'sum(points)',
  last: 'argMaxMerge(lastValue)',
  minmax: '',
};

const RAW_VALUE: Readonly<Record<Aggregation, string>> = {
  avg: 'avg(value)',
  min: 'min(value)',
  max: 'max(value)',
  sum: 'sum(value)',
  count: 'count()',
  last: 'argMax(value, at)',
  minmax: '',
};

/**
 * Buckets as `channel, atUnixMs, value`; a bucket's time is its start. `minmax` gives two rows a bucket: from raw
 * samples with the times they had, from rollups at the start and in the middle.
 */
export function bucketsSql(source: SeriesSource, aggregation: Aggregation): string {
  const bucket = (ms: string) => `intDiv(${ms}, {intervalMs:Int64}) * {intervalMs:Int64}`;
  if (source === 'raw') {
    const start = bucket('toUnixTimestamp64Milli(at)');
    const from = `${SAMPLES} WHERE isFinite(value) GROUP BY channel, bucket`;
    if (aggregation !== 'minmax') {
      return `SELECT channel, toFloat64(${start} AS bucket) AS ms, toFloat64(${RAW_VALUE[aggregation]}) AS result
        FROM ${from} ORDER BY channel, ms`;
    }
    return `SELECT channel, ${toMs('point.1')} AS ms, point.2 AS result FROM (
        SELECT channel, ${start} AS bucket, arrayJoin(arrayDistinct(
          [(argMin(at, value), min(value)), (argMax(at, value), max(value))])) AS point FROM ${from})
      ORDER BY channel, ms`;
  }
  const seconds = { '1m': 60, '1h': 3_600, '1d': 86_400 }[source];
  // Whole seconds in 32 bits: a third less of the store's time than milliseconds in 64.
  const start = 'intDiv(toUnixTimestamp(at), toUInt32(intDiv({intervalMs:Int64}, 1000)))';
  const ms = 'toFloat64(bucket) * {intervalMs:Int64}';
  const from = `samples_${source} WHERE channel IN {channels:Array(UInt32)}
    AND at >= toDateTime(intDiv(intDiv({fromUs:Int64}, 1000000), ${seconds}) * ${seconds}, 'UTC')
    AND at < toDateTime(intDiv({toUs:Int64} + 999999, 1000000), 'UTC') GROUP BY channel, bucket`;
  if (aggregation !== 'minmax') {
    return `SELECT channel, ${ms} AS ms, toFloat64(${ROLLUP_VALUE[aggregation]}) AS result, ${start} AS bucket
      FROM ${from} ORDER BY channel, bucket`;
  }
  return `SELECT channel, point.1 AS ms, point.2 AS result FROM (
      SELECT channel, ${start} AS bucket, arrayJoin([(${ms}, min(minimum)),
        (${ms} + {intervalMs:Int64} / 2, max(maximum))]) AS point FROM ${from})
    ORDER BY channel, ms`;
}

/** Last text of every bucket, with the time it had. */
export const TEXT_BUCKETS = `SELECT channel, ${toMs('max(at)')} AS ms, argMax(value, at) AS result FROM ${TEXTS}
  GROUP BY channel, intDiv(toUnixTimestamp64Milli(at), {intervalMs:Int64}) ORDER BY channel, ms`;

const HORIZON_ROWS = 'channel_horizons FINAL WHERE channel IN {channels:Array(UInt32)}';
/** `rawFrom`, `rollupFrom`: seconds since when rows of all channels are whole; 0 where nothing is gone. */
export const HORIZON_SQL = `SELECT max(rawFrom), max(rollupFrom) FROM ${HORIZON_ROWS}`;

/** Most numbers, then most texts, any channel has in the range, from a rollup: 1,440 rows a day. Then as `HORIZON_SQL`. */
export function countSql(spanMs: number): string {
  const table = spanMs > 2 * DAY_MS ? 'samples_1h' : 'samples_1m';
  return `SELECT
    (SELECT max(n) FROM (SELECT sum(points) AS n FROM ${table} WHERE ${RANGE} GROUP BY channel)) AS numbers,
    (SELECT max(n) FROM (SELECT count() AS n FROM samples_text WHERE ${RANGE} GROUP BY channel)) AS texts,
    (SELECT max(rawFrom) FROM ${HORIZON_ROWS}) AS rawFrom,
    (SELECT max(rollupFrom) FROM ${HORIZON_ROWS}) AS rollupFrom`;
}

/** Most numbers any channel has in a range that roll-ups do not hold. */
export const COUNT_RAW = `SELECT max(n) FROM (SELECT count() AS n FROM samples WHERE ${RANGE} GROUP BY channel)`;

/** Rows of an export, numbers only or with texts among them. */
export function exportSql(withText: boolean, asText: boolean): string {
  if (!withText) return `SELECT channel, at, value FROM ${SAMPLES} ORDER BY channel, at`;
  return asText
    ? `SELECT channel, at, value FROM (SELECT channel, at, toString(value) AS value FROM ${SAMPLES}
        UNION ALL SELECT channel, at, value FROM ${TEXTS}) ORDER BY channel, at`
    : `SELECT channel, at, value, text FROM (
        SELECT channel, at, toNullable(value) AS value, CAST(NULL, 'Nullable(String)') AS text FROM ${SAMPLES}
        UNION ALL SELECT channel, at, CAST(NULL, 'Nullable(Float64)') AS value, toNullable(t.value) AS text
          FROM ${TEXTS} AS t) ORDER BY channel, at`;
}

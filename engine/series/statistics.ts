import { SAMPLES, TEXTS } from './plan.js';
import type { SeriesQueries } from './queries.js';

/** Levels of `percentiles`. */
export const PERCENTILES = [1, 5, 25, 50, 75, 95, 99] as const;
/** Channels with more different values than this have no times in states. */
const MAX_STATES = 20;

export interface ChannelStatistics {
  readonly channel: number;
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  /** Of the population; null from roll-ups, which do not know it, and of texts. */
  readonly stddev: number | null;
  /** At `PERCENTILES`; null likewise. */
  readonly percentiles: readonly number[] | null;
  readonly first: { readonly atUnixMs: number; readonly value: number | string } | null;
  readonly last: { readonly atUnixMs: number; readonly value: number | string } | null;
  /** How long each value stood, ms, from its sample to the next or the end; null: too many values, or from roll-ups. */
  readonly states: Readonly<Record<string, number>> | null;
}

interface Range {
  readonly channels: readonly number[];
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

interface Summary {
  readonly channel: number;
  readonly n: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
  readonly stddev: number | null;
  readonly q: readonly number[] | null;
  readonly firstMs: number | null;
  readonly firstValue: number | string | null;
  readonly lastMs: number;
  readonly lastValue: number | string;
  readonly kinds: number;
}

const ms = (at: string) => `toUnixTimestamp64Micro(${at}) / 1000`;
const ends = `${ms('min(at)')} AS firstMs, argMin(value, at) AS firstValue,
  ${ms('max(at)')} AS lastMs, argMax(value, at) AS lastValue,
  toUInt32(uniqUpTo(${MAX_STATES})(value)) AS kinds`;
const FINAL = 'SETTINGS do_not_merge_across_partitions_select_final = 1';

const NUMBERS = `SELECT channel, count() AS n, min(value) AS min, max(value) AS max, avg(value) AS avg,
    stddevPopStable(value) AS stddev, quantiles(${PERCENTILES.map((p) => p / 100).join(', ')})(value) AS q, ${ends}
  FROM ${SAMPLES} WHERE isFinite(value) GROUP BY channel ${FINAL}`;

const TEXT_ROWS = `SELECT channel, count() AS n, NULL AS min, NULL AS max, NULL AS avg, NULL AS stddev, NULL AS q, ${ends}
  FROM ${TEXTS} GROUP BY channel ${FINAL}`;

const rolledUp = (
  table: string,
) => `SELECT channel, sum(points) AS n, min(minimum) AS min, max(maximum) AS max,
    sum(total) / sum(points) AS avg, NULL AS stddev, NULL AS q, NULL AS firstMs, NULL AS firstValue,
    ${ms('max(lastAt)')} AS lastMs, argMaxMerge(lastValue) AS lastValue, toUInt32(1000) AS kinds
  FROM ${table} WHERE channel IN {channels:Array(UInt32)}
    AND at >= toDateTime(intDiv({fromUs:Int64}, 1000000), 'UTC')
    AND at < toDateTime(intDiv({toUs:Int64} + 999999, 1000000), 'UTC') GROUP BY channel`;

const states = (
  from: string,
) => `SELECT channel, toString(value) AS state, sum(next - us) / 1000 AS ms FROM (
    SELECT channel, value, toUnixTimestamp64Micro(at) AS us, leadInFrame(us, 1, {endUs:Int64}) OVER (
      PARTITION BY channel ORDER BY us ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next FROM ${from})
  GROUP BY channel, state ${FINAL}`;

const within = `SELECT channel, sumIf(next - us, inside) / 1000 AS insideMs, sum(next - us) / 1000 AS knownMs FROM (
    SELECT channel, value >= {low:Float64} AND value <= {high:Float64} AS inside, toUnixTimestamp64Micro(at) AS us,
      leadInFrame(us, 1, {endUs:Int64}) OVER (
        PARTITION BY channel ORDER BY us ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next
    FROM ${SAMPLES} WHERE isFinite(value))
  GROUP BY channel ${FINAL}`;

/** How long a channel's values stood between two levels. */
export interface TimeWithin {
  readonly channel: number;
  readonly insideMs: number;
  /** From the first sample to the end, or to now. */
  readonly knownMs: number;
}

/**
 * Of each channel of numbers that has samples in the range; each value stands until the next. Only while samples are
 * kept. @throws EngineError `store.away`.
 */
export async function timesWithin(
  queries: SeriesQueries,
  range: Range,
  levels: { readonly low: number; readonly high: number },
  nowUnixMs: number,
): Promise<readonly TimeWithin[]> {
  return await queries.rows<TimeWithin>(within, { ...paramsOf(range, nowUnixMs), ...levels });
}

function paramsOf(range: Range, nowUnixMs: number) {
  return {
    channels: [...range.channels],
    fromUs: Math.round(range.fromUnixMs * 1_000),
    toUs: Math.round(range.toUnixMs * 1_000),
    endUs: Math.round(Math.min(range.toUnixMs, nowUnixMs) * 1_000),
  };
}

/**
 * Figures of each channel that has samples in the range, from the samples while they are kept, else from a roll-up
 * (`table`). Values that are not finite are left out. @throws EngineError `store.away`.
 */
export async function seriesStatistics(
  queries: SeriesQueries,
  range: Range,
  table: 'raw' | 'samples_1m' | 'samples_1h' | 'samples_1d',
  nowUnixMs: number,
): Promise<readonly ChannelStatistics[]> {
  const params = paramsOf(range, nowUnixMs);
  const [numbers, texts] = await Promise.all([
    queries.rows<Summary>(table === 'raw' ? NUMBERS : rolledUp(table), params),
    table === 'raw' ? queries.rows<Summary>(TEXT_ROWS, params) : [],
  ]);
  const times = new Map<number, Record<string, number>>();
  const timed = async (rows: readonly Summary[], from: string): Promise<void> => {
    const channels = rows.filter(({ kinds }) => kinds <= MAX_STATES).map(({ channel }) => channel);
    if (channels.length === 0) return;
    const found = await queries.rows<{ channel: number; state: string; ms: number }>(states(from), {
      ...params,
      channels,
    });
    for (const row of found) {
      const known = times.get(row.channel) ?? {};
      known[row.state] = row.ms;
      times.set(row.channel, known);
    }
  };
  await Promise.all([timed(numbers, SAMPLES), timed(texts, TEXTS)]);
  return [...numbers, ...texts].map((row) => ({
    channel: row.channel,
    count: Number(row.n),
    min: row.min,
    max: row.max,
    avg: row.avg,
    stddev: row.stddev,
    percentiles: row.q,
    first:
      row.firstMs === null || row.firstValue === null
        ? null
        : { atUnixMs: row.firstMs, value: row.firstValue },
    last: { atUnixMs: row.lastMs, value: row.lastValue },
    states: times.get(row.channel) ?? null,
  }));
}

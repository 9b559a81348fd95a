import type { ClickHouseClient } from '@clickhouse/client';
import { connectSeries } from './client.js';
import { coarserBuckets, rawBuckets } from './migrations.js';
import type { SeriesAddress } from './series.types.js';

const STATEMENT_TIMEOUT_MS = 60_000;
const SECONDS_PER_HOUR = 3_600;
const SECONDS_PER_DAY = 86_400;
/** Totals that differ by less than this part of what was added up differ by the order of adding. */
const SAME_TOTAL = 1e-12;
/** Channel-hours of one step: bounds how long the writer has to wait. */
const PAIRS_PER_STEP = 256;
/** Channel-hours that are looked at for one step: more wait until some of these are done. */
const LOOKED_AT = 4_096;
/**
 * Nobody waits for a repair: it takes one core at most, and gives way on a server that knows priorities (the larger
 * the number the later; queries without one take no part).
 */
const BESIDE_THE_LOAD = { max_threads: 1, max_insert_threads: '1', priority: '100' } as const;
/** Hours this near to the end of raw retention are left as they are: a part of their rows may be gone. */
const RETENTION_MARGIN_SECONDS = 7_200;

interface DirtyRow {
  readonly writer: string;
  /** Hours since 1970. */
  readonly hour: number;
  readonly channel: number;
  readonly mark: string;
  /** No row came for it for a while. */
  readonly quiet: 0 | 1;
}

/** Buckets of channels: `channels[i]` with the one that begins at `starts[i]`, seconds since 1970. */
interface Range {
  readonly channels: readonly number[];
  readonly starts: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** A rollup, and how its rows come to be. */
interface Rollup {
  readonly table: string;
  /** Function that gives the start of a bucket of `Range` from a time. */
  readonly start: string;
  readonly widthSeconds: number;
  /** Its rows as they should be, of the buckets of a range. */
  readonly select: string;
}

const raw = (start: string) =>
  rawBuckets('samples FINAL', start, `AND ${buckets('toStartOfHour', 'samples.at')}`);

/** In this order: the last is made of the one before. */
const ROLLUPS: readonly Rollup[] = [
  {
    table: 'samples_1m',
    start: 'toStartOfHour',
    widthSeconds: SECONDS_PER_HOUR,
    select: raw('toStartOfMinute'),
  },
  {
    table: 'samples_1h',
    start: 'toStartOfHour',
    widthSeconds: SECONDS_PER_HOUR,
    select: raw('toStartOfHour'),
  },
  {
    table: 'samples_1d',
    start: 'toStartOfDay',
    widthSeconds: SECONDS_PER_DAY,
    select: coarserBuckets(
      'samples_1h',
      'toStartOfDay',
      `WHERE ${buckets('toStartOfDay', 'samples_1h.at')}`,
    ),
  },
];

export interface RepairOptions {
  readonly address: SeriesAddress;
  readonly writer: string;
  /** Also takes the marks of all writers that are not in this list. */
  readonly liveNames: readonly string[] | undefined;
  /** Days raw samples are kept, 0 for ever: older hours cannot be recomputed. */
  readonly rawDays: number;
  /** An hour is recomputed when no late row came for it for this long, ms… */
  readonly quietMs: number;
  /** …or when it has waited for this long, ms. */
  readonly maxWaitMs: number;
}

/**
 * Puts the rollups of hours right that got late or repeated rows, by the distinct raw rows. Sums and counts of a bucket
 * are corrected by one more row that holds the difference. Where a bucket has an extreme or a last value that is not in
 * the raw rows any more, the rows of its hour are taken out and recomputed ones put in.
 * A repeat of the whole is harmless; the mark is cleared last. The caller makes sure that no insert of these channels runs
 * meanwhile, and closes it.
 */
export class RollupRepair {
  readonly #options: RepairOptions;
  readonly #client: ClickHouseClient;
  readonly #closed = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Channel-hours that late rows keep coming for, and since when they wait, ms since 1970; `LOOKED_AT` at most. */
  #waiting: ReadonlyMap<string, number> = new Map();

  constructor(options: RepairOptions) {
    this.#options = options;
    this.#client = connectSeries(options.address, {
      requestTimeoutMs: STATEMENT_TIMEOUT_MS,
      maxConnections: 1,
      settings: BESIDE_THE_LOAD,
    });
  }

  /**
   * @param which `due`: those that wait for no more rows, or for too long; `all` that are marked
   * @returns how many channel-hours were put right; 0 when there are none of these
   */
  step(nowUnixMs: number, which: 'due' | 'all'): Promise<number> {
    const step = this.#step(nowUnixMs, which);
    this.#running = step.then(
      () => undefined,
      () => undefined,
    );
    return step;
  }

  /** Resolves when no step runs: only then may rows of its hours be inserted. */
  idle(): Promise<void> {
    return this.#running;
  }

  /** Breaks a running step off: its marks stay, and it is done again by the next writer. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#running;
    await this.#client.close();
  }

  async #step(nowUnixMs: number, which: 'due' | 'all'): Promise<number> {
    const marked = await this.#oldest(
      which === 'all' ? undefined : nowUnixMs - this.#options.quietMs,
    );
    const dirty = this.#due(marked, nowUnixMs);
    if (dirty.length === 0) return 0;
    const nowSeconds = nowUnixMs / 1_000;
    const { rawDays } = this.#options;
    const keptFrom =
      rawDays === 0 ? 0 : nowSeconds - rawDays * SECONDS_PER_DAY + RETENTION_MARGIN_SECONDS;
    const own = await this.#horizons(dirty);
    const kept = dirty.filter(
      ({ hour, channel }) => hour * SECONDS_PER_HOUR >= Math.max(keptFrom, own.get(channel) ?? 0),
    );
    if (kept.length > 0) await this.#recompute(kept);
    await this.#clear(dirty, nowSeconds);
    return dirty.length;
  }

  /** Those to do now. What late rows keep coming for waits, so that one hour is not recomputed again and again. */
  #due(marked: readonly DirtyRow[], nowUnixMs: number): readonly DirtyRow[] {
    const waiting = new Map<string, number>();
    const due = marked.filter(({ writer, hour, channel, quiet }) => {
      if (quiet === 1) return true;
      const key = `${hour} ${channel} ${writer}`;
      const sinceUnixMs = this.#waiting.get(key) ?? nowUnixMs;
      if (nowUnixMs - sinceUnixMs >= this.#options.maxWaitMs) return true;
      waiting.set(key, sinceUnixMs);
      return false;
    });
    this.#waiting = waiting;
    const now = due.slice(0, PAIRS_PER_STEP);
    // What has waited for long enough and has no room in this step goes with the next.
    for (const { writer, hour, channel, quiet } of due.slice(PAIRS_PER_STEP)) {
      if (quiet === 0) waiting.set(`${hour} ${channel} ${writer}`, 0);
    }
    return now;
  }

  /** @param quietBeforeUnixMs newest mark of an hour that counts as quiet; undefined: all do */
  async #oldest(quietBeforeUnixMs: number | undefined): Promise<readonly DirtyRow[]> {
    const { writer, liveNames } = this.#options;
    const mine =
      liveNames === undefined
        ? 'writer = {writer:String}'
        : '(writer = {writer:String} OR writer NOT IN {live:Array(String)})';
    const isQuiet =
      quietBeforeUnixMs === undefined ? 'true' : 'max(marked) <= {quietBeforeUs:UInt64}';
    const answer = await this.#client.query({
      abort_signal: this.#closed.signal,
      query: `SELECT writer, hour, channel, toString(max(marked)) AS mark, toUInt8(${isQuiet}) AS quiet
        FROM rollup_dirty WHERE ${mine}
        GROUP BY writer, hour, channel HAVING max(marked) > max(cleared)
        ORDER BY quiet DESC, hour, channel LIMIT ${LOOKED_AT}`,
      query_params: {
        writer,
        live: [...(liveNames ?? [])],
        quietBeforeUs: Math.max(0, Math.round((quietBeforeUnixMs ?? 0) * 1_000)),
      },
      format: 'JSONEachRow',
    });
    return answer.json();
  }

  /** Channels whose raw rows are kept for a shorter time: seconds from when on they are whole. */
  async #horizons(dirty: readonly DirtyRow[]): Promise<ReadonlyMap<number, number>> {
    const answer = await this.#client.query({
      abort_signal: this.#closed.signal,
      query: `SELECT channel, rawFrom FROM channel_horizons FINAL
        WHERE channel IN {channels:Array(UInt32)}`,
      query_params: { channels: [...new Set(dirty.map(({ channel }) => channel))] },
      format: 'JSONEachRow',
    });
    const rows = await answer.json<{ channel: number; rawFrom: number }>();
    return new Map(rows.map(({ channel, rawFrom }) => [channel, rawFrom]));
  }

  async #recompute(dirty: readonly DirtyRow[]): Promise<void> {
    for (const rollup of ROLLUPS) {
      const range = rangeOf(rollup, dirty);
      const wrong = await this.#beyondCorrection(rollup, range);
      if (wrong.size > 0) await this.#replace(rollup, subset(range, wrong));
      await this.#correct(rollup, range);
    }
  }

  /** Keys of the buckets of a range that no further row puts right. */
  async #beyondCorrection(rollup: Rollup, range: Range): Promise<ReadonlySet<string>> {
    const answer = await this.#client.query({
      abort_signal: this.#closed.signal,
      query: `SELECT DISTINCT h.channel AS channel, toUnixTimestamp(${rollup.start}(h.at)) AS start
        FROM (${asStored(rollup)}) AS h
        LEFT JOIN (${rollup.select}) AS w ON h.channel = w.channel AND h.at = w.at
        WHERE w.points = 0 OR h.minimum < w.minimum OR h.maximum > w.maximum OR h.lastAt > w.lastAt
          OR (h.lastAt = w.lastAt AND h.last != finalizeAggregation(w.lastValue))
          OR NOT isFinite(w.total - h.total)`,
      query_params: { ...range },
      format: 'JSONEachRow',
    });
    const rows = await answer.json<{ channel: number; start: number }>();
    return new Set(rows.map(({ channel, start }) => `${channel} ${start}`));
  }

  /** Adds what is missing in buckets, and takes away what is too much: counts are modulo 2⁶⁴, as their sums are. */
  async #correct(rollup: Rollup, range: Range): Promise<void> {
    await this.#client.command({
      abort_signal: this.#closed.signal,
      query: `INSERT INTO ${rollup.table} (channel, at, minimum, maximum, total, points, lastAt, lastValue)
        SELECT w.channel, w.at, w.minimum, w.maximum, w.total - h.total, toUInt64(w.points - h.points),
          w.lastAt, w.lastValue
        FROM (${rollup.select}) AS w
        LEFT JOIN (${asStored(rollup)}) AS h ON w.channel = h.channel AND w.at = h.at
        WHERE w.points != h.points OR w.minimum != h.minimum OR w.maximum != h.maximum OR w.lastAt != h.lastAt
          OR abs(w.total - h.total) > ${SAME_TOTAL} * w.points * greatest(abs(w.minimum), abs(w.maximum))`,
      query_params: { ...range },
      clickhouse_settings: { insert_deduplicate: 0 },
    });
  }

  async #replace({ table, start, select }: Rollup, range: Range): Promise<void> {
    await this.#client.command({
      abort_signal: this.#closed.signal,
      query: `DELETE FROM ${table} WHERE ${buckets(start, 'at')}`,
      query_params: { ...range },
      clickhouse_settings: { lightweight_deletes_sync: '2' },
    });
    // Two repairs of one hour may well compute the same rows: they must not count as one repeated insert.
    await this.#client.command({
      abort_signal: this.#closed.signal,
      query: `INSERT INTO ${table} ${select}`,
      query_params: { ...range },
      clickhouse_settings: { insert_deduplicate: 0 },
    });
  }

  async #clear(dirty: readonly DirtyRow[], nowSeconds: number): Promise<void> {
    await this.#client.insert({
      abort_signal: this.#closed.signal,
      table: 'rollup_dirty',
      columns: ['writer', 'hour', 'channel', 'cleared', 'touched'],
      values: dirty.map((row) => ({
        writer: row.writer,
        hour: row.hour,
        channel: row.channel,
        cleared: row.mark,
        touched: Math.floor(nowSeconds),
      })),
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplicate: 0 },
    });
  }
}

/** Rows of the buckets in question. */
function buckets(start: string, at: string): string {
  return `channel IN {channels:Array(UInt32)} AND ${at} >= toDateTime({from:UInt32}, 'UTC')
    AND ${at} < toDateTime({to:UInt32}, 'UTC') AND (channel, ${start}(${at})) IN
    arrayZip({channels:Array(UInt32)}, arrayMap(s -> toDateTime(s, 'UTC'), {starts:Array(UInt32)}))`;
}

/** The buckets of a range as the rollup has them, a row each. */
function asStored({ table, start }: Rollup): string {
  return `SELECT channel, ${table}.at AS at, min(${table}.minimum) AS minimum,
    max(${table}.maximum) AS maximum, sum(${table}.total) AS total, sum(${table}.points) AS points,
    max(${table}.lastAt) AS lastAt, argMaxMerge(${table}.lastValue) AS last
  FROM ${table} WHERE ${buckets(start, `${table}.at`)} GROUP BY channel, at`;
}

function rangeOf({ widthSeconds }: Rollup, dirty: readonly DirtyRow[]): Range {
  const starts = dirty.map(({ hour }) => {
    const seconds = hour * SECONDS_PER_HOUR;
    return seconds - (seconds % widthSeconds);
  });
  const channels = dirty.map(({ channel }) => channel);
  return { channels, starts, from: Math.min(...starts), to: Math.max(...starts) + widthSeconds };
}

/** @param keys of the buckets: channel and start. */
function subset(range: Range, keys: ReadonlySet<string>): Range {
  const kept = range.channels.flatMap((channel, i) => {
    const start = range.starts[i] ?? 0;
    return keys.has(`${channel} ${start}`) ? [{ channel, start }] : [];
  });
  return {
    ...range,
    channels: kept.map(({ channel }) => channel),
    starts: kept.map(({ start }) => start),
  };
}

import type { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Clock } from '../clock.js';
import { EngineError } from '../errors.js';
import { connectSeries } from './client.js';
import type { SeriesRetention } from './migrations.js';
import {
  bucketsSql,
  type ChannelHorizon,
  COUNT_RAW,
  countSql,
  exportSql,
  finestAt,
  HORIZON_SQL,
  horizonOf,
  planBuckets,
  pointsSql,
  SAMPLES,
  type SeriesPlan,
  type SourceHorizon,
  samplesWillDo,
  TEXT_BUCKETS,
  TEXTS,
} from './plan.js';
import type {
  ExportFormat,
  SeriesAddress,
  SeriesAnswer,
  SeriesEvent,
  SeriesPoints,
  SeriesQuery,
  SeriesReader,
} from './series.types.js';
import { storeError } from './store-insert.js';

const DAY_MS = 86_400_000;
/** Of one question for how long they are kept. */
const CHANNELS_AT_ONCE = 5_000;
/** Repeats of a row always lie in the same partition, so partitions need not be merged with each other. */
const FINAL =
  'SETTINGS do_not_merge_across_partitions_select_final = 1, output_format_json_quote_denormals = 1';
const QUOTED_DENORMALS: Readonly<Record<string, string>> = {
  nan: 'NaN',
  inf: 'Infinity',
  '-inf': '-Infinity',
};

type Params = Readonly<Record<string, unknown>>;
type Points = ReadonlyMap<number, { atUnixMs: number[]; value: (number | string)[] }>;

const NO_POINTS: Points = new Map();

export interface SeriesReaderOptions {
  readonly address: SeriesAddress;
  readonly clock: Clock;
  /** As configured: a range older than raw retention is answered from rollups. */
  readonly retention: SeriesRetention;
  /** Default 30,000. */
  readonly requestTimeoutMs?: number;
}

/** Reads from the store; the caller closes it. All calls throw `store.away` when the store does not answer. */
export class StoreReader implements SeriesReader {
  readonly #client: ClickHouseClient;
  readonly #clock: Clock;
  readonly #retention: SeriesRetention;

  constructor(options: SeriesReaderOptions) {
    this.#client = connectSeries(options.address, {
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    });
    this.#clock = options.clock;
    this.#retention = options.retention;
  }

  /**
   * Points in time order, one entry for each channel asked for. A sample that is not finite is answered as the
   * text `NaN`, `Infinity` or `-Infinity`, and left out of buckets. Of a text channel a bucket gives its last text.
   */
  async query(query: SeriesQuery): Promise<SeriesAnswer> {
    if (!(query.toUnixMs > query.fromUnixMs) || query.fromUnixMs < 0) {
      throw new EngineError(
        'input.invalid',
        'to must be later than from, and from not before 1970',
      );
    }
    const params = this.#range(query);
    const { plan, hasTexts } = await this.#plan(query, params);
    const limited = { ...params, maxPoints: query.maxPoints, intervalMs: plan.intervalMs };
    const raw = plan.intervalMs === 0;
    const numbersSql = raw ? pointsSql(SAMPLES) : bucketsSql(plan.source, query.aggregation);
    const [numbers, texts] = await Promise.all([
      this.#points(numbersSql, limited),
      hasTexts ? this.#points(raw ? pointsSql(TEXTS) : TEXT_BUCKETS, limited) : NO_POINTS,
    ]);
    const series = query.channels.map((channel) =>
      together(channel, numbers, texts, query.maxPoints),
    );
    return { ...plan, series };
  }

  /**
   * CSV (`channel,at,value`, times in ISO 8601) or Parquet. With `intervalMs` above 0 its rows are buckets.
   * Abandoning the iteration ends the query.
   */
  async *export(
    query: Omit<SeriesQuery, 'maxPoints'>,
    format: ExportFormat,
  ): AsyncGenerator<Uint8Array> {
    const params = { ...this.#range(query), intervalMs: query.intervalMs ?? 0 };
    const csv = format === 'csv';
    let sql: string;
    if (params.intervalMs > 0) {
      const horizon = await this.#horizon(query.channels);
      const plan = planBuckets({ ...query, maxPoints: 100_000_000 }, horizon);
      const buckets = bucketsSql(plan.source, query.aggregation);
      params.intervalMs = plan.intervalMs;
      sql = `SELECT channel, fromUnixTimestamp64Milli(toInt64(ms), 'UTC') AS at, result AS value FROM (${buckets})`;
    } else {
      const [texts] = await this.#columns(`SELECT count() FROM ${TEXTS}`, params);
      sql = exportSql(Number(texts?.[0] ?? 0) > 0, csv);
    }
    let stream: Readable | undefined;
    try {
      const answer = await this.#client.exec({
        query: `${sql} ${FINAL} FORMAT ${csv ? 'CSV' : 'Parquet'}`,
        query_params: params,
        ...(csv ? { clickhouse_settings: { date_time_output_format: 'iso' as const } } : {}),
      });
      ({ stream } = answer);
      if (csv) yield Buffer.from('channel,at,value\n');
      for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      throw storeError(error);
    } finally {
      // Also when nobody began to read it: the store would keep the query for a reader who never comes.
      stream?.destroy();
    }
  }

  /**
   * Buckets of an export, which has no bound of points: at least `intervalMs` wide, from a table that still has them of all
   * `channels`; without any, as the site keeps them.
   */
  async planOf(query: Omit<SeriesQuery, 'maxPoints'>): Promise<SeriesPlan> {
    const horizon = await this.#horizon(query.channels);
    return planBuckets({ ...query, maxPoints: 100_000_000 }, horizon);
  }

  /** The finest table that still holds what was of all `channels` at `fromUnixMs`. */
  async sourceOf(fromUnixMs: number, channels: readonly number[]): Promise<SeriesAnswer['source']> {
    return finestAt(fromUnixMs, await this.#horizon(channels));
  }

  /** Newest first. */
  async events(query: Parameters<SeriesReader['events']>[0]): Promise<readonly SeriesEvent[]> {
    const kind = query.kind === undefined ? '' : 'AND kind = {kind:String}';
    const subject = query.subject === undefined ? '' : 'AND subject = {subject:String}';
    const [ats = [], kinds = [], subjects = [], details = []] = await this.#columns(
      `SELECT toUnixTimestamp64Micro(at) / 1000, kind, subject, detail FROM events FINAL
        WHERE at >= fromUnixTimestamp64Micro({fromUs:Int64}, 'UTC')
          AND at < fromUnixTimestamp64Micro({toUs:Int64}, 'UTC') ${kind} ${subject}
        ORDER BY at DESC LIMIT {limit:UInt32}`,
      {
        fromUs: Math.round(query.fromUnixMs * 1_000),
        toUs: Math.round(query.toUnixMs * 1_000),
        kind: query.kind ?? '',
        subject: query.subject ?? '',
        limit: query.limit,
      },
    );
    return ats.map((at, i) => ({
      atUnixMs: Number(at),
      kind: String(kinds[i]),
      subject: String(subjects[i]),
      detail: JSON.parse(String(details[i])) as Record<string, unknown>,
    }));
  }

  async latest(): Promise<{ channel: number; atUnixMs: number; value: number | string }[]> {
    const of = (table: string) => `SELECT channel, toUnixTimestamp64Micro(max(lastAt)) / 1000,
      argMaxMerge(lastValue) FROM ${table} GROUP BY channel ORDER BY channel`;
    const found = new Map<number, { channel: number; atUnixMs: number; value: number | string }>();
    for (const table of ['samples_1d', 'text_latest']) {
      const [channels = [], ats = [], values = []] = await this.#columns(of(table), {});
      for (const [i, channel] of channels.entries()) {
        const entry = {
          channel: Number(channel),
          atUnixMs: Number(ats[i]),
          value: values[i] ?? '',
        };
        const other = found.get(entry.channel);
        if (other === undefined || other.atUnixMs < entry.atUnixMs) found.set(entry.channel, entry);
      }
    }
    return [...found.values()];
  }

  async ping(): Promise<{ version: string; latencyMs: number }> {
    const startedMonoMs = this.#clock.monoMs();
    const [versions] = await this.#columns('SELECT version()', {});
    return {
      version: String(versions?.[0] ?? ''),
      latencyMs: this.#clock.monoMs() - startedMonoMs,
    };
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #range(query: Omit<SeriesQuery, 'maxPoints'>) {
    return {
      channels: [...query.channels],
      fromUs: Math.round(query.fromUnixMs * 1_000),
      toUs: Math.round(query.toUnixMs * 1_000),
    };
  }

  #siteHorizon(): SourceHorizon {
    const nowMs = this.#clock.nowMs();
    const from = (days: number) => (days === 0 ? 0 : nowMs - days * DAY_MS);
    const { rawDays, minuteDays, hourDays, dayDays } = this.#retention;
    return {
      raw: from(rawDays),
      '1m': from(minuteDays),
      '1h': from(hourDays),
      '1d': from(dayDays),
    };
  }

  async #horizon(channels: readonly number[]): Promise<SourceHorizon> {
    let horizon = this.#siteHorizon();
    for (let at = 0; at < channels.length; at += CHANNELS_AT_ONCE) {
      // In the statement: parameters go in the address, which is short.
      const list = `[${channels.slice(at, at + CHANNELS_AT_ONCE).join(',')}]`;
      const sql = HORIZON_SQL.replace('{channels:Array(UInt32)}', list);
      horizon = horizonOf(horizon, gone(await this.#columns(sql, {})));
    }
    return horizon;
  }

  async #plan(
    query: SeriesQuery,
    params: Params,
  ): Promise<{ plan: SeriesPlan; hasTexts: boolean }> {
    const counted = await this.#columns(countSql(query.toUnixMs - query.fromUnixMs), params);
    const horizon = horizonOf(this.#siteHorizon(), gone(counted.slice(2)));
    let [numbers = 0, texts = 0] = counted.map((column) => Number(column[0] ?? 0));
    const hasTexts = texts > 0;
    if (query.fromUnixMs >= horizon.raw && query.fromUnixMs < horizon['1m']) {
      const [[raw = 0] = []] = await this.#columns(COUNT_RAW, params);
      numbers = Number(raw);
    }
    const few = Math.max(numbers, texts) <= query.maxPoints;
    if (few && samplesWillDo(query) && query.fromUnixMs >= horizon.raw) {
      return { plan: { source: 'raw', intervalMs: 0 }, hasTexts };
    }
    return { plan: planBuckets(query, horizon), hasTexts };
  }

  async #points(sql: string, params: Params): Promise<Points> {
    const [channels = [], ats = [], values = []] = await this.#columns(`${sql} ${FINAL}`, params);
    const found = new Map<number, { atUnixMs: number[]; value: (number | string)[] }>();
    let points = { atUnixMs: [] as number[], value: [] as (number | string)[] };
    let current = -1;
    for (const [i, id] of channels.entries()) {
      if (id !== current) {
        current = Number(id);
        points = { atUnixMs: [], value: [] };
        found.set(current, points);
      }
      points.atUnixMs.push(Number(ats[i]));
      points.value.push(values[i] ?? '');
    }
    return found;
  }

  /** Columns of the result, in one JSON document: a third of the parsing time of a document a row. */
  async #columns(query: string, params: Params): Promise<(number | string)[][]> {
    try {
      const answer = await this.#client.exec({
        query: `${query} FORMAT JSONCompactColumns`,
        query_params: { ...params },
      });
      const chunks: Uint8Array[] = [];
      for await (const chunk of answer.stream as AsyncIterable<Uint8Array>) chunks.push(chunk);
      return JSON.parse(Buffer.concat(chunks).toString()) as (number | string)[][];
    } catch (error) {
      throw storeError(error);
    }
  }
}

/** Of an answer to `HORIZON_SQL`. */
function gone([rawFrom, rollupFrom]: readonly (readonly (number | string)[])[]): ChannelHorizon {
  return {
    rawFromUnixMs: Number(rawFrom?.[0] ?? 0) * 1_000,
    rollupFromUnixMs: Number(rollupFrom?.[0] ?? 0) * 1_000,
  };
}

/** Numbers and texts of one channel in time order, at most `maxPoints`, the newest. */
function together(
  channel: number,
  numbers: Points,
  texts: Points,
  maxPoints: number,
): SeriesPoints {
  const number = numbers.get(channel);
  const text = texts.get(channel);
  if (text === undefined) {
    const value = (number?.value ?? []).map((v) =>
      typeof v === 'string' ? (QUOTED_DENORMALS[v] ?? v) : v,
    );
    return { channel, atUnixMs: number?.atUnixMs ?? [], value };
  }
  if (number === undefined) return { channel, ...text };
  const rows = [...number.atUnixMs.keys()].map(
    (i) => [number.atUnixMs[i] ?? 0, number.value[i] ?? 0] as const,
  );
  for (const i of text.atUnixMs.keys()) rows.push([text.atUnixMs[i] ?? 0, text.value[i] ?? '']);
  rows.sort((a, b) => a[0] - b[0]);
  const kept = rows.slice(-maxPoints);
  return { channel, atUnixMs: kept.map((row) => row[0]), value: kept.map((row) => row[1]) };
}

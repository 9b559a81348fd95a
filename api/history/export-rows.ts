import { bucketsSql, type SeriesPlan } from '../../engine/series/plan.js';
import type { LineFormat, SeriesQueries } from '../../engine/series/queries.js';
import type { StoreReader } from '../../engine/series/reader.js';
import type { ExportWish } from '../contract/history.js';
import type { ExportSource } from './exports.js';
import { joined } from './json-lines.js';
import { slices } from './slices.js';

export interface ExportRows extends Pick<ExportWish, 'fromUnixMs' | 'toUnixMs' | 'format'> {
  /** Numbers in the series store; undefined: all. */
  readonly channels: readonly number[] | undefined;
  readonly aggregation: ExportWish['aggregation'];
  readonly intervalMs: number;
}

const TIMES = `at >= fromUnixTimestamp64Micro({fromUs:Int64}, 'UTC')
  AND at < fromUnixTimestamp64Micro({toUs:Int64}, 'UTC')`;
const MERGED = 'SETTINGS do_not_merge_across_partitions_select_final = 1';
const CSV_HEAD = 'channel,at,value\n';

/** Rows of channels under their names, in time order, of any number: samples in slices of time, buckets at once. */
export function exportRows(
  queries: SeriesQueries,
  reader: Pick<StoreReader, 'planOf'>,
  wish: ExportRows,
): ExportSource {
  return async function* (signal, progress) {
    const lines = linesOf(queries, reader, wish, signal, progress);
    if (wish.format === 'csv') {
      yield Buffer.from(CSV_HEAD);
      yield* lines;
    } else if (wish.format === 'json') {
      yield Buffer.from('[');
      yield* joined(lines);
      yield Buffer.from(']\n');
    } else {
      yield* lines;
    }
  };
}

function linesOf(
  queries: SeriesQueries,
  reader: Pick<StoreReader, 'planOf'>,
  wish: ExportRows,
  signal: AbortSignal,
  progress: (part: number) => void,
): AsyncIterable<Uint8Array> {
  const format = { csv: 'CSV', json: 'JSONEachRow', parquet: 'Parquet' }[wish.format] as LineFormat;
  const settings = {
    date_time_output_format: 'iso',
    output_format_json_quote_denormals: 1,
    output_format_json_escape_forward_slashes: 0,
  };
  const range = { fromUnixMs: wish.fromUnixMs, toUnixMs: wish.toUnixMs };
  const params = { channels: [...(wish.channels ?? [])] };
  const { aggregation, intervalMs } = wish;
  if (aggregation !== undefined) {
    return planned(
      () => reader.planOf({ ...params, ...range, intervalMs, aggregation }),
      (plan) => {
        let buckets = bucketsSql(plan.source, aggregation);
        if (wish.channels === undefined) buckets = buckets.replaceAll(IN_LIST, '1');
        const sql = named(`SELECT channel, fromUnixTimestamp64Milli(toInt64(ms), 'UTC') AS at,
        result AS value FROM (${buckets})`);
        return queries.stream(`${sql} ORDER BY s.at, s.channel ${MERGED}`, format, {
          params: { ...params, ...inUs(range), intervalMs: plan.intervalMs },
          settings,
          signal,
        });
      },
    );
  }
  const which = wish.channels === undefined ? TIMES : `${IN_LIST} AND ${TIMES}`;
  const sql = `${named(samples(which, wish.format === 'csv'))} ORDER BY s.at, s.channel ${MERGED}`;
  const ask = (slice: typeof range) =>
    queries.stream(sql, format, { params: { ...params, ...inUs(slice) }, settings, signal });
  return wish.format === 'parquet' ? ask(range) : slices(range, ask, progress);
}

async function* planned(
  plan: () => Promise<SeriesPlan>,
  rows: (plan: SeriesPlan) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* rows(await plan());
}

const IN_LIST = 'channel IN {channels:Array(UInt32)}';

/** In CSV one column for numbers and texts, else one each. */
function samples(which: string, together: boolean): string {
  return together
    ? `SELECT channel, at, toString(value) AS value FROM samples FINAL WHERE ${which}
       UNION ALL SELECT channel, at, value FROM samples_text FINAL WHERE ${which}`
    : `SELECT channel, at, toNullable(value) AS value, CAST(NULL, 'Nullable(String)') AS text
         FROM samples FINAL WHERE ${which}
       UNION ALL SELECT channel, at, CAST(NULL, 'Nullable(Float64)') AS value, toNullable(t.value) AS text
         FROM samples_text AS t FINAL WHERE ${which}`;
}

const named = (rows: string) => `SELECT c.name AS channel, s.* EXCEPT channel FROM (${rows}) AS s
  ANY LEFT JOIN earshot_channels AS c ON s.channel = c.channel`;

const inUs = (range: { readonly fromUnixMs: number; readonly toUnixMs: number }) => ({
  fromUs: Math.round(range.fromUnixMs * 1_000),
  toUs: Math.round(range.toUnixMs * 1_000),
});

import type { ClickHouseClient } from '@clickhouse/client';
import { connectSeries } from '../../../engine/series/client.js';
import type { SeriesAddress } from '../../../engine/series/series.types.js';
import { storeError } from '../../../engine/series/store-insert.js';
import type { Datapoint } from '../../history/datapoint-id.js';

export interface Point {
  readonly channel: number;
  readonly atUnixMs: number;
  readonly value: number;
}

/** Above so many rows their number is read from the daily roll-ups, which may count a repeated sample twice. */
const EXACT_ROWS = 2_000_000;
/** How far a page is looked for from now, ms, until it is full. */
const REACHES_MS = [60_000, 1_000_000, 16_000_000, 250_000_000, 4_000_000_000];
const MS = 'toUnixTimestamp64Micro(at) / 1000';
const AT = (name: string) => `fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`;
const OF = 'channel IN {channels:Array(UInt32)}';
const FINAL = 'SETTINGS do_not_merge_across_partitions_select_final = 1';

/** Datapoints in the series store; the caller closes it. All throw `store.away`. */
export class PointStore {
  readonly #client: ClickHouseClient;

  constructor(address: SeriesAddress) {
    this.#client = connectSeries(address, { maxConnections: 4 });
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async count(channels: readonly number[]): Promise<number> {
    if (channels.length === 0) return 0;
    const [[rolled = 0] = []] = await this.#rows(`SELECT sum(points) FROM samples_1d WHERE ${OF}`, {
      channels,
    });
    if (rolled > EXACT_ROWS) return rolled;
    const [[exact = 0] = []] = await this.#rows(
      `SELECT count() FROM samples FINAL WHERE ${OF} ${FINAL}`,
      { channels },
    );
    return exact;
  }

  /** Newest first. */
  async page(
    channels: readonly number[],
    offset: number,
    limit: number,
    nowUnixMs: number,
  ): Promise<readonly Point[]> {
    if (channels.length === 0) return [];
    for (const reachMs of [...REACHES_MS, Number.POSITIVE_INFINITY]) {
      const fromUnixMs = Math.max(0, nowUnixMs - reachMs);
      const rows = await this.#rows(
        `SELECT channel, ${MS}, value FROM samples FINAL WHERE ${OF} AND at >= ${AT('fromUs')}
          ORDER BY at DESC, channel LIMIT {limit:UInt32} OFFSET {offset:UInt64} ${FINAL}`,
        { channels, offset, limit, fromUs: Math.floor(fromUnixMs) * 1_000 },
      );
      if (rows.length === limit || fromUnixMs === 0) return rows.map(pointOf);
    }
    return [];
  }

  /**
   * Of each channel at most `maxPoints` samples in order of time: all, or of as many equal spans the last sample each,
   * so that the very last is always there.
   */
  async series(
    channels: readonly number[],
    fromUnixMs: number,
    toUnixMs: number,
    maxPoints: number,
  ): Promise<ReadonlyMap<number, readonly Point[]>> {
    const found = new Map<number, Point[]>(channels.map((channel) => [channel, []]));
    if (channels.length === 0) return found;
    const fromUs = Math.floor(fromUnixMs * 1_000);
    const range = { fromUs, toUs: Math.ceil(toUnixMs * 1_000) };
    const where = `${OF} AND at >= ${AT('fromUs')} AND at <= ${AT('toUs')}`;
    const counts = await this.#rows(
      `SELECT channel, count() FROM samples WHERE ${where} GROUP BY channel`,
      { channels, ...range },
    );
    const few: number[] = [];
    const many: number[] = [];
    for (const [channel = 0, rows = 0] of counts) (rows <= maxPoints ? few : many).push(channel);
    const spanUs = Math.ceil((range.toUs - fromUs + 1) / maxPoints);
    const [whole, sampled] = await Promise.all([
      few.length === 0
        ? []
        : this.#rows(
            `SELECT channel, ${MS}, value FROM samples FINAL WHERE ${where} ORDER BY channel, at ${FINAL}`,
            { channels: few, ...range },
          ),
      many.length === 0
        ? []
        : this.#rows(
            `SELECT channel, toUnixTimestamp64Micro(last) / 1000, v FROM (
              SELECT channel, max(samples.at) AS last, argMax(value, samples.at) AS v FROM samples
              WHERE ${where}
              GROUP BY channel, intDiv(toUnixTimestamp64Micro(samples.at) - {fromUs:Int64}, {spanUs:Int64}))
            ORDER BY channel, last`,
            { channels: many, spanUs, ...range },
          ),
    ]);
    for (const row of [...whole, ...sampled]) {
      const point = pointOf(row);
      found.get(point.channel)?.push(point);
    }
    return found;
  }

  async one({ channel, atUnixMs }: Datapoint): Promise<Point | undefined> {
    const [row] = await this.#rows(
      `SELECT channel, ${MS}, value FROM samples FINAL WHERE channel = {channel:UInt32} AND at = ${AT('atUs')} LIMIT 1`,
      { channel, atUs: Math.round(atUnixMs * 1_000) },
    );
    return row === undefined ? undefined : pointOf(row);
  }

  async #rows(query: string, params: Readonly<Record<string, unknown>>): Promise<number[][]> {
    try {
      const answer = await this.#client.query({
        query,
        query_params: { ...params },
        format: 'JSONCompact',
      });
      const { data } = await answer.json<(number | string | null)[]>();
      return data.map((row) => row.map((cell) => Number(cell ?? Number.NaN)));
    } catch (error) {
      throw storeError(error);
    }
  }
}

const pointOf = ([channel = 0, atUnixMs = 0, value = 0]: readonly number[]): Point => ({
  channel,
  atUnixMs,
  value,
});

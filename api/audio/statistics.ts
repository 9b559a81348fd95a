import type { ClickHouseClient } from '@clickhouse/client';
import { connectSeries } from '../../engine/series/client.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';
import { storeError } from '../../engine/series/store-insert.js';

export interface StatisticsQuery {
  /** Undefined: all projects. */
  readonly projectId: number | undefined;
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

export interface TimeStatistics {
  readonly atUnixMs: number;
  readonly sessions: number;
  readonly listeningS: number;
  readonly heard: number;
}

export interface AssetStatistics {
  readonly assetId: number;
  readonly heard: number;
  readonly sessions: number;
  readonly seconds: number;
}

export interface PlaceStatistics {
  readonly latitude: number;
  readonly longitude: number;
  readonly seconds: number;
}

const METRES_PER_DEG = 111_195;
const MAX_CELLS = 10_000;

/** What was listened to, from the series store; the caller closes it. All throw `store.away`. */
export class Statistics {
  readonly #client: ClickHouseClient;

  constructor(address: SeriesAddress) {
    this.#client = connectSeries(address, { maxConnections: 2 });
  }

  /** Intervals in which something happened, in order. `timezone` must be a name the store knows. */
  async times(
    query: StatisticsQuery,
    interval: 'hour' | 'day',
    timezone: string,
  ): Promise<readonly TimeStatistics[]> {
    const start = interval === 'day' ? 'toStartOfDay' : 'toStartOfHour';
    const rows = await this.#rows(
      `SELECT toUnixTimestamp(${start}(at, {timezone:String})) AS t,
        countIf(kind = 'session'), sumIf(toFloat64(durationS), kind = 'place'), countIf(kind = 'asset')
       FROM listening WHERE ${where(query)} GROUP BY t ORDER BY t`,
      { ...paramsOf(query), timezone },
    );
    return rows.map(([t = 0, sessions = 0, listeningS = 0, heard = 0]) => ({
      atUnixMs: t * 1_000,
      sessions,
      listeningS,
      heard,
    }));
  }

  /** Most heard first. */
  async assets(query: StatisticsQuery, limit: number): Promise<readonly AssetStatistics[]> {
    const rows = await this.#rows(
      `SELECT asset, count() AS heard, uniq(session), sum(toFloat64(durationS))
       FROM listening WHERE ${where(query)} AND kind = 'asset'
       GROUP BY asset ORDER BY heard DESC, asset LIMIT {limit:UInt32}`,
      { ...paramsOf(query), limit },
    );
    return rows.map(([assetId = 0, heard = 0, sessions = 0, seconds = 0]) => ({
      assetId,
      heard,
      sessions,
      seconds,
    }));
  }

  /**
   * Cells of a grid, with edges of `cellM` metres at latitude `nearDeg`: where people listened, longest first,
   * at most 10,000.
   */
  async places(
    query: StatisticsQuery,
    cellM: number,
    nearDeg: number,
  ): Promise<readonly PlaceStatistics[]> {
    const stepLat = cellM / METRES_PER_DEG;
    // At a pole every longitude is one place: the grid stays finite.
    const stepLon = stepLat / Math.max(0.01, Math.cos((nearDeg * Math.PI) / 180));
    const rows = await this.#rows(
      `SELECT toInt64(floor(latitude / {stepLat:Float64})) AS y,
        toInt64(floor(longitude / {stepLon:Float64})) AS x, sum(toFloat64(durationS)) AS seconds
       FROM listening WHERE ${where(query)} AND kind = 'place' AND isFinite(latitude)
       GROUP BY y, x ORDER BY seconds DESC LIMIT ${MAX_CELLS}`,
      { ...paramsOf(query), stepLat, stepLon },
    );
    return rows.map(([y = 0, x = 0, seconds = 0]) => ({
      latitude: (y + 0.5) * stepLat,
      longitude: (x + 0.5) * stepLon,
      seconds,
    }));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #rows(query: string, params: Readonly<Record<string, unknown>>): Promise<number[][]> {
    try {
      const answer = await this.#client.query({
        query,
        query_params: { ...params },
        format: 'JSONCompactEachRow',
      });
      const rows = await answer.json<(number | string)[]>();
      // 64-bit counts come as text.
      return rows.map((row) => row.map(Number));
    } catch (thrown) {
      throw storeError(thrown);
    }
  }
}

function where({ projectId }: StatisticsQuery): string {
  return `${projectId === undefined ? '' : 'project = {project:UInt32} AND '}
    at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`;
}

function paramsOf({ projectId, fromUnixMs, toUnixMs }: StatisticsQuery) {
  return { project: projectId ?? 0, from: Math.round(fromUnixMs), to: Math.round(toUnixMs) };
}

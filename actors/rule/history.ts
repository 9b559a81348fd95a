import type { ClickHouseClient } from '@clickhouse/client';
import { EngineError } from '../../engine/errors.js';
import { connectSeries } from '../../engine/series/client.js';
import type { SeriesAddress } from '../../engine/series/series.types.js';

/** Samples of one question, at most. */
const MOST = 10_000_000;

export interface PastSample {
  readonly channel: number;
  readonly atUnixMs: number;
  readonly value: number | string;
}

/** What rules ask of the past. The caller closes it. */
export class RuleHistory {
  readonly #client: ClickHouseClient;

  constructor(address: SeriesAddress) {
    this.#client = connectSeries(address, { requestTimeoutMs: 60_000, maxConnections: 2 });
  }

  /**
   * Samples of the channels with from < at ≤ to, in order of time, as they come from the store.
   * @throws EngineError `store.away`, `input.too-large` over ten million.
   */
  async *samples(
    channels: readonly number[],
    fromUnixMs: number,
    toUnixMs: number,
  ): AsyncGenerator<readonly PastSample[]> {
    if (channels.length === 0) return;
    let rows = 0;
    try {
      const answer = await this.#client.query({
        query: `SELECT channel, toUnixTimestamp64Micro(at) / 1000, number, text FROM (
            SELECT channel, at, value AS number, '' AS text FROM samples FINAL WHERE ${RANGE}
            UNION ALL
            SELECT channel, at, nan AS number, value AS text FROM samples_text FINAL WHERE ${RANGE})
          ORDER BY at LIMIT {limit:UInt64}`,
        query_params: {
          channels: [...channels],
          fromUs: Math.round(Math.max(0, fromUnixMs) * 1_000),
          toUs: Math.round(toUnixMs * 1_000),
          limit: MOST + 1,
        },
        format: 'JSONCompactEachRow',
      });
      for await (const part of answer.stream<[number, number, number | null, string]>()) {
        rows += part.length;
        if (rows > MOST) {
          throw new EngineError(
            'input.too-large',
            'more than ten million samples: choose a shorter time',
          );
        }
        yield part.map((row) => {
          const [channel, atUnixMs, number, text] = row.json();
          // A number that is not finite comes as nothing, and decides nothing.
          return { channel, atUnixMs, value: number ?? text };
        });
      }
    } catch (thrown) {
      if (thrown instanceof EngineError) throw thrown;
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      throw new EngineError('store.away', `the history of a rule could not be read: ${reason}`, {
        cause: thrown,
      });
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

const RANGE = `channel IN {channels:Array(UInt32)}
  AND at > fromUnixTimestamp64Micro({fromUs:Int64}, 'UTC')
  AND at <= fromUnixTimestamp64Micro({toUs:Int64}, 'UTC')`;

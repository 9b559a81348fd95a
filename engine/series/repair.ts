import type { ClickHouseClient } from '@clickhouse/client';
import { coarserBuckets, rawBuckets } from './migrations.js';

const SECONDS_PER_HOUR = 3_600;
const SECONDS_PER_DAY = 86_400;
/** Channels of one step: bounds how long the writer has to wait. */
const CHANNELS_PER_STEP = 256;
/** Hours this near to the end of raw retention are left as they are: a part of their rows may be gone. */
const RETENTION_MARGIN_SECONDS = 7_200;

export interface RepairOptions {
  readonly client: ClickHouseClient;
  readonly writer: string;
  /** Also takes the marks of all writers that are not in this list. */
  readonly liveNames: readonly string[] | undefined;
  /** Days raw samples are kept, 0 for ever: older hours cannot be recomputed. */
  readonly rawDays: number;
}

/**
 * Recomputes the rollups of hours that got late or repeated rows, from the distinct raw rows. It takes the rows
 * of the bucket out and puts the recomputed ones in, so a repeat of the whole is harmless; the mark is cleared
 * last. The caller makes sure that no insert of these channels runs meanwhile.
 */
export class RollupRepair {
  readonly #options: RepairOptions;

  constructor(options: RepairOptions) {
    this.#options = options;
  }

  /** @returns how many channel-hours were put right; 0 when nothing is left to do. */
  async step(nowUnixMs: number): Promise<number> {
    const dirty = await this.#oldest();
    if (dirty.length === 0) return 0;
    const hour = dirty[0]?.hour ?? 0;
    const channels = [...new Set(dirty.map((row) => row.channel))];
    const nowSeconds = nowUnixMs / 1_000;
    const { rawDays } = this.#options;
    const keptFrom = rawDays === 0 ? 0 : nowSeconds - rawDays * SECONDS_PER_DAY;
    if (hour * SECONDS_PER_HOUR >= keptFrom + (rawDays === 0 ? 0 : RETENTION_MARGIN_SECONDS)) {
      await this.#recompute(hour, channels);
    }
    await this.#clear(dirty, nowSeconds);
    return channels.length;
  }

  async #oldest(): Promise<{ writer: string; hour: number; channel: number; mark: string }[]> {
    const { client, writer, liveNames } = this.#options;
    const mine =
      liveNames === undefined
        ? 'writer = {writer:String}'
        : '(writer = {writer:String} OR writer NOT IN {live:Array(String)})';
    const pending = `SELECT writer, hour, channel, max(marked) AS mark FROM rollup_dirty WHERE ${mine}
      GROUP BY writer, hour, channel HAVING max(marked) > max(cleared)`;
    const answer = await client.query({
      query: `WITH pending AS (${pending})
        SELECT writer, hour, channel, toString(mark) AS mark FROM pending
        WHERE hour = (SELECT min(hour) FROM pending) ORDER BY channel LIMIT ${CHANNELS_PER_STEP}`,
      query_params: { writer, live: [...(liveNames ?? [])] },
      format: 'JSONEachRow',
    });
    return answer.json();
  }

  async #recompute(hour: number, channels: readonly number[]): Promise<void> {
    const from = hour * SECONDS_PER_HOUR;
    const day = from - (from % SECONDS_PER_DAY);
    const ofHour = 'AND samples.at >= {from:DateTime} AND samples.at < {to:DateTime}';
    const rawOf = (start: string) =>
      rawBuckets('samples FINAL', start, `AND channel IN {channels:Array(UInt32)} ${ofHour}`);
    const dayOf = `WHERE channel IN {channels:Array(UInt32)} AND samples_1h.at >= {from:DateTime} AND samples_1h.at < {to:DateTime}`;
    const hourRange = { channels, from, to: from + SECONDS_PER_HOUR };
    const dayRange = { channels, from: day, to: day + SECONDS_PER_DAY };
    await this.#replace('samples_1m', rawOf('toStartOfMinute'), hourRange);
    await this.#replace('samples_1h', rawOf('toStartOfHour'), hourRange);
    await this.#replace(
      'samples_1d',
      coarserBuckets('samples_1h', 'toStartOfDay', dayOf),
      dayRange,
    );
  }

  async #replace(
    table: string,
    select: string,
    range: { readonly channels: readonly number[]; readonly from: number; readonly to: number },
  ): Promise<void> {
    const { client } = this.#options;
    await client.command({
      query: `DELETE FROM ${table} WHERE channel IN {channels:Array(UInt32)}
        AND at >= {from:DateTime} AND at < {to:DateTime}`,
      query_params: { ...range },
      clickhouse_settings: { lightweight_deletes_sync: '2' },
    });
    // Two repairs of one hour may well compute the same rows: they must not count as one repeated insert.
    await client.command({
      query: `INSERT INTO ${table} ${select}`,
      query_params: { ...range },
      clickhouse_settings: { insert_deduplicate: 0 },
    });
  }

  async #clear(
    dirty: readonly { writer: string; hour: number; channel: number; mark: string }[],
    nowSeconds: number,
  ): Promise<void> {
    await this.#options.client.insert({
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

import type { SeriesQueries } from './queries.js';

/** Channels that are kept for a shorter time than the site's others; 0 days: as the site. */
export interface ChannelRetention {
  readonly channels: readonly number[];
  readonly rawDays: number;
  readonly rollupDays: number;
}

const DAY_S = 86_400;
const HOUR_S = 3_600;
/** Channels of one statement. */
const AT_ONCE = 5_000;

const RAW = ['samples', 'samples_text'] as const;
const ROLLUPS = ['samples_1m', 'samples_1h', 'samples_1d'] as const;
const OLD = `channel IN {channels:Array(UInt32)} AND at < toDateTime({before:UInt32}, 'UTC')`;

/**
 * Deletes what is too old of some channels, one table after the other, and notes from when on their rows are whole, so that no
 * roll-up is recomputed from rows that are gone. Raw rows go by whole hours, roll-ups by whole days. Harmless to repeat.
 * @returns how many rows went. @throws EngineError `store.away`.
 */
export async function enforceRetention(
  queries: SeriesQueries,
  wish: ChannelRetention,
  nowUnixMs: number,
  signal: AbortSignal,
): Promise<number> {
  const nowS = Math.floor(nowUnixMs / 1_000);
  const from = (days: number, stepS: number) =>
    days === 0 ? 0 : Math.max(0, Math.floor((nowS - days * DAY_S) / stepS) * stepS);
  const rawFrom = from(wish.rawDays, HOUR_S);
  const rollupFrom = from(wish.rollupDays, DAY_S);
  let gone = 0;
  for (let at = 0; at < wish.channels.length && !signal.aborted; at += AT_ONCE) {
    const channels = wish.channels.slice(at, at + AT_ONCE);
    // First noted: a repair between the two must not take missing rows for none.
    await queries.insert('channel_horizons', await noted(queries, channels, rawFrom, rollupFrom));
    for (const [tables, before] of [
      [RAW, rawFrom],
      [ROLLUPS, rollupFrom],
    ] as const) {
      if (before === 0) continue;
      for (const table of tables) {
        if (signal.aborted) return gone;
        gone += await remove(queries, table, { channels, before });
      }
    }
  }
  return gone;
}

/** What is gone stays gone, also of a channel that is kept for longer from now on. */
async function noted(
  queries: SeriesQueries,
  channels: readonly number[],
  rawFrom: number,
  rollupFrom: number,
): Promise<{ channel: number; rawFrom: number; rollupFrom: number }[]> {
  const rows = await queries.rows<{ channel: number; rawFrom: number; rollupFrom: number }>(
    `SELECT channel, rawFrom, rollupFrom FROM channel_horizons FINAL
      WHERE channel IN {channels:Array(UInt32)}`,
    { channels: [...channels] },
  );
  const known = new Map(rows.map((row) => [row.channel, row]));
  return channels.map((channel) => ({
    channel,
    rawFrom: Math.max(rawFrom, known.get(channel)?.rawFrom ?? 0),
    rollupFrom: Math.max(rollupFrom, known.get(channel)?.rollupFrom ?? 0),
  }));
}

async function remove(
  queries: SeriesQueries,
  table: string,
  params: { readonly channels: readonly number[]; readonly before: number },
): Promise<number> {
  // A delete touches every part there is; most of the time there is nothing to delete.
  const [found] = await queries.rows<{ n: string }>(
    `SELECT count() AS n FROM ${table} WHERE ${OLD}`,
    params,
  );
  const n = Number(found?.n ?? 0);
  if (n > 0) {
    await queries.run(`DELETE FROM ${table} WHERE ${OLD}`, params, {
      lightweight_deletes_sync: 2,
    });
  }
  return n;
}

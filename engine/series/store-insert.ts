import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client';
import { EngineError } from '../errors.js';
import {
  eachSampleRow,
  hourKey,
  type NewestTimes,
  type SamplesFormat,
  type StoreBatch,
  splitHourKey,
} from './batch.js';
import { SAMPLE_COLUMNS } from './native-block.js';

/** ClickHouse errors about the data itself: sent again, the same bytes fail again. */
const REFUSALS = new Set([6, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 130, 131, 349]);

/** Channels of one question: at most ten digits each, and a server takes 262,144 characters. */
const VERIFY_AT_ONCE = 20_000;

/** How the parts of a batch reach the store. Every step may be repeated: the whole is idempotent. */
export class StoreInsert {
  readonly #client: ClickHouseClient;
  readonly #writer: string;
  readonly #newest: NewestTimes;
  /** What the store had of the channels of this writer before their first insert: Unix µs of the newest row, -1 of none. */
  readonly #had = new Map<number, number>();
  #lastMark = 0;

  constructor(client: ClickHouseClient, writer: string, newest: NewestTimes) {
    this.#client = client;
    this.#writer = writer;
    this.#newest = newest;
  }

  /**
   * Stores a batch. Hours with late or repeated rows are marked first, so that a crash in between leaves a mark
   * too many and never one too few.
   * @param attempted the batch may be in the store already: then the tokens are not trusted (the store writes
   *   its list of tokens before the rows, so a kill in between would swallow the batch); its rows are written
   *   again, absorbed by key, and the rollups of its hours recomputed.
   * @throws EngineError `store.refused` when the store will never take these rows, `store.away` otherwise.
   */
  async insert(batch: StoreBatch, attempted: boolean, nowUnixMs: number): Promise<void> {
    let began = false;
    try {
      const dirty = new Set(batch.dirty);
      if (batch.unverified.length > 0) await this.#verify(batch, dirty);
      if (attempted) {
        eachSampleRow(batch, (channel, atUs) => dirty.add(hourKey(channel, atUs)));
      }
      if (dirty.size > 0) await this.#mark(dirty, nowUnixMs);
      const settings = attempted
        ? { insert_deduplicate: 0 as const }
        : {
            insert_deduplicate: 1 as const,
            insert_deduplication_token: batch.token,
            deduplicate_blocks_in_dependent_materialized_views: 1 as const,
          };
      // Rows of one batch with the same key are found to be one by those who read, as rows of several batches have to
      // be: looking for them at the insert too would be work for nothing.
      await insertRows(this.#client, 'samples', SAMPLE_COLUMNS, batch.samples, {
        format: batch.samplesFormat,
        settings: { ...settings, optimize_on_insert: 0 },
      });
      began = batch.samples.length > 0;
      await insertRows(this.#client, 'samples_text', SAMPLE_COLUMNS, batch.text, { settings });
      began ||= batch.text.length > 0;
      const eventColumns = ['at', 'kind', 'subject', 'id', 'detail'];
      await insertRows(this.#client, 'events', eventColumns, batch.events, { settings });
    } catch (error) {
      const failed = storeError(error);
      // A part is in the store: without the cause `neverSent` says no, and all of it goes again as attempted.
      throw began ? new EngineError(failed.code, failed.message) : failed;
    }
  }

  /** Compares rows of channels that this writer has just seen for the first time with what the store has of them. */
  async #verify(batch: StoreBatch, dirty: Set<number>): Promise<void> {
    const had = this.#had;
    const unknown = batch.unverified.filter((channel) => !had.has(channel));
    const stored = new Map<number, number>();
    for (let at = 0; at < unknown.length; at += VERIFY_AT_ONCE) {
      const answer = await this.#client.query({
        query: `SELECT channel, toString(toUnixTimestamp64Micro(max(lastAt))) AS us FROM samples_1d
          WHERE channel IN (${unknown.slice(at, at + VERIFY_AT_ONCE).join(',')}) GROUP BY channel`,
        format: 'JSONEachRow',
      });
      for (const row of await answer.json<{ channel: number; us: string }>()) {
        stored.set(row.channel, Number(row.us));
      }
    }
    for (const channel of unknown) {
      const us = stored.get(channel) ?? -1;
      had.set(channel, us);
      if (us > this.#newest.get(channel)) this.#newest.set(channel, us);
    }
    for (const channel of batch.unverified) this.#newest.verified(channel);
    // Also what was gathered while an earlier batch asked: it was compared with that one's rows alone.
    if (batch.unverified.some((channel) => had.get(channel) !== -1)) {
      eachSampleRow(batch, (channel, atUs) => {
        if (atUs <= (had.get(channel) ?? -1)) dirty.add(hourKey(channel, atUs));
      });
    }
  }

  async #mark(dirty: ReadonlySet<number>, nowUnixMs: number): Promise<void> {
    this.#lastMark = Math.max(this.#lastMark + 1, Math.round(nowUnixMs * 1_000));
    const lines: string[] = [];
    for (const key of dirty) {
      const { hour, channel } = splitHourKey(key);
      lines.push(
        `${this.#writer}\t${hour}\t${channel}\t${this.#lastMark}\t${touched(nowUnixMs)}\n`,
      );
    }
    const columns = ['writer', 'hour', 'channel', 'marked', 'touched'];
    await insertRows(this.#client, 'rollup_dirty', columns, Buffer.from(lines.join('')), {
      settings: { insert_deduplicate: 0 },
    });
  }
}

/**
 * Inserts rows in the bytes of a format of ClickHouse, text when none is given; no bytes, no insert. When it resolves the
 * store has read all of `rows` and nobody holds them any more.
 * @param columns names of ours, never input.
 */
export async function insertRows(
  client: ClickHouseClient,
  table: string,
  columns: readonly string[],
  rows: Uint8Array,
  options: {
    readonly format?: SamplesFormat;
    readonly settings?: Readonly<Record<string, string | 0 | 1>>;
  } = {},
): Promise<void> {
  if (rows.length === 0) return;
  const { format = 'TabSeparated', settings = {} } = options;
  // Not `insert`: the client's knows no binary format.
  const { stream } = await client.exec({
    query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT ${format}`,
    values: Readable.from([rows], { objectMode: false }),
    clickhouse_settings: settings,
  });
  // Nothing is in the answer of an insert; read to its end, it leaves the connection to the next.
  await finished(stream.resume());
}

function touched(nowUnixMs: number): number {
  return Math.floor(nowUnixMs / 1_000);
}

/** True when the failed step cannot have reached the store: its steps before are answered, and safe by token. */
export function neverSent(error: EngineError): boolean {
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

/** What a failure of the store means to a writer. */
export function storeError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const refused = error instanceof ClickHouseError && REFUSALS.has(Number(error.code));
  return refused
    ? new EngineError('store.refused', `the series store refuses a batch: ${text}`, {
        cause: error,
      })
    : new EngineError('store.away', `the series store is away: ${text}`, { cause: error });
}

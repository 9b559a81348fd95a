import type { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import { connectSeries } from './client.js';
import type { SeriesAddress } from './series.types.js';
import { storeError } from './store-insert.js';

type Params = Readonly<Record<string, unknown>>;
type Settings = Readonly<Record<string, string | number>>;

/** Formats whose bytes may be cut between any two lines. */
export type LineFormat =
  | 'CSV'
  | 'JSONEachRow'
  | 'JSONCompactEachRow'
  /** Not in lines: only for small answers. */
  | 'JSONCompact'
  | 'Parquet'
  /** Lines as they are: for one column of text. */
  | 'TabSeparatedRaw';

/**
 * SQL of our own against the series store, for what the reader has no call for. Values go as `{name:Type}` only. Every call
 * throws `store.away` when the store does not answer, and as soon as its signal is aborted.
 */
export class SeriesQueries {
  readonly #client: ClickHouseClient;

  constructor(address: SeriesAddress, requestTimeoutMs = 60_000) {
    this.#client = connectSeries(address, { requestTimeoutMs });
  }

  /** All rows, for answers that are small. */
  async rows<T>(query: string, params: Params = {}, signal?: AbortSignal): Promise<T[]> {
    try {
      const answer = await this.#client.query({
        query,
        query_params: { ...params },
        format: 'JSONEachRow',
        ...(signal === undefined ? {} : { abort_signal: signal }),
      });
      return await answer.json<T>();
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Bytes of any number of rows. Abandoning the iteration, or `signal`, ends the query. */
  async *stream(
    query: string,
    format: LineFormat,
    options: {
      readonly params?: Params;
      readonly settings?: Settings;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): AsyncGenerator<Uint8Array> {
    const { params = {}, settings = {}, signal } = options;
    let stream: Readable | undefined;
    const leave = (): void => {
      stream?.destroy(new Error('nobody waits for the answer any more'));
    };
    try {
      const answer = await this.#client.exec({
        query: `${query} FORMAT ${format}`,
        query_params: { ...params },
        clickhouse_settings: { ...settings },
        ...(signal === undefined ? {} : { abort_signal: signal }),
      });
      ({ stream } = answer);
      signal?.addEventListener('abort', leave);
      if (signal?.aborted === true) leave();
      for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk;
    } catch (error) {
      throw storeError(error);
    } finally {
      signal?.removeEventListener('abort', leave);
      // Also when nobody began to read it: the store would keep the query for a reader who never comes.
      stream?.destroy();
    }
  }

  /** A statement without an answer. */
  async run(query: string, params: Params = {}, settings: Settings = {}): Promise<void> {
    try {
      await this.#client.command({
        query,
        query_params: { ...params },
        clickhouse_settings: { ...settings },
      });
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Adds rows, given as objects by column. */
  async insert(table: string, values: readonly object[]): Promise<void> {
    if (values.length === 0) return;
    try {
      await this.#client.insert({
        table,
        values: [...values],
        format: 'JSONEachRow',
        clickhouse_settings: { insert_deduplicate: 0 },
      });
    } catch (error) {
      throw storeError(error);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

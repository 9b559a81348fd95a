import type { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import { EngineError } from '../errors.js';
import { quote } from './chdb-request.js';
import { connectSeries } from './client.js';
import type { SeriesAddress } from './series.types.js';
import { storeError } from './store-insert.js';

type Params = Readonly<Record<string, unknown>>;
type Settings = Readonly<Record<string, string | number>>;

const TAIL_BYTES = 4_096;
const ERROR_TAIL = /(?:^|\n)(?:Code: \d+\. DB::Exception[^\n]*|__exception__[\s\S]*)\s*$/;
const LIST = /\{(\w+):Array\((?:UInt32|String)\)\}/g;

/** Lists become a part of the statement, since parameters go in the URL, which is short. */
function filledIn(query: string, params: Params) {
  const rest: Record<string, unknown> = { ...params };
  const text = query.replaceAll(LIST, (whole, name: string) => {
    const list = params[name];
    if (!Array.isArray(list)) return whole;
    delete rest[name];
    return `[${list.map((one) => (typeof one === 'number' ? Math.trunc(one) : quote(String(one)))).join(',')}]`;
  });
  const long = text.length > 200_000;
  return {
    query: text,
    query_params: rest,
    clickhouse_settings: long ? { max_query_size: String(text.length + 10_000) } : {},
  };
}

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
        ...filledIn(query, params),
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
      const filled = filledIn(`${query} FORMAT ${format}`, params);
      const answer = await this.#client.exec({
        ...filled,
        clickhouse_settings: { ...filled.clickhouse_settings, ...settings },
        ...(signal === undefined ? {} : { abort_signal: signal }),
      });
      ({ stream } = answer);
      signal?.addEventListener('abort', leave);
      if (signal?.aborted === true) leave();
      let tail = Buffer.alloc(0);
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        tail = chunk.length >= TAIL_BYTES ? Buffer.from(chunk) : Buffer.concat([tail, chunk]);
        tail = tail.subarray(-TAIL_BYTES);
        yield chunk;
      }
      // A server that has begun its answer writes what goes wrong behind the rows, as text.
      const failed = ERROR_TAIL.exec(tail.toString('latin1'));
      if (failed !== null) throw new EngineError('store.refused', failed[0].trim().slice(0, 500));
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
      const filled = filledIn(query, params);
      await this.#client.command({
        ...filled,
        clickhouse_settings: { ...filled.clickhouse_settings, ...settings },
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

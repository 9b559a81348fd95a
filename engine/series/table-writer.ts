import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ClickHouseClient } from '@clickhouse/client';
import { backoff } from '../backoff.js';
import type { Clock, TimerHandle } from '../clock.js';
import type { EngineError } from '../errors.js';
import { connectSeries } from './client.js';
import type { SeriesAddress } from './series.types.js';
import { storeError } from './store-insert.js';

export interface TableWriterOptions {
  readonly address: SeriesAddress;
  readonly table: string;
  /** Names of ours, never input. */
  readonly columns: readonly [string, ...string[]];
  readonly clock: Clock;
  /** Rows wait this long for others. Default 2,000 ms. */
  readonly everyMs?: number;
  /** Rows kept while the store is away; beyond it the oldest unsent are dropped. Default 100,000. */
  readonly maxRows?: number;
  readonly onError: (error: EngineError) => void;
}

const EVERY_MS = 2_000;
/** Rows of one insert. */
const BATCH_ROWS = 20_000;
const CLOSE_WITHIN_MS = 1_500;

interface Batch {
  readonly token: string;
  readonly lines: readonly string[];
}

/**
 * Writes rows of one table for which a loss is no harm: statistics. They wait in memory, bounded, and are
 * sent in groups; a group whose answer was lost is sent again under its token and stored once.
 */
export class TableWriter {
  readonly #options: TableWriterOptions;
  readonly #client: ClickHouseClient;
  readonly #maxRows: number;
  readonly #prefix = randomBytes(9).toString('hex');
  readonly #retryMs = backoff({ firstMs: 1_000, maxMs: 30_000, jitter: 0.5 });
  #lines: string[] = [];
  #batch: Batch | undefined;
  #timer: TimerHandle | undefined;
  #sending: Promise<void> | undefined;
  #next = 0;
  #failures = 0;
  #dropped = 0;
  #closed = false;

  constructor(options: TableWriterOptions) {
    this.#options = options;
    this.#maxRows = options.maxRows ?? 100_000;
    this.#client = connectSeries(options.address, { requestTimeoutMs: 15_000, maxConnections: 1 });
  }

  /** Rows not kept because the store was away for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  get pending(): number {
    return this.#lines.length + (this.#batch?.lines.length ?? 0);
  }

  /** Numbers and plain words in the order of the columns; NaN is kept. */
  push(row: readonly (number | string)[]): void {
    if (this.#closed) return;
    this.#lines.push(`${row.map((cell) => (Number.isNaN(cell) ? 'nan' : cell)).join('\t')}\n`);
    if (this.#lines.length > this.#maxRows) {
      // A quarter at once: dropping one by one would move the whole array each time.
      const gone = Math.ceil(this.#maxRows / 4);
      this.#lines.splice(0, gone);
      this.#dropped += gone;
    }
    if (this.#timer === undefined && this.#sending === undefined) {
      this.#later(this.#options.everyMs ?? EVERY_MS);
    }
  }

  /** Sends what waits. Never rejects: failures are told to `onError` and tried again. */
  async flush(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      if (this.#lines.length > 0 && this.#timer === undefined && !this.#closed) {
        this.#later(this.#options.everyMs ?? EVERY_MS);
      }
    });
    await this.#sending;
  }

  /** Sends what waits, for a moment. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    let limit: TimerHandle | undefined;
    const enough = new Promise<void>((resolve) => {
      limit = clock.setTimeout(resolve, CLOSE_WITHIN_MS);
    });
    await Promise.race([this.#sending, enough]);
    await Promise.race([this.flush(), enough]);
    if (limit !== undefined) clock.clearTimeout(limit);
    await this.#client.close();
  }

  #later(delayMs: number): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, delayMs);
  }

  async #send(): Promise<void> {
    for (;;) {
      const batch = this.#batch ?? this.#cut();
      if (batch === undefined) return;
      this.#batch = batch;
      try {
        await this.#insert(batch);
        this.#batch = undefined;
        this.#failures = 0;
      } catch (thrown) {
        const error = storeError(thrown);
        if (this.#failures === 0) this.#options.onError(error);
        // The same bytes would be refused again.
        if (error.code === 'store.refused') {
          this.#dropped += batch.lines.length;
          this.#batch = undefined;
        }
        this.#failures += 1;
        if (!this.#closed) this.#later(this.#retryMs(this.#failures));
        return;
      }
    }
  }

  #cut(): Batch | undefined {
    if (this.#lines.length === 0) return undefined;
    const lines = this.#lines.splice(0, BATCH_ROWS);
    this.#next += 1;
    return { token: `${this.#prefix}-${this.#next}`, lines };
  }

  async #insert({ token, lines }: Batch): Promise<void> {
    const { table, columns } = this.#options;
    await this.#client.insert({
      table,
      columns: [...columns],
      values: Readable.from([Buffer.from(lines.join(''))], { objectMode: false }),
      format: 'TabSeparated',
      clickhouse_settings: { insert_deduplicate: 1, insert_deduplication_token: token },
    });
  }
}

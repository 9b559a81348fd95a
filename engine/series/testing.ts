import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { SystemClock } from '../clock.js';
import { EngineError } from '../errors.js';
import { connectSeries } from './client.js';
import { EmbeddedStore } from './embedded.js';
import { migrateSeries, type SeriesRetention } from './migrations.js';
import { StoreReader } from './reader.js';
import type { SampleBatch, SeriesAddress } from './series.types.js';
import { openSeriesWriter, type StoreWriter } from './writer.js';
import type { SeriesReport, SeriesWriterOptions } from './writer.types.js';

export const KEEP_ALL: SeriesRetention = { rawDays: 0, minuteDays: 0, hourDays: 0, dayDays: 0 };

/** A real store with its schema in a folder of its own, for tests and benches. */
export interface StoreBench {
  readonly folder: string;
  readonly clock: SystemClock;
  readonly store: EmbeddedStore;
  readonly address: SeriesAddress;
  readonly client: ClickHouseClient;
  readonly reader: StoreReader;
  readonly reports: SeriesReport[];
  /** Closed by `close`. */
  writer(options?: Partial<SeriesWriterOptions>): StoreWriter;
  /** Rows of a query, in JSON arrays. */
  rows(sql: string): Promise<unknown[][]>;
  close(): Promise<void>;
}

/** @param database its name; a second store is used by URL just as a ClickHouse server would be. */
export async function openStoreBench(
  database = 'earshot',
  retention: SeriesRetention = KEEP_ALL,
): Promise<StoreBench> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-series-'));
  const clock = new SystemClock();
  const store = new EmbeddedStore({ folder: join(folder, 'store'), clock });
  const address = { ...(await store.start()), database };
  await migrateSeries(address, retention);
  const client = connectSeries(address);
  const reader = new StoreReader({ address, clock, retention });
  const writers: StoreWriter[] = [];
  const reports: SeriesReport[] = [];
  return {
    folder,
    clock,
    store,
    address,
    client,
    reader,
    reports,
    writer(options = {}) {
      const writer = openSeriesWriter({
        address,
        clock,
        name: `writer-${writers.length}`,
        spoolFolder: join(folder, 'spool'),
        spoolLimitBytes: 100_000_000,
        windowMs: 5,
        repairDelayMs: 600_000,
        onReport: (report) => reports.push(report),
        ...options,
      });
      writers.push(writer);
      return writer;
    },
    async rows(sql) {
      const answer = await client.query({ query: sql, format: 'JSONCompactEachRow' });
      return answer.json<unknown[]>();
    },
    async close() {
      for (const writer of writers) await writer.close();
      await client.close();
      await reader.close();
      await store.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Numeric rows as a batch. */
export function batchOf(
  rows: readonly (readonly [channel: number, atUnixMs: number, value: number])[],
): SampleBatch {
  return {
    channel: Uint32Array.from(rows, (row) => row[0]),
    atUnixMs: Float64Array.from(rows, (row) => row[1]),
    value: Float64Array.from(rows, (row) => row[2]),
    text: [],
  };
}

/** Resolves as soon as `holds` is true. @throws EngineError `internal` naming `what` after `withinMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const deadlineMonoMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMonoMs) {
      throw new EngineError('internal', `not within ${withinMs} ms: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

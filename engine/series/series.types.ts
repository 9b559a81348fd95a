/**
 * A batch of numeric samples. Columns have equal length; row i is (channel[i], atUnixMs[i], value[i]).
 * `atUnixMs` is Unix ms with µs resolution (the store keeps DateTime64(6)). Booleans are 0 and 1. The
 * three buffers are transferred between threads, never copied.
 */
export interface SampleBatch {
  readonly channel: Uint32Array;
  readonly atUnixMs: Float64Array;
  readonly value: Float64Array;
  /** Text samples, which have no number. */
  readonly text: readonly TextSample[];
}

export interface TextSample {
  readonly channel: number;
  readonly atUnixMs: number;
  readonly value: string;
}

/** Something that happened, kept beside the samples. */
export interface SeriesEvent {
  readonly atUnixMs: number;
  /** `device.connected`, `session.started`, … */
  readonly kind: string;
  /** Id of what it happened to. */
  readonly subject: string;
  /** Small JSON object. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Where an acknowledged batch is: `spool` is a file beside the store, the journal of what is on its way or the spool. */
export type Stored = 'store' | 'spool';

/**
 * `soon`: somebody waits for the answer, so the group is closed after 3 ms instead of its window. `journal`: they
 * cannot wait for the store either, so the answer is `spool` as soon as the rows are in the journal.
 */
export type Urgency = 'soon' | 'journal';

/**
 * Writes to the series store in group commits. One writer a thread.
 * A promise resolves only when every row is stored: inserted, or on disk beside the store.
 */
export interface SeriesWriter {
  /**
   * @param urgency absent: the answer may wait for the whole window.
   * @throws EngineError `spool.full` when the store is away and the spool is at its bound: not acknowledged.
   */
  append(batch: SampleBatch, urgency?: Urgency): Promise<Stored>;
  appendEvents(events: readonly SeriesEvent[]): Promise<Stored>;
  status(): SeriesWriterStatus;
  /** Writes what is pending, then closes. Idempotent. */
  close(): Promise<void>;
}

export interface SeriesWriterStatus {
  readonly state: 'open' | 'away' | 'closed';
  readonly awaySinceUnixMs: number | undefined;
  readonly pendingRows: number;
  readonly spoolBytes: number;
  readonly spoolLimitBytes: number;
  readonly rowsStored: number;
  readonly rowsSpooled: number;
  readonly rowsReplayed: number;
  readonly lastError: string | undefined;
}

export type Aggregation = 'avg' | 'min' | 'max' | 'sum' | 'count' | 'last' | 'minmax';

export interface SeriesQuery {
  readonly channels: readonly number[];
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  /** Bucket width; 0 or undefined: chosen from `maxPoints`, raw when the points fit. */
  readonly intervalMs?: number | undefined;
  /** `minmax` keeps the extremes of every bucket (two points a bucket). */
  readonly aggregation: Aggregation;
  /** Per channel; the answer never holds more. */
  readonly maxPoints: number;
}

export interface SeriesPoints {
  readonly channel: number;
  readonly atUnixMs: readonly number[];
  readonly value: readonly (number | string)[];
}

export interface SeriesAnswer {
  readonly source: 'raw' | '1m' | '1h' | '1d';
  readonly intervalMs: number;
  readonly series: readonly SeriesPoints[];
}

export type ExportFormat = 'csv' | 'parquet';

/** Reads; one reader for the whole process, on the main thread. */
export interface SeriesReader {
  query(query: SeriesQuery): Promise<SeriesAnswer>;
  /** Raw rows as a byte stream, in time order per channel; honours back-pressure. */
  export(query: Omit<SeriesQuery, 'maxPoints'>, format: ExportFormat): AsyncIterable<Uint8Array>;
  events(query: {
    readonly kind?: string | undefined;
    readonly subject?: string | undefined;
    readonly fromUnixMs: number;
    readonly toUnixMs: number;
    readonly limit: number;
  }): Promise<readonly SeriesEvent[]>;
  /** Last stored value and time of every channel that has any; read once at start. */
  latest(): Promise<
    readonly {
      readonly channel: number;
      readonly atUnixMs: number;
      readonly value: number | string;
    }[]
  >;
  ping(): Promise<{ readonly version: string; readonly latencyMs: number }>;
  close(): Promise<void>;
}

/** How to reach the store; crosses threads. */
export interface SeriesAddress {
  /** `http://127.0.0.1:PORT`, embedded or a server. */
  readonly url: string;
  readonly database: string;
}

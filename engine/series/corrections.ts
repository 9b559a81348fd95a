import { EngineError } from '../errors.js';
import type { SeriesQueries } from './queries.js';

/** Channels under the writer that owns them now: it recomputes their roll-ups between its own inserts. */
export interface CorrectedChannel {
  readonly channel: number;
  readonly writer: string;
}

export interface CorrectedSpan {
  readonly channels: readonly CorrectedChannel[];
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

export interface CorrectionResult {
  /** Samples of the channels in the hours that were touched. */
  readonly before: number;
  readonly after: number;
  readonly channelHours: number;
}

const HOUR_MS = 3_600_000;
/** Recomputed at most by one correction. */
const MAX_CHANNEL_HOURS = 50_000;
const TABLES = ['samples', 'samples_text'] as const;
const SPAN = `channel IN {channels:Array(UInt32)}
  AND at >= fromUnixTimestamp64Micro({fromUs:Int64}, 'UTC')
  AND at < fromUnixTimestamp64Micro({toUs:Int64}, 'UTC')`;
const MOVED = `addMicroseconds(at, {byUs:Int64})`;

/**
 * Changes samples that are stored. The hours are marked before and after, so that their roll-ups are recomputed by the
 * writers of the channels, also when the engine is killed in between.
 */
export class Corrections {
  readonly #queries: SeriesQueries;
  readonly #nowMs: () => number;

  constructor(queries: SeriesQueries, nowMs: () => number) {
    this.#queries = queries;
    this.#nowMs = nowMs;
  }

  /** Adds samples, in the place of those that are there at the same times. */
  async set(
    target: CorrectedChannel,
    samples: readonly { readonly atUnixMs: number; readonly value: number | string }[],
  ): Promise<CorrectionResult> {
    const times = samples.map(({ atUnixMs }) => atUnixMs);
    const spans = [...hoursOf(times)].map((fromUnixMs) => ({
      channels: [target],
      fromUnixMs,
      toUnixMs: fromUnixMs + HOUR_MS,
    }));
    return await this.#around(spans, async () => {
      for (const [table, kind] of [
        ['samples', 'number'],
        ['samples_text', 'string'],
      ] as const) {
        const own = samples.filter(({ value }) => typeof value === kind);
        await this.#queries.insert(
          table,
          own.map(({ atUnixMs, value }) => ({
            channel: target.channel,
            at: (Math.round(atUnixMs * 1_000) / 1e6).toFixed(6),
            value,
          })),
        );
      }
    });
  }

  /** Takes the samples of a span away. */
  async remove(span: CorrectedSpan): Promise<CorrectionResult> {
    return await this.#around([wholeHours(span)], async () => {
      for (const table of TABLES) await this.#delete(table, SPAN, paramsOf(span));
    });
  }

  /**
   * Moves the samples of a span in time; what is there at a new time is replaced. They are copied first, so a kill in the
   * middle leaves both, and none is lost.
   */
  async shift(span: CorrectedSpan, byMs: number): Promise<CorrectionResult> {
    if (byMs === 0) throw new EngineError('input.invalid', 'byMs: must not be 0');
    if (span.fromUnixMs + byMs < 0) {
      throw new EngineError('input.invalid', 'byMs: no sample may come to lie before 1970');
    }
    const target = {
      ...span,
      fromUnixMs: span.fromUnixMs + byMs,
      toUnixMs: span.toUnixMs + byMs,
    };
    const touched =
      target.fromUnixMs < span.toUnixMs && span.fromUnixMs < target.toUnixMs
        ? [
            wholeHours({
              ...span,
              fromUnixMs: Math.min(span.fromUnixMs, target.fromUnixMs),
              toUnixMs: Math.max(span.toUnixMs, target.toUnixMs),
            }),
          ]
        : [wholeHours(span), wholeHours(target)];
    return await this.#around(touched, async () => {
      for (const table of TABLES) await this.#shift(table, span, Math.round(byMs * 1_000));
    });
  }

  async #shift(table: string, span: CorrectedSpan, byUs: number): Promise<void> {
    const params = { ...paramsOf(span), byUs };
    const copy = `correction_${Math.round(this.#nowMs() * 1_000)}`;
    await this.#queries.run(
      `CREATE TABLE ${copy} ENGINE = MergeTree ORDER BY (channel, at) AS
        SELECT channel, ${MOVED} AS at, t.value AS value FROM
        (SELECT channel, at, value FROM ${table} FINAL WHERE ${SPAN}) AS t`,
      params,
    );
    try {
      await this.#queries.run(
        `INSERT INTO ${table} SELECT channel, at, value FROM ${copy}`,
        {},
        { insert_deduplicate: 0 },
      );
      // Those that were moved onto a time of the old span are what is to stay there.
      await this.#delete(
        table,
        `${SPAN} AND (channel, at) NOT IN (SELECT channel, at FROM ${copy})`,
        params,
      );
    } finally {
      await this.#queries.run(`DROP TABLE IF EXISTS ${copy}`);
    }
  }

  async #delete(
    table: string,
    where: string,
    params: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.#queries.run(`DELETE FROM ${table} WHERE ${where}`, params, {
      lightweight_deletes_sync: 2,
    });
  }

  async #around(
    spans: readonly CorrectedSpan[],
    change: () => Promise<void>,
  ): Promise<CorrectionResult> {
    const marks = spans.flatMap((span) => marksOf(span));
    if (marks.length > MAX_CHANNEL_HOURS) {
      throw new EngineError(
        'input.too-large',
        `a correction may touch ${MAX_CHANNEL_HOURS} hours of channels, this one ${marks.length}: make several`,
      );
    }
    const before = await this.#count(spans);
    await this.#mark(marks);
    try {
      await change();
    } finally {
      // A repair may have run in between, on a part of the change.
      await this.#mark(marks);
    }
    return { before, after: await this.#count(spans), channelHours: marks.length };
  }

  async #count(spans: readonly CorrectedSpan[]): Promise<number> {
    let sum = 0;
    for (const span of spans) {
      for (const table of TABLES) {
        const [row] = await this.#queries.rows<{ n: string }>(
          `SELECT count() AS n FROM (SELECT channel, at FROM ${table} FINAL WHERE ${SPAN})`,
          paramsOf(span),
        );
        sum += Number(row?.n ?? 0);
      }
    }
    return sum;
  }

  async #mark(marks: readonly { writer: string; hour: number; channel: number }[]): Promise<void> {
    const nowMs = this.#nowMs();
    await this.#queries.insert(
      'rollup_dirty',
      marks.map((mark) => ({
        ...mark,
        marked: Math.round(nowMs * 1_000),
        touched: Math.floor(nowMs / 1_000),
      })),
    );
  }
}

function marksOf({ channels, fromUnixMs, toUnixMs }: CorrectedSpan) {
  const marks: { writer: string; hour: number; channel: number }[] = [];
  for (let hour = Math.floor(fromUnixMs / HOUR_MS); hour * HOUR_MS < toUnixMs; hour += 1) {
    for (const { channel, writer } of channels) marks.push({ writer, hour, channel });
    if (marks.length > MAX_CHANNEL_HOURS) break;
  }
  return marks;
}

function hoursOf(times: readonly number[]): ReadonlySet<number> {
  return new Set(times.map((at) => Math.floor(at / HOUR_MS) * HOUR_MS));
}

function wholeHours(span: CorrectedSpan): CorrectedSpan {
  return {
    ...span,
    fromUnixMs: Math.floor(span.fromUnixMs / HOUR_MS) * HOUR_MS,
    toUnixMs: Math.ceil(span.toUnixMs / HOUR_MS) * HOUR_MS,
  };
}

function paramsOf({ channels, fromUnixMs, toUnixMs }: CorrectedSpan) {
  return {
    channels: channels.map(({ channel }) => channel),
    fromUs: Math.round(fromUnixMs * 1_000),
    toUs: Math.round(toUnixMs * 1_000),
  };
}

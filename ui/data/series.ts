import type { SeriesAnswer } from '../../api/contract/rest.js';
import { call } from './api.js';
import type { SeriesQuery } from './series-requests.js';

export type { SeriesAnswer };

/** Points of one line; `value` is null where data is missing. Times are Unix ms. */
export interface Line {
  readonly name: string;
  readonly unit: string | null;
  readonly atUnixMs: readonly number[];
  readonly value: readonly (number | null)[];
}

export interface History {
  readonly source: SeriesAnswer['source'];
  readonly intervalMs: number;
  readonly lines: readonly Line[];
}

/** `channel` is `<device>/<parameter>`, several with commas. */
export async function history(options: {
  readonly channel: string;
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  readonly aggregation?: 'avg' | 'minmax' | 'last';
  readonly intervalMs?: number;
  readonly maxPoints?: number;
  readonly signal?: AbortSignal;
}): Promise<History> {
  const answer = await call('GET', '/v1/series', {
    query: {
      channel: options.channel,
      from: Math.round(options.fromUnixMs),
      to: Math.round(options.toUnixMs),
      aggregation: options.aggregation,
      intervalMs: options.intervalMs,
      maxPoints: options.maxPoints,
    },
    signal: options.signal,
  });
  return {
    source: answer.source,
    intervalMs: answer.intervalMs,
    lines: answer.series.map((series) => ({
      name: series.name,
      unit: series.unit,
      ...withGaps(series.atUnixMs, series.value.map(toNumber), answer.intervalMs),
    })),
  };
}

/**
 * Several channels in one request, by name; the lowest and highest of each step. With the `secret` of a shared
 * dashboard those that it shows.
 */
export async function seriesLines(
  query: SeriesQuery,
  secret?: string,
): Promise<ReadonlyMap<string, Line>> {
  if (query.channel === '') return new Map();
  const answer =
    secret === undefined
      ? await call('GET', '/v1/series', { query })
      : await call('GET', '/v1/shared-dashboards/{secret}/series', { params: { secret }, query });
  return new Map(
    answer.series.map((series) => [
      series.name,
      {
        name: series.name,
        unit: series.unit,
        ...withGaps(series.atUnixMs, series.value.map(toNumber), answer.intervalMs),
      },
    ]),
  );
}

function toNumber(value: number | string): number | null {
  const figure = typeof value === 'number' ? value : Number(value);
  return Number.isFinite(figure) ? figure : null;
}

/**
 * Puts a null where data is missing, so that a gap is drawn as a gap: a step far above the interval asked for,
 * or, for raw values (interval 0), far above the usual step.
 */
export function withGaps(
  atUnixMs: readonly number[],
  value: readonly (number | null)[],
  intervalMs: number,
): { readonly atUnixMs: number[]; readonly value: (number | null)[] } {
  const steps: number[] = [];
  for (let i = 1; i < atUnixMs.length; i += 1)
    steps.push((atUnixMs[i] ?? 0) - (atUnixMs[i - 1] ?? 0));
  const sorted = steps.toSorted((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const limitMs = Math.max(intervalMs * 2.5, usual * 8, 2_000);
  const outAt: number[] = [];
  const outValue: (number | null)[] = [];
  for (let i = 0; i < atUnixMs.length; i += 1) {
    const at = atUnixMs[i] ?? 0;
    const before = atUnixMs[i - 1];
    if (before !== undefined && at - before > limitMs) {
      outAt.push((before + at) / 2);
      outValue.push(null);
    }
    outAt.push(at);
    outValue.push(value[i] ?? null);
  }
  return { atUnixMs: outAt, value: outValue };
}

/** The last `keepMs` of live values; bounded by time and by count. */
export class TrendRing {
  readonly #keepMs: number;
  readonly #max: number;
  #points: { readonly at: number; readonly value: number }[] = [];

  constructor(keepMs: number, max = 2_000) {
    this.#keepMs = keepMs;
    this.#max = max;
  }

  /** Adds a value; one with the time of the last replaces it, an older one is ignored. */
  add(at: number, value: number): void {
    const last = this.#points.at(-1);
    if (last && at < last.at) return;
    if (last && at === last.at) this.#points.pop();
    this.#points.push({ at, value });
    this.#trim(at);
  }

  /** Puts fetched history in front of what was heard live. */
  prepend(atUnixMs: readonly number[], value: readonly (number | null)[]): void {
    const first = this.#points[0]?.at ?? Number.POSITIVE_INFINITY;
    const older: { at: number; value: number }[] = [];
    for (let i = 0; i < atUnixMs.length; i += 1) {
      const at = atUnixMs[i];
      const figure = value[i];
      if (at !== undefined && typeof figure === 'number' && at < first)
        older.push({ at, value: figure });
    }
    this.#points = [...older, ...this.#points];
    this.#trim(this.#points.at(-1)?.at ?? 0);
  }

  #trim(newest: number): void {
    const from = newest - this.#keepMs;
    let drop = Math.max(0, this.#points.length - this.#max);
    while ((this.#points[drop]?.at ?? from) < from) drop += 1;
    if (drop > 0) this.#points = this.#points.slice(drop);
  }

  points(): readonly { readonly at: number; readonly value: number }[] {
    return this.#points;
  }
}

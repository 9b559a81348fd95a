import type { PeriodsAnswer, SeriesStatistics } from '../../api/contract/history.js';
import { call } from './api.js';
import { duration } from './format.js';
import { type Line, withGaps } from './series.js';

export type ChannelFigures = SeriesStatistics['channels'][number];
export type { SeriesStatistics };

interface Span {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Of all samples of a time; `low` and `high` are the ends of a range that is asked after. */
export const statisticsOf = (
  channels: readonly string[],
  options: Span & { readonly low?: number | undefined; readonly high?: number | undefined },
): Promise<SeriesStatistics> =>
  call('GET', '/v1/series/statistics', {
    query: {
      channel: channels.join(','),
      from: Math.round(options.fromUnixMs),
      to: Math.round(options.toUnixMs),
      low: options.low,
      high: options.high,
    },
    signal: options.signal,
  });

/** A time and another of the same length, as lines over the first: both in the same steps. */
export async function comparedLines(
  channels: readonly string[],
  options: Span & { readonly otherFromUnixMs: number; readonly maxPoints: number },
): Promise<readonly Line[]> {
  const { fromUnixMs } = options;
  const answer = await call('GET', '/v1/series/compare', {
    query: {
      channel: channels.join(','),
      from: Math.round(fromUnixMs),
      to: Math.round(options.toUnixMs),
      otherFrom: Math.round(options.otherFromUnixMs),
      aggregation: 'minmax',
      maxPoints: options.maxPoints,
    },
    signal: options.signal,
  });
  const lineOf = (
    { name, unit }: { readonly name: string; readonly unit: string | null },
    { atMs, value }: PeriodsAnswer['channels'][number]['period'],
  ): Line => ({
    name,
    unit,
    ...withGaps(
      atMs.map((at) => at + Math.round(fromUnixMs)),
      value.map((one) => (Number.isFinite(Number(one)) ? Number(one) : null)),
      answer.intervalMs,
    ),
  });
  return [
    ...answer.channels.map((one) => lineOf(one, one.period)),
    ...answer.channels.map((one) => lineOf({ ...one, name: `${one.name} before` }, one.other)),
  ];
}

/** The value that so many percent of the samples do not exceed; null: not known. */
export function percentileOf(
  figures: ChannelFigures,
  levels: readonly number[],
  level: number,
): number | null {
  return figures.percentiles?.[levels.indexOf(level)] ?? null;
}

/** `on 12 min (80 %), off 3 min (20 %)`; the longest first. */
export function stateWords(states: Readonly<Record<string, number>>): string {
  const entries = Object.entries(states).sort(([, a], [, b]) => b - a);
  const totalMs = entries.reduce((sum, [, ms]) => sum + ms, 0);
  return entries
    .map(([state, ms]) => `${state} ${duration(ms)} (${shareWords(ms, totalMs)})`)
    .join(', ');
}

/** `80 %`; never all or nothing when it is not. */
export function shareWords(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const share = (part / whole) * 100;
  if (share > 0 && share < 0.1) return '< 0.1 %';
  if (share < 100 && share > 99.9) return '> 99.9 %';
  return `${Number(share.toFixed(1))} %`;
}

import type { StatisticsAnswer } from '../../api/contract/statistics.js';
import { call } from './api.js';

export type { StatisticsAnswer };

/** Ranges offered, by the name that stands in the address. */
export const RANGES = [
  { id: '24h', word: '24 h', ms: 86_400_000 },
  { id: '7d', word: '7 d', ms: 7 * 86_400_000 },
  { id: '30d', word: '30 d', ms: 30 * 86_400_000 },
  { id: '1y', word: '1 y', ms: 365 * 86_400_000 },
] as const;

export interface TimeRange {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The range that an address names: `from` and `to` (Unix ms), else the last 24 h, 7 d, 30 d or year. */
export function rangeFrom(query: URLSearchParams, nowUnixMs: number): TimeRange {
  const from = Number(query.get('from') ?? Number.NaN);
  const to = Number(query.get('to') ?? Number.NaN);
  if (Number.isFinite(from) && Number.isFinite(to) && from >= 0 && to > from) {
    return { fromUnixMs: from, toUnixMs: to };
  }
  const named = RANGES.find((one) => one.id === query.get('range')) ?? RANGES[1];
  // Whole minutes, so that the same question is not asked anew each second.
  const end = Math.ceil(nowUnixMs / 60_000) * 60_000;
  return { fromUnixMs: end - named.ms, toUnixMs: end };
}

/** Hours for up to three days, else days. */
export const intervalOf = ({ fromUnixMs, toUnixMs }: TimeRange): 'hour' | 'day' =>
  toUnixMs - fromUnixMs <= 3 * DAY_MS ? 'hour' : 'day';

type Times = StatisticsAnswer['times'];

/** Times without anything between are 0, not a gap: nobody listened. */
export function filledTimes(times: Times, range: TimeRange, interval: 'hour' | 'day'): Times {
  const step = interval === 'hour' ? HOUR_MS : DAY_MS;
  const first = times[0];
  if (!first) return [];
  const filled: Times = [];
  const known = times.toSorted((a, b) => a.atUnixMs - b.atUnixMs);
  const empty = (atUnixMs: number): Times[number] => ({
    atUnixMs,
    sessions: 0,
    listeningS: 0,
    heard: 0,
  });
  let at = first.atUnixMs - Math.floor((first.atUnixMs - range.fromUnixMs) / step) * step;
  for (const row of known) {
    // Days are 23 to 25 hours long where clocks are changed: half a step of room.
    for (; at < row.atUnixMs - step / 2; at += step) filled.push(empty(at));
    filled.push(row);
    at = row.atUnixMs + step;
  }
  for (; at <= range.toUnixMs; at += step) filled.push(empty(at));
  return filled;
}

export function loadStatistics(
  projectId: number,
  range: TimeRange,
  signal: AbortSignal,
): Promise<StatisticsAnswer> {
  return call('GET', '/v1/statistics', {
    query: { ...statisticsQuery(projectId, range), limit: 100 },
    signal,
  });
}

function statisticsQuery(projectId: number, range: TimeRange) {
  return {
    projectId,
    from: range.fromUnixMs,
    to: range.toUnixMs,
    interval: intervalOf(range),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

/** Address of one part as a CSV file. */
export function statisticsHref(
  projectId: number,
  range: TimeRange,
  part: 'times' | 'assets' | 'places',
): string {
  const query = new URLSearchParams({ part });
  for (const [name, value] of Object.entries(statisticsQuery(projectId, range)))
    query.set(name, String(value));
  return `/v1/statistics/export?${query}`;
}

import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQueries } from '../../engine/series/queries.js';
import type { StoreReader } from '../../engine/series/reader.js';
import type { SeriesPoints } from '../../engine/series/series.types.js';
import { PERCENTILES, seriesStatistics, timesWithin } from '../../engine/series/statistics.js';
import {
  periodsAnswer,
  periodsQuery,
  statisticsOfSeriesAnswer,
  statisticsOfSeriesQuery,
} from '../contract/history.js';
import { type Route, route } from '../http/route.types.js';
import type { ResolvedChannel } from '../routes/series.js';

export interface FigureRoutesOptions {
  readonly reader: StoreReader;
  readonly queries: SeriesQueries;
  readonly resolveChannel: (text: string) => ResolvedChannel | undefined;
  readonly clock: Clock;
}

const MAX_CHANNELS = 100;
const tag = 'series';
const TABLES = { raw: 'raw', '1m': 'samples_1m', '1h': 'samples_1h', '1d': 'samples_1d' } as const;

/** `GET /v1/series/statistics` and `GET /v1/series/compare`. */
export function figureRoutes(options: FigureRoutesOptions): readonly Route[] {
  const { reader, queries, clock } = options;
  return [
    route({
      method: 'GET',
      path: '/v1/series/statistics',
      summary: 'Least, most, average, spread, percentiles, first, last and time in each state',
      tag,
      access: 'viewer',
      query: statisticsOfSeriesQuery,
      response: statisticsOfSeriesAnswer,
      handler: async ({ query }) => {
        checkRange(query.from, query.to);
        const channels = resolveAll(options, query.channel);
        const numbers = channels.map(({ channel }) => channel);
        const source = await reader.sourceOf(query.from, numbers);
        const range = { channels: numbers, fromUnixMs: query.from, toUnixMs: query.to };
        const { low = -1e300, high = 1e300 } = query;
        if (low > high) throw new EngineError('input.invalid', 'low: must not be above high');
        const isAsked = source === 'raw' && (query.low !== undefined || query.high !== undefined);
        const [found, times] = await Promise.all([
          seriesStatistics(queries, range, TABLES[source], clock.nowMs()),
          isAsked ? timesWithin(queries, range, { low, high }, clock.nowMs()) : [],
        ]);
        const withinOf = (number: number) => {
          const one = times.find(({ channel }) => channel === number);
          return one === undefined ? null : { insideMs: one.insideMs, knownMs: one.knownMs };
        };
        return {
          source,
          levels: PERCENTILES,
          channels: channels.map(({ channel, name, unit }) => {
            // A channel that changed from numbers to texts has both: the later ones.
            const own = found.filter((one) => one.channel === channel);
            own.sort((a, b) => (b.last?.atUnixMs ?? 0) - (a.last?.atUnixMs ?? 0));
            const { channel: _, ...figures } = own[0] ?? { ...NONE, channel };
            return { name, unit, ...figures, within: withinOf(channel) };
          }),
        };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/series/compare',
      summary: 'Two periods of the same length laid over each other',
      tag,
      access: 'viewer',
      query: periodsQuery,
      response: periodsAnswer,
      handler: async ({ query }) => {
        checkRange(query.from, query.to);
        const { otherFrom } = query;
        const spanMs = query.to - query.from;
        checkRange(otherFrom, otherFrom + spanMs);
        const channels = resolveAll(options, query.channel);
        const numbers = channels.map(({ channel }) => channel);
        const asked = {
          channels: numbers,
          aggregation: query.aggregation,
          maxPoints: query.maxPoints,
        };
        const first = await reader.query({ ...asked, fromUnixMs: query.from, toUnixMs: query.to });
        const second = await reader.query({
          ...asked,
          fromUnixMs: otherFrom,
          toUnixMs: otherFrom + spanMs,
          ...(first.intervalMs > 0 ? { intervalMs: first.intervalMs } : {}),
        });
        return {
          intervalMs: first.intervalMs,
          channels: channels.map(({ name, unit }, i) => {
            const period = periodOf(first.series[i], query.from);
            const other = periodOf(second.series[i], otherFrom);
            const difference =
              period.avg === null || other.avg === null ? null : period.avg - other.avg;
            return { name, unit, period, other, difference };
          }),
        };
      },
    }),
  ];
}

const NONE = {
  count: 0,
  min: null,
  max: null,
  avg: null,
  stddev: null,
  percentiles: null,
  first: null,
  last: null,
  states: null,
};

function periodOf(points: SeriesPoints | undefined, fromUnixMs: number) {
  const { atUnixMs = [], value = [] } = points ?? {};
  const numbers = value.filter((one) => typeof one === 'number');
  const total = numbers.reduce((sum, one) => sum + one, 0);
  return {
    atMs: atUnixMs.map((at) => at - fromUnixMs),
    value,
    avg: numbers.length === 0 ? null : total / numbers.length,
  };
}

function resolveAll(
  { resolveChannel }: Pick<FigureRoutesOptions, 'resolveChannel'>,
  list: string,
): readonly ResolvedChannel[] {
  const names = [...new Set(list.split(',').map((name) => name.trim()))].filter((n) => n !== '');
  if (names.length === 0 || names.length > MAX_CHANNELS) {
    throw new EngineError('input.invalid', `channel: name 1 to ${MAX_CHANNELS} channels`);
  }
  return names.map((name) => {
    const found = resolveChannel(name);
    if (found === undefined) throw new EngineError('not-found', `there is no channel "${name}"`);
    return found;
  });
}

function checkRange(from: number, to: number): void {
  if (from >= 0 && to > from) return;
  throw new EngineError('input.invalid', 'from and to: Unix ms, not before 1970, to after from');
}

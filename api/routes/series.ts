import { EngineError } from '../../engine/errors.js';
import { gapsOf } from '../../engine/series/gaps.js';
import type { SeriesReader } from '../../engine/series/series.types.js';
import {
  eventsAnswer,
  eventsQuery,
  seriesAnswer,
  seriesExportQuery,
  seriesQuery,
} from '../contract/rest.js';
import { Reply, type Route, route } from '../http/route.types.js';

const MAX_CHANNELS = 100;
const EXPORT_LIMIT_MS = 3_600_000;

/** A channel as a client sees it. */
export interface ResolvedChannel {
  readonly channel: number;
  /** `<device>/<parameter>`. */
  readonly name: string;
  readonly unit: string | null;
}

export interface SeriesRoutesOptions {
  readonly reader: SeriesReader;
  /** By number in the series store, or by `<device>/<parameter>`; undefined when there is none. */
  readonly resolveChannel: (text: string) => ResolvedChannel | undefined;
  /** Default: the machine's clock. */
  readonly nowUnixMs?: () => number;
}

/** `GET /v1/series`, `GET /v1/series/export`, `GET /v1/events`: history for charts, files and the log. */
export function seriesRoutes(options: SeriesRoutesOptions): readonly Route[] {
  const { reader, resolveChannel } = options;
  const resolveAll = (list: string): readonly ResolvedChannel[] => {
    const names = [...new Set(list.split(',').map((name) => name.trim()))].filter((n) => n !== '');
    if (names.length === 0 || names.length > MAX_CHANNELS) {
      throw new EngineError('input.invalid', `channel: name 1 to ${MAX_CHANNELS} channels`);
    }
    return names.map((name) => {
      const found = resolveChannel(name);
      if (found === undefined) {
        throw new EngineError('not-found', `there is no channel "${name}"`);
      }
      return found;
    });
  };
  return [
    route({
      method: 'GET',
      path: '/v1/series',
      summary: 'History of channels, from raw samples or rollups, at most maxPoints each',
      tag: 'series',
      access: 'viewer',
      query: seriesQuery,
      response: seriesAnswer,
      handler: async ({ query }) => {
        checkRange(query.from, query.to);
        const channels = resolveAll(query.channel);
        const answer = await reader.query({
          channels: channels.map(({ channel }) => channel),
          fromUnixMs: query.from,
          toUnixMs: query.to,
          intervalMs: query.intervalMs,
          aggregation: query.aggregation,
          maxPoints: query.maxPoints,
        });
        const series = answer.series.map((points, i) => ({
          ...points,
          name: channels[i]?.name ?? String(points.channel),
          unit: channels[i]?.unit ?? null,
          gaps: gapsOf(points.atUnixMs, {
            fromUnixMs: query.from,
            toUnixMs: query.to,
            intervalMs: answer.intervalMs,
            factor: query.gapFactor,
            nowUnixMs: options.nowUnixMs?.() ?? Date.now(),
          }),
        }));
        return { ...answer, series };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/series/export',
      summary: 'Samples, or buckets when intervalMs is given, as a CSV or Parquet file',
      tag: 'series',
      access: 'viewer',
      query: seriesExportQuery,
      timeLimitMs: EXPORT_LIMIT_MS,
      handler: async ({ query }) => {
        checkRange(query.from, query.to);
        const channels = resolveAll(query.channel).map(({ channel }) => channel);
        const { format, intervalMs, aggregation } = query;
        const range = { channels, fromUnixMs: query.from, toUnixMs: query.to };
        const stream = reader.export({ ...range, intervalMs, aggregation }, format);
        return new Reply({
          headers: {
            'content-type':
              format === 'csv' ? 'text/csv; charset=utf-8' : 'application/vnd.apache.parquet',
            'content-disposition': `attachment; filename="series.${format}"`,
          },
          stream: await started(stream),
        });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/events',
      summary: 'What happened, newest first, by kind and subject',
      tag: 'series',
      access: 'viewer',
      query: eventsQuery,
      response: eventsAnswer,
      handler: async ({ query }) => {
        checkRange(query.from, query.to);
        const events = await reader.events({
          kind: query.kind,
          subject: query.subject,
          fromUnixMs: query.from,
          toUnixMs: query.to,
          limit: query.limit,
        });
        return { events };
      },
    }),
  ];
}

function checkRange(from: number, to: number): void {
  if (from >= 0 && to > from) return;
  throw new EngineError('input.invalid', 'from and to: Unix ms, not before 1970, to after from');
}

/** Waits for the first bytes, so that a store that is away becomes an error answer and not a broken file. */
async function started(stream: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = stream[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
}

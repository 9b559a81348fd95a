import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ExperimentRow } from '../../actors/automation/automation.types.js';
import { AUTOMATION_SPECS } from '../../actors/automation/specs.js';
import type { ContentTable } from '../../actors/content/store.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQueries } from '../../engine/series/queries.js';
import type { SeriesReader } from '../../engine/series/series.types.js';
import {
  experiment,
  experimentsCompareAnswer,
  experimentsCompareQuery,
  HISTORY,
} from '../contract/history.js';
import { Reply, type Route, route } from '../http/route.types.js';
import type { ResolvedChannel } from '../routes/series.js';
import { type AnyRow, invalid, type TableRoutes, tableRoutes } from '../routes/table-routes.js';
import { channelsOf, csvFileName, recordedLines } from './experiment-csv.js';
import type { Experiments } from './experiments.js';
import { started } from './started.js';

export interface RecordingRoutesOptions {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly experiments: Experiments;
  readonly reader: SeriesReader;
  readonly queries: SeriesQueries;
  readonly resolveChannel: (text: string) => ResolvedChannel | undefined;
  readonly clock: Clock;
}

const tag = 'history';
const DOWNLOAD_LIMIT_MS = 3_600_000;
const MAX_COMPARED_CHANNELS = 50;
const params = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

/** `/v1/experiments`, `/v1/journal`, `/v1/annotations`. */
export function recordingRoutes(options: RecordingRoutesOptions): readonly Route[] {
  return [
    // Before `/v1/experiments/{id}`.
    compareRoute(options),
    ...tables(options),
    ...runRoutes(options),
    csvRoute(options),
  ];
}

function tables({ store, experiments, clock }: RecordingRoutesOptions): Route[] {
  const { automation } = store;
  const common = { tag, clock, shown: (row: unknown) => row, maxBodyBytes: 1_048_576 };
  const table = (rows: unknown) => rows as ContentTable<AnyRow>;
  return [
    ...tableRoutes({
      ...HISTORY.experiments,
      ...common,
      table: table(automation.experiments),
      columns: AUTOMATION_SPECS.experiments.columns as TableRoutes['columns'],
      rules: {
        read: 'viewer',
        write: 'operator',
        made: (nowUnixMs, principal) => ({
          publicId: randomUUID(),
          startedAtUnixMs: null,
          stoppedAtUnixMs: null,
          ownerId: principal.kind === 'user' ? principal.id : null,
          createdAtUnixMs: nowUnixMs,
        }),
      },
      changed: () => experiments.changed(),
    }),
    ...tableRoutes({
      ...HISTORY.journal,
      ...common,
      table: table(automation.journal),
      columns: AUTOMATION_SPECS.journal.columns as TableRoutes['columns'],
      rules: {
        read: 'viewer',
        write: 'operator',
        made: (nowUnixMs, principal) => ({
          publicId: randomUUID(),
          atUnixMs: nowUnixMs,
          by: principal.name,
          ownerId: principal.kind === 'user' ? principal.id : null,
        }),
      },
    }),
    ...tableRoutes({
      ...HISTORY.annotations,
      ...common,
      table: table(automation.annotations),
      columns: AUTOMATION_SPECS.annotations.columns as TableRoutes['columns'],
      rules: {
        read: 'viewer',
        write: 'operator',
        made: (_, principal) => ({ by: principal.name }),
        check: ({ fromUnixMs, toUnixMs }) =>
          typeof toUnixMs === 'number' && toUnixMs <= Number(fromUnixMs)
            ? ['toUnixMs', `must be after fromUnixMs (${String(fromUnixMs)}), or null for a moment`]
            : undefined,
      },
      finding: {
        // Those that lie in a range, also in part: what a chart of it shows.
        query: { from: z.coerce.number().optional(), to: z.coerce.number().optional() },
        find: ({ from, to }) => ({
          where: [
            ...(typeof to === 'number'
              ? [{ field: 'fromUnixMs' as 'id', op: '<' as const, value: to }]
              : []),
            ...(typeof from === 'number'
              ? [{ field: 'fromUnixMs' as 'id', op: '>=' as const, value: from - LONGEST_NOTE_MS }]
              : []),
          ],
        }),
      },
      checked: (given) => {
        const { fromUnixMs, toUnixMs } = given;
        if (
          typeof fromUnixMs === 'number' &&
          typeof toUnixMs === 'number' &&
          toUnixMs - fromUnixMs > LONGEST_NOTE_MS
        ) {
          throw invalid('toUnixMs', 'a note may be a year long: make several');
        }
        return Promise.resolve();
      },
    }),
  ];
}

/** Notes that began this long before a range may still reach into it. */
const LONGEST_NOTE_MS = 366 * 86_400_000;

function runRoutes({ experiments }: RecordingRoutesOptions): Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/experiments/{id}/start',
      summary: 'Start a recording; it has one run',
      tag,
      access: 'operator',
      params,
      response: experiment,
      handler: ({ params: { id }, principal }) => experiments.startById(id, principal.name),
    }),
    route({
      method: 'POST',
      path: '/v1/experiments/{id}/stop',
      summary: 'Stop a recording',
      tag,
      access: 'operator',
      params,
      response: experiment,
      handler: ({ params: { id }, principal }) => experiments.stopById(id, principal.name),
    }),
  ];
}

function csvRoute(options: RecordingRoutesOptions): Route {
  const { experiments, store, queries, resolveChannel, clock } = options;
  return route({
    method: 'GET',
    path: '/v1/experiments/{id}/csv',
    summary: 'What a recording holds, as CSV in time order, of any size; until now when it runs',
    tag,
    access: 'viewer',
    params,
    timeLimitMs: DOWNLOAD_LIMIT_MS,
    handler: async ({ params: { id }, signal }) => {
      const row = await experiments.get(id);
      if (row === undefined) throw missing(id);
      const channels = channelsOf(row, await store.automation.signals.find(), resolveChannel);
      const { fromUnixMs, toUnixMs } = rangeOf(row, clock.nowMs());
      const lines = recordedLines(queries, { channels, fromUnixMs, toUnixMs }, signal);
      const name = csvFileName(row);
      const ascii = name.replaceAll(/[^\x20-\x7e]/g, '_');
      return new Reply({
        headers: {
          'content-type': 'text/csv; charset=utf-8',
          'content-disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(name)}`,
        },
        stream: await started(lines, 2),
      });
    },
  });
}

function compareRoute(options: RecordingRoutesOptions): Route {
  const { store, reader, resolveChannel, clock } = options;
  return route({
    method: 'GET',
    path: '/v1/experiments/compare',
    summary: 'Recordings laid over each other: times since the start of each',
    tag,
    access: 'viewer',
    query: experimentsCompareQuery,
    response: experimentsCompareAnswer,
    handler: async ({ query }) => {
      const found = await store.automation.experiments.many(query.ids);
      const lost = query.ids.find((id) => !found.some((row) => row.id === id));
      if (lost !== undefined) throw missing(lost);
      const unstarted = found.find(({ startedAtUnixMs }) => startedAtUnixMs === null);
      if (unstarted !== undefined) {
        throw new EngineError('conflict', `ids: "${unstarted.name}" was not started yet`);
      }
      const signals = await store.automation.signals.find();
      const asked = query.channel?.split(',').map((name) => name.trim());
      const runs = [];
      for (const row of found) {
        const channels = channelsOf(
          { channels: asked ?? row.channels },
          signals,
          resolveChannel,
        ).slice(0, MAX_COMPARED_CHANNELS);
        const { fromUnixMs, toUnixMs } = rangeOf(row, clock.nowMs());
        const answer =
          channels.length === 0
            ? { series: [] }
            : await reader.query({
                channels: channels.map(({ channel }) => channel),
                fromUnixMs,
                toUnixMs,
                aggregation: query.aggregation,
                maxPoints: query.maxPoints,
              });
        runs.push({
          id: row.id,
          name: row.name,
          startedAtUnixMs: fromUnixMs,
          durationMs: toUnixMs - fromUnixMs,
          series: answer.series.map((points, i) => ({
            name: channels[i]?.name ?? String(points.channel),
            unit: channels[i]?.unit ?? null,
            atMs: points.atUnixMs.map((at) => at - fromUnixMs),
            value: points.value,
          })),
        });
      }
      return { runs };
    },
  });
}

function rangeOf(
  row: ExperimentRow,
  nowUnixMs: number,
): { readonly fromUnixMs: number; readonly toUnixMs: number } {
  const fromUnixMs = row.startedAtUnixMs ?? nowUnixMs;
  return { fromUnixMs, toUnixMs: Math.max(fromUnixMs + 1, row.stoppedAtUnixMs ?? nowUnixMs) };
}

const missing = (id: number) =>
  new EngineError('not-found', `there is no recording ${id}: GET /v1/experiments lists them`);

import { EngineError } from '../../../engine/errors.js';
import type { SeriesReader } from '../../../engine/series/series.types.js';
import { tableQuery } from '../../contract/devices.js';
import {
  connectionRow,
  connectionsAct,
  deviceParams,
  discoveriesAct,
  discoveriesActed,
  discoveryRow,
  doneAnswer,
  historyAnswer,
  historyQuery,
  scanAnswer,
  scanCreate,
  scanParams,
  scanRow,
  summaryAnswer,
  summaryQuery,
} from '../../contract/plugins.js';
import { page } from '../../contract/rest.js';
import type { ConnectionRow } from '../../contract/rows.js';
import { listRows } from '../../devices/list.js';
import { type Route, route } from '../../http/route.types.js';
import type { MemoryTable } from '../../live/table.js';
import type { PluginService } from '../service.js';

export interface ConnectionRoutesOptions {
  readonly plugins: PluginService;
  readonly tables: Readonly<Record<'connections' | 'discoveries' | 'scans', MemoryTable>>;
  readonly reader: Pick<SeriesReader, 'events'>;
  readonly nowUnixMs: () => number;
}

const HISTORY_MS = 7 * 86_400_000;
const STATES = ['connecting', 'connected', 'disconnected', 'error', 'stopped'] as const;
const LONG_MS = 60_000;

/** Connections of plugin devices, the queue of what was found, and scans. */
export function connectionRoutes(options: ConnectionRoutesOptions): readonly Route[] {
  return [...linkRoutes(options), ...discoveryRoutes(options), ...scanRoutes(options)];
}

function linkRoutes({
  plugins,
  tables,
  reader,
  nowUnixMs,
}: ConnectionRoutesOptions): readonly Route[] {
  const tag = 'connections';
  return [
    route({
      method: 'GET',
      path: '/v1/connections',
      summary: 'Connections of plugin devices, filtered, sorted and in pages',
      tag,
      access: 'viewer',
      query: tableQuery,
      response: page(connectionRow),
      handler: ({ query }) => listRows(tables.connections, 'connections', query),
    }),
    route({
      method: 'GET',
      path: '/v1/connections/summary',
      summary: 'How many connections are in which state, of all, a plugin or an instance',
      tag,
      access: 'viewer',
      query: summaryQuery,
      response: summaryAnswer,
      handler: ({ query: { vendor, instanceId } }) => {
        const rows = [...tables.connections.rows()] as unknown as ConnectionRow[];
        return summaryOf(
          rows.filter(
            (row) =>
              (vendor === undefined || row.vendor === vendor) &&
              (instanceId === undefined || row.instanceId === instanceId),
          ),
        );
      },
    }),
    route({
      method: 'POST',
      path: '/v1/connections/actions',
      summary: 'Start, stop or renew connections',
      tag,
      access: 'operator',
      body: connectionsAct,
      maxBodyBytes: 2_097_152,
      response: doneAnswer,
      timeLimitMs: LONG_MS,
      handler: async ({ body: { ids, action } }) => ({ done: await plugins.act(ids, action) }),
    }),
    route({
      method: 'GET',
      path: '/v1/connections/{id}/history',
      summary: 'Transitions of a connection, newest first; of the last week unless told otherwise',
      tag,
      access: 'viewer',
      params: deviceParams,
      query: historyQuery,
      response: historyAnswer,
      handler: async ({ params: { id }, query }) => {
        if (plugins.book.get(id) === undefined) {
          throw new EngineError('not-found', `there is no plugin device ${id}`);
        }
        const toUnixMs = query.to ?? nowUnixMs() + 1;
        const events = await reader.events({
          kind: undefined,
          subject: id,
          fromUnixMs: query.from ?? toUnixMs - HISTORY_MS,
          toUnixMs,
          limit: query.limit,
        });
        const transitions = events.flatMap(({ atUnixMs, kind, detail }) => {
          if (!kind.startsWith('connection.')) return [];
          const { reason } = detail as { readonly reason?: unknown };
          const state = kind.slice('connection.'.length);
          return [{ atUnixMs, state, reason: typeof reason === 'string' ? reason : null }];
        });
        return { transitions };
      },
    }),
  ];
}

function discoveryRoutes({ plugins, tables }: ConnectionRoutesOptions): readonly Route[] {
  const tag = 'discovery';
  return [
    route({
      method: 'GET',
      path: '/v1/discoveries',
      summary: 'Devices that were found and wait for a decision',
      tag,
      access: 'viewer',
      query: tableQuery,
      response: page(discoveryRow),
      handler: ({ query }) => listRows(tables.discoveries, 'discoveries', query),
    }),
    route({
      method: 'POST',
      path: '/v1/discoveries/actions',
      summary:
        'Approve (the device is made and connects), import (the same) or reject what was found',
      tag,
      access: 'operator',
      body: discoveriesAct,
      response: discoveriesActed,
      timeLimitMs: LONG_MS,
      handler: ({ body: { ids, action } }) => plugins.discoveries.act(ids, action),
    }),
  ];
}

function scanRoutes({ plugins, tables }: ConnectionRoutesOptions): readonly Route[] {
  const tag = 'discovery';
  return [
    route({
      method: 'POST',
      path: '/v1/scans',
      summary: 'Search for devices: ranges, hosts, announcements, the list of a server',
      tag,
      access: 'operator',
      body: scanCreate,
      maxBodyBytes: 4_194_304,
      response: scanAnswer,
      status: 202,
      timeLimitMs: LONG_MS,
      handler: ({ body }) => plugins.scan(body),
    }),
    route({
      method: 'GET',
      path: '/v1/scans',
      summary: 'Searches that run, and those that ended within ten minutes',
      tag,
      access: 'viewer',
      query: tableQuery,
      response: page(scanRow),
      handler: ({ query }) => listRows(tables.scans, 'scans', query),
    }),
    route({
      method: 'DELETE',
      path: '/v1/scans/{id}',
      summary: 'Cancel a search; what it found stays',
      tag,
      access: 'operator',
      params: scanParams,
      status: 204,
      handler: ({ params: { id } }) => {
        plugins.scans.cancel(id);
      },
    }),
  ];
}

function summaryOf(rows: readonly ConnectionRow[]): Readonly<Record<string, number>> {
  const counts = Object.fromEntries(
    STATES.map((state) => [state, rows.filter((row) => row.state === state).length]),
  ) as Record<(typeof STATES)[number], number>;
  const wanted = rows.length - counts.stopped;
  const healthyPercentage =
    wanted === 0 ? 100 : Math.round((counts.connected / wanted) * 1_000) / 10;
  return { total: rows.length, ...counts, healthyPercentage };
}

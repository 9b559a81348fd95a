import type { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import type { GeoPoint } from '../../media/ports.js';
import type { Statistics } from '../audio/statistics.js';
import {
  type StatisticsAnswer,
  statisticsAnswer,
  statisticsExportQuery,
  statisticsQuery,
} from '../contract/statistics.js';
import { Reply, type Route, route } from '../http/route.types.js';

export interface StatisticsRoutesOptions {
  readonly statistics: Pick<Statistics, 'times' | 'assets' | 'places'>;
  readonly project: (id: number) => { readonly center: GeoPoint } | undefined;
  readonly assetName: (id: number) => string | undefined;
}

/** `/v1/statistics`: when and where was listened, and to what. */
export function statisticsRoutes(options: StatisticsRoutesOptions): readonly Route[] {
  const { statistics } = options;
  const read = async (query: z.infer<typeof statisticsQuery>): Promise<StatisticsAnswer> => {
    const { projectId, from, to, interval, timezone, limit, cellM } = query;
    if (!(from >= 0) || !(to > from)) {
      throw new EngineError(
        'input.invalid',
        'from and to: Unix ms, not before 1970, to after from',
      );
    }
    if (!isTimezone(timezone)) {
      throw new EngineError(
        'input.invalid',
        `timezone: "${timezone}" is no IANA name, as Europe/Paris`,
      );
    }
    const project = projectId === undefined ? undefined : options.project(projectId);
    if (projectId !== undefined && project === undefined) {
      throw new EngineError('not-found', `projectId: there is no project ${projectId}`);
    }
    const asked = { projectId, fromUnixMs: from, toUnixMs: to };
    const [times, assets, places] = await Promise.all([
      statistics.times(asked, interval, timezone),
      statistics.assets(asked, limit),
      project === undefined ? [] : statistics.places(asked, cellM, project.center.latitude),
    ]);
    const sum = (of: (row: (typeof times)[number]) => number): number =>
      times.reduce((total, row) => total + of(row), 0);
    return {
      totals: {
        sessions: sum((row) => row.sessions),
        listeningS: sum((row) => row.listeningS),
        heard: sum((row) => row.heard),
      },
      times: [...times],
      assets: assets.map((row) => ({ ...row, name: options.assetName(row.assetId) ?? null })),
      places: [...places],
      cellM,
    };
  };
  return [
    route({
      method: 'GET',
      path: '/v1/statistics',
      summary: 'Sessions and listening time by hour or day, most heard recordings, heat map',
      tag: 'statistics',
      access: 'viewer',
      query: statisticsQuery,
      response: statisticsAnswer,
      handler: ({ query }) => read(query),
    }),
    route({
      method: 'GET',
      path: '/v1/statistics/export',
      summary: 'One part of the statistics as a CSV file',
      tag: 'statistics',
      access: 'viewer',
      query: statisticsExportQuery,
      handler: async ({ query: { part, ...query } }) => {
        const answer = await read(query);
        return new Reply({
          headers: {
            'content-type': 'text/csv; charset=utf-8',
            'content-disposition': `attachment; filename="listening-${part}.csv"`,
          },
          body: csvOf(part, answer),
        });
      },
    }),
  ];
}

function csvOf(part: 'times' | 'assets' | 'places', answer: StatisticsAnswer): string {
  const lines: (readonly (string | number)[])[] = [];
  if (part === 'times') {
    lines.push(['at', 'sessions', 'listeningS', 'heard']);
    for (const row of answer.times) {
      const at = new Date(row.atUnixMs).toISOString();
      lines.push([at, row.sessions, row.listeningS, row.heard]);
    }
  } else if (part === 'assets') {
    lines.push(['assetId', 'name', 'heard', 'sessions', 'seconds']);
    for (const row of answer.assets) {
      lines.push([row.assetId, row.name ?? '', row.heard, row.sessions, row.seconds]);
    }
  } else {
    lines.push(['latitude', 'longitude', 'seconds']);
    for (const row of answer.places) lines.push([row.latitude, row.longitude, row.seconds]);
  }
  return `${lines.map((cells) => cells.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  // Names come from visitors: a spreadsheet must not take one for a formula.
  const safe = /^[=+\-@\t]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}

import type { Matcher, RouteRow, SilenceRow } from '../../actors/automation/automation.types.js';
import { AUTOMATION_SPECS } from '../../actors/automation/specs.js';
import type { ContentTable } from '../../actors/content/store.types.js';
import { EngineError } from '../../engine/errors.js';
import * as contract from '../contract/alarms.js';
import type { Route } from '../http/route.types.js';
import { type AnyRow, invalid, tableRoutes } from '../routes/table-routes.js';
import { compileMatchers } from './matching.js';
import { MOST_SILENCES } from './quiet.js';
import { MOST_ROUTE_DEPTH } from './route-tree.js';
import type { AlarmRoutesOptions } from './routes.js';

/** `/v1/silences` and `/v1/alarm-routes`. */
export function tableResources(options: AlarmRoutesOptions): Route[] {
  return [...silenceRoutes(options), ...routeRoutes(options)];
}

function silenceRoutes({ store, clock }: AlarmRoutesOptions): Route[] {
  const { silences } = store.automation;
  return tableRoutes({
    path: 'silences',
    singular: 'a silence',
    tag: 'alarms',
    input: contract.SILENCE_INPUT,
    server: contract.SILENCE_SERVER,
    rules: {
      read: 'viewer',
      write: 'operator',
      made: (_now, principal) => ({ by: principal.name }),
      check: ({ fromUnixMs, untilUnixMs }) =>
        Number(untilUnixMs) <= Number(fromUnixMs)
          ? ['untilUnixMs', `must be after fromUnixMs (${String(fromUnixMs)})`]
          : undefined,
    },
    table: silences as unknown as ContentTable<AnyRow>,
    columns: AUTOMATION_SPECS.silences.columns,
    clock,
    shown: (row) => row,
    checked: async (_given, whole, before) => {
      requireMatchers((whole as unknown as SilenceRow).matchers);
      if (before !== undefined) return;
      const current = await silences.count({
        where: [{ field: 'untilUnixMs', op: '>', value: clock.nowMs() }],
      });
      if (current >= MOST_SILENCES) {
        throw new EngineError(
          'conflict',
          `matchers: there are ${current} silences that are not over, and more are not taken: remove some`,
          { context: { field: 'matchers' } },
        );
      }
    },
  });
}

const MOST_ROUTES = 1_000;

function routeRoutes({ store, clock }: AlarmRoutesOptions): Route[] {
  const { routes, targets, schedules } = store.automation;
  return tableRoutes({
    path: 'alarm-routes',
    singular: 'a route of alarms',
    tag: 'alarms',
    input: contract.ROUTE_INPUT,
    server: {},
    rules: { read: 'viewer', write: 'operator', made: () => ({}) },
    table: routes as unknown as ContentTable<AnyRow>,
    columns: AUTOMATION_SPECS.routes.columns,
    clock,
    shown: (row) => row,
    checked: async (_given, whole, before) => {
      const row = whole as unknown as RouteRow;
      requireMatchers(row.matchers);
      await requireAll('targetIds', row.targetIds, targets, 'target: GET /v1/targets lists them');
      await requireAll(
        'muteScheduleIds',
        row.muteScheduleIds,
        schedules,
        'schedule: GET /v1/schedules lists them',
      );
      const all = await routes.find();
      if (before === undefined && all.length >= MOST_ROUTES) {
        throw invalid('name', `there are ${MOST_ROUTES} routes, and more are not taken`);
      }
      requirePlace(all, row.parentId, before?.id);
    },
  });
}

function requireMatchers(matchers: readonly Matcher[]): void {
  for (const [at, matcher] of matchers.entries()) {
    try {
      compileMatchers([matcher]);
    } catch (thrown) {
      throw invalid(`matchers.${at}.value`, EngineError.from(thrown).message);
    }
  }
}

async function requireAll(
  field: string,
  ids: readonly number[],
  table: Pick<ContentTable<AnyRow>, 'many'>,
  what: string,
): Promise<void> {
  const known = new Set((await table.many(ids)).map(({ id }) => id));
  const lost = ids.findIndex((id) => !known.has(id));
  if (lost >= 0) throw invalid(`${field}.${lost}`, `there is no such ${what}`);
}

function requirePlace(
  all: readonly RouteRow[],
  parentId: number | null,
  own: number | undefined,
): void {
  const byId = new Map(all.map((row) => [row.id, row]));
  let depth = 1;
  for (let at = parentId; at !== null; depth++) {
    const parent = byId.get(at);
    if (parent === undefined) throw invalid('parentId', `there is no route ${at}`);
    if (at === own) throw invalid('parentId', 'is the route itself, or one below it');
    if (depth >= MOST_ROUTE_DEPTH) {
      throw invalid('parentId', `routes may be ${MOST_ROUTE_DEPTH} deep, not deeper`);
    }
    at = parent.parentId;
  }
}

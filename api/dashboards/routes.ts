import { z } from 'zod';
import type { DashboardRow, WidgetRow } from '../../actors/automation/automation.types.js';
import * as contract from '../contract/dashboards.js';
import { type Principal, Reply, type Route, route } from '../http/route.types.js';
import { type DashboardDesk, mayChange } from './desk.js';

const tag = 'dashboards';
const at = '/v1/dashboards';
const id = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const params = z.object({ id });
const widgetParams = z.object({ id, widgetId: id });
/** A dashboard of 100 widgets with long texts. */
const MAX_BODY_BYTES = 2_097_152;

/** `/v1/dashboards` with widgets. `told`: links see a change before its answer is there. */
export function dashboardRoutes(desk: DashboardDesk, told: () => Promise<void>): readonly Route[] {
  return [...crudRoutes(desk, told), ...widgetRoutes(desk, told), ...shareRoutes(desk, told)];
}

function crudRoutes(desk: DashboardDesk, told: () => Promise<void>): readonly Route[] {
  const whole = async (row: DashboardRow, who: Principal) => ({
    ...shownOf(row, who),
    widgets: await widgetsOf(desk, await desk.widgets(row.id)),
  });
  return [
    route({
      method: 'GET',
      path: at,
      summary: 'Dashboards: the own ones and shared ones, by name',
      tag,
      access: 'viewer',
      response: z.object({ items: z.array(contract.dashboardEntry) }),
      handler: async ({ principal }) => {
        const [rows, counts] = await Promise.all([desk.list(principal), desk.counts()]);
        return {
          items: rows.map((row) => ({
            ...shownOf(row, principal),
            widgetCount: counts.get(row.id) ?? 0,
          })),
        };
      },
    }),
    route({
      method: 'POST',
      path: at,
      summary: 'Make a dashboard',
      tag,
      access: 'operator',
      body: contract.dashboardCreate,
      response: contract.dashboardWhole,
      status: 201,
      handler: async ({ body, principal }) =>
        await whole(await desk.make(body, principal), principal),
    }),
    route({
      method: 'GET',
      path: `${at}/{id}`,
      summary: 'A dashboard with its widgets',
      tag,
      access: 'viewer',
      params,
      response: contract.dashboardWhole,
      handler: async ({ params, principal }) =>
        await whole(await desk.see(params.id, principal), principal),
    }),
    route({
      method: 'PATCH',
      path: `${at}/{id}`,
      summary: 'Change a dashboard’s name, variables, range or who sees it',
      tag,
      access: 'operator',
      params,
      body: contract.dashboardPatch,
      response: contract.dashboardWhole,
      handler: async ({ params, body, principal }) => {
        const row = await desk.patch(await desk.change(params.id, principal), given(body));
        await told();
        return await whole(row, principal);
      },
    }),
    route({
      method: 'PUT',
      path: `${at}/{id}`,
      summary: 'Save a whole dashboard with its widgets in one step',
      tag,
      access: 'operator',
      params,
      body: contract.dashboardPut,
      maxBodyBytes: MAX_BODY_BYTES,
      response: contract.dashboardWhole,
      handler: async ({ params, body, principal }) => {
        const row = await desk.put(await desk.change(params.id, principal), body);
        await told();
        return await whole(row, principal);
      },
    }),
    route({
      method: 'DELETE',
      path: `${at}/{id}`,
      summary: 'Remove a dashboard with its widgets; its link ends',
      tag,
      access: 'operator',
      params,
      status: 204,
      handler: async ({ params, principal }) => {
        await desk.remove(await desk.change(params.id, principal));
        await told();
      },
    }),
  ];
}

function widgetRoutes(desk: DashboardDesk, told: () => Promise<void>): readonly Route[] {
  const one = async (row: WidgetRow) => (await widgetsOf(desk, [row]))[0];
  return [
    route({
      method: 'GET',
      path: `${at}/{id}/widgets`,
      summary: 'Widgets of a dashboard',
      tag,
      access: 'viewer',
      params,
      response: z.object({ items: z.array(contract.widget) }),
      handler: async ({ params, principal }) => {
        const row = await desk.see(params.id, principal);
        return { items: await widgetsOf(desk, await desk.widgets(row.id)) };
      },
    }),
    route({
      method: 'POST',
      path: `${at}/{id}/widgets`,
      summary: 'Add a widget',
      tag,
      access: 'operator',
      params,
      body: contract.widgetCreate,
      response: contract.widget,
      status: 201,
      handler: async ({ params, body, principal }) => {
        const row = await desk.change(params.id, principal);
        const made = await desk.addWidget(row, body);
        await told();
        return await one(made);
      },
    }),
    route({
      method: 'PATCH',
      path: `${at}/{id}/widgets/{widgetId}`,
      summary: 'Change a widget',
      tag,
      access: 'operator',
      params: widgetParams,
      body: contract.widgetPatch,
      response: contract.widget,
      handler: async ({ params, body, principal }) => {
        const row = await desk.change(params.id, principal);
        const after = await desk.changeWidget(row, params.widgetId, given(body));
        await told();
        return await one(after);
      },
    }),
    route({
      method: 'DELETE',
      path: `${at}/{id}/widgets/{widgetId}`,
      summary: 'Remove a widget',
      tag,
      access: 'operator',
      params: widgetParams,
      status: 204,
      handler: async ({ params, principal }) => {
        const row = await desk.change(params.id, principal);
        await desk.removeWidget(row, params.widgetId);
        await told();
      },
    }),
  ];
}

function shareRoutes(desk: DashboardDesk, told: () => Promise<void>): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: `${at}/{id}/share`,
      summary:
        'Make the link that opens a dashboard without a login; told once, ends the one before',
      tag,
      access: 'operator',
      params,
      response: z.object({ url: z.string() }),
      status: 201,
      handler: async ({ params, principal }) => {
        const secret = await desk.share(await desk.change(params.id, principal));
        await told();
        return new Reply({
          status: 201,
          headers: { 'cache-control': 'no-store' },
          body: { url: `/shared-dashboard/${secret}` },
        });
      },
    }),
    route({
      method: 'DELETE',
      path: `${at}/{id}/share`,
      summary: 'End the link of a dashboard; who looks through it is disconnected',
      tag,
      access: 'operator',
      params,
      status: 204,
      handler: async ({ params, principal }) => {
        await desk.unshare(await desk.change(params.id, principal));
        await told();
      },
    }),
  ];
}

function shownOf(row: DashboardRow, who: Principal): z.infer<typeof contract.dashboard> {
  const { shareHash, ownerId, variables, ...rest } = row;
  return {
    ...rest,
    variables: variables as unknown as contract.DashboardVariable[],
    linked: shareHash !== null,
    own: ownerId === who.id,
    mayChange: mayChange(row, who),
  };
}

/** Widgets as they are answered. */
async function widgetsOf(
  desk: DashboardDesk,
  rows: readonly WidgetRow[],
): Promise<contract.Widget[]> {
  return withSignals(rows, await desk.signalChannels(rows));
}

export function withSignals(
  rows: readonly WidgetRow[],
  channels: ReadonlyMap<number, string>,
): contract.Widget[] {
  return rows.map((row) => ({
    ...row,
    type: row.type as contract.WidgetType,
    signalChannel: row.signalId === null ? null : (channels.get(row.signalId) ?? null),
  }));
}

/** Without what was not given: an absent field stays as it is. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

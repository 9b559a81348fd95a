import type {
  Dashboard,
  DashboardEntry,
  DashboardVariable,
  DashboardWhole,
  SharedDashboard,
} from '../../api/contract/dashboards.js';
import { call } from './api.js';
import { storedOf, type WidgetDraft } from './dashboard-model.js';

export type { DashboardEntry, DashboardVariable, DashboardWhole, SharedDashboard };

export async function listDashboards(signal?: AbortSignal): Promise<readonly DashboardEntry[]> {
  return (await call('GET', '/v1/dashboards', { signal })).items;
}

export function loadDashboard(id: number, signal?: AbortSignal): Promise<DashboardWhole> {
  return call('GET', '/v1/dashboards/{id}', { params: { id }, signal });
}

export function createDashboard(name: string): Promise<DashboardWhole> {
  return call('POST', '/v1/dashboards', { body: { name } });
}

/** What of a dashboard is edited and saved in one step. */
export interface DashboardDraft {
  readonly name: string;
  readonly shared: boolean;
  readonly variables: readonly DashboardVariable[];
  readonly rangeMs: number;
  readonly widgets: readonly WidgetDraft[];
}

/** `basedOn`: rejects with 409 when somebody else changed it since. */
export function saveDashboard(
  id: number,
  draft: DashboardDraft,
  basedOn?: number,
): Promise<DashboardWhole> {
  const { name, shared, variables, rangeMs, widgets } = draft;
  return call('PUT', '/v1/dashboards/{id}', {
    params: { id },
    body: {
      name,
      shared,
      variables,
      rangeMs,
      widgets: widgets.map(storedOf),
      ...(basedOn === undefined ? {} : { basedOn }),
    },
  });
}

export async function removeDashboard(id: number): Promise<void> {
  await call('DELETE', '/v1/dashboards/{id}', { params: { id } });
}

/** A copy of one's own, not shared. */
export async function copyDashboard(id: number): Promise<DashboardWhole> {
  const { name, variables, rangeMs, widgets } = await loadDashboard(id);
  const made = await createDashboard(`${name} (copy)`.slice(0, 200));
  return await saveDashboard(made.id, {
    name: made.name,
    shared: false,
    variables,
    rangeMs,
    widgets: widgets.map((widget, at) => ({ ...widget, id: -1 - at })),
  });
}

/** The address is told once, in this answer; the link before ends. */
export async function shareDashboard(id: Dashboard['id']): Promise<string> {
  const { url } = await call('POST', '/v1/dashboards/{id}/share', { params: { id } });
  return new URL(url, window.location.href).href;
}

export async function unshareDashboard(id: number): Promise<void> {
  await call('DELETE', '/v1/dashboards/{id}/share', { params: { id } });
}

/** What the holder of a link may see; rejects with `ApiError` when it ended. */
export function sharedDashboard(secret: string): Promise<SharedDashboard> {
  return call('GET', '/v1/shared-dashboards/{secret}', { params: { secret } });
}

import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Route } from '../http/route.types.js';
import { DashboardDesk, type DashboardStore } from './desk.js';
import { dashboardRoutes } from './routes.js';
import { sharedRoutes } from './shared-routes.js';
import { DashboardShares } from './shares.js';

/** Dashboards of a running site. */
export interface Dashboards {
  readonly shares: DashboardShares;
  readonly routes: readonly Route[];
  stop(): Promise<void>;
}

/** The caller ends it by `stop`. `series`: the routes of the series, which links use for their channels. */
export async function startDashboards(options: {
  readonly store: DashboardStore;
  readonly series: readonly Route[];
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}): Promise<Dashboards> {
  const { store, clock, onFault } = options;
  const series = options.series.find(({ path }) => path === '/v1/series');
  if (series === undefined) throw new EngineError('internal', 'there is no route /v1/series');
  const desk = new DashboardDesk(store, clock);
  const shares = new DashboardShares(store, desk, onFault);
  await shares.start();
  return {
    shares,
    routes: [...dashboardRoutes(desk, () => shares.refresh()), ...sharedRoutes(shares, series)],
    stop: () => shares.stop(),
  };
}

import { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import * as contract from '../contract/dashboards.js';
import { seriesAnswer } from '../contract/rest.js';
import { type Route, route } from '../http/route.types.js';
import { withSignals } from './routes.js';
import type { DashboardShares } from './shares.js';

const tag = 'dashboards';
const params = z.object({ secret: z.string().max(100) });

/** Calls for who has a dashboard's link. `series` is the call of those who are signed in. */
export function sharedRoutes(shares: DashboardShares, series: Route): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/shared-dashboards/{secret}',
      summary: 'The dashboard that a link shows',
      tag,
      access: 'open',
      params,
      response: contract.sharedDashboard,
      handler: ({ params: { secret } }) => {
        const { dashboard, widgets, signalChannels } = shares.find(secret);
        const { name, rangeMs } = dashboard;
        return {
          name,
          variables: dashboard.variables as unknown as contract.DashboardVariable[],
          rangeMs,
          widgets: withSignals(widgets, signalChannels),
        };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/shared-dashboards/{secret}/series',
      summary: 'History of the channels that a link shows; as /v1/series',
      tag,
      access: 'open',
      params,
      query: contract.sharedSeriesQuery,
      response: seriesAnswer,
      handler: (context) => {
        const { shown } = shares.find(context.params.secret);
        // Exactly the names: a number could be any channel.
        for (const name of context.query.channel.split(',').map((text) => text.trim())) {
          if (name === '' || shown.channels.has(name)) continue;
          throw new EngineError('auth.denied', `channel: this link does not show "${name}"`);
        }
        return series.handler(context);
      },
    }),
  ];
}

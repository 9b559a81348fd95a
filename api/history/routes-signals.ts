import { randomUUID } from 'node:crypto';
import { AUTOMATION_SPECS } from '../../actors/automation/specs.js';
import type { ContentTable } from '../../actors/content/store.types.js';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { HISTORY } from '../contract/history.js';
import type { Route } from '../http/route.types.js';
import type { ResolvedChannel } from '../routes/series.js';
import { type AnyRow, invalid, type TableRoutes, tableRoutes } from '../routes/table-routes.js';

/** `/v1/signals`: names, limits and units that people gave to channels. */
export function signalRoutes({
  store,
  resolveChannel,
  clock,
}: {
  readonly store: Pick<SiteStore, 'automation'>;
  readonly resolveChannel: (text: string) => ResolvedChannel | undefined;
  readonly clock: Clock;
}): readonly Route[] {
  return tableRoutes({
    ...HISTORY.signals,
    tag: 'history',
    clock,
    table: store.automation.signals as unknown as ContentTable<AnyRow>,
    columns: AUTOMATION_SPECS.signals.columns as TableRoutes['columns'],
    rules: {
      read: 'viewer',
      write: 'operator',
      made: (nowUnixMs, principal) => ({
        publicId: randomUUID(),
        ownerId: principal.kind === 'user' ? principal.id : null,
        createdAtUnixMs: nowUnixMs,
      }),
      check: ({ minimum, maximum }) =>
        Number(minimum) > Number(maximum)
          ? ['maximum', `must be at least minimum (${String(minimum)})`]
          : undefined,
    },
    checked: (given, whole) => {
      if (given['deviceId'] === undefined && given['parameter'] === undefined) {
        return Promise.resolve();
      }
      const name = `${String(whole['deviceId'])}/${String(whole['parameter'])}`;
      if (resolveChannel(name) === undefined) {
        throw invalid('parameter', `there is no channel "${name}": take one that a device has`);
      }
      return Promise.resolve();
    },
    shown: (row) => row,
  });
}

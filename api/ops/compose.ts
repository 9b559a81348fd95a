import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { Route } from '../http/route.types.js';
import { AuditLog } from './audit.js';
import { auditRoutes } from './audit-routes.js';

export interface OpsOptions {
  readonly store: SiteStore;
  readonly auditKeepDays: number;
  readonly clock: Clock;
  readonly onError: (error: EngineError) => void;
}

export interface Ops {
  readonly audit: AuditLog;
  readonly routes: readonly Route[];
  stop(): Promise<void>;
}

/** What keeps a site: who changed what. */
export function startOps({ store, auditKeepDays, clock, onError }: OpsOptions): Ops {
  const table = store.automation.audit;
  const audit = new AuditLog({ table, clock, keepDays: auditKeepDays, onError });
  return { audit, routes: auditRoutes(table), stop: () => audit.close() };
}

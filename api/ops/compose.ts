import { join } from 'node:path';
import type { SiteStore } from '../../actors/control/site.js';
import type { Clock } from '../../engine/clock.js';
import { projectRoot } from '../../engine/entry.js';
import type { EngineError } from '../../engine/errors.js';
import type { Log } from '../../engine/log.js';
import type { Auth } from '../auth/auth.js';
import type { Config } from '../config.js';
import type { Route } from '../http/route.types.js';
import type { LiveTable } from '../live/table.types.js';
import { AuditLog } from './audit.js';
import { auditRoutes } from './audit-routes.js';
import { ConfigurationBook } from './configuration/book.js';
import type { InstancesPort } from './configuration/instances.js';
import { configurationRoutes } from './configuration/routes.js';
import { ConfigurationVersions } from './configuration/versions.js';
import { diagnosticsRoutes } from './diagnostics.js';
import { FailedLogins } from './failed-logins.js';
import { LogLevels, logLevelRoutes } from './log-level.js';
import { loginRoutes } from './login-routes.js';
import { updateRoutes } from './updates.js';

export interface OpsOptions {
  readonly store: SiteStore;
  readonly auth: Auth;
  /** Of the whole site: expressions of rules are checked against them. */
  readonly channels: Pick<LiveTable, 'get' | 'rows'>;
  /** Vendor connections, which are started later. */
  readonly instances: () => InstancesPort;
  readonly config: Config;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Further parts of a diagnostics bundle, by file name. */
  readonly parts: Readonly<Record<string, () => unknown>>;
  readonly onError: (error: EngineError) => void;
}

export interface Ops {
  readonly audit: AuditLog;
  readonly routes: readonly Route[];
  stop(): Promise<void>;
}

/** What keeps a site: who changed what, how much the log says, what helps when something is wrong. */
export function startOps(options: OpsOptions): Ops {
  const { store, auth, channels, instances, config, version, clock, log, parts, onError } = options;
  const table = store.automation.audit;
  const audit = new AuditLog({ table, clock, keepDays: config.audit.keepDays, onError });
  const failed = new FailedLogins(audit.note, clock);
  auth.onFailed(failed.note);
  const versions = new ConfigurationVersions(join(config.data, 'configuration'));
  const book = new ConfigurationBook({ store, channels, instances, clock, keep: versions.keep });
  const levels = new LogLevels(log, config.log.level, clock);
  return {
    audit,
    routes: [
      ...auditRoutes(table),
      ...configurationRoutes(book, versions),
      ...loginRoutes(auth, store.users),
      ...logLevelRoutes(levels),
      ...updateRoutes(join(projectRoot(), 'CHANGELOG.md'), version),
      ...diagnosticsRoutes({
        version,
        nowUnixMs: () => clock.nowMs(),
        parts: { 'configuration.json': () => config, ...parts },
        logFile: join(config.data, 'log', 'main.log'),
      }),
    ],
    stop: async () => {
      levels.close();
      await audit.close();
    },
  };
}

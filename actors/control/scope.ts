import type { WriteScope } from '../../engine/control/control.js';
import type { ChangeOp } from '../../engine/control/feed.js';
import type { Domain, SiteTables } from './tables.js';

export type SiteScope = WriteScope<SiteTables>;

/** Notes a change under a name the followers know. */
export function note(scope: SiteScope, domain: Domain, id: string, op: ChangeOp): void {
  scope.changed(domain, id, op);
}

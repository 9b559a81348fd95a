import { sql } from 'kysely';
import type { SiteStore } from '../../actors/control/site.js';

/** Alarms that are removed at once. */
const AT_ONCE = 500;

/** Forgets alarms that were cleared before, with their comments. @returns there are more. */
export async function sweepAlarms(
  store: Pick<SiteStore, 'control'>,
  beforeUnixMs: number,
): Promise<boolean> {
  return await store.control.write(async (scope) => {
    const { rows } = await sql<{ id: number }>`delete from automation_alarms where id in (
      select id from automation_alarms where cleared_at_unix_ms < ${beforeUnixMs}
      order by cleared_at_unix_ms limit ${AT_ONCE}) returning id`.execute(scope.db);
    for (const { id } of rows) scope.changed('automation.alarms', String(id), 'delete');
    return rows.length === AT_ONCE;
  });
}

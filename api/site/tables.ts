import { LIVE_RESOURCES, type LiveResource } from '../contract/live.js';
import { MemoryTable } from '../live/table.js';

/** One live table a resource, on the main thread. */
export type SiteTablesLive = Readonly<Record<LiveResource, MemoryTable>>;

export function createTables(): SiteTablesLive {
  const entries = LIVE_RESOURCES.map((resource) => [resource, new MemoryTable(resource)] as const);
  return Object.fromEntries(entries) as SiteTablesLive;
}

import type { LiveQueryInput } from '../../api/contract/live.js';

/** Rows of a resource whose name or id holds `text`; few, for the search box. */
export function searchQuery(
  resource: 'devices' | 'sessions' | 'actors',
  text: string,
): LiveQueryInput {
  const id = { field: 'id', op: 'contains' as const, value: text };
  return {
    resource,
    filter:
      resource === 'devices' ? { or: [id, { field: 'name', op: 'contains', value: text }] } : id,
    sort: [{ field: resource === 'devices' ? 'name' : 'id', direction: 'asc' }],
    window: { offset: 0, limit: resource === 'devices' ? 8 : 4 },
    fields: resource === 'devices' ? ['name', 'state'] : ['kind', 'state'],
  };
}

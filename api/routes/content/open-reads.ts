import { SPECS } from '../../../actors/content/specs.js';
import type { Condition, ContentStore } from '../../../actors/content/store.types.js';
import { withoutLogins } from '../../../engine/without-logins.js';
import type { ContentResource } from '../../contract/content.js';
import type { Principal } from '../../http/route.types.js';

interface AnyRow {
  readonly id: number;
}

/** No project has this id: a list without any open project stays a list. */
const NO_PROJECT = 0;

/** What keeps projects that are closed to listeners, and their content, from whoever has no login. */
export async function openOnly(
  content: Pick<ContentStore, 'projects'>,
  resource: ContentResource,
  principal: Principal,
): Promise<readonly Condition<AnyRow>[]> {
  if (principal.role !== undefined) return [];
  if (resource === 'projects') {
    return [{ field: 'listenEnabled' as 'id', op: '=', value: true }];
  }
  if (!('projectId' in SPECS[resource].columns)) return [];
  const open = await content.projects.find({
    where: [{ field: 'listenEnabled', op: '=', value: true }],
  });
  const ids = [NO_PROJECT, ...open.map(({ id }) => id)];
  return [{ field: 'projectId' as 'id', op: 'in', value: ids }];
}

/** Addresses of sources may hold a name and a password: only those who may write them read these. */
export function readable<T extends object>(row: T, principal: Principal): T {
  if (principal.role === 'operator' || principal.role === 'admin') return row;
  const { uri, backupUri } = row as { readonly uri?: unknown; readonly backupUri?: unknown };
  if (typeof uri !== 'string' || typeof backupUri !== 'string') return row;
  return { ...row, uri: withoutLogins(uri), backupUri: withoutLogins(backupUri) };
}

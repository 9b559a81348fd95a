import type { Role } from '../contract/rest.js';
import { requireRole } from '../http/auth.types.js';
import type { Principal } from '../http/route.types.js';
import type { SessionDirectory } from './sessions.js';

/**
 * The secret id that the `{id}` of a path means: it is the secret itself, or the session's number, which anybody may
 * know and which opens nothing without a role.
 * @throws EngineError `auth.required` or `auth.denied` for a number from somebody without `access`.
 */
export function secretOf(
  sessions: Pick<SessionDirectory, 'ofNumber'>,
  id: string,
  principal: Principal,
  access: Role,
): string {
  if (!/^\d{1,15}$/.test(id)) return id;
  requireRole(principal, access, `session ${id} by its number`);
  return sessions.ofNumber(Number(id)) ?? id;
}

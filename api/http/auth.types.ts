import { EngineError } from '../../engine/errors.js';
import type { Role } from '../contract/rest.js';
import type { Principal } from './route.types.js';

/** What a login is read from. The `cookie` header is missing when a page of another site sent the request. */
export interface Credentials {
  readonly method: string;
  readonly path: string;
  /** Raw query string without `?`. */
  readonly query: string;
  readonly address: string;
  header(name: string): string | undefined;
}

/**
 * Turns credentials into a principal: `anonymous` when there are none.
 * @throws EngineError `auth.required` when there are some and they are wrong or expired.
 */
export type Authenticate = (credentials: Credentials) => Principal | Promise<Principal>;

export const ANONYMOUS: Principal = { kind: 'anonymous', id: '', name: '', role: undefined };

const RANK: Readonly<Record<Role, number>> = { viewer: 1, operator: 2, admin: 3 };

/** Who it is, as the log of changes names it. */
export function nameOf({ kind, name }: Principal): string {
  return kind === 'user' ? name : `${kind} ${name}`.trim();
}

/** @throws EngineError `auth.required` for anonymous, `auth.denied` when the role is too low. */
export function requireRole(principal: Principal, access: 'open' | Role, what: string): void {
  if (access === 'open') return;
  if (principal.kind === 'anonymous') {
    throw new EngineError('auth.required', `${what} needs a login with the role ${access}`);
  }
  if (principal.role === undefined || RANK[principal.role] < RANK[access]) {
    throw new EngineError(
      'auth.denied',
      `${what} needs the role ${access}; ${principal.name} has ${principal.role ?? 'none'}`,
    );
  }
}

import { EngineError } from '../../engine/errors.js';
import type { Scope } from '../contract/auth.js';
import { ANONYMOUS } from './auth.types.js';
import type { Principal, Route } from './route.types.js';
import type { SocketEndpoint } from './socket.types.js';

/** Which part of the site the calls of a tag belong to. A tag that is not here is closed to tokens with scopes. */
const SCOPE_OF_TAG: Readonly<Record<string, Scope>> = {
  actors: 'site',
  alarms: 'alarms',
  archives: 'content',
  assets: 'content',
  auth: 'users',
  checks: 'content',
  connections: 'devices',
  content: 'content',
  dashboards: 'site',
  devices: 'devices',
  discovery: 'devices',
  documentation: 'site',
  health: 'site',
  history: 'history',
  inventory: 'devices',
  notifications: 'alarms',
  'plugin instances': 'devices',
  plugins: 'devices',
  projects: 'content',
  rules: 'rules',
  series: 'history',
  sessions: 'audio',
  site: 'site',
  statistics: 'audio',
  uploads: 'content',
};

/** Undefined: no token with scopes may call it. */
export const scopeOf = (tag: string): Scope | undefined =>
  Object.hasOwn(SCOPE_OF_TAG, tag) ? SCOPE_OF_TAG[tag] : undefined;

/**
 * Who this is for this call: one whose token is bound to other parts of the site is nobody on an open call.
 * @throws EngineError `auth.denied` on any other, naming the scope that is missing.
 */
export function within(
  principal: Principal,
  { method, path, tag, access }: Pick<Route, 'method' | 'path' | 'tag' | 'access'>,
): Principal {
  const { scopes } = principal;
  if (scopes === undefined || (method === 'GET' && path === '/v1/me')) return principal;
  const wanted = scopeOf(tag);
  const reads = method === 'GET' && access !== 'admin';
  if (reads && scopes.includes('read')) return principal;
  if (wanted !== undefined && scopes.includes(wanted)) return principal;
  if (access === 'open') return ANONYMOUS;
  throw missing(`${method} ${path}`, wanted, reads, scopes);
}

/** The same for a socket. @throws EngineError `auth.denied` */
export function withinSocket(
  principal: Principal,
  { path, scope }: Pick<SocketEndpoint, 'path' | 'scope'>,
): Principal {
  const { scopes } = principal;
  if (scopes === undefined || (scope !== undefined && scopes.includes(scope))) return principal;
  throw missing(`the socket ${path}`, scope, false, scopes);
}

/**
 * For doors that know no scopes.
 * @throws EngineError `auth.denied` for a token that is bound to parts of the site.
 */
export function wholeOnly(principal: Principal): Principal {
  if (principal.scopes === undefined) return principal;
  throw new EngineError(
    'auth.denied',
    `the token ${principal.name} has scopes, which this door does not know: take one without scopes`,
  );
}

function missing(
  what: string,
  wanted: string | undefined,
  reads: boolean,
  has: readonly string[],
): EngineError {
  const needs =
    wanted === undefined
      ? 'a token without scopes'
      : `a token with the scope ${wanted}${reads ? ' or read' : ''}`;
  return new EngineError('auth.denied', `${what} needs ${needs}; this one has ${has.join(', ')}`);
}

import type { SiteStore } from '../../actors/control/site.js';
import { atLeast } from '../../actors/control/users.js';
import type { KnownLogin } from './login-cache.js';
import type { Shown } from './secrets.js';

/** What the store knows of a secret, by its hash; undefined: nothing. */
export async function readLogin(
  store: Pick<SiteStore, 'authSessions' | 'tokens'>,
  shown: Shown,
  hash: string,
  { readAtMonoMs, idleMs }: { readonly readAtMonoMs: number; readonly idleMs: number },
): Promise<KnownLogin | undefined> {
  if (shown.kind === 'session') {
    const login = await store.authSessions.find(hash);
    if (login === undefined) return undefined;
    const { session, username, role } = login;
    return {
      principal: { kind: 'user', id: session.userId, name: username, role },
      userId: session.userId,
      rowId: hash,
      expiresAtUnixMs: session.expiresAtUnixMs,
      idleMs,
      readAtMonoMs,
      usedAtUnixMs: session.usedAtUnixMs,
      notedAtUnixMs: session.usedAtUnixMs,
    };
  }
  if (shown.kind === 'device') {
    const deviceId = await store.tokens.findDevice(hash);
    if (deviceId === undefined) return undefined;
    return {
      principal: { kind: 'device', id: deviceId, name: deviceId, role: undefined },
      userId: undefined,
      rowId: undefined,
      expiresAtUnixMs: Number.POSITIVE_INFINITY,
      idleMs: Number.POSITIVE_INFINITY,
      readAtMonoMs,
      usedAtUnixMs: 0,
      notedAtUnixMs: 0,
    };
  }
  const login = await store.tokens.find(hash);
  if (login === undefined) return undefined;
  const { token, userRole } = login;
  const role = atLeast(userRole, token.role) ? token.role : userRole;
  return {
    principal: { kind: 'token', id: token.id, name: token.name, role, scopes: token.scopes },
    userId: token.userId,
    rowId: token.id,
    expiresAtUnixMs: token.expiresAtUnixMs ?? Number.POSITIVE_INFINITY,
    idleMs: Number.POSITIVE_INFINITY,
    readAtMonoMs,
    usedAtUnixMs: token.usedAtUnixMs ?? 0,
    notedAtUnixMs: token.usedAtUnixMs ?? 0,
  };
}

import type { Me, Role } from '../../api/contract/rest.js';
import { ApiError, call, whenSignedOut } from './api.js';
import { startLive, stopLive } from './live.svelte.js';

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

let user = $state.raw<Me | undefined>(undefined);
let known = $state(false);

function signedOut(): void {
  user = undefined;
  known = true;
  stopLive();
}

whenSignedOut(signedOut);

export const auth = {
  /** Undefined: nobody, or not yet known. */
  get user(): Me | undefined {
    return user;
  },
  /** False until the server was asked once. */
  get known(): boolean {
    return known;
  },
  /** True when the user may do what needs `role`. */
  may(role: Role): boolean {
    return user !== undefined && RANK[user.role] >= RANK[role];
  },
};

/** Asks who is signed in. An unreachable server rejects; nobody signed in does not. */
export async function loadUser(): Promise<void> {
  try {
    user = await call('GET', '/v1/me');
    known = true;
    startLive();
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.status === 401) signedOut();
    else throw thrown;
  }
}

/** Rejects with `ApiError` `auth.required` (wrong name or password) or `rate.limited`. */
export async function signIn(username: string, password: string): Promise<void> {
  await call('POST', '/v1/login', { body: { username, password } });
  await loadUser();
}

export async function signOut(): Promise<void> {
  await call('POST', '/v1/logout');
  signedOut();
}

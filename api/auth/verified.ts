import { createHmac, randomBytes } from 'node:crypto';
import type { FeedEvent } from '../../engine/control/feed.js';
import type { Principal } from '../http/route.types.js';
import { LoginCache } from './login-cache.js';

/** A right password is believed for so long without doing the work again. */
export const VERIFIED_MS = 60_000;
const MAX_VERIFIED = 1_000;

/**
 * Names with passwords that were right a moment ago, for protocols that bring them with each request. Keeps neither:
 * the key is an HMAC with a secret of this process. Bounded, least recently used goes first; a user that changes or
 * ends leaves at once.
 */
export class Verified {
  readonly #secret = randomBytes(32);
  readonly #cache = new LoginCache(MAX_VERIFIED);

  get size(): number {
    return this.#cache.size;
  }

  /** See `LoginCache.generation`. */
  get generation(): number {
    return this.#cache.generation;
  }

  get(username: string, password: string, nowMonoMs: number): Principal | undefined {
    const key = this.#key(username, password);
    const known = this.#cache.get(key);
    if (known === undefined) return undefined;
    if (nowMonoMs - known.readAtMonoMs < VERIFIED_MS) return known.principal;
    this.#cache.drop(key);
    return undefined;
  }

  put(username: string, password: string, principal: Principal, nowMonoMs: number): void {
    this.#cache.put(this.#key(username, password), {
      principal,
      userId: principal.id,
      rowId: undefined,
      expiresAtUnixMs: Number.POSITIVE_INFINITY,
      idleMs: Number.POSITIVE_INFINITY,
      readAtMonoMs: nowMonoMs,
      usedAtUnixMs: 0,
      notedAtUnixMs: 0,
    });
  }

  /** This user's passwords. */
  forget(userId: string): void {
    const change = { seq: 0, domain: 'users', id: userId, op: 'put' } as const;
    this.#cache.follow({ type: 'changes', changes: [change] });
  }

  follow(event: FeedEvent): void {
    this.#cache.follow(event);
  }

  // The length keeps apart where the name ends.
  #key(username: string, password: string): string {
    const hmac = createHmac('sha256', this.#secret);
    return hmac.update(`${username.length} ${username}${password}`).digest('base64url');
  }
}

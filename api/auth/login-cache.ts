import type { FeedEvent } from '../../engine/control/feed.js';
import type { Principal } from '../http/route.types.js';

/** Somebody who was recognised, and what is needed to recognise them again without asking the store. */
export interface KnownLogin {
  readonly principal: Principal;
  /** User behind a session or token; undefined for a device. */
  readonly userId: string | undefined;
  /** Row to note the use at; undefined for a device. */
  readonly rowId: string | undefined;
  /** It ends then, used or not; `Infinity`: never. */
  readonly expiresAtUnixMs: number;
  /** Unused for this long it ends; `Infinity`: never. */
  readonly idleMs: number;
  readonly readAtMonoMs: number;
  usedAtUnixMs: number;
  /** When the store last heard of the use. */
  notedAtUnixMs: number;
}

/** Who lost a right: a user, a token or a device whose login changed or ended. */
export type Revoked = Pick<Principal, 'kind' | 'id'>;

/**
 * Logins by the hash of their secret; bounded, least recently used goes first. Kept true by the change feed.
 */
export class LoginCache {
  readonly #entries = new Map<string, KnownLogin>();
  readonly #max: number;
  #generation = 0;

  constructor(max = 10_000) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Changes whenever something was dropped: what was read from the store before may be out of date then. */
  get generation(): number {
    return this.#generation;
  }

  get(hash: string): KnownLogin | undefined {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return undefined;
    this.#entries.delete(hash);
    this.#entries.set(hash, entry);
    return entry;
  }

  put(hash: string, entry: KnownLogin): void {
    this.#entries.set(hash, entry);
    if (this.#entries.size <= this.#max) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }

  drop(hash: string): void {
    this.#generation++;
    this.#entries.delete(hash);
  }

  /** Drops what the changes touch. @returns whose rights changed. */
  follow(event: FeedEvent): readonly Revoked[] {
    if (event.type === 'reset') {
      this.#generation++;
      this.#entries.clear();
      return [];
    }
    const users = new Set<string>();
    const tokens = new Set<string>();
    const devices = new Set<string>();
    for (const { domain, id, op } of event.changes) {
      if (domain === 'auth-sessions' && op === 'delete') this.drop(id);
      else if (domain === 'users') users.add(id);
      else if (domain === 'tokens') tokens.add(id);
      else if (domain === 'device-tokens' || (domain === 'devices' && op === 'delete')) {
        devices.add(id);
      }
    }
    if (users.size + tokens.size + devices.size === 0) return [];
    this.#generation++;
    const revoked = new Map<string, Revoked>();
    const revoke = ({ kind, id }: Revoked) => revoked.set(`${kind} ${id}`, { kind, id });
    for (const id of users) revoke({ kind: 'user', id });
    for (const id of tokens) revoke({ kind: 'token', id });
    for (const id of devices) revoke({ kind: 'device', id });
    for (const [hash, { principal, userId }] of this.#entries) {
      // A user's tokens change with the user.
      const ofUser = userId !== undefined && users.has(userId);
      if (!ofUser && !revoked.has(`${principal.kind} ${principal.id}`)) continue;
      revoke(principal);
      this.#entries.delete(hash);
    }
    return [...revoked.values()];
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { SiteStore } from '../../../actors/control/site.js';
import { atLeast, type UserWithHash } from '../../../actors/control/users.js';
import type { Clock } from '../../../engine/clock.js';
import type { FeedEvent } from '../../../engine/control/feed.js';
import { EngineError } from '../../../engine/errors.js';
import type { Auth } from '../../auth/auth.js';
import type { Role } from '../../contract/rest.js';
import { Refusal, unauthorised } from './ask.js';

export const API_TOKEN_PREFIX = 'wm_';
const OWN_PREFIX = 'ear_';
const DAY_MS = 86_400_000;
const NOTE_USE_MS = 60_000;
/** A login is looked up again after this, should the feed of changes have stopped. */
const BELIEVE_MS = 30_000;
const MAX_KNOWN = 10_000;
const MAX_TOKEN_CHARS = 4_096;

/** Somebody who showed a token that is good now. */
export interface Known {
  readonly userId: string;
  readonly username: string;
  readonly role: Role | undefined;
  /** Of the token; empty: nobody. */
  readonly hash: string;
  /** Id of an API token; undefined: a login. */
  readonly tokenId: string | undefined;
  readonly expiresAtUnixMs: number;
}

export const NOBODY: Known = {
  userId: '',
  username: '',
  role: undefined,
  hash: '',
  tokenId: undefined,
  expiresAtUnixMs: Number.POSITIVE_INFINITY,
};

interface Entry {
  readonly known: Known;
  readonly readAtMonoMs: number;
  notedAtUnixMs: number;
}

export interface IdentityOptions {
  readonly store: Pick<SiteStore, 'control' | 'users' | 'authSessions' | 'tokens'>;
  readonly auth: Pick<Auth, 'verify'>;
  readonly key: Uint8Array;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

const claims = z.object({ sub: z.string(), exp: z.number() });

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Who asks: by a signed login of 24 hours, or by an API token. A login is good while the site knows it as one of its
 * logins, so that logging out, another password and the removal of a user end it. Close it before the store.
 */
export class Identity {
  readonly #options: IdentityOptions;
  /** By the token itself; bounded, the longest unused goes first. */
  readonly #known = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  readonly #unfollow: () => void;
  /** Grows whenever something was dropped. */
  #generation = 0;

  private constructor(options: IdentityOptions, head: number) {
    this.#options = options;
    this.#unfollow = options.store.control.feed.follow(head, (event) => this.#hear(event));
  }

  static async open(options: IdentityOptions): Promise<Identity> {
    return new Identity(options, await options.store.control.feed.head());
  }

  close(): void {
    this.#unfollow();
    this.#listeners.clear();
  }

  /** Called when logins or rights may have ended: whoever holds something open asks again. */
  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws Refusal 401 with the reason as WebMACS words it. */
  identify(token: string): Known | Promise<Known> {
    const { clock } = this.#options;
    const entry = this.#known.get(token);
    if (entry === undefined || clock.monoMs() - entry.readAtMonoMs > BELIEVE_MS) {
      return this.#look(token);
    }
    const nowUnixMs = clock.nowMs();
    if (nowUnixMs >= entry.known.expiresAtUnixMs) return this.#look(token);
    this.#noteUse(entry, nowUnixMs);
    return entry.known;
  }

  /**
   * A new login for a user whose password, or other proof, was just checked.
   * @throws Refusal 401 when the password changed in between.
   */
  async start(user: UserWithHash, place: { address: string; userAgent: string }): Promise<string> {
    const nowUnixMs = this.#options.clock.nowMs();
    const issuedS = Math.floor(nowUnixMs / 1_000);
    const token = await new SignJWT({ role: user.role })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(user.id)
      .setIssuedAt(issuedS)
      .setExpirationTime(issuedS + DAY_MS / 1_000)
      .setJti(randomUUID())
      .sign(this.#options.key);
    const session = {
      hash: hashOf(token),
      userId: user.id,
      createdAtUnixMs: nowUnixMs,
      usedAtUnixMs: nowUnixMs,
      expiresAtUnixMs: (issuedS + DAY_MS / 1_000) * 1_000,
      address: place.address,
      userAgent: place.userAgent.replace(/[\p{Cc}\p{Cs}]/gu, '').slice(0, 200),
    };
    if (!(await this.#options.store.authSessions.create(session, user.passwordHash))) {
      throw unauthorised('Invalid email or password.');
    }
    return token;
  }

  /** Ends a login; an API token is left as it is. */
  async end(who: Known): Promise<void> {
    if (who.tokenId !== undefined) return;
    await this.#options.store.authSessions.remove(who.hash);
    this.#drop((known) => known.hash === who.hash);
  }

  async #look(token: string): Promise<Known> {
    this.#known.delete(token);
    const generation = this.#generation;
    if (token.length > MAX_TOKEN_CHARS) throw unauthorised('Invalid or expired token');
    const known =
      token.startsWith(API_TOKEN_PREFIX) || token.startsWith(OWN_PREFIX)
        ? await this.#apiToken(token)
        : await this.#login(token);
    const { clock } = this.#options;
    const entry = { known, readAtMonoMs: clock.monoMs(), notedAtUnixMs: 0 };
    // A login that ended while it was being read must not stay known.
    if (this.#generation === generation) this.#known.set(token, entry);
    this.#noteUse(entry, clock.nowMs());
    if (this.#known.size > MAX_KNOWN) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    return known;
  }

  async #apiToken(token: string): Promise<Known> {
    const hash = hashOf(token);
    const found = await this.#options.store.tokens.find(hash);
    if (found === undefined) throw unauthorised('Invalid API token');
    // Scopes are parts of our own site: here a token has all of its role or nothing.
    if (found.token.scopes !== undefined) throw unauthorised('API token has scopes');
    const expiresAtUnixMs = found.token.expiresAtUnixMs ?? Number.POSITIVE_INFINITY;
    if (this.#options.clock.nowMs() >= expiresAtUnixMs) throw unauthorised('API token expired');
    const { id, userId, role } = found.token;
    return {
      userId,
      username: found.username,
      role: atLeast(found.userRole, role) ? role : found.userRole,
      hash,
      tokenId: id,
      expiresAtUnixMs,
    };
  }

  async #login(token: string): Promise<Known> {
    const { key, clock, store } = this.#options;
    const said = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      currentDate: new Date(clock.nowMs()),
    }).then(
      ({ payload }) => claims.safeParse(payload).data,
      () => undefined,
    );
    if (said === undefined) throw unauthorised('Invalid or expired token');
    const hash = hashOf(token);
    const login = await store.authSessions.find(hash);
    if (login === undefined) {
      const user = await store.users.get(said.sub);
      throw unauthorised(user === undefined ? 'User not found' : 'Token has been revoked');
    }
    return {
      userId: login.session.userId,
      username: login.username,
      role: login.role,
      hash,
      tokenId: undefined,
      expiresAtUnixMs: said.exp * 1_000,
    };
  }

  #noteUse(entry: Entry, nowUnixMs: number): void {
    if (nowUnixMs - entry.notedAtUnixMs < NOTE_USE_MS) return;
    entry.notedAtUnixMs = nowUnixMs;
    const { store, onFault } = this.#options;
    const { tokenId, hash } = entry.known;
    const noted =
      tokenId === undefined
        ? store.authSessions.touch(hash, nowUnixMs)
        : store.tokens.touch(tokenId, nowUnixMs);
    noted.catch((thrown: unknown) => onFault(EngineError.from(thrown)));
  }

  #hear(event: FeedEvent): void {
    if (event.type === 'reset') {
      this.#drop(() => true);
      return;
    }
    const users = new Set<string>();
    const tokens = new Set<string>();
    const logins = new Set<string>();
    for (const { domain, id, op } of event.changes) {
      if (domain === 'users') users.add(id);
      else if (domain === 'tokens') tokens.add(id);
      else if (domain === 'auth-sessions' && op === 'delete') logins.add(id);
    }
    if (users.size + tokens.size + logins.size === 0) return;
    this.#drop(
      ({ userId, tokenId, hash }) =>
        users.has(userId) || logins.has(hash) || (tokenId !== undefined && tokens.has(tokenId)),
    );
  }

  #drop(gone: (known: Known) => boolean): void {
    this.#generation += 1;
    for (const [token, { known }] of this.#known) if (gone(known)) this.#known.delete(token);
    for (const listener of this.#listeners) listener();
  }
}

/** The token of an `Authorization` header; undefined: none of ours. */
export function bearerIn(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/** @throws Refusal 403. */
export function requireRole(who: Known, role: Role): void {
  if (who.role !== undefined && atLeast(who.role, role)) return;
  const name = `${role.charAt(0).toUpperCase()}${role.slice(1)}`;
  throw new Refusal(403, `${name} access required.`);
}

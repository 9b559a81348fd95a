import { randomBytes, randomUUID } from 'node:crypto';
import type { AuthSession, SessionLogin } from '../../actors/control/auth-sessions.js';
import type { SiteStore } from '../../actors/control/site.js';
import { type User, usernameOf, withoutHash } from '../../actors/control/users.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { isPlainText } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import { ANONYMOUS, type Credentials } from '../http/auth.types.js';
import type { Principal } from '../http/route.types.js';
import { wholeOnly } from '../http/scopes.js';
import { isCrossSite } from './cross-site.js';
import { type KnownLogin, LoginCache, type Revoked } from './login-cache.js';
import { LoginGuard, type LoginLimits } from './login-guard.js';
import { type PasswordCost, Passwords, requireUsablePassword } from './passwords.js';
import { readLogin } from './read-login.js';
import { bearerOf, cookieOf, hashOf, newSecret, queryTokenOf, type Shown } from './secrets.js';
import { Verified } from './verified.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The time of last use is written at most this often, for each login. */
const NOTE_USE_MS = 60_000;
/** A login is read again after this, should the feed of changes have stopped. */
const BELIEVE_MS = 30_000;
const MAX_USER_AGENT = 200;

export interface AuthOptions {
  readonly store: Pick<SiteStore, 'control' | 'users' | 'authSessions' | 'tokens'>;
  readonly clock: Clock;
  /** Failures nobody waits for, e.g. a time of last use that could not be written. */
  readonly onError: (error: EngineError) => void;
  /** A login nobody uses for this long ends. Default 7 days. */
  readonly idleMs?: number;
  /** Every login ends after this, used or not. Default 30 days. */
  readonly absoluteMs?: number;
  readonly loginLimits?: LoginLimits;
  /** For tests; the default is what passwords need. */
  readonly passwordCost?: PasswordCost;
}

/** What a browser is given on login. */
export interface Login {
  readonly user: User;
  /** For the cookie; not stored here. */
  readonly secret: string;
  readonly maxAgeMs: number;
}

/** Where a login comes from, for the list of logins and for limits. */
export interface LoginPlace {
  readonly address: string;
  readonly userAgent: string;
}

/** A try to sign in that failed. */
export interface FailedLogin {
  /** Undefined: there is no such user, or too many tries came from there. */
  readonly username: string | undefined;
  readonly address: string;
  readonly code: 'auth.required' | 'rate.limited';
}

/** Recognises people, programs and devices. */
export class Auth {
  readonly #store: AuthOptions['store'];
  readonly #clock: Clock;
  readonly #onError: (error: EngineError) => void;
  readonly #idleMs: number;
  readonly #absoluteMs: number;
  readonly #passwords: Passwords;
  readonly #guard: LoginGuard;
  readonly #cache = new LoginCache();
  readonly #verified = new Verified();
  readonly #listeners = new Set<(who: Revoked) => void>();
  readonly #failedListeners = new Set<(failed: FailedLogin) => void>();
  readonly #unfollow: () => void;
  #timer: TimerHandle;
  #closed = false;

  constructor(options: AuthOptions, passwords: Passwords, feedSeq: number) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#onError = options.onError;
    this.#idleMs = options.idleMs ?? 7 * DAY_MS;
    this.#absoluteMs = options.absoluteMs ?? 30 * DAY_MS;
    this.#passwords = passwords;
    this.#guard = new LoginGuard(options.loginLimits);
    this.#unfollow = options.store.control.feed.follow(feedSeq, (event) => {
      this.#verified.follow(event);
      for (const who of this.#cache.follow(event)) {
        for (const listener of this.#listeners) listener(who);
      }
    });
    this.#timer = this.#schedulePrune();
  }

  /**
   * Who asks. Answers at once for who was seen lately, else after one look into the store. A cookie that is
   * over, or was sent by a page of another site, counts as nobody.
   * @throws EngineError `auth.required` for a token that is wrong, over or revoked; `store.away`.
   */
  readonly recognise = (credentials: Credentials): Principal | Promise<Principal> => {
    const shown = shownBy(credentials);
    if (shown === undefined) return ANONYMOUS;
    const hash = hashOf(shown.secret);
    const known = this.#cache.get(hash);
    if (known !== undefined && this.#clock.monoMs() - known.readAtMonoMs < BELIEVE_MS) {
      return this.#use(shown, hash, known);
    }
    return this.#look(shown, hash, known);
  };

  /**
   * The same for doors that know no scopes: a token that is bound to parts of the site is refused.
   * @throws also EngineError `auth.denied`.
   */
  readonly authenticate = (credentials: Credentials): Principal | Promise<Principal> => {
    const who = this.recognise(credentials);
    return who instanceof Promise ? who.then(wholeOnly) : wholeOnly(who);
  };

  /**
   * Checks a password. Takes the same time and fails in the same words whether the user exists or not.
   * @throws EngineError `auth.required`, `rate.limited`, `server.busy`, `store.away`.
   */
  async login(username: string, password: string, place: LoginPlace): Promise<Login> {
    const user = await this.#checked(username, password, place.address);
    const login = await this.#start(withoutHash(user), user.passwordHash, place);
    if (this.#passwords.isOutdated(user.passwordHash)) {
      const renewed = await this.#passwords.hash(password);
      await this.#store.users.rehash(user.id, user.passwordHash, renewed);
    }
    return login;
  }

  /**
   * Who this is, for protocols that bring the password each time; starts no login. A right one is believed for a
   * minute, or until the user changes, without the work of checking it again.
   * @throws as `login`.
   */
  async verify(username: string, password: string, address: string): Promise<Principal> {
    const name = usernameOf(username);
    const known = this.#verified.get(name, password, this.#clock.monoMs());
    if (known !== undefined) {
      await this.#guard.requireOpen(name, address);
      return known;
    }
    const { generation } = this.#verified;
    const user = await this.#checked(username, password, address);
    const who: Principal = { kind: 'user', id: user.id, name: user.username, role: user.role };
    // A user that changed while the password was checked must not come back through what is remembered.
    if (this.#verified.generation === generation) {
      this.#verified.put(name, password, who, this.#clock.monoMs());
    }
    return who;
  }

  /**
   * Ends the login of this cookie header, if it is one. The user's open sockets are closed: those of other
   * logins connect again by themselves.
   */
  async logout(cookies: string | undefined): Promise<void> {
    const shown = cookieOf(cookies);
    if (shown === undefined) return;
    const hash = hashOf(shown.secret);
    const login = await this.#store.authSessions.find(hash);
    await this.#store.authSessions.remove(hash);
    this.#ended([hash], login?.session.userId);
  }

  /** Who is signed in, of one user or of all: what is over, used or not, is left out. */
  async logins(userId?: string): Promise<readonly SessionLogin[]> {
    const nowUnixMs = this.#clock.nowMs();
    return (await this.#store.authSessions.list(userId)).filter(
      ({ session }) =>
        nowUnixMs < session.expiresAtUnixMs && nowUnixMs - session.usedAtUnixMs < this.#idleMs,
    );
  }

  /** Ends one login at once; sockets as with `logout`. @returns false when there is none. */
  async endLogin({ hash, userId }: Pick<AuthSession, 'hash' | 'userId'>): Promise<boolean> {
    const removed = await this.#store.authSessions.remove(hash);
    this.#ended([hash], userId);
    return removed;
  }

  /** Ends all logins of a user at once. @returns how many. */
  async endLoginsOf(userId: string): Promise<number> {
    const hashes = await this.#store.authSessions.removeOf(userId);
    this.#ended(hashes, userId);
    return hashes.length;
  }

  /**
   * Changes a user's own password: every login of theirs ends, and this browser gets a new one.
   * @throws EngineError `auth.denied` for a wrong current password, `input.invalid`, `rate.limited`, `not-found`.
   */
  async changePassword(
    userId: string,
    current: string,
    next: string,
    place: LoginPlace,
  ): Promise<Login> {
    const user = await this.#store.users.get(userId);
    if (user === undefined) throw new EngineError('not-found', 'this user was removed');
    requireUsablePassword(user.username, next);
    await this.#guard.begin(user.username, place.address);
    if (!(await this.#passwords.verify(user.passwordHash, current))) {
      throw new EngineError('auth.denied', 'body.current: this is not your current password');
    }
    await this.#guard.succeeded(user.username, place.address);
    const passwordHash = await this.#passwords.hash(next);
    await this.#setPassword(userId, passwordHash);
    return await this.#start(withoutHash(user), passwordHash, place);
  }

  /** @throws EngineError `conflict`, `input.invalid`, `server.busy`. */
  async createUser(username: string, password: string, role: User['role']): Promise<User> {
    requireUsablePassword(usernameOf(username), password);
    const passwordHash = await this.#passwords.hash(password);
    return await this.#store.users.create({ id: randomUUID(), username, role, passwordHash });
  }

  /** Sets somebody's password; all their logins end. @throws EngineError `not-found`, `input.invalid`. */
  async resetPassword(userId: string, password: string): Promise<void> {
    const user = await this.#store.users.get(userId);
    if (user === undefined) throw new EngineError('not-found', `there is no user ${userId}`);
    requireUsablePassword(user.username, password);
    await this.#setPassword(userId, await this.#passwords.hash(password));
  }

  /**
   * First start: makes the user `admin`.
   * @returns the password, which is kept nowhere else; undefined when there are users.
   */
  async ensureAdmin(): Promise<string | undefined> {
    if ((await this.#store.users.list()).length > 0) return undefined;
    const password = randomBytes(18).toString('base64url');
    const user = await this.#store.users.createFirst({
      id: randomUUID(),
      username: 'admin',
      passwordHash: await this.#passwords.hash(password),
    });
    return user === undefined ? undefined : password;
  }

  /** Called when rights of a user, token or device change or end, so that their open sockets can be closed. */
  onRevoked(listener: (who: Revoked) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called with each try to sign in that failed, whichever door it came through. */
  onFailed(listener: (failed: FailedLogin) => void): void {
    this.#failedListeners.add(listener);
  }

  /** Idempotent; the store stays open. */
  close(): void {
    this.#closed = true;
    this.#unfollow();
    this.#clock.clearTimeout(this.#timer);
  }

  async #checked(username: string, password: string, address: string) {
    const name = usernameOf(username);
    let known: User | undefined;
    try {
      await this.#guard.begin(name, address);
      const user = isPlainText(name, 128) ? await this.#store.users.byName(name) : undefined;
      known = user;
      const right = await this.#passwords.verify(user?.passwordHash, password);
      if (user === undefined || !right) throw wrongPassword();
      await this.#guard.succeeded(name, address);
      return user;
    } catch (thrown) {
      const { code } = EngineError.from(thrown);
      if (code === 'auth.required' || code === 'rate.limited') {
        // What nobody is called may be a password that was typed into the wrong field.
        const failed = { username: known?.username, address, code };
        for (const listener of this.#failedListeners) listener(failed);
      }
      throw thrown;
    }
  }

  #ended(hashes: readonly string[], userId: string | undefined): void {
    for (const hash of hashes) this.#cache.drop(hash);
    if (userId === undefined) return;
    for (const listener of this.#listeners) listener({ kind: 'user', id: userId });
  }

  /** The feed says so too, a moment later. */
  async #setPassword(userId: string, passwordHash: string): Promise<void> {
    await this.#store.users.setPassword(userId, passwordHash);
    this.#verified.forget(userId);
  }

  async #start(user: User, passwordHash: string, place: LoginPlace): Promise<Login> {
    const secret = newSecret();
    const nowUnixMs = this.#clock.nowMs();
    const session = {
      hash: hashOf(secret),
      userId: user.id,
      createdAtUnixMs: nowUnixMs,
      usedAtUnixMs: nowUnixMs,
      expiresAtUnixMs: nowUnixMs + this.#absoluteMs,
      address: place.address,
      userAgent: place.userAgent.replace(/[\p{Cc}\p{Cs}]/gu, '').slice(0, MAX_USER_AGENT),
    };
    if (!(await this.#store.authSessions.create(session, passwordHash))) throw wrongPassword();
    return { user, secret, maxAgeMs: this.#absoluteMs };
  }

  async #look(shown: Shown, hash: string, before: KnownLogin | undefined): Promise<Principal> {
    const { generation } = this.#cache;
    const readAtMonoMs = this.#clock.monoMs();
    const found = await readLogin(this.#store, shown, hash, { readAtMonoMs, idleMs: this.#idleMs });
    if (found === undefined) {
      if (before !== undefined) this.#cache.drop(hash);
      return refused(shown);
    }
    if (before !== undefined) {
      // Uses of the last minute may not be written yet.
      found.usedAtUnixMs = Math.max(found.usedAtUnixMs, before.usedAtUnixMs);
      found.notedAtUnixMs = Math.max(found.notedAtUnixMs, before.notedAtUnixMs);
    }
    // A login that was revoked while it was being read must not come back through the cache.
    if (this.#cache.generation === generation) this.#cache.put(hash, found);
    return this.#use(shown, hash, found);
  }

  #use(shown: Shown, hash: string, login: KnownLogin): Principal {
    const nowUnixMs = this.#clock.nowMs();
    if (nowUnixMs >= login.expiresAtUnixMs || nowUnixMs - login.usedAtUnixMs >= login.idleMs) {
      this.#cache.drop(hash);
      return refused(shown);
    }
    login.usedAtUnixMs = nowUnixMs;
    if (login.rowId !== undefined && nowUnixMs - login.notedAtUnixMs >= NOTE_USE_MS) {
      login.notedAtUnixMs = nowUnixMs;
      const rows = shown.kind === 'session' ? this.#store.authSessions : this.#store.tokens;
      this.#aside(rows.touch(login.rowId, nowUnixMs));
    }
    return login.principal;
  }

  #schedulePrune(): TimerHandle {
    return this.#clock.setTimeout(() => {
      if (this.#closed) return;
      const nowUnixMs = this.#clock.nowMs();
      this.#aside(this.#store.authSessions.prune(nowUnixMs, nowUnixMs - this.#idleMs));
      this.#timer = this.#schedulePrune();
    }, HOUR_MS);
  }

  #aside(work: Promise<unknown>): void {
    work.catch((thrown: unknown) => this.#onError(EngineError.from(thrown)));
  }
}

/**
 * Starts recognising people, and makes the first admin when there is nobody. The caller closes it before the store.
 * @returns `adminPassword` on the first start only: show it once, it is stored as a hash alone.
 */
export async function openAuth(
  options: AuthOptions,
): Promise<{ readonly auth: Auth; readonly adminPassword: string | undefined }> {
  const passwords = await Passwords.open(options.passwordCost);
  const auth = new Auth(options, passwords, await options.store.control.feed.head());
  return { auth, adminPassword: await auth.ensureAdmin() };
}

function shownBy(credentials: Credentials): Shown | undefined {
  const bearer = bearerOf(credentials.header('authorization'));
  if (bearer !== undefined) return bearer;
  if (credentials.header('upgrade') !== undefined) {
    const token = queryTokenOf(credentials.query);
    if (token !== undefined) return token;
  }
  const cookie = cookieOf(credentials.header('cookie'));
  return cookie === undefined || isCrossSite(credentials) ? undefined : cookie;
}

/** A browser sends its cookie with everything, also to pages that need none: it is nobody's. A token is meant. */
function refused(shown: Shown): Principal {
  if (shown.kind === 'session') return ANONYMOUS;
  throw new EngineError('auth.required', 'the token is wrong, has expired or was revoked');
}

function wrongPassword(): EngineError {
  return new EngineError('auth.required', 'username or password is wrong');
}

import { sql } from 'kysely';
import { z } from 'zod';
import { fromRow, requirePlainText } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import { note, type SiteScope } from './scope.js';
import type { SiteControl } from './tables.js';

/** Each may do what the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type UserRole = (typeof ROLES)[number];

/** True when `role` may do what needs `wanted`. */
export function atLeast(role: UserRole, wanted: UserRole): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

export interface User {
  readonly id: string;
  /** As `usernameOf` makes it; unique. */
  readonly username: string;
  readonly role: UserRole;
  readonly createdAtUnixMs: number;
  readonly passwordChangedAtUnixMs: number;
}

/** With the password's hash: never leaves the server. */
export interface UserWithHash extends User {
  readonly passwordHash: string;
}

const userRow = z.object({
  id: z.string(),
  username: z.string(),
  password_hash: z.string(),
  role: z.enum(ROLES),
  created_at_unix_ms: z.number(),
  password_changed_at_unix_ms: z.number(),
});

function userOf(raw: unknown): UserWithHash {
  const row = fromRow(userRow, raw, 'a row of users');
  return {
    id: row.id,
    username: row.username,
    passwordHash: row.password_hash,
    role: row.role,
    createdAtUnixMs: row.created_at_unix_ms,
    passwordChangedAtUnixMs: row.password_changed_at_unix_ms,
  };
}

/** The user as others may see it. */
export function withoutHash({ passwordHash: _, ...user }: UserWithHash): User {
  return user;
}

/** One spelling for each name: case and Unicode forms do not make another user. */
export function usernameOf(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}

const MAX_USERNAME = 128;
const MAX_USERS = 1_000;

/** People who may log in. The site always keeps one admin. */
export class Users {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  async list(): Promise<readonly User[]> {
    const rows = await this.#control.read(
      async (db) => await db.selectFrom('users').selectAll().orderBy('username').execute(),
    );
    return rows.map((row) => withoutHash(userOf(row)));
  }

  async get(id: string): Promise<UserWithHash | undefined> {
    const row = await this.#control.read(
      async (db) =>
        await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst(),
    );
    return row === undefined ? undefined : userOf(row);
  }

  /** `username` in any spelling. */
  async byName(username: string): Promise<UserWithHash | undefined> {
    const name = usernameOf(username);
    const row = await this.#control.read(
      async (db) =>
        await db.selectFrom('users').selectAll().where('username', '=', name).executeTakeFirst(),
    );
    return row === undefined ? undefined : userOf(row);
  }

  /** @throws EngineError `conflict` when the name is taken or the site is full, `input.invalid`. */
  async create(user: {
    readonly id: string;
    readonly username: string;
    readonly role: UserRole;
    readonly passwordHash: string;
  }): Promise<User> {
    return await this.#control.write(async (scope) => await this.#insert(scope, user));
  }

  /** Makes the first user; undefined when there is one already, also when another engine is faster. */
  async createFirst(user: {
    readonly id: string;
    readonly username: string;
    readonly passwordHash: string;
  }): Promise<User | undefined> {
    return await this.#control.write(async (scope) => {
      await this.#lock(scope);
      if ((await this.#count(scope)) > 0) return undefined;
      return await this.#insert(scope, { ...user, role: 'admin' });
    });
  }

  /** @throws EngineError `not-found`; `conflict` for the last admin. */
  async setRole(id: string, role: UserRole): Promise<User> {
    return await this.#control.write(async (scope) => {
      await this.#lock(scope);
      if (role !== 'admin') await this.#keepAnAdmin(scope, id);
      const row = await scope.db
        .updateTable('users')
        .set({ role })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw new EngineError('not-found', `there is no user ${id}`);
      note(scope, 'users', id, 'put');
      return withoutHash(userOf(row));
    });
  }

  /** Sets the password and ends every login session of the user. @throws EngineError `not-found`. */
  async setPassword(id: string, passwordHash: string): Promise<void> {
    await this.#control.write(async (scope) => {
      const row = await scope.db
        .updateTable('users')
        .set({
          password_hash: passwordHash,
          password_changed_at_unix_ms: this.#control.clock.nowMs(),
        })
        .where('id', '=', id)
        .returning('id')
        .executeTakeFirst();
      if (row === undefined) throw new EngineError('not-found', `there is no user ${id}`);
      await this.#endSessions(scope, id);
      note(scope, 'users', id, 'put');
    });
  }

  /** Stores the same password under newer hash settings; nobody is signed out. Ignored when it was changed meanwhile. */
  async rehash(id: string, oldHash: string, newHash: string): Promise<void> {
    await this.#control.write(async (scope) => {
      await scope.db
        .updateTable('users')
        .set({ password_hash: newHash })
        .where('id', '=', id)
        .where('password_hash', '=', oldHash)
        .execute();
    });
  }

  /** Removes the user with all login sessions and tokens. @throws EngineError `not-found`; `conflict` for the last admin. */
  async remove(id: string): Promise<void> {
    await this.#control.write(async (scope) => {
      await this.#lock(scope);
      await this.#keepAnAdmin(scope, id);
      await this.#endSessions(scope, id);
      const tokens = await scope.db
        .deleteFrom('tokens')
        .where('user_id', '=', id)
        .returning('id')
        .execute();
      for (const token of tokens) note(scope, 'tokens', token.id, 'delete');
      const gone = await scope.db
        .deleteFrom('users')
        .where('id', '=', id)
        .returning('id')
        .executeTakeFirst();
      if (gone === undefined) throw new EngineError('not-found', `there is no user ${id}`);
      note(scope, 'users', id, 'delete');
    });
  }

  async #insert(
    scope: SiteScope,
    user: {
      readonly id: string;
      readonly username: string;
      readonly role: UserRole;
      readonly passwordHash: string;
    },
  ): Promise<User> {
    const username = usernameOf(user.username);
    requirePlainText('username', username, MAX_USERNAME);
    if ((await this.#count(scope)) >= MAX_USERS) {
      throw new EngineError('conflict', `the site has its limit of ${MAX_USERS} users`);
    }
    const nowUnixMs = this.#control.clock.nowMs();
    const row = await scope.db
      .insertInto('users')
      .values({
        id: user.id,
        username,
        password_hash: user.passwordHash,
        role: user.role,
        created_at_unix_ms: nowUnixMs,
        password_changed_at_unix_ms: nowUnixMs,
      })
      .onConflict((oc) => oc.column('username').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw new EngineError('conflict', `there is a user ${username} already`);
    note(scope, 'users', user.id, 'put');
    return withoutHash(userOf(row));
  }

  async #endSessions(scope: SiteScope, userId: string): Promise<void> {
    const sessions = await scope.db
      .deleteFrom('auth_sessions')
      .where('user_id', '=', userId)
      .returning('hash')
      .execute();
    for (const session of sessions) note(scope, 'auth-sessions', session.hash, 'delete');
  }

  async #count(scope: SiteScope): Promise<number> {
    const { total } = await scope.db
      .selectFrom('users')
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow();
    return total;
  }

  /** SQLite has one writer anyway; on Postgres two admins could otherwise demote each other at once. */
  async #lock(scope: SiteScope): Promise<void> {
    if (this.#control.dialect !== 'postgres') return;
    await sql`lock table users in share row exclusive mode`.execute(scope.db);
  }

  async #keepAnAdmin(scope: SiteScope, leavingId: string): Promise<void> {
    const admins = await scope.db
      .selectFrom('users')
      .select('id')
      .where('role', '=', 'admin')
      .execute();
    if (admins.length === 1 && admins[0]?.id === leavingId) {
      throw new EngineError('conflict', 'this is the last admin: make another one first');
    }
  }
}

import { z } from 'zod';
import { fromRow } from '../../engine/control/rows.js';
import { note } from './scope.js';
import type { SiteControl } from './tables.js';
import { ROLES, type UserRole } from './users.js';

/** Somebody is signed in on some browser. The cookie's secret is kept as a hash only. */
export interface AuthSession {
  /** Hex SHA-256 of the secret. */
  readonly hash: string;
  readonly userId: string;
  readonly createdAtUnixMs: number;
  /** Right to a minute. */
  readonly usedAtUnixMs: number;
  /** It ends then, used or not. */
  readonly expiresAtUnixMs: number;
  readonly address: string;
  readonly userAgent: string;
}

/** A login session with whom it speaks for, as the user is now. */
export interface SessionLogin {
  readonly session: AuthSession;
  readonly username: string;
  readonly role: UserRole;
}

const sessionRow = z.object({
  hash: z.string(),
  user_id: z.string(),
  created_at_unix_ms: z.number(),
  used_at_unix_ms: z.number(),
  expires_at_unix_ms: z.number(),
  address: z.string(),
  user_agent: z.string(),
  username: z.string(),
  role: z.enum(ROLES),
});

function loginOf(raw: unknown): SessionLogin {
  const row = fromRow(sessionRow, raw, 'a row of auth_sessions');
  return {
    session: {
      hash: row.hash,
      userId: row.user_id,
      createdAtUnixMs: row.created_at_unix_ms,
      usedAtUnixMs: row.used_at_unix_ms,
      expiresAtUnixMs: row.expires_at_unix_ms,
      address: row.address,
      userAgent: row.user_agent,
    },
    username: row.username,
    role: row.role,
  };
}

/** Logins kept for each user; the longest unused goes first. */
const MAX_SESSIONS_PER_USER = 50;
const MAX_LISTED = 10_000;

export class AuthSessions {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  async find(hash: string): Promise<SessionLogin | undefined> {
    const row = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('auth_sessions')
          .innerJoin('users', 'users.id', 'auth_sessions.user_id')
          .selectAll('auth_sessions')
          .select(['users.username', 'users.role'])
          .where('auth_sessions.hash', '=', hash)
          .executeTakeFirst(),
    );
    return row === undefined ? undefined : loginOf(row);
  }

  /**
   * Adds a login while the user's password is still the one that was checked.
   * @returns false when it was changed, or the user removed, in between.
   */
  async create(session: AuthSession, checkedPasswordHash: string): Promise<boolean> {
    return await this.#control.write(async (scope) => {
      const user = await scope.db
        .selectFrom('users')
        .select('id')
        .where('id', '=', session.userId)
        .where('password_hash', '=', checkedPasswordHash)
        .$if(this.#control.dialect === 'postgres', (query) => query.forUpdate())
        .executeTakeFirst();
      if (user === undefined) return false;
      await scope.db
        .insertInto('auth_sessions')
        .values({
          hash: session.hash,
          user_id: session.userId,
          created_at_unix_ms: session.createdAtUnixMs,
          used_at_unix_ms: session.usedAtUnixMs,
          expires_at_unix_ms: session.expiresAtUnixMs,
          address: session.address,
          user_agent: session.userAgent,
        })
        .execute();
      note(scope, 'auth-sessions', session.hash, 'put');
      const over = await scope.db
        .selectFrom('auth_sessions')
        .select('hash')
        .where('user_id', '=', session.userId)
        .orderBy('used_at_unix_ms', 'desc')
        .orderBy('created_at_unix_ms', 'desc')
        .offset(MAX_SESSIONS_PER_USER)
        .limit(1_000)
        .execute();
      for (const { hash } of over) {
        await scope.db.deleteFrom('auth_sessions').where('hash', '=', hash).execute();
        note(scope, 'auth-sessions', hash, 'delete');
      }
      return true;
    });
  }

  /** Notes that it was used. Not in the change feed: nobody else needs to know. */
  async touch(hash: string, atUnixMs: number): Promise<void> {
    await this.#control.write(async ({ db }) => {
      await db
        .updateTable('auth_sessions')
        .set({ used_at_unix_ms: atUnixMs })
        .where('hash', '=', hash)
        .where('used_at_unix_ms', '<', atUnixMs)
        .execute();
    });
  }

  /** @returns false when there is none. */
  async remove(hash: string): Promise<boolean> {
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom('auth_sessions')
        .where('hash', '=', hash)
        .returning('hash')
        .executeTakeFirst();
      if (gone !== undefined) note(scope, 'auth-sessions', hash, 'delete');
      return gone !== undefined;
    });
  }

  /** Signed in now, of one user or of all; those used last first. At most 10,000. */
  async list(userId?: string): Promise<readonly SessionLogin[]> {
    const rows = await this.#control.read(async (db) => {
      let query = db
        .selectFrom('auth_sessions')
        .innerJoin('users', 'users.id', 'auth_sessions.user_id')
        .selectAll('auth_sessions')
        .select(['users.username', 'users.role'])
        .orderBy('auth_sessions.used_at_unix_ms', 'desc')
        .orderBy('auth_sessions.hash')
        .limit(MAX_LISTED);
      if (userId !== undefined) query = query.where('auth_sessions.user_id', '=', userId);
      return await query.execute();
    });
    return rows.map(loginOf);
  }

  /** All of a user's. @returns the hashes of those that ended. */
  async removeOf(userId: string): Promise<readonly string[]> {
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom('auth_sessions')
        .where('user_id', '=', userId)
        .returning('hash')
        .execute();
      for (const { hash } of gone) note(scope, 'auth-sessions', hash, 'delete');
      return gone.map(({ hash }) => hash);
    });
  }

  /** Forgets what ended by itself: past its end, or unused since `unusedSinceUnixMs`. @returns how many. */
  async prune(nowUnixMs: number, unusedSinceUnixMs: number): Promise<number> {
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom('auth_sessions')
        .where((eb) =>
          eb.or([
            eb('expires_at_unix_ms', '<=', nowUnixMs),
            eb('used_at_unix_ms', '<=', unusedSinceUnixMs),
          ]),
        )
        .returning('hash')
        .execute();
      for (const row of gone) note(scope, 'auth-sessions', row.hash, 'delete');
      return gone.length;
    });
  }
}

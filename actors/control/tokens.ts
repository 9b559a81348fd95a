import { z } from 'zod';
import { fromJson, fromRow, requirePlainText } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import { note } from './scope.js';
import type { SiteControl } from './tables.js';
import { ROLES, type UserRole } from './users.js';

/** A key for programs. It acts for its owner: never with a higher role than the owner has at that time. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly userId: string;
  readonly role: UserRole;
  /** What of the role it is for; undefined: all of it. */
  readonly scopes?: readonly string[] | undefined;
  readonly createdAtUnixMs: number;
  /** Undefined: does not expire. */
  readonly expiresAtUnixMs: number | undefined;
  /** Right to a minute; undefined: never used. */
  readonly usedAtUnixMs: number | undefined;
}

/** A token with its owner as the owner is now. */
export interface TokenLogin {
  readonly token: ApiToken;
  readonly username: string;
  readonly userRole: UserRole;
}

const tokenRow = z.object({
  id: z.string(),
  name: z.string(),
  user_id: z.string(),
  role: z.enum(ROLES),
  created_at_unix_ms: z.number(),
  expires_at_unix_ms: z.number().nullable(),
  used_at_unix_ms: z.number().nullable(),
  scopes_json: z.string().nullable(),
  username: z.string(),
  user_role: z.enum(ROLES),
});

function loginOf(raw: unknown): TokenLogin {
  const row = fromRow(tokenRow, raw, 'a row of tokens');
  return {
    token: {
      id: row.id,
      name: row.name,
      userId: row.user_id,
      role: row.role,
      scopes:
        row.scopes_json === null
          ? undefined
          : fromJson(z.array(z.string()), row.scopes_json, `the scopes of token ${row.id}`),
      createdAtUnixMs: row.created_at_unix_ms,
      expiresAtUnixMs: row.expires_at_unix_ms ?? undefined,
      usedAtUnixMs: row.used_at_unix_ms ?? undefined,
    },
    username: row.username,
    userRole: row.user_role,
  };
}

const MAX_TOKENS_PER_USER = 100;

/** API tokens of users and the one token of each device. Secrets are kept as SHA-256 only. */
export class Tokens {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  async find(hash: string): Promise<TokenLogin | undefined> {
    return (await this.#select({ hash }))[0];
  }

  /** All of the site, or of one user. */
  async list(userId?: string): Promise<readonly TokenLogin[]> {
    return await this.#select({ userId });
  }

  async get(id: string): Promise<TokenLogin | undefined> {
    return (await this.#select({ id }))[0];
  }

  /** @throws EngineError `conflict` when the user has too many or does not exist, `input.invalid`. */
  async create(token: Omit<ApiToken, 'usedAtUnixMs'>, hash: string): Promise<void> {
    requirePlainText('name', token.name, 100);
    await this.#control.write(async (scope) => {
      const { total } = await scope.db
        .selectFrom('tokens')
        .select((eb) => eb.fn.countAll<number>().as('total'))
        .where('user_id', '=', token.userId)
        .executeTakeFirstOrThrow();
      if (total >= MAX_TOKENS_PER_USER) {
        throw new EngineError(
          'conflict',
          `a user may have ${MAX_TOKENS_PER_USER} tokens: remove one first`,
        );
      }
      await scope.db
        .insertInto('tokens')
        .values({
          id: token.id,
          name: token.name,
          hash,
          role: token.role,
          user_id: token.userId,
          created_at_unix_ms: token.createdAtUnixMs,
          expires_at_unix_ms: token.expiresAtUnixMs ?? null,
          used_at_unix_ms: null,
          scopes_json: token.scopes === undefined ? null : JSON.stringify(token.scopes),
        })
        .execute();
      note(scope, 'tokens', token.id, 'put');
    });
  }

  /** Notes that it was used. Not in the change feed: nobody else needs to know. */
  async touch(id: string, atUnixMs: number): Promise<void> {
    await this.#control.write(async ({ db }) => {
      await db
        .updateTable('tokens')
        .set({ used_at_unix_ms: atUnixMs })
        .where('id', '=', id)
        .execute();
    });
  }

  /** @returns false when there is none. */
  async remove(id: string): Promise<boolean> {
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom('tokens')
        .where('id', '=', id)
        .returning('id')
        .executeTakeFirst();
      if (gone !== undefined) note(scope, 'tokens', id, 'delete');
      return gone !== undefined;
    });
  }

  /** Gives the device a token; the one before stops working. @throws EngineError `not-found` without the device. */
  async setForDevice(deviceId: string, hash: string, createdBy: string): Promise<void> {
    await this.#control.write(async (scope) => {
      const device = await scope.db
        .selectFrom('devices')
        .select('id')
        .where('id', '=', deviceId)
        .executeTakeFirst();
      if (device === undefined) {
        throw new EngineError('not-found', `there is no device ${deviceId}`);
      }
      const values = {
        hash,
        created_by: createdBy,
        created_at_unix_ms: this.#control.clock.nowMs(),
      };
      await scope.db
        .insertInto('device_tokens')
        .values({ device_id: deviceId, ...values })
        .onConflict((oc) => oc.column('device_id').doUpdateSet(values))
        .execute();
      note(scope, 'device-tokens', deviceId, 'put');
    });
  }

  /** The device whose token it is. */
  async findDevice(hash: string): Promise<string | undefined> {
    const row = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('device_tokens')
          .select('device_id')
          .where('hash', '=', hash)
          .executeTakeFirst(),
    );
    return row?.device_id;
  }

  /** Ids of all devices that have a token. */
  async deviceIds(): Promise<readonly string[]> {
    const rows = await this.#control.read(
      async (db) => await db.selectFrom('device_tokens').select('device_id').execute(),
    );
    return rows.map((row) => row.device_id);
  }

  /** @returns false when it had none. */
  async removeForDevice(deviceId: string): Promise<boolean> {
    return await this.#control.write(async (scope) => {
      const gone = await scope.db
        .deleteFrom('device_tokens')
        .where('device_id', '=', deviceId)
        .returning('device_id')
        .executeTakeFirst();
      if (gone !== undefined) note(scope, 'device-tokens', deviceId, 'delete');
      return gone !== undefined;
    });
  }

  async #select(by: {
    readonly id?: string | undefined;
    readonly hash?: string | undefined;
    readonly userId?: string | undefined;
  }): Promise<readonly TokenLogin[]> {
    const rows = await this.#control.read(async (db) => {
      let query = db
        .selectFrom('tokens')
        .innerJoin('users', 'users.id', 'tokens.user_id')
        .select([
          'tokens.id',
          'tokens.name',
          'tokens.user_id',
          'tokens.role',
          'tokens.created_at_unix_ms',
          'tokens.expires_at_unix_ms',
          'tokens.used_at_unix_ms',
          'tokens.scopes_json',
          'users.username',
          'users.role as user_role',
        ])
        .orderBy('tokens.created_at_unix_ms')
        .orderBy('tokens.id');
      if (by.id !== undefined) query = query.where('tokens.id', '=', by.id);
      if (by.hash !== undefined) query = query.where('tokens.hash', '=', by.hash);
      if (by.userId !== undefined) query = query.where('tokens.user_id', '=', by.userId);
      return await query.execute();
    });
    return rows.map(loginOf);
  }
}

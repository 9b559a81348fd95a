import { z } from 'zod';
import { fromJson, fromRow } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import { note } from './scope.js';
import type { SiteControl } from './tables.js';

/**
 * pending: sent, not answered yet; queued: waits for the device to come back. Then the end: confirmed or refused by
 * the device; unanswered; offline: the device was away and nobody asked to wait; expired: it waited too long, or a
 * newer one took its place.
 */
export type CommandState =
  | 'pending'
  | 'queued'
  | 'confirmed'
  | 'refused'
  | 'unanswered'
  | 'offline'
  | 'expired';

const OPEN: readonly CommandState[] = ['pending', 'queued'];

/** A parameter that somebody sent to a device. */
export interface Command {
  readonly id: string;
  readonly deviceId: string;
  readonly name: string;
  readonly value: number | string | boolean;
  readonly state: CommandState;
  readonly createdAtUnixMs: number;
  readonly settledAtUnixMs: number | undefined;
  /** Queued until then; undefined: it does not wait. */
  readonly expiresAtUnixMs?: number | undefined;
  /** The device's words when it refused, or why it ended. */
  readonly detail?: string | undefined;
  /** Name of the user or token. */
  readonly by: string;
}

const valueJson = z.union([z.number(), z.string(), z.boolean()]);
const commandRow = z.object({
  id: z.string(),
  device_id: z.string(),
  name: z.string(),
  value_json: z.string(),
  state: z.enum(['pending', 'queued', 'confirmed', 'refused', 'unanswered', 'offline', 'expired']),
  created_at_unix_ms: z.number(),
  settled_at_unix_ms: z.number().nullable(),
  by: z.string(),
  expires_at_unix_ms: z.number().nullable(),
  detail: z.string().nullable(),
});

function commandOf(raw: unknown): Command {
  const row = fromRow(commandRow, raw, 'a row of commands');
  return {
    id: row.id,
    deviceId: row.device_id,
    name: row.name,
    value: fromJson(valueJson, row.value_json, `the value of command ${row.id}`),
    state: row.state,
    createdAtUnixMs: row.created_at_unix_ms,
    settledAtUnixMs: row.settled_at_unix_ms ?? undefined,
    by: row.by,
    expiresAtUnixMs: row.expires_at_unix_ms ?? undefined,
    detail: row.detail ?? undefined,
  };
}

/** Commands kept for each device; the oldest settled ones go first. */
const COMMAND_HISTORY = 200;

export class Commands {
  readonly #control: SiteControl;
  readonly #keep: number;

  constructor(control: SiteControl, keep: number = COMMAND_HISTORY) {
    this.#control = control;
    this.#keep = keep;
  }

  /** Notes a command as pending or queued and cuts the device's history. @throws EngineError `conflict` for an unknown device. */
  async create(
    command: Omit<Command, 'state' | 'settledAtUnixMs' | 'detail'>,
    state: 'pending' | 'queued' = 'pending',
  ): Promise<Command> {
    await this.#control.write(async (scope) => {
      await scope.db
        .insertInto('commands')
        .values({
          id: command.id,
          device_id: command.deviceId,
          name: command.name,
          value_json: JSON.stringify(command.value),
          state,
          created_at_unix_ms: command.createdAtUnixMs,
          settled_at_unix_ms: null,
          by: command.by,
          expires_at_unix_ms: command.expiresAtUnixMs ?? null,
          detail: null,
        })
        .execute();
      const old = await scope.db
        .selectFrom('commands')
        .select('id')
        .where('device_id', '=', command.deviceId)
        .orderBy('created_at_unix_ms', 'desc')
        .orderBy('id', 'desc')
        .offset(this.#keep)
        .limit(1_000)
        .execute();
      if (old.length > 0) {
        const ids = old.map((row) => row.id);
        await scope.db.deleteFrom('commands').where('id', 'in', ids).execute();
      }
      note(scope, 'commands', command.id, 'put');
    });
    return { ...command, state, settledAtUnixMs: undefined };
  }

  /** A queued one is sent, or waits again. @throws EngineError `not-found` when it is unknown or settled. */
  async move(id: string, state: 'pending' | 'queued'): Promise<Command> {
    return await this.#to(id, { state, settled_at_unix_ms: null });
  }

  /** Queued ones of all devices, the oldest first; at most 10,000. */
  async queued(): Promise<readonly Command[]> {
    const rows = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('commands')
          .selectAll()
          .where('state', '=', 'queued')
          .orderBy('created_at_unix_ms')
          .orderBy('id')
          .limit(10_000)
          .execute(),
    );
    return rows.map(commandOf);
  }

  /** Settles one that is pending or queued. @throws EngineError `not-found` when it is unknown or settled. */
  async settle(
    id: string,
    state: Exclude<CommandState, 'pending' | 'queued'>,
    atUnixMs: number,
    detail?: string,
  ): Promise<Command> {
    return await this.#to(id, { state, settled_at_unix_ms: atUnixMs, detail: detail ?? null });
  }

  async #to(
    id: string,
    values: {
      readonly state: CommandState;
      readonly settled_at_unix_ms: number | null;
      readonly detail?: string | null;
    },
  ): Promise<Command> {
    return await this.#control.write(async (scope) => {
      const row = await scope.db
        .updateTable('commands')
        .set(values)
        .where('id', '=', id)
        .where('state', 'in', [...OPEN])
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) {
        throw new EngineError('not-found', `there is no open command ${id}`);
      }
      note(scope, 'commands', id, 'put');
      return commandOf(row);
    });
  }

  /** At start: nobody waits for these answers any more. @returns how many were pending. */
  async settleLost(atUnixMs: number): Promise<number> {
    return await this.#control.write(async (scope) => {
      const rows = await scope.db
        .updateTable('commands')
        .set({ state: 'unanswered', settled_at_unix_ms: atUnixMs })
        .where('state', '=', 'pending')
        .returning('id')
        .execute();
      for (const row of rows) note(scope, 'commands', row.id, 'put');
      return rows.length;
    });
  }

  async get(id: string): Promise<Command | undefined> {
    const row = await this.#control.read(
      async (db) =>
        await db.selectFrom('commands').selectAll().where('id', '=', id).executeTakeFirst(),
    );
    return row === undefined ? undefined : commandOf(row);
  }

  /** Newest first; at most `limit` (≤ 1,000). */
  async ofDevice(deviceId: string, limit = 100): Promise<readonly Command[]> {
    const rows = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('commands')
          .selectAll()
          .where('device_id', '=', deviceId)
          .orderBy('created_at_unix_ms', 'desc')
          .orderBy('id', 'desc')
          .limit(Math.min(limit, 1_000))
          .execute(),
    );
    return rows.map(commandOf);
  }
}

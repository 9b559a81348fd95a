import { z } from 'zod';
import { fromJson, fromRow } from '../../engine/control/rows.js';
import { EngineError } from '../../engine/errors.js';
import { note } from './scope.js';
import type { SiteControl } from './tables.js';

export type CommandState = 'pending' | 'confirmed' | 'unanswered' | 'offline';

/** A parameter that somebody sent to a device. */
export interface Command {
  readonly id: string;
  readonly deviceId: string;
  readonly name: string;
  readonly value: number | string | boolean;
  readonly state: CommandState;
  readonly createdAtUnixMs: number;
  readonly settledAtUnixMs: number | undefined;
  /** Name of the user or token. */
  readonly by: string;
}

const valueJson = z.union([z.number(), z.string(), z.boolean()]);
const commandRow = z.object({
  id: z.string(),
  device_id: z.string(),
  name: z.string(),
  value_json: z.string(),
  state: z.enum(['pending', 'confirmed', 'unanswered', 'offline']),
  created_at_unix_ms: z.number(),
  settled_at_unix_ms: z.number().nullable(),
  by: z.string(),
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

  /** Notes a command as pending and cuts the device's history. @throws EngineError `conflict` for an unknown device. */
  async create(command: Omit<Command, 'state' | 'settledAtUnixMs'>): Promise<Command> {
    await this.#control.write(async (scope) => {
      await scope.db
        .insertInto('commands')
        .values({
          id: command.id,
          device_id: command.deviceId,
          name: command.name,
          value_json: JSON.stringify(command.value),
          state: 'pending',
          created_at_unix_ms: command.createdAtUnixMs,
          settled_at_unix_ms: null,
          by: command.by,
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
    return { ...command, state: 'pending', settledAtUnixMs: undefined };
  }

  /** Settles a pending one. @throws EngineError `not-found` when it is unknown or settled. */
  async settle(
    id: string,
    state: Exclude<CommandState, 'pending'>,
    atUnixMs: number,
  ): Promise<Command> {
    return await this.#control.write(async (scope) => {
      const row = await scope.db
        .updateTable('commands')
        .set({ state, settled_at_unix_ms: atUnixMs })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) {
        throw new EngineError('not-found', `there is no pending command ${id}`);
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

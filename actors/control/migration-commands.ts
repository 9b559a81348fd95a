import { sql } from 'kysely';
import type { Migration } from '../../engine/control/migrate.js';

/** Commands that wait for a device that is away have an end, and refusals keep the device's words. */
export const COMMANDS: Migration = {
  number: 5,
  name: 'commands that wait',
  up: async (db) => {
    await sql`alter table commands add column expires_at_unix_ms double precision`.execute(db);
    await sql`alter table commands add column detail text`.execute(db);
    await sql`create index commands_state on commands (state)`.execute(db);
  },
};

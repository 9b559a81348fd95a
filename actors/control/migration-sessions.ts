import { sql } from 'kysely';
import type { Migration } from '../../engine/control/migrate.js';

/**
 * Listener sessions with all of a listener's choices, and of projects in the content store. Sessions that
 * were open before belong to projects that are no more: they end with this step, as do those projects,
 * whose places and sounds the content store holds now.
 */
export const SESSIONS: Migration = {
  number: 3,
  name: 'listener sessions',
  up: async (db) => {
    for (const table of ['listener_sessions', 'tags', 'recordings', 'speakers', 'projects']) {
      await sql`drop table ${sql.table(table)}`.execute(db);
    }
    await sql`create table listener_sessions (
      id text not null primary key,
      number integer not null unique,
      project_id integer not null references content_projects (id) on delete cascade,
      mount text not null unique,
      definition_json text not null,
      created_at_unix_ms double precision not null)`.execute(db);
    await sql`create index listener_sessions_project on listener_sessions (project_id)`.execute(db);
    await sql`delete from actor_snapshots where kind = 'session'`.execute(db);
  },
};

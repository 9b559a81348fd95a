import { type Kysely, sql, type Transaction } from 'kysely';
import { EngineError } from '../errors.js';
import type { DialectName } from './dialects.js';

/** One step of the schema. Numbers are 1, 2, 3 … without holes; a step never changes once released. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  up(db: Transaction<unknown>, dialect: DialectName): Promise<void>;
}

interface Applied {
  readonly number: number;
  readonly name: string;
}

/** Any number that nobody else uses: one engine at a time migrates a Postgres database. */
const MIGRATION_LOCK = 7_214_011;

/**
 * Brings the schema up to the last of `migrations`, all steps in one transaction: it is as it was when one
 * fails. Safe to run from several processes at once.
 * @returns numbers applied now.
 * @throws EngineError `store.refused` when the database was made by a newer release, or by another program.
 */
export async function migrate<DB>(
  db: Kysely<DB>,
  dialect: DialectName,
  migrations: readonly Migration[],
  nowUnixMs: number,
): Promise<readonly number[]> {
  migrations.forEach((step, index) => {
    if (step.number === index + 1) return;
    throw new EngineError('internal', `migration ${step.name} must have number ${index + 1}`);
  });
  return await db.transaction().execute(async (typed) => {
    const tx = typed as unknown as Transaction<unknown>;
    if (dialect === 'postgres')
      await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(tx);
    await sql`create table if not exists applied_migrations (
      number integer primary key, name text not null, at_unix_ms double precision not null)`.execute(
      tx,
    );
    const { rows } =
      await sql<Applied>`select number, name from applied_migrations order by number`.execute(tx);
    refuseUnknown(rows, migrations);
    const missing = migrations.slice(rows.length);
    for (const step of missing) {
      await step.up(tx, dialect);
      await sql`insert into applied_migrations (number, name, at_unix_ms)
        values (${step.number}, ${step.name}, ${nowUnixMs})`.execute(tx);
    }
    return missing.map((step) => step.number);
  });
}

function refuseUnknown(applied: readonly Applied[], migrations: readonly Migration[]): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.number > migrations.length) {
    throw new EngineError(
      'store.refused',
      `the control store was written by a newer release (its schema is ${newest.number} "${newest.name}", this release knows up to ${migrations.length}): start that release, or restore an older copy`,
    );
  }
  applied.forEach((step, index) => {
    const known = migrations[index];
    if (known?.number === step.number && known.name === step.name) return;
    throw new EngineError(
      'store.refused',
      `the control store's schema step ${step.number} is "${step.name}", which this release does not know: it belongs to another program or to an unreleased version`,
    );
  });
}

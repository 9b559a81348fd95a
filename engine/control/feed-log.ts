import { type Kysely, sql, type Transaction } from 'kysely';
import type { DialectName } from './dialects.js';
import type { Change, ChangeOp } from './feed.js';
import { bulkRows, inBulks } from './rows.js';

export interface FeedTables {
  readonly changes: {
    readonly seq: number;
    readonly domain: string;
    readonly id: string;
    readonly op: ChangeOp;
    readonly at_unix_ms: number;
  };
  readonly feed_head: { readonly only_row: number; seq: number };
}

/** How often old changes are cut off: whenever the sequence passes a multiple of this. */
const PRUNE_EVERY = 1_000;

export async function createFeedTables(db: Transaction<unknown>): Promise<void> {
  await sql`create table changes (
    seq bigint primary key, domain text not null, id text not null, op text not null,
    at_unix_ms double precision not null)`.execute(db);
  await sql`create table feed_head (only_row integer primary key, seq bigint not null)`.execute(db);
  await sql`insert into feed_head (only_row, seq) values (1, 0)`.execute(db);
}

/**
 * Writes the changes of a transaction, as its last step: the update of the head row makes writers of all
 * processes queue until commit, so that numbers are in commit order and a reader never meets a hole.
 */
export async function appendChanges(
  db: Kysely<FeedTables>,
  dialect: DialectName,
  changes: readonly Omit<Change, 'seq'>[],
  options: { readonly nowUnixMs: number; readonly keepRows: number },
): Promise<readonly Change[]> {
  if (changes.length === 0) return [];
  const { seq: last } = await db
    .updateTable('feed_head')
    .set((eb) => ({ seq: eb('seq', '+', changes.length) }))
    .returning('seq')
    .executeTakeFirstOrThrow();
  const before = last - changes.length;
  const numbered = changes.map((change, index) => ({ ...change, seq: before + index + 1 }));
  await inBulks(numbered, async (rows) => {
    const given = bulkRows(
      dialect,
      { seq: 'integer', domain: 'text', id: 'text', op: 'text' },
      rows.map(({ seq, domain, id, op }) => ({ seq, domain, id, op })),
    );
    await sql`insert into changes (seq, domain, id, op, at_unix_ms)
      select r.seq, r.domain, r.id, r.op, ${sql.lit(options.nowUnixMs)} from ${given} as r`.execute(
      db,
    );
  });
  if (Math.floor(last / PRUNE_EVERY) > Math.floor(before / PRUNE_EVERY)) {
    await db
      .deleteFrom('changes')
      .where('seq', '<=', last - options.keepRows)
      .execute();
  }
  return numbered;
}

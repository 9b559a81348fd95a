import { sql } from 'kysely';
import { bulkRows, inBulks } from '../../engine/control/rows.js';
import type { SiteControl } from './tables.js';

export interface SnapshotChange {
  readonly id: string;
  readonly kind: string;
  /** Undefined forgets it. */
  readonly snapshot: string | undefined;
}

/**
 * Where actors were, to go on from after a loss. Not in the change feed: nobody but the thread that
 * adopts an actor reads them, and they change with every edge.
 */
export class ActorSnapshots {
  readonly #control: SiteControl;

  constructor(control: SiteControl) {
    this.#control = control;
  }

  /** Writes a batch in one transaction; the last change of an actor in it counts. */
  async apply(changes: readonly SnapshotChange[]): Promise<void> {
    if (changes.length === 0) return;
    const { clock, dialect } = this.#control;
    const last = [...new Map(changes.map((c) => [`${c.kind}\0${c.id}`, c])).values()];
    const puts: { kind: string; id: string; snapshot: string }[] = [];
    const drops: { kind: string; id: string }[] = [];
    for (const { kind, id, snapshot } of last) {
      if (snapshot === undefined) drops.push({ kind, id });
      else puts.push({ kind, id, snapshot });
    }
    const nowUnixMs = clock.nowMs();
    await this.#control.write(async ({ db }) => {
      await inBulks(puts, async (some) => {
        const given = bulkRows(dialect, { kind: 'text', id: 'text', snapshot: 'text' }, some);
        await sql`insert into actor_snapshots (kind, id, snapshot, at_unix_ms)
          select r.kind, r.id, r.snapshot, ${sql.lit(nowUnixMs)} from ${given} as r where true
          on conflict (kind, id) do update
          set snapshot = excluded.snapshot, at_unix_ms = excluded.at_unix_ms`.execute(db);
      });
      await inBulks(drops, async (some) => {
        const given = bulkRows(dialect, { kind: 'text', id: 'text' }, some);
        await sql`delete from actor_snapshots
          where (kind, id) in (select r.kind, r.id from ${given} as r)`.execute(db);
      });
    });
  }

  /** Snapshots of a kind by actor id; `ids` narrows it. */
  async load(kind: string, ids?: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const found = await this.#control.read(
      async (db) =>
        await db
          .selectFrom('actor_snapshots')
          .select(['id', 'snapshot'])
          .where('kind', '=', kind)
          .execute(),
    );
    const wanted = ids === undefined ? undefined : new Set(ids);
    // Ids come from outside: an object with a prototype would take `__proto__` for something else.
    const snapshots = Object.create(null) as Record<string, string>;
    for (const row of found) {
      if (wanted === undefined || wanted.has(row.id)) snapshots[row.id] = row.snapshot;
    }
    return snapshots;
  }

  /** Forgets snapshots of a kind whose actors are gone. @returns how many. */
  async prune(kind: string, keep: ReadonlySet<string>): Promise<number> {
    const gone = Object.keys(await this.load(kind)).filter((id) => !keep.has(id));
    await this.apply(gone.map((id) => ({ kind, id, snapshot: undefined })));
    return gone.length;
  }
}

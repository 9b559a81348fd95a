import { type RawBuilder, sql } from 'kysely';
import type { Vote, VoteKind } from './content.types.js';
import type { FindVotes, VoteSum } from './store.types.js';
import { StoredTable } from './table.js';

/** Sums of one reading. An asset has a few of them: one a kind. */
const SUMS_AT_ONCE = 500;

interface Sum {
  readonly asset_id: number;
  readonly kind: VoteKind;
  readonly count: number;
  readonly average: number | null;
}

/** `average` comes as a number from both databases, `count` as text from one. */
export const sumOf = ({ asset_id, kind, count, average }: Sum): VoteSum => ({
  assetId: asset_id,
  kind,
  count: Number(count),
  average,
});

/** Votes, also looked up and summed by what only their assets know. */
export class VoteTable extends StoredTable<Vote, FindVotes> {
  /** See `ContentStore.eachVoteSum`. */
  async *eachSum(
    find: Omit<FindVotes, 'order' | 'offset' | 'limit'>,
  ): AsyncGenerator<readonly VoteSum[]> {
    const where = this.whereOf(find);
    let after = 0;
    for (;;) {
      const { rows } = await this.control.read((db) =>
        sql<Sum>`select asset_id, kind, count(*) as count,
          avg(cast(value as double precision)) as average
          from content_votes where ${where} and asset_id > ${after}
          group by asset_id, kind order by asset_id, kind limit ${SUMS_AT_ONCE}`.execute(db),
      );
      const whole = rows.length < SUMS_AT_ONCE;
      const last = rows.at(-1)?.asset_id ?? 0;
      // The last asset may have more kinds than fitted: it comes with the next ones.
      const ready = whole ? rows : rows.filter((row) => row.asset_id !== last);
      if (ready.length > 0) yield ready.map(sumOf);
      if (whole) return;
      after = last - 1;
      // The SQLite driver answers on this thread: without a pause nothing else would run meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  protected override whereOf(find: FindVotes | undefined): RawBuilder<unknown> {
    const parts: RawBuilder<unknown>[] = [super.whereOf(find)];
    const ofAsset: RawBuilder<unknown>[] = [];
    if (find?.projectId !== undefined) ofAsset.push(sql`project_id = ${find.projectId}`);
    if (find?.mediaType !== undefined) ofAsset.push(sql`media_type = ${find.mediaType}`);
    if (ofAsset.length > 0) {
      const and = sql.join(ofAsset, sql` and `);
      parts.push(sql`asset_id in (select id from content_assets where ${and})`);
    }
    return sql.join(parts, sql` and `);
  }
}

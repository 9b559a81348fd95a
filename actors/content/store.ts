import { sql } from 'kysely';
import { EngineError } from '../../engine/errors.js';
import type { SiteControl } from '../control/tables.js';
import { AssetTable } from './assets.js';
import type { Vote } from './content.types.js';
import { type ContentName, SPECS } from './specs.js';
import type { ContentStore, VoteSum } from './store.types.js';
import { StoredTable } from './table.js';
import { sumOf, VoteTable } from './votes.js';

/** Ids in one query. */
const AT_ONCE = 500;

/** The content of a site on its control store. */
export function openContent(control: SiteControl): ContentStore {
  const tables = Object.fromEntries(
    (Object.keys(SPECS) as ContentName[])
      .filter((name) => name !== 'assets' && name !== 'votes')
      .map((name) => [name, new StoredTable<{ id: number }>(control, SPECS[name] as never)]),
  ) as unknown as Pick<ContentStore, Exclude<ContentName, 'assets' | 'votes'>>;
  const votes = new VoteTable(control, SPECS.votes);
  return {
    ...tables,
    votes,
    assets: new AssetTable(control, SPECS.assets),
    texts: async (ids, languageId) => {
      const texts = new Map<number, string>();
      for (let at = 0; at < ids.length; at += AT_ONCE) {
        const rows = await tables.localizedStrings.find({
          where: [
            { field: 'id', op: 'in', value: ids.slice(at, at + AT_ONCE) },
            { field: 'languageId', op: '=', value: languageId },
          ],
        });
        for (const { id, text } of rows) texts.set(id, text);
      }
      return texts;
    },
    eachVoteSum: (find = {}) => votes.eachSum(find),
    voteSums: (assetIds) => voteSums(control, assetIds),
    castVote: (vote) => castVote(control, votes, vote),
    blocksOf: (userId) => blocksOf(control, userId),
  };
}

async function voteSums(
  control: SiteControl,
  assetIds: readonly number[],
): Promise<readonly VoteSum[]> {
  const sums: VoteSum[] = [];
  await control.read(async (db) => {
    for (let at = 0; at === 0 || at < assetIds.length; at += AT_ONCE) {
      const some = assetIds.slice(at, at + AT_ONCE);
      const where = some.length === 0 ? sql`1 = 1` : sql`asset_id in (${sql.join(some)})`;
      const { rows } = await sql<
        Parameters<typeof sumOf>[0]
      >`select asset_id, kind, count(*) as count,
        avg(cast(value as double precision)) as average
        from content_votes where ${where} group by asset_id, kind order by asset_id, kind`.execute(
        db,
      );
      sums.push(...rows.map(sumOf));
    }
  });
  return sums;
}

async function castVote(
  control: SiteControl,
  votes: ContentStore['votes'],
  vote: Omit<Vote, 'id'>,
): Promise<{ readonly vote: Vote; readonly isNew: boolean }> {
  const { sessionId, assetId, kind } = vote;
  const made = await control.write(async (scope) => {
    // SQLite has one writer at a time; elsewhere the votes of a session wait for each other.
    if (control.dialect === 'postgres') {
      await sql`select id from content_sessions where id = ${sessionId} for update`.execute(
        scope.db,
      );
    }
    const { rows } = await sql<{ id: number }>`select id from content_votes
      where session_id = ${sessionId} and asset_id = ${assetId} and kind = ${kind}
      order by id limit 1`.execute(scope.db);
    const known = rows[0]?.id;
    if (known !== undefined) return known;
    const [row] = await votes.createManyIn(scope, [vote]);
    if (row === undefined) throw new EngineError('internal', 'the new vote did not come back');
    return row;
  });
  if (typeof made !== 'number') return { vote: made, isNew: true };
  // Taken back between the two: then it is given anew.
  const known = await votes.get(made);
  return known === undefined ? await castVote(control, votes, vote) : { vote: known, isNew: false };
}

async function blocksOf(
  control: SiteControl,
  userId: number,
): Promise<{ readonly assetIds: readonly number[]; readonly userIds: readonly number[] }> {
  return await control.read(async (db) => {
    const assets = await sql<{ id: number }>`select distinct asset_id as id from content_votes
      where user_id = ${userId} and kind = 'block_asset' order by 1`.execute(db);
    const users = await sql<{ id: number }>`select distinct a.user_id as id
      from content_votes as v join content_assets as a on a.id = v.asset_id
      where v.user_id = ${userId} and v.kind = 'block_user' and a.user_id is not null
      order by 1`.execute(db);
    return { assetIds: assets.rows.map(({ id }) => id), userIds: users.rows.map(({ id }) => id) };
  });
}

import { type RawBuilder, sql } from 'kysely';
import type { SiteScope } from '../control/scope.js';
import type { Asset } from './content.types.js';
import type { FindAssets } from './store.types.js';
import { escaped, StoredTable } from './table.js';

/** Assets: tags and envelopes lie in the row, for reading, and in tables of their own, for looking up. */
export class AssetTable extends StoredTable<Asset, FindAssets> {
  protected override async afterWrite(
    scope: SiteScope,
    row: Asset,
    changed: Partial<Omit<Asset, 'id'>> | undefined,
  ): Promise<void> {
    const isNew = changed === undefined;
    if (isNew || changed.tagIds !== undefined) {
      await links(scope, 'tags', 'tag_id', row.id, row.tagIds, isNew);
    }
    if (isNew || changed.envelopeIds !== undefined) {
      await links(scope, 'envelopes', 'envelope_id', row.id, row.envelopeIds, isNew);
    }
  }

  protected override whereOf(find: FindAssets | undefined): RawBuilder<unknown> {
    const parts = [super.whereOf(find)];
    if (find?.tagIdsAny !== undefined) parts.push(linked('tags', 'tag_id', find.tagIdsAny));
    for (const tagId of find?.tagIdsAll ?? []) parts.push(linked('tags', 'tag_id', [tagId]));
    if (find?.envelopeIdsAny !== undefined) {
      parts.push(linked('envelopes', 'envelope_id', find.envelopeIdsAny));
    }
    for (const id of find?.envelopeIds ?? []) parts.push(linked('envelopes', 'envelope_id', [id]));
    if (find?.text !== undefined) {
      const part = `%${escaped(find.text)}%`;
      parts.push(
        sql`(lower(description) like ${part} escape '!' or lower(filename) like ${part} escape '!')`,
      );
    }
    if (find?.userText !== undefined) {
      const part = `%${escaped(find.userText)}%`;
      const { emailsOf = 'all' } = find;
      const open =
        emailsOf === 'all' ? sql`1 = 1` : sql`id = ${emailsOf === 'nobody' ? 0 : emailsOf}`;
      parts.push(sql`user_id in (select id from content_visitors where
        lower(username) like ${part} escape '!' or (${open} and lower(email) like ${part} escape '!')
        or lower(first_name || ' ' || last_name) like ${part} escape '!')`);
    }
    return sql.join(parts, sql` and `);
  }
}

type LinkTable = 'tags' | 'envelopes';

async function links(
  { db }: SiteScope,
  other: LinkTable,
  key: string,
  assetId: number,
  ids: readonly number[],
  isNew: boolean,
): Promise<void> {
  const table = sql.table(`content_asset_${other}`);
  if (!isNew) await sql`delete from ${table} where asset_id = ${assetId}`.execute(db);
  const unique = [...new Set(ids)];
  if (unique.length === 0) return;
  const rows = unique.map((id) => sql`(${assetId}, ${id})`);
  await sql`insert into ${table} (asset_id, ${sql.ref(key)}) values ${sql.join(rows)}`.execute(db);
}

function linked(other: LinkTable, key: string, ids: readonly number[]): RawBuilder<unknown> {
  if (ids.length === 0) return sql`1 = 0`;
  return sql`id in (select asset_id from ${sql.table(`content_asset_${other}`)}
    where ${sql.ref(key)} in (${sql.join([...ids])}))`;
}

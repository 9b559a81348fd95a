import type { TagRelationship } from '../../data/content.js';

export interface TreeRow {
  readonly row: TagRelationship;
  /** 0 at the top. */
  readonly depth: number;
}

/** Places of tags as a tree from the top; what hangs on nothing that is here, or on itself, is a top. */
export function tagTree(rows: readonly TagRelationship[]): readonly TreeRow[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const below = new Map<number | null, TagRelationship[]>();
  for (const row of rows) {
    const parentId = row.parentId !== null && byId.has(row.parentId) ? row.parentId : null;
    below.set(parentId, [...(below.get(parentId) ?? []), row]);
  }
  const made: TreeRow[] = [];
  const seen = new Set<number>();
  const put = (row: TagRelationship, depth: number): void => {
    if (seen.has(row.id)) return;
    seen.add(row.id);
    made.push({ row, depth });
    for (const child of below.get(row.id) ?? []) put(child, depth + 1);
  };
  for (const row of below.get(null) ?? []) put(row, 0);
  for (const row of rows) put(row, 0);
  return made;
}

/** The place itself and all below it. */
export function branchOf(rows: readonly TagRelationship[], id: number): ReadonlySet<number> {
  const ids = new Set([id]);
  for (let before = 0; before !== ids.size; ) {
    before = ids.size;
    for (const row of rows) if (row.parentId !== null && ids.has(row.parentId)) ids.add(row.id);
  }
  return ids;
}

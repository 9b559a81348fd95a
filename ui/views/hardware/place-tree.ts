import type { Location } from '../../data/inventory.types.js';

export interface PlacedRow {
  readonly row: Location;
  readonly depth: number;
  /** `Opera / Main stage / Left wing`. */
  readonly path: string;
}

/** Places as lines of a tree, by name; one whose parent is gone stands at the top, a ring is broken. */
export function placeTree(rows: readonly Location[]): readonly PlacedRow[] {
  const ids = new Set(rows.map(({ id }) => id));
  const lines: PlacedRow[] = [];
  const drawn = new Set<number>();
  const draw = (parentId: number | null, depth: number, path: string): void => {
    const own = rows
      .filter(
        (row) =>
          (row.parentId !== null && ids.has(row.parentId) ? row.parentId : null) === parentId,
      )
      .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    for (const row of own) add(row, depth, path);
  };
  const add = (row: Location, depth: number, path: string): void => {
    if (drawn.has(row.id)) return;
    drawn.add(row.id);
    const own = path === '' ? row.name : `${path} / ${row.name}`;
    lines.push({ row, depth, path: own });
    draw(row.id, depth + 1, own);
  };
  draw(null, 0, '');
  for (const row of rows) add(row, 0, '');
  return lines;
}

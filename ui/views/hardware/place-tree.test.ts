import { describe, expect, it } from 'vitest';
import type { Location } from '../../data/inventory.types.js';
import { placeTree } from './place-tree.js';

const place = (id: number, name: string, parentId: number | null): Location => ({
  id,
  name,
  parentId,
  kind: 'room',
});

describe('the tree of places', () => {
  it('hangs rooms below buildings, sorted by name as people count', () => {
    const rows = [place(1, 'Opera', null), place(2, 'Room 10', 1), place(3, 'Room 2', 1)];
    expect(placeTree(rows).map(({ path, depth }) => `${depth} ${path}`)).toEqual([
      '0 Opera',
      '1 Opera / Room 2',
      '1 Opera / Room 10',
    ]);
  });

  it('loses no place: neither one whose parent is gone nor a ring', () => {
    const rows = [place(1, 'a', 9), place(2, 'b', 3), place(3, 'c', 2)];
    expect(
      placeTree(rows)
        .map(({ row }) => row.id)
        .toSorted(),
    ).toEqual([1, 2, 3]);
  });
});

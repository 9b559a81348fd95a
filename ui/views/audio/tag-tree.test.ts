import { expect, test } from 'vitest';
import { branchOf, tagTree } from './tag-tree.js';

const row = (id: number, parentId: number | null) => ({ id, tagId: id * 10, parentId });

test('places of tags are listed from the top, each below the one it hangs on', () => {
  const rows = [row(3, 2), row(1, null), row(2, 1), row(4, 1)];
  expect(tagTree(rows).map(({ row: { id }, depth }) => [id, depth])).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 1],
  ]);
});

test('a ring and a lost parent do not hide anything', () => {
  const rows = [row(1, 2), row(2, 1), row(5, 99)];
  expect(
    tagTree(rows)
      .map(({ row: { id } }) => id)
      .toSorted(),
  ).toEqual([1, 2, 5]);
});

test('a branch is the place and all below it', () => {
  const rows = [row(1, null), row(2, 1), row(3, 2), row(4, null)];
  expect([...branchOf(rows, 1)].toSorted()).toEqual([1, 2, 3]);
  expect([...branchOf([row(1, 2), row(2, 1)], 1)].toSorted()).toEqual([1, 2]);
});

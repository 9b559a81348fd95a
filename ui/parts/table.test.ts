import { describe, expect, it } from 'vitest';
import { movedIndex, toggledSort, visibleRange } from './table.js';

describe('visibleRange', () => {
  it('draws what is seen and a margin, however long the table is', () => {
    const range = visibleRange({ scrollTop: 34_000, height: 600, rowPx: 34, count: 100_000 });
    expect(range.from).toBeLessThanOrEqual(1_000);
    expect(range.to).toBeGreaterThanOrEqual(1_018);
    expect(range.to - range.from).toBeLessThan(50);
  });

  it('stays inside a short table, and at the end of a long one', () => {
    expect(visibleRange({ scrollTop: 0, height: 600, rowPx: 34, count: 3 })).toEqual({
      from: 0,
      to: 3,
    });
    const end = visibleRange({ scrollTop: 99_999_999, height: 600, rowPx: 34, count: 100 });
    expect(end.to).toBe(100);
    expect(end.from).toBeLessThan(90);
  });
});

describe('movedIndex', () => {
  it('moves by arrows, pages and ends, and stops at both ends', () => {
    expect(movedIndex('ArrowDown', -1, 10, 5)).toBe(0);
    expect(movedIndex('ArrowDown', 9, 10, 5)).toBe(9);
    expect(movedIndex('ArrowUp', 0, 10, 5)).toBe(0);
    expect(movedIndex('PageDown', 2, 10, 5)).toBe(7);
    expect(movedIndex('End', 2, 10, 5)).toBe(9);
    expect(movedIndex('x', 2, 10, 5)).toBeUndefined();
    expect(movedIndex('Home', 2, 0, 5)).toBeUndefined();
  });
});

describe('toggledSort', () => {
  it('goes ascending, descending, none', () => {
    const first = toggledSort([], 'a', false);
    const second = toggledSort(first, 'a', false);
    expect(first).toEqual([{ field: 'a', direction: 'asc' }]);
    expect(second).toEqual([{ field: 'a', direction: 'desc' }]);
    expect(toggledSort(second, 'a', false)).toEqual([]);
  });

  it('keeps the other keys when one is added, at most four', () => {
    let keys = toggledSort([], 'a', false);
    for (const field of ['b', 'c', 'd', 'e']) keys = toggledSort(keys, field, true);
    expect(keys.map((key) => key.field)).toEqual(['b', 'c', 'd', 'e']);
    expect(toggledSort(keys, 'c', true)[1]).toEqual({ field: 'c', direction: 'desc' });
  });
});

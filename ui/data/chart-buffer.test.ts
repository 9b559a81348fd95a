import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChartBuffer } from './chart-buffer.js';

const line = (...points: readonly [number, number | null][]) => ({
  atUnixMs: points.map(([at]) => at),
  value: points.map(([, value]) => value),
});

describe('a chart’s buffer', () => {
  test('lays lines of different times on one axis', () => {
    const buffer = new ChartBuffer(2);
    buffer.load([line([1_000, 1], [3_000, 3]), line([2_000, 20], [3_000, 30])]);
    expect(buffer.data()).toEqual([
      [1, 2, 3],
      [1, undefined, 3],
      [undefined, 20, 30],
    ]);
  });

  test('adds live values to what was loaded, those of one moment in one row', () => {
    const buffer = new ChartBuffer(2);
    buffer.load([line([1_000, 1]), line([1_000, 10])]);
    buffer.add(0, 2_000, 2);
    buffer.add(1, 2_010, 20);
    buffer.add(0, 3_000, 3);
    expect(buffer.data()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
      [10, 20, undefined],
    ]);
  });

  test('keeps what came before its history, and nothing twice', () => {
    const buffer = new ChartBuffer(1);
    buffer.add(0, 900, 9);
    buffer.add(0, 2_000, 2);
    buffer.load([line([500, 5], [1_000, 1])]);
    buffer.add(0, 2_000, 7);
    expect(buffer.data()).toEqual([
      [0.5, 1, 2],
      [5, 1, 2],
    ]);
    buffer.load([line([1_500, 15])]);
    expect(buffer.data()).toEqual([
      [1.5, 2],
      [15, 2],
    ]);
  });

  test('shows a silence as a gap', () => {
    const buffer = new ChartBuffer(1);
    buffer.load([line([1_000, 1], [2_000, 2])]);
    buffer.add(0, 3_000, 3);
    buffer.add(0, 63_000, 4);
    expect(buffer.data()).toEqual([
      [1, 2, 3, 33, 63],
      [1, 2, 3, null, 4],
    ]);
  });

  test('is bounded, and forgets what left its window', () => {
    const buffer = new ChartBuffer(1, 1_000);
    buffer.load([line([0, 0])]);
    for (let at = 1; at <= 5_000; at += 1) buffer.add(0, at * 100, at);
    expect(buffer.full).toBe(true);
    buffer.trim(400_000);
    expect(buffer.rows).toBeLessThanOrEqual(1_002);
    expect(buffer.data()[0].at(-1)).toBe(500);
    expect(buffer.lastAt(0)).toBe(500_000);
  });

  test('has its axis in order and columns of its length, whatever comes when', () => {
    const event = fc.record({ place: fc.nat(2), at: fc.nat(100_000), value: fc.integer() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.nat(3), (events, loadAfter) => {
        const buffer = new ChartBuffer(3);
        events.forEach(({ place, at, value }, no) => {
          if (no === loadAfter) buffer.load([line([50, 1]), line(), line()]);
          buffer.add(place, at, value);
        });
        const [axis, ...columns] = buffer.data();
        for (let row = 1; row < axis.length; row += 1) {
          expect(axis[row]).toBeGreaterThan(axis[row - 1] ?? 0);
        }
        for (const column of columns) expect(column).toHaveLength(axis.length);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clockOf,
  draggedWindow,
  LEAST_S,
  lanesOf,
  ticksOf,
  timelineLengthS,
} from './timeline-scale.js';

describe('a timeline', () => {
  it('is round and holds all windows', () => {
    expect(timelineLengthS([])).toBe(60);
    expect(timelineLengthS([{ endS: 100 }])).toBe(120);
    expect(timelineLengthS([{ endS: 118 }])).toBe(300);
    expect(timelineLengthS([{ endS: 200_000 }])).toBeGreaterThan(200_000);
  });

  it('is marked at round times', () => {
    expect(ticksOf(120, 8)).toEqual([0, 15, 30, 45, 60, 75, 90, 105, 120]);
    expect(ticksOf(86_400, 8).length).toBeLessThanOrEqual(8);
    expect([clockOf(0), clockOf(65), clockOf(3_725)]).toEqual(['0:00', '1:05', '1:02:05']);
  });

  it('lets a window be moved and stretched, never before the beginning nor to nothing', () => {
    const row = { startS: 10, endS: 30 };
    expect(draggedWindow(row, 'whole', 7.4, 1)).toEqual({ startS: 17, endS: 37 });
    expect(draggedWindow(row, 'whole', -50, 1)).toEqual({ startS: 0, endS: 20 });
    expect(draggedWindow(row, 'start', 100, 1)).toEqual({ startS: 29, endS: 30 });
    expect(draggedWindow(row, 'end', -100, 5)).toEqual({ startS: 10, endS: 11 });
    fc.assert(
      fc.property(
        fc.constantFrom('whole', 'start', 'end' as const),
        fc.double({ min: -1e4, max: 1e4, noNaN: true }),
        fc.constantFrom(1, 5, 15),
        (grip, by, step) => {
          const next = draggedWindow(row, grip, by, step);
          expect(next.startS).toBeGreaterThanOrEqual(0);
          expect(next.endS - next.startS).toBeGreaterThanOrEqual(LEAST_S);
          if (grip === 'whole') expect(next.endS - next.startS).toBe(20);
        },
      ),
    );
  });

  it('puts windows side by side that overlap', () => {
    const rows = [
      { id: 1, startS: 0, endS: 30 },
      { id: 2, startS: 20, endS: 40 },
      { id: 3, startS: 30, endS: 50 },
      { id: 4, startS: 35, endS: 60 },
    ];
    expect(lanesOf(rows).map((lane) => lane.map((row) => row.id))).toEqual([[1, 3], [2], [4]]);
    expect(lanesOf([])).toEqual([]);
  });
});

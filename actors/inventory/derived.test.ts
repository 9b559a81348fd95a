import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ASSIGNMENT_DEFAULTS } from './defaults.js';
import {
  activeOf,
  assignmentAt,
  barsOf,
  batteryHealthOf,
  healthOf,
  percentOfByte,
  signalOf,
  type TileFacts,
  tileStatus,
} from './derived.js';
import { SettingsBook } from './settings.js';

const NOW = 1_800_000_000_000;
const MIN = 60_000;
const LIMITS = new SettingsBook().of({});

describe('derived values', () => {
  test.each([
    [false, NOW, 'offline'],
    [true, null, 'unknown'],
    [true, NOW - 5 * MIN + 1, 'healthy'],
    [true, NOW - 5 * MIN, 'warning'],
    [true, NOW - 30 * MIN + 1, 'warning'],
    [true, NOW - 30 * MIN, 'stale'],
  ])('health of a device that is active (%s) and was heard at %s is %s', (active, seen, health) => {
    expect(healthOf(active, seen, NOW)).toBe(health);
  });

  test('a byte is a percentage, 255 is none, and bars are fifths', () => {
    expect([0, 1, 128, 254, 255, -1, Number.NaN, null].map(percentOfByte)).toEqual([
      0,
      0,
      50,
      99,
      null,
      null,
      null,
      null,
    ]);
    expect([0, 1, 20, 21, 60, 61, 80, 81, 100, 140, null].map(barsOf)).toEqual([
      0,
      1,
      1,
      2,
      3,
      4,
      4,
      5,
      5,
      5,
      null,
    ]);
  });

  test('a battery is good above 50, fair above 25, low above 10, else critical', () => {
    const words = [51, 50, 26, 25, 11, 10, 0, null].map((value) => batteryHealthOf(value, LIMITS));
    expect(words).toEqual([
      'good',
      'fair',
      'fair',
      'low',
      'low',
      'critical',
      'critical',
      'unknown',
    ]);
  });

  test('a signal is excellent, good, fair, poor or unknown; lost on every antenna is poor', () => {
    const words = [100, 79, 78, 60, 59, 40, 39, 0, null].map((value) =>
      signalOf(value, null, LIMITS),
    );
    expect(words).toEqual([
      'excellent',
      'excellent',
      'good',
      'good',
      'fair',
      'fair',
      'poor',
      'poor',
      'unknown',
    ]);
    expect(signalOf(100, -96, LIMITS)).toBe('poor');
    expect(signalOf(null, -60, LIMITS)).toBe('unknown');
  });

  test('what a transmitter says of itself goes before when it was heard', () => {
    expect(activeOf(false, NOW, NOW)).toBe(false);
    expect(activeOf(true, null, NOW)).toBe(true);
    expect(activeOf(null, NOW - 5 * MIN + 1, NOW)).toBe(true);
    expect(activeOf(null, NOW - 5 * MIN, NOW)).toBe(false);
    expect(activeOf(null, null, NOW)).toBe(false);
  });

  const tile = (facts: Partial<TileFacts>) =>
    tileStatus(
      {
        connected: true,
        unassigned: false,
        active: true,
        bars: 5,
        peakUnixMs: null,
        heardUnixMs: NOW,
        ...facts,
      },
      NOW,
    );

  test('a tile says the worst first', () => {
    expect([5, 4, 3, 2, 1, 0].map((bars) => tile({ bars }))).toEqual([
      'good',
      'good',
      'replace',
      'critical',
      'critical',
      'critical',
    ]);
    expect(
      [5, 3, 0].map((bars) => tile({ bars, active: false, heardUnixMs: NOW - 29 * MIN })),
    ).toEqual(['prev-good', 'prev-replace', 'prev-critical']);
    expect(tile({ active: false, heardUnixMs: NOW - 30 * MIN })).toBe('off');
    expect(tile({ active: false, bars: null })).toBe('off');
    expect(tile({ bars: null })).toBe('good');
    expect(tile({ bars: 0, peakUnixMs: NOW - 9_999 })).toBe('peak');
    expect(tile({ bars: 0, peakUnixMs: NOW - 10_000 })).toBe('critical');
    expect(tile({ bars: 0, peakUnixMs: NOW, connected: false })).toBe('com-error');
    expect(tile({ connected: false, unassigned: true })).toBe('unassigned');
  });

  test('of several assignments the highest priority whose time it is counts', () => {
    const at = (id: number, values: object) => ({
      ...ASSIGNMENT_DEFAULTS,
      id,
      performerId: id,
      rfChannelId: 1,
      ...values,
    });
    const plain = at(1, {});
    const high = at(2, { priority: 'high', toUnixMs: NOW });
    const soon = at(3, { priority: 'critical', fromUnixMs: NOW + 1 });
    expect(assignmentAt([plain, high, soon], NOW - 1)?.id).toBe(2);
    expect(assignmentAt([plain, high, soon], NOW)?.id).toBe(1);
    expect(assignmentAt([plain, high, soon], NOW + 1)?.id).toBe(3);
    expect(assignmentAt([plain, at(4, { fromUnixMs: NOW })], NOW)?.id).toBe(4);
    expect(assignmentAt([], NOW)).toBeUndefined();
  });

  test('whose time it is does not depend on the order of the rows', () => {
    const time = fc.option(fc.integer({ min: NOW - 50, max: NOW + 50 }));
    const rows = fc.array(
      fc.record({
        priority: fc.constantFrom('low', 'normal', 'high', 'critical'),
        fromUnixMs: time,
        toUnixMs: time,
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(rows, fc.func(fc.integer()), (all, shuffle) => {
        const made = all.map((values, id) => ({
          ...ASSIGNMENT_DEFAULTS,
          ...values,
          priority: values.priority as 'low',
          id,
          performerId: 1,
          rfChannelId: 1,
        }));
        const other = [...made].sort((a, b) => shuffle(a.id) - shuffle(b.id));
        expect(assignmentAt(other, NOW)?.id).toBe(assignmentAt(made, NOW)?.id);
      }),
    );
  });
});

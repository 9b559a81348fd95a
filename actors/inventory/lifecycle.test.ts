import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lifecycle } from './inventory.types.js';
import { LIFECYCLE_MOVES, mayMove, movesAfter, requireMove } from './lifecycle.js';

const ALL = Object.keys(LIFECYCLE_MOVES) as Lifecycle[];
const lifecycle = fc.constantFrom(...ALL);
const heard = fc.record({
  state: fc.constantFrom('connecting', 'connected', 'disconnected', 'error', 'stopped'),
  held: fc.boolean(),
  impaired: fc.boolean(),
} as const);

describe('the lifecycle of a device', () => {
  test('refuses every move that is not in the table, naming those that are', () => {
    for (const from of ALL) {
      for (const to of ALL) {
        if (mayMove(from, to)) {
          expect(() => requireMove(from, to)).not.toThrow();
          continue;
        }
        const words =
          LIFECYCLE_MOVES[from].length === 0 ? 'remove it' : LIFECYCLE_MOVES[from].join(', ');
        expect(() => requireMove(from, to)).toThrow(words);
      }
    }
  });

  test('never leaves a device where it is by a move to itself, and every device can be retired', () => {
    for (const from of ALL) {
      expect(mayMove(from, from)).toBe(false);
      const reached = new Set<Lifecycle>([from]);
      for (const at of reached) for (const to of LIFECYCLE_MOVES[at]) reached.add(to);
      expect(reached).toContain('retired');
    }
  });

  test('follows what is heard by allowed moves only, whatever it is and in whatever order', () => {
    fc.assert(
      fc.property(lifecycle, fc.array(heard, { maxLength: 30 }), (start, all) => {
        let at = start;
        for (const one of all) {
          for (const to of movesAfter(at, one)) {
            requireMove(at, to);
            at = to;
          }
          // Said once more, nothing moves.
          expect(movesAfter(at, one).length).toBeLessThanOrEqual(at === 'online' ? 1 : 0);
        }
        if (start === 'retired' || start === 'maintenance') expect(at).toBe(start);
        expect(at === 'retired' && start !== 'retired').toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test('goes online through provisioning, stays through a hold-down, and comes back', () => {
    const steps = (from: Lifecycle, state: 'connected' | 'connecting' | 'error', held = false) =>
      movesAfter(from, { state, held, impaired: false });
    expect(steps('discovered', 'connected')).toEqual(['provisioning', 'online']);
    expect(steps('online', 'connecting', true)).toEqual([]);
    expect(steps('online', 'error')).toEqual(['offline']);
    expect(steps('offline', 'connecting')).toEqual([]);
    expect(steps('offline', 'connected')).toEqual(['online']);
    expect(movesAfter('online', { state: 'connected', held: false, impaired: true })).toEqual([
      'degraded',
    ]);
    expect(movesAfter('degraded', { state: 'connected', held: false, impaired: false })).toEqual([
      'online',
    ]);
  });
});

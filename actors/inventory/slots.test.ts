import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignSlots, MAX_SLOT } from './slots.js';

const slot = fc.integer({ min: 1, max: 40 });
const wishes = fc.array(
  fc.record({ slot: fc.option(slot), given: fc.option(slot, { nil: undefined }) }),
  { maxLength: 60 },
);

describe('places on the boards', () => {
  test('are unique, never one of another channel, and everyone gets one', () => {
    fc.assert(
      fc.property(fc.uniqueArray(slot), wishes, (taken, all) => {
        const slots = assignSlots(taken, all);
        expect(slots).toHaveLength(all.length);
        expect(new Set([...slots, ...taken]).size).toBe(all.length + taken.length);
        for (const one of slots) expect(one).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('that a channel has stay: before given ones, and given ones before the lowest free', () => {
    fc.assert(
      fc.property(fc.uniqueArray(slot), wishes, (taken, all) => {
        const slots = assignSlots(taken, all);
        const kept = new Set<number>(taken);
        all.forEach((wish, at) => {
          if (wish.slot === null || kept.has(wish.slot)) return;
          kept.add(wish.slot);
          expect(slots[at]).toBe(wish.slot);
        });
        all.forEach((wish, at) => {
          if (slots[at] === wish.slot || wish.given === undefined || kept.has(wish.given)) return;
          kept.add(wish.given);
          expect(slots[at]).toBe(wish.given);
        });
        // Nothing lower was free for those who got neither.
        const used = new Set<number | null>([...slots, ...taken]);
        all.forEach((wish, at) => {
          const got = slots[at] ?? 0;
          if (got === wish.slot || got === wish.given) return;
          for (let low = 1; low < got; low++) expect(used.has(low)).toBe(true);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  test('are the same when they are given out again', () => {
    fc.assert(
      fc.property(wishes, (all) => {
        const slots = assignSlots([], all);
        expect(
          assignSlots(
            [],
            slots.map((one) => ({ slot: one })),
          ),
        ).toEqual(slots);
      }),
    );
  });

  test('are for 4,000 channels 1 to 4,000, and end at their bound', () => {
    const all = Array.from({ length: 4_000 }, () => ({ slot: null }));
    expect(assignSlots([], all)).toEqual(all.map((_, at) => at + 1));
    expect(assignSlots([], [{ slot: MAX_SLOT + 1, given: 0.5 }])).toEqual([1]);
  });
});

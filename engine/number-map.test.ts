import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberMap } from './number-map.js';

test('answers as a Map does, whatever is set and deleted', () => {
  const key = fc.oneof(fc.nat({ max: 10_000 }), fc.constantFrom(4_095, 4_096, 1_000_000));
  const step = fc.record({ key, value: fc.option(fc.string(), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ours = new NumberMap<string>();
      const plain = new Map<number, string>();
      for (const one of steps) {
        if (one.value === undefined) {
          ours.delete(one.key);
          plain.delete(one.key);
        } else {
          ours.set(one.key, one.value);
          plain.set(one.key, one.value);
        }
      }
      for (const { key: asked } of steps) {
        expect(ours.get(asked)).toBe(plain.get(asked));
        expect(ours.has(asked)).toBe(plain.has(asked));
        expect(ours.get(asked + 1)).toBe(plain.get(asked + 1));
      }
    }),
  );
});

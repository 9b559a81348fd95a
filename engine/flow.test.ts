import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedQueue } from './flow.js';

test('drop-oldest keeps the newest items, in order, within the bound', () => {
  fc.assert(
    fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 20 }), (items, limit) => {
      const queue = new BoundedQueue<number>({ limit, rule: 'drop-oldest' });
      for (const item of items) {
        expect(queue.push(item)).toBe(true);
        expect(queue.weight).toBeLessThanOrEqual(limit);
      }
      const kept = items.slice(-limit);
      expect(queue.dropped).toBe(items.length - kept.length);
      expect(Array.from({ length: queue.length }, () => queue.shift())).toEqual(kept);
      expect(queue.shift()).toBeUndefined();
    }),
  );
});

test('drop-newest keeps the oldest items and says that it did not take one', () => {
  const queue = new BoundedQueue<string>({ limit: 2, rule: 'drop-newest' });
  expect([queue.push('a'), queue.push('b'), queue.push('c')]).toEqual([true, true, false]);
  expect(queue.shift()).toBe('a');
  expect(queue.dropped).toBe(1);
});

test('refuse throws and keeps what is there', () => {
  const queue = new BoundedQueue<string>({ limit: 1, rule: 'refuse' });
  queue.push('a');
  expect(() => queue.push('b')).toThrow('full');
  expect(queue.length).toBe(1);
});

test('the bound can be on bytes; an item heavier than the whole bound is not taken', () => {
  const queue = new BoundedQueue<string>({ limit: 5, rule: 'drop-oldest', weigh: (s) => s.length });
  queue.push('abc');
  queue.push('de');
  expect(queue.weight).toBe(5);
  queue.push('fgh');
  expect(queue.shift()).toBe('de');
  expect(queue.push('longer than five')).toBe(false);
  expect(queue.shift()).toBe('fgh');
});

test('a long run of pushes and shifts keeps its order', () => {
  const queue = new BoundedQueue<number>({ limit: 10_000, rule: 'refuse' });
  let next = 0;
  for (let i = 0; i < 50_000; i += 1) {
    queue.push(i);
    if (i % 3 !== 0) expect(queue.shift()).toBe(next++);
    if (queue.length > 9_000) while (queue.length > 0) expect(queue.shift()).toBe(next++);
  }
});

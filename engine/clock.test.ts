import { expect, test } from 'vitest';
import { ArrivalClock, TestClock } from './clock.js';

test('what arrives together has the time of its arrival, and what comes later its own', () => {
  const inner = new TestClock(1_000);
  const clock = new ArrivalClock(inner);
  const seen: number[] = [];
  const look = (): void => {
    seen.push(clock.nowMs());
    inner.advance(5);
  };
  clock.during(() => {
    look();
    look();
  });
  look();
  expect(() =>
    clock.during(() => {
      look();
      throw new Error('not for me');
    }),
  ).toThrow('not for me');
  look();
  expect(seen).toEqual([1_000, 1_000, 1_010, 1_015, 1_020]);
});

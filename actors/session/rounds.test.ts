import { expect, test } from 'vitest';
import { TestClock } from '../../engine/clock.js';
import { Rounds } from './rounds.js';

test('rounds follow each other while something is left, and no timer runs after the last', () => {
  const clock = new TestClock();
  let left = 0;
  let looks = 0;
  const rounds = new Rounds(clock, 100, () => {
    looks += 1;
    left -= 1;
    return left > 0;
  });
  clock.advance(1_000);
  expect([looks, clock.pending]).toEqual([0, 0]);

  left = 3;
  rounds.wake();
  rounds.wake();
  clock.advance(99);
  expect(looks).toBe(0);
  clock.advance(1_000);
  expect([looks, clock.pending]).toEqual([3, 0]);

  left = 1;
  rounds.wake();
  clock.advance(100);
  expect([looks, clock.pending]).toEqual([4, 0]);
});

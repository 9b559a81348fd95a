import { expect, it } from 'vitest';
import { Slices } from './slices.js';

it('ten thousand slow sources leave the main thread after each fifty, in order, and a fault ends none but itself', async () => {
  let monoMs = 0;
  const faults: unknown[] = [];
  const slices = new Slices(
    (error) => faults.push(error),
    () => monoMs,
  );
  const done: number[] = [];
  const turns: number[] = [];
  let counting = true;
  const count = (): void => {
    turns.push(done.length);
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  slices.each(
    Array.from({ length: 10_000 }, (_, index) => index),
    (index) => {
      monoMs += 1;
      done.push(index);
    },
  );
  slices.add(() => {
    throw new Error('one of them');
  });
  slices.add(() => done.push(10_000));
  await slices.done();
  counting = false;
  expect(done).toHaveLength(10_001);
  const most = turns.slice(1).map((now, index) => now - (turns[index] ?? 0));
  expect(Math.max(...most)).toBeLessThanOrEqual(51);
  expect(done.filter((index) => index < 10_000)).toEqual(
    Array.from({ length: 10_000 }, (_, i) => i),
  );
  expect(faults).toHaveLength(1);
});

import { describe, expect, test } from 'vitest';
import { TestClock } from '../../../engine/clock.js';
import { Pace } from './pace.js';

function pace(clock: TestClock, id: string, task: () => Promise<void>, periodMs = 5_000): Pace {
  return new Pace({ clock, id, periodMs, task, failed: () => {} });
}

/** Lets promises settle. */
async function settled(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await Promise.resolve();
}

describe('a pace', () => {
  test('turns at absolute times however late its timers are', async () => {
    const clock = new TestClock();
    const at: number[] = [];
    const one = pace(clock, 'a', () => {
      at.push(clock.monoMs());
      return Promise.resolve();
    });
    const first = one.dueMonoMs;
    for (let n = 0; n < 1_000; n += 1) {
      clock.advance(one.dueMonoMs - clock.monoMs());
      await settled();
      // A busy thread: everything is late by a different time.
      clock.jump(0);
      clock.advance((n * 7) % 90);
      await settled();
    }
    expect(at).toHaveLength(1_000);
    expect(at.every((monoMs, n) => monoMs === first + n * 5_000)).toBe(true);
    one.stop();
    expect(clock.pending).toBe(0);
  });

  test('leaves out turns while one is running, and keeps its phase', async () => {
    const clock = new TestClock();
    let finish = (): void => {};
    let turns = 0;
    const one = pace(clock, 'b', () => {
      turns += 1;
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    const first = one.dueMonoMs;
    clock.advance(first + 12_000);
    await settled();
    expect([turns, one.left]).toEqual([1, 2]);
    finish();
    await settled();
    clock.advance(3_000);
    expect(turns).toBe(2);
    expect((one.dueMonoMs - first) % 5_000).toBe(0);
    one.stop();
  });

  test('goes on after a turn that threw, and tells it', async () => {
    const clock = new TestClock();
    const told: string[] = [];
    const one = new Pace({
      clock,
      id: 'c',
      periodMs: 1_000,
      task: () => Promise.reject(new Error('no answer')),
      failed: (error) => told.push(error.message),
    });
    for (let n = 0; n < 3; n += 1) {
      clock.advance(1_000);
      await settled();
    }
    expect(told).toEqual(['no answer', 'no answer', 'no answer']);
    one.stop();
  });

  test('spreads 2,000 numbered devices evenly over the period', () => {
    const clock = new TestClock();
    const perBucket = new Array<number>(50).fill(0);
    const paces = Array.from({ length: 2_000 }, (_, n) =>
      pace(clock, `http-json:1:device-${n}`, () => Promise.resolve()),
    );
    for (const one of paces) {
      const bucket = Math.floor((one.dueMonoMs % 5_000) / 100);
      perBucket[bucket] = (perBucket[bucket] ?? 0) + 1;
      one.stop();
    }
    // 40 expected in each; a storm would put hundreds into one.
    expect(Math.max(...perBucket)).toBeLessThan(80);
    expect(Math.min(...perBucket)).toBeGreaterThan(10);
  });
});

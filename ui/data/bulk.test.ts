import { describe, expect, it } from 'vitest';
import { eachOf } from './bulk.js';

describe('work on many', () => {
  it('goes on past what fails, six at a time, and tells the first fault', async () => {
    let running = 0;
    let most = 0;
    const { done, fault } = await eachOf([1, 2, 3, 4, 5, 6, 7, 8, 9], async (one) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      if (one % 4 === 0) throw new Error(`not ${one}`);
    });
    expect(done.toSorted()).toEqual([1, 2, 3, 5, 6, 7, 9]);
    expect(fault).toEqual(new Error('not 4'));
    expect(most).toBeLessThanOrEqual(6);
    expect(await eachOf([], async () => undefined)).toEqual({ done: [], fault: undefined });
  });
});

import { describe, expect, it } from 'vitest';
import { reasonCounts, reasonWords, trackWords } from './listeners.js';

describe('why something is not heard', () => {
  it('is said in words, also for a reason that is new', () => {
    expect(reasonWords(['far', 'filtered'])).toBe('too far away, does not fit the choices');
    expect(reasonWords(['on-the-moon'])).toBe('on the moon');
    expect(reasonWords([])).toBe('');
    expect(trackWords('dead-air')).toBe('pauses');
  });

  it('is counted, the most frequent first', () => {
    const one = (assetId: number, reasons: string[]) => ({ assetId, reasons, playing: false });
    expect(reasonCounts([one(1, ['far']), one(2, ['far', 'filtered']), one(3, [])])).toEqual([
      { reason: 'far', amount: 2 },
      { reason: 'filtered', amount: 1 },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import {
  connectionWord,
  discoveryWord,
  instanceWord,
  minutesWords,
  untilWords,
} from './hardware-words.js';

describe('words of hardware', () => {
  it('say that a connection is held down or waits for its turn, not that it merely connects', () => {
    const row = { state: 'connecting', held: false, waiting: false, attempts: 0 } as const;
    expect(connectionWord(row).word).toBe('Connecting');
    expect(connectionWord({ ...row, attempts: 3 }).word).toBe('Connecting, attempt 3');
    expect(connectionWord({ ...row, held: true }).tone).toBe('attention');
    expect(connectionWord({ ...row, waiting: true }).word).toBe('Waits for its turn');
  });

  it('take a vendor that was not checked for as well as its devices are', () => {
    const row = {
      enabled: true,
      state: 'open',
      health: 'unknown',
      devices: 4,
      connected: 4,
    } as const;
    expect(instanceWord(row).tone).toBe('good');
    expect(instanceWord({ ...row, connected: 3 })).toEqual({
      tone: 'attention',
      word: '1 not connected',
    });
    expect(instanceWord({ ...row, connected: 0 }).tone).toBe('critical');
    expect(instanceWord({ ...row, enabled: false }).tone).toBe('off');
    expect(instanceWord({ ...row, devices: 0, connected: 0 }).tone).toBe('unknown');
  });

  it('count down, and never into the past', () => {
    expect(untilWords(null, 0)).toBeUndefined();
    expect(untilWords(12_000, 0)).toBe('in 12 s');
    expect(untilWords(0, 12_000)).toBe('now');
    expect(minutesWords(95)).toBe('1 h 35 min');
    expect(discoveryWord('something new').word).toBe('something new');
  });
});

import { expect, it } from 'vitest';
import { shareWords, stateWords } from './figures.js';

it('times in states are said with their share, the longest first', () => {
  expect(stateWords({ on: 60_000, off: 240_000 })).toBe('off 4 min (80 %), on 1 min (20 %)');
});

it('a share is not all or nothing when it is not', () => {
  expect(shareWords(1, 3)).toBe('33.3 %');
  expect(shareWords(1, 100_000)).toBe('< 0.1 %');
  expect(shareWords(99_999, 100_000)).toBe('> 99.9 %');
  expect(shareWords(5, 5)).toBe('100 %');
  expect(shareWords(0, 0)).toBe('–');
});

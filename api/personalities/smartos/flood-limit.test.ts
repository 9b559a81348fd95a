import { expect, test } from 'vitest';
import { FloodLimit } from './flood-limit.js';

const limits = { messagesPerSecond: 10, bytesPerSecond: 1_000, patience: 3 };

test('a burst of ten seconds passes, then messages are refused, then it ends', () => {
  const limit = new FloodLimit(limits, 0);
  for (let i = 0; i < 100; i++) expect(limit.take(10, 0)).toBe('ok');
  expect([1, 2, 3, 4].map(() => limit.take(10, 0))).toEqual([
    'refuse',
    'refuse',
    'refuse',
    'close',
  ]);
});

test('who waits is served again, and patience starts anew', () => {
  const limit = new FloodLimit(limits, 0);
  for (let i = 0; i < 103; i++) limit.take(1, 0);
  expect(limit.take(1, 100)).toBe('ok');
  expect(limit.take(1, 100)).toBe('refuse');
});

test('bytes are limited too', () => {
  const limit = new FloodLimit(limits, 0);
  expect(limit.take(10_000, 0)).toBe('ok');
  expect(limit.take(1, 0)).toBe('refuse');
  expect(limit.take(500, 1_000)).toBe('ok');
});

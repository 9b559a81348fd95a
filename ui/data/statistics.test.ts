import { describe, expect, it } from 'vitest';
import { filledTimes, intervalOf, rangeFrom, statisticsHref } from './statistics.js';

const NOW = 1_767_225_600_000;
const HOUR = 3_600_000;

describe('a range of time', () => {
  it('stands in the address', () => {
    expect(rangeFrom(new URLSearchParams('from=10&to=20'), NOW)).toEqual({
      fromUnixMs: 10,
      toUnixMs: 20,
    });
    expect(rangeFrom(new URLSearchParams('range=24h'), NOW)).toEqual({
      fromUnixMs: NOW - 24 * HOUR,
      toUnixMs: NOW,
    });
  });

  it('is the last week when the address says nothing or nonsense', () => {
    for (const text of ['', 'range=soon', 'from=20&to=10', 'from=x&to=5']) {
      expect(rangeFrom(new URLSearchParams(text), NOW).fromUnixMs).toBe(NOW - 7 * 24 * HOUR);
    }
  });

  it('is told by hours when it is short', () => {
    expect(intervalOf({ fromUnixMs: 0, toUnixMs: 72 * HOUR })).toBe('hour');
    expect(intervalOf({ fromUnixMs: 0, toUnixMs: 73 * HOUR })).toBe('day');
  });

  it('can be taken away as a file', () => {
    expect(statisticsHref(3, { fromUnixMs: 1, toUnixMs: 2 }, 'assets')).toMatch(
      /^\/v1\/statistics\/export\?part=assets&projectId=3&from=1&to=2&interval=hour/,
    );
  });
});

describe('times in which nobody listened', () => {
  const row = (hour: number) => ({ atUnixMs: hour * HOUR, sessions: 1, listeningS: 60, heard: 2 });

  it('are zero, before, between and after', () => {
    const filled = filledTimes([row(2), row(4)], { fromUnixMs: 0, toUnixMs: 5 * HOUR }, 'hour');
    expect(filled.map((one) => [one.atUnixMs / HOUR, one.sessions])).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
      [3, 0],
      [4, 1],
      [5, 0],
    ]);
    expect(filledTimes([], { fromUnixMs: 0, toUnixMs: HOUR }, 'hour')).toEqual([]);
  });

  it('keep their places where a day has 23 or 25 hours', () => {
    const days = [0, 24, 47, 72].map((hour) => row(hour));
    const filled = filledTimes(days, { fromUnixMs: 0, toUnixMs: 72 * HOUR }, 'day');
    expect(filled.map((one) => one.sessions)).toEqual([1, 1, 1, 1]);
  });
});

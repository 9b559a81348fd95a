import { describe, expect, it } from 'vitest';
import { TrendRing, withGaps } from './series.js';

describe('withGaps', () => {
  it('puts a null where a device was silent', () => {
    const at = [0, 1_000, 2_000, 60_000, 61_000];
    const drawn = withGaps(at, [1, 2, 3, 4, 5], 0);
    expect(drawn.value).toEqual([1, 2, 3, null, 4, 5]);
    expect(drawn.atUnixMs[3]).toBe(31_000);
  });

  it('leaves even steps alone', () => {
    const at = Array.from({ length: 50 }, (_, index) => index * 60_000);
    expect(withGaps(at, at, 60_000).value).not.toContain(null);
  });

  it('takes one point, and none', () => {
    expect(withGaps([5], [1], 0)).toEqual({ atUnixMs: [5], value: [1] });
    expect(withGaps([], [], 0)).toEqual({ atUnixMs: [], value: [] });
  });
});

describe('TrendRing', () => {
  it('keeps the last seconds only', () => {
    const ring = new TrendRing(30_000);
    for (let second = 0; second < 100; second += 1) ring.add(second * 1_000, second);
    expect(ring.points()[0]?.at).toBe(69_000);
    expect(ring.points()).toHaveLength(31);
  });

  it('is bounded however fast values come', () => {
    const ring = new TrendRing(30_000, 100);
    for (let at = 0; at < 10_000; at += 1) ring.add(at, at);
    expect(ring.points()).toHaveLength(100);
  });

  it('puts fetched history before what was heard live, without doubles', () => {
    const ring = new TrendRing(30_000);
    ring.add(10_000, 10);
    ring.add(11_000, 11);
    ring.prepend([8_000, 9_000, 10_000, 11_000], [8, null, 10, 11]);
    expect(ring.points().map((point) => point.at)).toEqual([8_000, 10_000, 11_000]);
  });

  it('ignores a value that is older than the last, and replaces one of the same time', () => {
    const ring = new TrendRing(30_000);
    ring.add(10, 1);
    ring.add(5, 2);
    ring.add(10, 3);
    expect(ring.points()).toEqual([{ at: 10, value: 3 }]);
  });
});

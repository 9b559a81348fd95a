/** A time without samples: from the last before it to the first after it, or to an end of the range. */
export interface Gap {
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

/** Points looked at to learn how often samples come; more say the same. */
const LOOKED_AT = 10_001;

/**
 * Where no sample came for more than `factor` times the usual interval: the median between neighbours, at least the width
 * of a bucket. Fewer than three points have no usual interval, and so no gaps. Of a range that is not over yet the part
 * after `nowUnixMs` does not count.
 */
export function gapsOf(
  atUnixMs: readonly number[],
  range: {
    readonly fromUnixMs: number;
    readonly toUnixMs: number;
    /** Width of a bucket, 0: samples. */
    readonly intervalMs: number;
    readonly factor: number;
    readonly nowUnixMs: number;
  },
): readonly Gap[] {
  const { intervalMs, factor } = range;
  if (!(factor > 0)) return [];
  // Both extremes of a bucket are one point here.
  const times =
    intervalMs > 0
      ? [...new Set(atUnixMs.map((at) => Math.floor(at / intervalMs) * intervalMs))]
      : atUnixMs;
  if (times.length < 3) return [];
  const limitMs = factor * Math.max(intervalMs, usualMs(times));
  const gaps: Gap[] = [];
  const look = (fromUnixMs: number, toUnixMs: number, emptyMs: number): void => {
    if (emptyMs > limitMs) gaps.push({ fromUnixMs, toUnixMs });
  };
  const first = times[0] ?? 0;
  look(range.fromUnixMs, first, first - range.fromUnixMs);
  for (let i = 1; i < times.length; i += 1) {
    const before = times[i - 1] ?? 0;
    const after = times[i] ?? 0;
    look(before + intervalMs, after, after - before);
  }
  const last = times.at(-1) ?? 0;
  const end = Math.min(range.toUnixMs, range.nowUnixMs);
  look(last + intervalMs, end, end - last);
  return gaps;
}

function usualMs(times: readonly number[]): number {
  const stride = Math.max(1, Math.ceil(times.length / LOOKED_AT));
  const spans: number[] = [];
  for (let i = 1; i < times.length; i += stride) spans.push((times[i] ?? 0) - (times[i - 1] ?? 0));
  spans.sort((a, b) => a - b);
  return spans[spans.length >> 1] ?? 0;
}

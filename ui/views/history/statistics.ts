/** Of the points that are drawn; undefined without any. Gaps do not count. */
export function lineStatistics(
  values: readonly (number | null)[],
):
  | { readonly low: number; readonly high: number; readonly mean: number; readonly count: number }
  | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
    count += 1;
  }
  return count === 0 ? undefined : { low, high, mean: sum / count, count };
}

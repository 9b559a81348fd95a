const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const RANGES = [
  { value: String(5 * MINUTE), word: 'Last 5 min' },
  { value: String(15 * MINUTE), word: 'Last 15 min' },
  { value: String(HOUR), word: 'Last hour' },
  { value: String(6 * HOUR), word: 'Last 6 hours' },
  { value: String(24 * HOUR), word: 'Last 24 hours' },
  { value: String(168 * HOUR), word: 'Last 7 days' },
  { value: String(720 * HOUR), word: 'Last 30 days' },
] as const;

/** The range in the address, or the one given: `range` in ms, or `from` and `to` in Unix ms. */
export function spanFrom(query: URLSearchParams, rangeMs: number) {
  const from = Number(query.get('from') ?? Number.NaN);
  const to = Number(query.get('to') ?? Number.NaN);
  if (from > 0 && to > from) {
    return { rangeMs: to - from, live: false, fromUnixMs: from, toUnixMs: to };
  }
  const asked = Number(query.get('range') ?? Number.NaN);
  const width = asked >= 10_000 && asked <= 366 * 24 * HOUR ? asked : rangeMs;
  return { rangeMs: width, live: true, fromUnixMs: 0, toUnixMs: 0 };
}

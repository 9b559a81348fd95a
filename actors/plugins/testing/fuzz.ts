/** Seeded numbers, 0 ≤ x < 1: the same cases on every run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const ODD: readonly unknown[] = [
  null,
  true,
  '',
  '255',
  'NaN',
  '__proto__',
  'constructor',
  '\u0000\uffff',
  '9'.repeat(400),
  -1,
  0,
  255,
  65_535,
  1e308,
  -0.5,
  [],
  {},
  [null],
  [[]],
  { toString: 1 },
];

/**
 * Calls `check` with `count` payloads: the seeds with parts replaced, moved, renamed or left out. Values are shared
 * between cases, as checks must not change what they are given. @returns how many were made
 */
export function fuzzPayloads(
  seeds: readonly unknown[],
  count: number,
  check: (payload: unknown) => void,
  seed = 1,
): number {
  const next = seeded(seed);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(next() * items.length)];
  const keys = [...new Set(seeds.flatMap(keysOf))];
  const change = (value: unknown, depth: number): unknown => {
    const roll = next();
    if (roll < 0.06) return pick(ODD);
    if (roll < 0.08) return change(pick(seeds), depth + 1);
    if (depth > 12) return value;
    if (Array.isArray(value)) {
      if (roll < 0.12) return value.slice(Math.floor(next() * value.length));
      const at = Math.floor(next() * value.length);
      return value.map((item: unknown, index) => (index === at ? change(item, depth + 1) : item));
    }
    if (typeof value !== 'object' || value === null) return roll < 0.3 ? pick(ODD) : value;
    const entries = Object.entries(value);
    const at = Math.floor(next() * entries.length);
    return Object.fromEntries(
      entries.map(([key, item], index) => {
        if (index !== at) return [key, item];
        return [next() < 0.1 ? (pick(keys) ?? key) : key, change(item, depth + 1)];
      }),
    );
  };
  for (let n = 0; n < count; n += 1) check(change(pick(seeds), 0));
  return count;
}

/** As `fuzzPayloads`, with texts: pieces of the seeds cut, doubled and mixed up. */
export function fuzzTexts(
  seeds: readonly string[],
  count: number,
  check: (text: string) => void,
  seed = 1,
): number {
  const next = seeded(seed);
  for (let n = 0; n < count; n += 1) {
    const text = seeds[Math.floor(next() * seeds.length)] ?? '';
    const at = Math.floor(next() * text.length);
    const length = Math.floor(next() * 16);
    const insert = String.fromCharCode(Math.floor(next() * (next() < 0.1 ? 65_536 : 128)));
    const roll = next();
    if (roll < 0.3) check(text.slice(0, at));
    else if (roll < 0.6) check(text.slice(0, at) + insert + text.slice(at + 1));
    else if (roll < 0.8) check(text.slice(0, at) + text.slice(at + length));
    else check(text.slice(0, at) + text.slice(Math.max(0, at - length)));
  }
  return count;
}

function keysOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...keysOf(item)]);
}

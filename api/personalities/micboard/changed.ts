import type { ConfigTree } from './config-tree.js';

/** Of a file before and after a write: what only the one has, and what only the other has. */
export const changedIn = (
  before: ConfigTree,
  after: ConfigTree,
): readonly [Partial<ConfigTree>, Partial<ConfigTree>] => [
  onlyIn(before, after),
  onlyIn(after, before),
];

function onlyIn(one: ConfigTree, other: ConfigTree): Partial<ConfigTree> {
  const own: [string, unknown][] = [];
  for (const [name, value] of Object.entries(one) as [keyof ConfigTree, unknown][]) {
    const there: unknown = other[name];
    if (Array.isArray(value) && Array.isArray(there)) {
      const known = new Set(there.map((item) => JSON.stringify(item)));
      const items: unknown[] = value.filter((item) => !known.has(JSON.stringify(item)));
      if (items.length > 0) own.push([name, items]);
    } else if (value !== there) own.push([name, value]);
  }
  return Object.fromEntries(own);
}

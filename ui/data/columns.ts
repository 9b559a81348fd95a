import { decimalsOf } from './format.js';

/** What is known of a value column: whether it holds figures, and how many digits they need. */
export interface ValueColumn {
  readonly field: string;
  readonly numeric: boolean;
  readonly decimals: number;
}

/** Value columns seen in `rows`, added to what was `known`. Digits only grow: figures do not dance. */
export function learnColumns(
  known: ReadonlyMap<string, ValueColumn>,
  rows: readonly object[],
): ReadonlyMap<string, ValueColumn> {
  let learned: Map<string, ValueColumn> | undefined;
  for (const row of rows) {
    for (const [field, value] of Object.entries(row) as [string, unknown][]) {
      if (!field.startsWith('values.') || value === null) continue;
      const before = (learned ?? known).get(field);
      const numeric = typeof value === 'number' && (before?.numeric ?? true);
      const decimals = Math.max(before?.decimals ?? 0, numeric ? decimalsOf(value) : 0);
      if (before && before.numeric === numeric && before.decimals === decimals) continue;
      learned ??= new Map(known);
      learned.set(field, { field, numeric, decimals });
    }
  }
  return learned ?? known;
}

import type { SortKey } from '../../api/contract/live.js';

/** A column of the table part. Widths are px; a table wider than its columns shares the rest by `grow`. */
export interface Column {
  readonly field: string;
  readonly label: string;
  /** Tooltip of the header. */
  readonly hint?: string;
  readonly align?: 'start' | 'end';
  readonly minPx: number;
  readonly grow?: number;
  readonly sortable?: boolean;
}

/** First and past-the-last row to draw: what is seen and a margin on both sides. */
export function visibleRange(options: {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowPx: number;
  readonly count: number;
  readonly margin?: number;
}): { readonly from: number; readonly to: number } {
  const margin = options.margin ?? 8;
  const first = Math.floor(options.scrollTop / options.rowPx);
  const seen = Math.ceil(options.height / options.rowPx) + 1;
  return {
    from: Math.max(0, Math.min(first - margin, options.count - seen - margin)),
    to: Math.min(options.count, first + seen + margin),
  };
}

/** Index after an arrow, page or end key; undefined for other keys. −1 is “none yet”. */
export function movedIndex(
  key: string,
  index: number,
  count: number,
  pageRows: number,
): number | undefined {
  if (count === 0) return undefined;
  const clamp = (next: number): number => Math.max(0, Math.min(count - 1, next));
  switch (key) {
    case 'ArrowDown':
      return clamp(index + 1);
    case 'ArrowUp':
      return clamp(index <= 0 ? 0 : index - 1);
    case 'PageDown':
      return clamp(index + pageRows);
    case 'PageUp':
      return clamp(index - pageRows);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

/** Sorts after a click on a header: ascending, descending, none; with `add` the other keys stay. */
export function toggledSort(sort: readonly SortKey[], field: string, add: boolean): SortKey[] {
  const present = sort.find((key) => key.field === field);
  const others = add ? sort.filter((key) => key.field !== field) : [];
  if (!present) return [...others, { field, direction: 'asc' as const }].slice(-4);
  if (present.direction === 'desc') return others;
  const turned: SortKey = { field, direction: 'desc' };
  if (!add) return [turned];
  return sort.map((key) => (key.field === field ? turned : key));
}

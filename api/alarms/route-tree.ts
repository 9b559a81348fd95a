import type { AlarmRow, RouteRow } from '../../actors/automation/automation.types.js';
import { compileMatchers, labelOf, type Matches } from './matching.js';

interface Node {
  readonly row: RouteRow;
  readonly matches: Matches;
  readonly children: readonly Node[];
}

/** Deeper ones are not followed. */
export const MOST_ROUTE_DEPTH = 10;

/** Who is told of which alarm. Without routes nobody is. */
export class RouteTree {
  readonly #roots: readonly Node[];
  readonly #rows = new Map<number, RouteRow>();

  constructor(rows: readonly RouteRow[]) {
    const byParent = new Map<number | null, RouteRow[]>();
    for (const row of rows) {
      this.#rows.set(row.id, row);
      byParent.set(row.parentId, [...(byParent.get(row.parentId) ?? []), row]);
    }
    const grown = (parentId: number | null, depth: number): Node[] =>
      depth > MOST_ROUTE_DEPTH
        ? []
        : (byParent.get(parentId) ?? [])
            .sort((a, b) => a.position - b.position || a.id - b.id)
            .map((row) => ({
              row,
              matches: matchesOf(row),
              children: grown(row.id, depth + 1),
            }));
    this.#roots = grown(null, 1);
  }

  get(id: number): RouteRow | undefined {
    return this.#rows.get(id);
  }

  rows(): IterableIterator<RouteRow> {
    return this.#rows.values();
  }

  /**
   * Routes that take an alarm: of each level the first that matches, and further ones while they say `goOn`; of those
   * the deepest.
   */
  of(row: AlarmRow): RouteRow[] {
    const taken: RouteRow[] = [];
    const walk = (nodes: readonly Node[]): boolean => {
      let any = false;
      for (const node of nodes) {
        if (!node.matches(row)) continue;
        any = true;
        if (!walk(node.children)) taken.push(node.row);
        if (!node.row.goOn) break;
      }
      return any;
    };
    walk(this.#roots);
    return taken;
  }
}

/** Of a route stored with a pattern that is not read any more: it matches nothing. */
function matchesOf(row: RouteRow): Matches {
  try {
    return compileMatchers(row.matchers);
  } catch {
    return () => false;
  }
}

const MOST_KEY = 300;

/** Which group of a route an alarm belongs to: the values of its `groupBy`. */
export function groupKeyOf(route: RouteRow, row: AlarmRow): string {
  const key = route.groupBy.map((label) => `${label}=${labelOf(row, label)}`).join(',');
  return key.length <= MOST_KEY ? key : `${key.slice(0, MOST_KEY - 12)}~${hashOf(key)}`;
}

/** FNV-1a, hexadecimal. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

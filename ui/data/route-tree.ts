import type { RowOfTable } from './table-row.types.js';

/** Who is told of which alarms; `parentId` null: at the top. Spans are ms. */
export type AlarmRoute = RowOfTable<'alarm-routes'>;

/** Routes as they are tried: each with its depth, children behind their parent. What hangs in the air comes last. */
export function routeOrder(
  routes: readonly AlarmRoute[],
): readonly { readonly route: AlarmRoute; readonly depth: number }[] {
  const out: { route: AlarmRoute; depth: number }[] = [];
  const seen = new Set<number>();
  const walk = (parentId: number | null, depth: number): void => {
    const children = routes
      .filter((one) => one.parentId === parentId && !seen.has(one.id))
      .toSorted((a, b) => a.position - b.position || a.id - b.id);
    for (const route of children) {
      if (seen.has(route.id)) continue;
      seen.add(route.id);
      out.push({ route, depth });
      walk(route.id, depth + 1);
    }
  };
  walk(null, 0);
  for (const route of routes) if (!seen.has(route.id)) out.push({ route, depth: 0 });
  return out;
}

/** A route and all below it: none of them can be its parent. */
export function routeAndBelow(routes: readonly AlarmRoute[], id: number): ReadonlySet<number> {
  const found = new Set([id]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const route of routes) {
      if (route.parentId !== null && found.has(route.parentId) && !found.has(route.id)) {
        found.add(route.id);
        grew = true;
      }
    }
  }
  return found;
}

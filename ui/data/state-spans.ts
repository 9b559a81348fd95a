/** A state that held from one time to another. Null: nothing was heard. */
export interface StateSpan {
  readonly state: string | null;
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

/** Values over time as stretches in which they stayed the same, cut to the range. */
export function stateSpans(
  points: readonly { readonly at: number; readonly state: string | null }[],
  fromUnixMs: number,
  toUnixMs: number,
): readonly StateSpan[] {
  const spans: StateSpan[] = [];
  for (const [place, { at, state }] of points.entries()) {
    const end = Math.min(toUnixMs, points[place + 1]?.at ?? toUnixMs);
    const from = Math.max(fromUnixMs, at);
    if (end <= from) continue;
    const last = spans.at(-1);
    if (last !== undefined && last.state === state && last.toUnixMs === from) {
      spans[spans.length - 1] = { ...last, toUnixMs: end };
    } else spans.push({ state, fromUnixMs: from, toUnixMs: end });
  }
  return spans;
}

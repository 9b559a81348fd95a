import type { LngLat } from './geo.js';

interface Place {
  readonly at: LngLat;
  readonly atMs: number;
}

/** Where listeners were in the last seconds; bounded by time and by points a listener. */
export class Tails {
  readonly #keepMs: number;
  readonly #maxPoints: number;
  #places = new Map<string, Place[]>();

  constructor(keepMs: number, maxPoints = 40) {
    this.#keepMs = keepMs;
    this.#maxPoints = maxPoints;
  }

  /** Takes where everybody is now; who is not among them is forgotten. */
  look(rows: Iterable<{ readonly id: string; readonly at: LngLat }>, nowMs: number): void {
    const next = new Map<string, Place[]>();
    for (const { id, at } of rows) {
      const before = this.#places.get(id) ?? [];
      const last = before.at(-1);
      const moved = last === undefined || last.at[0] !== at[0] || last.at[1] !== at[1];
      const kept = before.filter((place) => nowMs - place.atMs < this.#keepMs);
      next.set(id, (moved ? [...kept, { at, atMs: nowMs }] : kept).slice(-this.#maxPoints));
    }
    this.#places = next;
  }

  /** Lines of at least two places. */
  lines(): readonly { readonly id: string; readonly line: readonly LngLat[] }[] {
    return [...this.#places]
      .filter(([, places]) => places.length > 1)
      .map(([id, places]) => ({ id, line: places.map((place) => place.at) }));
  }
}

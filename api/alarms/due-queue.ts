/**
 * Ids by the time they are due: a binary heap. An id may have one time; a new one replaces it. What was replaced
 * stays in the heap until its time, at most as many entries as there are ids again: then it is built anew.
 */
export class DueQueue {
  #heap: { readonly id: number; readonly atUnixMs: number }[] = [];
  readonly #times = new Map<number, number>();

  get size(): number {
    return this.#times.size;
  }

  /** Null: never. */
  set(id: number, atUnixMs: number | null): void {
    if (atUnixMs === null) {
      this.#times.delete(id);
      return;
    }
    if (this.#times.get(id) === atUnixMs) return;
    this.#times.set(id, atUnixMs);
    this.#push({ id, atUnixMs });
    if (this.#heap.length > 2 * this.#times.size + 64) this.#rebuild();
  }

  get(id: number): number | undefined {
    return this.#times.get(id);
  }

  /** When the next one is due; undefined: none is. */
  next(): number | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return undefined;
      if (this.#times.get(first.id) === first.atUnixMs) return first.atUnixMs;
      this.#pop();
    }
  }

  /** Takes out at most `most` that are due, the earliest first. */
  take(nowUnixMs: number, most: number): number[] {
    const due: number[] = [];
    while (due.length < most) {
      const at = this.next();
      if (at === undefined || at > nowUnixMs) break;
      const id = this.#pop();
      if (id === undefined) break;
      this.#times.delete(id);
      due.push(id);
    }
    return due;
  }

  #rebuild(): void {
    this.#heap = [...this.#times]
      .map(([id, atUnixMs]) => ({ id, atUnixMs }))
      .sort((a, b) => a.atUnixMs - b.atUnixMs);
  }

  #push(entry: { readonly id: number; readonly atUnixMs: number }): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const above = heap[up];
      if (above === undefined || above.atUnixMs <= entry.atUnixMs) break;
      heap[at] = above;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): number | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first?.id;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const right = heap[down + 1];
      if (right !== undefined && right.atUnixMs < (heap[down]?.atUnixMs ?? 0)) down += 1;
      const below = heap[down];
      if (below === undefined || below.atUnixMs >= last.atUnixMs) break;
      heap[at] = below;
      at = down;
    }
    heap[at] = last;
    return first.id;
  }
}

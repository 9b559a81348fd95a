/** Visits the entries of a map that changes, a few at a time, each in its turn. */
export class Turn<K, V> {
  readonly #map: ReadonlyMap<K, V>;
  #cursor: IterableIterator<[K, V]> | undefined;

  constructor(map: ReadonlyMap<K, V>) {
    this.#map = map;
  }

  /** At most `count`, and none twice in one call unless the map is shorter. */
  next(count: number, visit: (key: K, value: V) => void): void {
    for (let seen = 0; seen < Math.min(count, this.#map.size); seen += 1) {
      let next = this.#cursor?.next();
      if (next === undefined || next.done === true) {
        this.#cursor = this.#map.entries();
        next = this.#cursor.next();
        if (next.done === true) return;
      }
      visit(next.value[0], next.value[1]);
    }
  }
}

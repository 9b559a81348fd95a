/** Steps that can be taken back and forth again. States are never changed; at most `most` are kept. */
export class EditHistory<T> {
  readonly #most: number;
  #past: T[] = [];
  #future: T[] = [];
  #present: T;

  constructor(first: T, most = 100) {
    this.#present = first;
    this.#most = most;
  }

  get present(): T {
    return this.#present;
  }
  get canUndo(): boolean {
    return this.#past.length > 0;
  }
  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** A new step; what was taken back before is forgotten. */
  push(next: T): void {
    if (Object.is(next, this.#present)) return;
    this.#past = [...this.#past, this.#present].slice(-this.#most);
    this.#future = [];
    this.#present = next;
  }

  /** Changes the present without a step: a drag that goes on, an id the server gave. */
  replace(next: T): void {
    this.#present = next;
  }

  undo(): T {
    const before = this.#past.pop();
    if (before !== undefined) {
      this.#future.push(this.#present);
      this.#present = before;
    }
    return this.#present;
  }

  redo(): T {
    const after = this.#future.pop();
    if (after !== undefined) {
      this.#past.push(this.#present);
      this.#present = after;
    }
    return this.#present;
  }

  /** Begins anew. */
  reset(first: T): void {
    this.#past = [];
    this.#future = [];
    this.#present = first;
  }
}

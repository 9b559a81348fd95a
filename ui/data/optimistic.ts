interface Edit<T> {
  readonly id: number;
  readonly patch: Partial<T>;
}

/**
 * Rows as the server has them, with edits on top that it has not answered yet. An edit that fails takes back
 * only itself; what was changed since stays. Rows that are being removed are hidden until that is settled.
 */
export class OptimisticRows<T extends { readonly id: number }> {
  #rows: readonly T[] = [];
  #edits = new Map<number, Edit<T>>();
  #hidden = new Set<number>();
  #next = 1;

  /** Replaces what the server has; open edits stay on top. */
  reset(rows: readonly T[]): void {
    this.#rows = rows;
  }

  /** Adds a row, or replaces the one of its id in place. */
  put(row: T): void {
    const known = this.#rows.some((one) => one.id === row.id);
    this.#rows = known
      ? this.#rows.map((one) => (one.id === row.id ? row : one))
      : [...this.#rows, row];
  }

  /** Shows `patch` at once. @returns a ticket for `done` or `failed`. */
  edit(id: number, patch: Partial<T>): number {
    const ticket = this.#next;
    this.#next += 1;
    this.#edits.set(ticket, { id, patch });
    return ticket;
  }

  /** The server took the edit; `row` is how it has it now. */
  done(ticket: number, row: T): void {
    this.#edits.delete(ticket);
    this.put(row);
  }

  failed(ticket: number): void {
    this.#edits.delete(ticket);
  }

  hide(id: number): void {
    this.#hidden.add(id);
  }

  /** The removal was taken back or refused. */
  show(id: number): void {
    this.#hidden.delete(id);
  }

  /** The row is gone for good. */
  drop(id: number): void {
    this.#hidden.delete(id);
    this.#rows = this.#rows.filter((row) => row.id !== id);
  }

  /** True while edits wait for an answer. */
  get busy(): boolean {
    return this.#edits.size > 0;
  }

  view(): readonly T[] {
    if (this.#edits.size === 0 && this.#hidden.size === 0) return this.#rows;
    const edits = new Map<number, Partial<T>>();
    for (const { id, patch } of this.#edits.values()) {
      edits.set(id, { ...edits.get(id), ...patch });
    }
    return this.#rows
      .filter((row) => !this.#hidden.has(row.id))
      .map((row) => {
        const patch = edits.get(row.id);
        return patch === undefined ? row : { ...row, ...patch };
      });
  }
}

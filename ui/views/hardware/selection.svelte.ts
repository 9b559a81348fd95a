/** Rows that are ticked, by id. What left the list is no longer ticked. */
export class Selection {
  #ids = $state.raw<ReadonlySet<string>>(new Set());
  readonly #listed: () => readonly { readonly id: string }[];

  constructor(listed: () => readonly { readonly id: string }[]) {
    this.#listed = listed;
  }

  /** Those ticked that are listed, in the list's order. */
  get ids(): readonly string[] {
    if (this.#ids.size === 0) return [];
    return this.#listed().flatMap(({ id }) => (this.#ids.has(id) ? [id] : []));
  }
  get all(): boolean {
    const listed = this.#listed().length;
    return listed > 0 && this.ids.length === listed;
  }
  get some(): boolean {
    return this.ids.length > 0;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  tick(id: string, on: boolean): void {
    const next = new Set(this.#ids);
    if (on) next.add(id);
    else next.delete(id);
    this.#ids = next;
  }

  tickAll(on: boolean): void {
    this.#ids = on ? new Set(this.#listed().map(({ id }) => id)) : new Set();
  }

  clear(): void {
    this.#ids = new Set();
  }
}

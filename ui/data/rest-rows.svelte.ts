import { callAny, wordsOf } from './api.js';
import { later } from './collection.svelte.js';
import type { RowOfTable, Table } from './table-row.types.js';

/**
 * All rows of a small table of `/v1` as reactive state: `RestRows.of('silences')`.
 */
export class RestRows<T extends { readonly id: number }> {
  readonly #path: string;
  #rows = $state.raw<readonly T[]>([]);
  #hidden = $state.raw<ReadonlySet<number>>(new Set());
  #ready = $state(false);
  #fault = $state.raw<{ readonly message: string; readonly remedy: string } | undefined>(undefined);
  #asked = $state(0);

  private constructor(table: Table, query: Readonly<Record<string, number>>) {
    this.#path = `/v1/${table}`;
    $effect(() => {
      void this.#asked;
      const gone = new AbortController();
      this.#list(query, gone.signal).then(
        (rows) => {
          this.#rows = rows;
          this.#fault = undefined;
          this.#ready = true;
        },
        (thrown: unknown) => {
          if (!gone.signal.aborted) this.#fault = wordsOf(thrown);
        },
      );
      return () => gone.abort();
    });
  }

  /** `query` is sent with each read. */
  static of<R extends Table>(
    table: R,
    query: Readonly<Record<string, number>> = { limit: 1_000 },
  ): RestRows<RowOfTable<R>> {
    return new RestRows<RowOfTable<R>>(table, query);
  }

  // `T` is what the contract says of the table, as `of` is the only way to make one: so both casts hold.
  async #list(query: Readonly<Record<string, number>>, signal: AbortSignal): Promise<readonly T[]> {
    const answer = await callAny('GET', this.#path, { query, signal });
    return (answer as { readonly items: readonly T[] }).items;
  }

  async #store(id: number | undefined, body: object): Promise<T> {
    const [method, path] =
      id === undefined
        ? (['POST', this.#path] as const)
        : (['PATCH', `${this.#path}/${id}`] as const);
    return (await callAny(method, path, { body })) as T;
  }

  get rows(): readonly T[] {
    return this.#hidden.size === 0
      ? this.#rows
      : this.#rows.filter(({ id }) => !this.#hidden.has(id));
  }
  /** True once the rows were read. */
  get ready(): boolean {
    return this.#ready;
  }
  get fault(): { readonly message: string; readonly remedy: string } | undefined {
    return this.#fault;
  }
  reload(): void {
    this.#asked += 1;
  }

  /** Stores a new row, or (with an id) what changed of one. Rejects with `ApiError`. */
  async save(id: number | undefined, body: object): Promise<T> {
    const row = await this.#store(id, body);
    const others = this.#rows.filter((one) => one.id !== row.id);
    const at = this.#rows.findIndex((one) => one.id === row.id);
    this.#rows = at < 0 ? [...others, row] : this.#rows.with(at, row);
    return row;
  }

  /** Takes the row away; it is deleted after some seconds unless that is undone. */
  remove(id: number, words: string): void {
    const show = (): void => {
      this.#hidden = new Set([...this.#hidden].filter((one) => one !== id));
    };
    this.#hidden = new Set([...this.#hidden, id]);
    later(
      words,
      async () => {
        await callAny('DELETE', `${this.#path}/${id}`);
        this.#rows = this.#rows.filter((one) => one.id !== id);
        show();
      },
      show,
    );
  }
}

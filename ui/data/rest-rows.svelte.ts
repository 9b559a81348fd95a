import { call, wordsOf } from './api.js';
import { later } from './collection.svelte.js';

/**
 * All rows of a small table of `/v1` as reactive state. Make it while a component is set up.
 * `query` is sent with each read.
 */
export class RestRows<T extends { readonly id: number }> {
  readonly #path: string;
  #rows = $state.raw<readonly T[]>([]);
  #hidden = $state.raw<ReadonlySet<number>>(new Set());
  #ready = $state(false);
  #fault = $state.raw<{ readonly message: string; readonly remedy: string } | undefined>(undefined);
  #asked = $state(0);

  constructor(path: string, query: Readonly<Record<string, number>> = { limit: 1_000 }) {
    this.#path = `/v1/${path}`;
    $effect(() => {
      void this.#asked;
      const gone = new AbortController();
      call<{ readonly items: readonly T[] }>('GET', this.#path, {
        query,
        signal: gone.signal,
      }).then(
        ({ items }) => {
          this.#rows = items;
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
    const row =
      id === undefined
        ? await call<T>('POST', this.#path, { body })
        : await call<T>('PATCH', `${this.#path}/${id}`, { body });
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
        await call('DELETE', `${this.#path}/${id}`);
        this.#rows = this.#rows.filter((one) => one.id !== id);
        show();
      },
      show,
    );
  }
}

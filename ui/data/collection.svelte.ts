import { toast } from '../parts/toasts.svelte.js';
import { wordsOf } from './api.js';
import {
  allRows,
  type ContentQuery,
  type ContentRows,
  createRow,
  listRows,
  type NewRow,
  patchRow,
  type Resource,
  type RowPatch,
  removeRow,
} from './content.js';
import { OptimisticRows } from './optimistic.js';

/** How long a removal can be taken back, ms. */
const UNDO_MS = 8_000;

const open = new Set<() => void>();

// What was removed and not taken back is removed when the page is left, too.
window.addEventListener('pagehide', () => {
  for (const finish of [...open]) finish();
});

/**
 * Carries out `act` after a while, unless the person takes it back; `undo` puts the view right again.
 * Several removals may wait at the same time.
 */
export function later(words: string, act: () => Promise<unknown>, undo: () => void): void {
  let settled = false;
  const timer = setTimeout(() => finish(), UNDO_MS);
  const finish = (): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    open.delete(finish);
    act().catch((thrown: unknown) => {
      undo();
      const { message, remedy } = wordsOf(thrown);
      toast('critical', `${message} ${remedy}`);
    });
  };
  open.add(finish);
  toast('off', words, {
    forMs: UNDO_MS,
    action: {
      word: 'Undo',
      run: () => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        open.delete(finish);
        undo();
      },
    },
  });
}

/** Says what went wrong. */
export function complain(thrown: unknown, before = ''): void {
  const { message, remedy } = wordsOf(thrown);
  toast('critical', `${before}${message} ${remedy}`);
}

async function readRows<R extends Resource>(
  resource: R,
  query: ContentQuery,
  signal: AbortSignal,
): Promise<{ readonly items: readonly ContentRows[R][]; readonly total: number }> {
  if (query['limit'] !== undefined) return listRows(resource, query, signal);
  const items = await allRows(resource, query, { signal });
  return { items, total: items.length };
}

/**
 * Rows of one resource as reactive state, with edits that show at once and are taken back when the server
 * refuses them. Make it while a component is set up; it reads again when `query` changes, undefined reads nothing.
 * With a `limit` it is that page, else all that match.
 */
export class Collection<R extends Resource> {
  readonly #resource: R;
  readonly #kept = new OptimisticRows<ContentRows[R]>();
  readonly #chains = new Map<number, Promise<unknown>>();
  #rows = $state.raw<readonly ContentRows[R][]>([]);
  #ready = $state(false);
  #fault = $state.raw<{ readonly message: string; readonly remedy: string } | undefined>(undefined);
  #asked = $state(0);
  #total = $state(0);
  #pending = $state(false);

  constructor(resource: R, query: () => ContentQuery | undefined) {
    this.#resource = resource;
    const key = $derived.by(() => {
      const wanted = query();
      return wanted === undefined ? undefined : JSON.stringify(wanted);
    });
    $effect(() => {
      void this.#asked;
      if (key === undefined) return;
      const gone = new AbortController();
      this.#pending = true;
      readRows(resource, JSON.parse(key) as ContentQuery, gone.signal).then(
        ({ items, total }) => {
          if (gone.signal.aborted) return;
          this.#pending = false;
          this.#kept.reset(items);
          this.#total = total;
          this.#fault = undefined;
          this.#ready = true;
          this.#show();
        },
        (thrown: unknown) => {
          if (gone.signal.aborted) return;
          this.#pending = false;
          this.#fault = wordsOf(thrown);
        },
      );
      return () => gone.abort();
    });
  }

  get rows(): readonly ContentRows[R][] {
    return this.#rows;
  }
  /** True once the rows were read. */
  get ready(): boolean {
    return this.#ready;
  }
  get fault(): { readonly message: string; readonly remedy: string } | undefined {
    return this.#fault;
  }
  /** All that match, when `query` asks for one page by `limit`. */
  get total(): number {
    return this.#total;
  }
  /** True while rows are read: those shown may belong to the query before. */
  get pending(): boolean {
    return this.#pending;
  }
  /** Reads again. */
  reload(): void {
    this.#asked += 1;
  }

  #show(): void {
    this.#rows = this.#kept.view();
  }

  /** @returns undefined when it failed; the person was told. */
  async create(values: NewRow<R>): Promise<ContentRows[R] | undefined> {
    try {
      const row = await createRow(this.#resource, values);
      this.#kept.put(row);
      this.#show();
      return row;
    } catch (thrown) {
      complain(thrown);
      return undefined;
    }
  }

  /** Shows the change at once; edits of one row are sent one after the other. @returns true when it was stored. */
  async update(id: number, patch: RowPatch<R>): Promise<boolean> {
    const ticket = this.#kept.edit(id, patch as Partial<ContentRows[R]>);
    this.#show();
    const before = this.#chains.get(id) ?? Promise.resolve();
    const sent = before.then(() => patchRow(this.#resource, id, patch));
    const settled = sent.catch(() => undefined);
    this.#chains.set(id, settled);
    try {
      this.#kept.done(ticket, await sent);
      return true;
    } catch (thrown) {
      this.#kept.failed(ticket);
      complain(thrown, 'Not saved: ');
      return false;
    } finally {
      if (this.#chains.get(id) === settled) this.#chains.delete(id);
      this.#show();
    }
  }

  /** Takes the row away; it is deleted after some seconds unless that is undone. */
  remove(id: number, words: string): void {
    this.#kept.hide(id);
    this.#show();
    later(
      words,
      async () => {
        await removeRow(this.#resource, id);
        this.#kept.drop(id);
        this.#show();
      },
      () => {
        this.#kept.show(id);
        this.#show();
      },
    );
  }

  /** Takes over a row that was stored elsewhere. */
  put(row: ContentRows[R]): void {
    this.#kept.put(row);
    this.#show();
  }
}

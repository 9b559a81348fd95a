import { wordsOf } from '../../data/api.js';
import { complain } from '../../data/collection.svelte.js';
import { allRows, createRow, getRow, type LocalizedString, patchRow } from '../../data/content.js';

/** Texts in languages, by id; read once for a page: those of `ids`, or all of the site. */
export class Texts {
  #byId = $state.raw<ReadonlyMap<number, LocalizedString>>(new Map());
  #ready = $state(false);
  #fault = $state.raw<{ readonly message: string; readonly remedy: string } | undefined>(undefined);

  constructor(ids?: readonly number[]) {
    $effect(() => {
      const gone = new AbortController();
      const { signal } = gone;
      const reading =
        ids === undefined
          ? allRows('localized-strings', {}, { signal, most: 20_000 })
          : Promise.all(ids.map((id) => getRow('localized-strings', id, signal)));
      reading.then(
        (rows) => {
          if (gone.signal.aborted) return;
          this.#byId = new Map(rows.map((row) => [row.id, row]));
          this.#ready = true;
        },
        (thrown: unknown) => {
          if (!gone.signal.aborted) this.#fault = wordsOf(thrown);
        },
      );
      return () => gone.abort();
    });
  }

  get ready(): boolean {
    return this.#ready;
  }
  get fault(): { readonly message: string; readonly remedy: string } | undefined {
    return this.#fault;
  }

  /** The one of `ids` in a language. */
  of(ids: readonly number[], languageId: number): LocalizedString | undefined {
    for (const id of ids) {
      const row = this.#byId.get(id);
      if (row?.languageId === languageId) return row;
    }
    return undefined;
  }

  /** First text that there is, in the order of `languageIds`. */
  first(ids: readonly number[], languageIds: readonly number[]): string | undefined {
    for (const languageId of languageIds) {
      const row = this.of(ids, languageId);
      if (row && row.text !== '') return row.text;
    }
    return undefined;
  }

  /**
   * Stores a text. @returns the ids that the field has afterwards (the same ones when the text was there
   * already), undefined when it failed; the person was told.
   */
  async store(
    ids: readonly number[],
    languageId: number,
    text: string,
  ): Promise<readonly number[] | undefined> {
    try {
      const known = this.of(ids, languageId);
      const row = known
        ? await patchRow('localized-strings', known.id, { text })
        : await createRow('localized-strings', { languageId, text });
      this.#byId = new Map(this.#byId).set(row.id, row);
      return known ? ids : [...ids, row.id];
    } catch (thrown) {
      complain(thrown, 'Not saved: ');
      return undefined;
    }
  }
}

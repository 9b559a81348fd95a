import { changesOf, same } from './form-spec.js';

/** What was typed and not saved, by key: it outlives the page it was typed on. */
const kept = new Map<string, object>();

// The browser asks before what was typed is lost with the whole page.
window.addEventListener('beforeunload', (event) => {
  if (kept.size > 0) event.preventDefault();
});

/** A row that is being edited: what the server has, and what was changed since. Kept until saved or discarded. */
export class Draft<T extends object> {
  readonly #key: () => string;
  readonly #base: () => T | undefined;
  #version = $state(0);

  /** `key` names the row, `base` is how the server has it. */
  constructor(key: () => string, base: () => T | undefined) {
    this.#key = key;
    this.#base = base;
  }

  get changes(): Partial<T> {
    void this.#version;
    return (kept.get(this.#key()) ?? {}) as Partial<T>;
  }

  /** The row as it is shown; undefined until it was read. */
  get value(): T | undefined {
    const base = this.#base();
    return base === undefined ? undefined : { ...base, ...this.changes };
  }

  get dirty(): boolean {
    return Object.keys(this.changes).length > 0;
  }

  set(patch: Partial<T>): void {
    const base = this.#base();
    if (base === undefined) return;
    const next = changesOf(base, { ...base, ...this.changes, ...patch });
    if (Object.keys(next).length === 0) kept.delete(this.#key());
    else kept.set(this.#key(), next);
    this.#version += 1;
  }

  discard(): void {
    kept.delete(this.#key());
    this.#version += 1;
  }

  /** After a save: forgets what was stored; what was typed meanwhile stays. */
  saved(stored: Partial<T>): void {
    const rest = Object.fromEntries(
      Object.entries(this.changes).filter(([key, value]) => !same(value, Reflect.get(stored, key))),
    );
    if (Object.keys(rest).length === 0) kept.delete(this.#key());
    else kept.set(this.#key(), rest);
    this.#version += 1;
  }
}

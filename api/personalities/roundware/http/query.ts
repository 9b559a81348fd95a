import { bool, type Codec, isAbsent, ValueFault } from './codecs.js';
import { badField } from './refusal.js';

/** The parameters of a request's address. Unknown ones are nobody's business. */
export class Query {
  readonly #params: URLSearchParams;

  constructor(raw: string) {
    this.#params = new URLSearchParams(raw);
  }

  /** Whether it is there at all, with or without a value. */
  has(name: string): boolean {
    return this.#params.has(name);
  }

  /** The first of several names that says something; words for "nothing" count as absent. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.#params.getAll(name).at(-1);
      if (value !== undefined && !isAbsent(value) && !value.includes('\0')) return value;
    }
    return undefined;
  }

  /** @throws Refusal 400 naming the parameter. */
  read<T>(codec: Codec<T>, ...names: readonly string[]): T | undefined {
    for (const name of names) {
      const raw = this.text(name);
      if (raw === undefined) continue;
      try {
        return codec(raw);
      } catch (thrown) {
        if (thrown instanceof ValueFault) throw badField(name, thrown.message);
        throw thrown;
      }
    }
    return undefined;
  }

  flag(name: string): boolean {
    return this.read(bool, name) ?? false;
  }

  /** The whole of it with one parameter changed, for links to other pages. */
  with(name: string, value: string): string {
    const changed = new URLSearchParams(this.#params);
    changed.set(name, value);
    return changed.toString();
  }
}

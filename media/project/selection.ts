import type { Choice } from './choice.js';
import type { PreparedAsset } from './nearness.js';

const YES = 1;
const NO = 2;

/** The assets of one choice, found out once each and shared by all listeners who choose the same. */
export class Selection {
  readonly choice: Choice;
  /** By an asset's number: 0 not known yet. */
  #known = new Uint8Array(256);
  #list: readonly PreparedAsset[] | undefined;

  constructor(choice: Choice) {
    this.choice = choice;
  }

  includes(asset: PreparedAsset): boolean {
    const { no } = asset;
    const known = this.#known[no];
    if (known === YES) return true;
    if (known === NO) return false;
    if (no >= this.#known.length) {
      const grown = new Uint8Array(Math.max(no + 1, this.#known.length * 2));
      grown.set(this.#known);
      this.#known = grown;
    }
    const included = this.choice.includes(asset.definition);
    this.#known[no] = included ? YES : NO;
    return included;
  }

  /** All of them, in the order of `all`. The same array until `forget`. */
  list(all: () => Iterable<PreparedAsset>): readonly PreparedAsset[] {
    if (this.#list === undefined) {
      const list: PreparedAsset[] = [];
      for (const asset of all()) if (this.includes(asset)) list.push(asset);
      this.#list = list;
    }
    return this.#list;
  }

  /** An asset changed, came or went. */
  forget(asset: PreparedAsset): void {
    if (asset.no < this.#known.length) this.#known[asset.no] = 0;
    this.#list = undefined;
  }
}

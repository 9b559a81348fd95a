const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;

/**
 * A map with small whole numbers as keys, such as the numbers of channels: a lookup is two array
 * accesses and hashes nothing. Memory: eight bytes for each number of every page of 4,096 in which there ever was one.
 */
export class NumberMap<T> {
  readonly #pages: (T | undefined)[][] = [];

  /** `key`: a whole number from 0; of anything else there is nothing. */
  get(key: number): T | undefined {
    return this.#pages[key >>> PAGE_BITS]?.[key & (PAGE - 1)];
  }

  has(key: number): boolean {
    return this.get(key) !== undefined;
  }

  set(key: number, value: T): void {
    const at = key >>> PAGE_BITS;
    let page = this.#pages[at];
    if (page === undefined) {
      page = new Array<T | undefined>(PAGE).fill(undefined);
      this.#pages[at] = page;
    }
    page[key & (PAGE - 1)] = value;
  }

  delete(key: number): void {
    const page = this.#pages[key >>> PAGE_BITS];
    if (page !== undefined) page[key & (PAGE - 1)] = undefined;
  }
}

/** Readings in a row that must show nobody before nobody counts: one may come between two songs of a player. */
const ZERO_READINGS = 2;

/**
 * Listeners of a mount from readings that may err: more or fewer count at once, but only two readings in a row
 * of nobody count as none. A reading that could not be had is one of nobody.
 */
export class SteadyCount {
  #count = 0;
  #zeros = 0;

  get count(): number {
    return this.#count;
  }

  /** @returns True when the count changed. */
  read(listeners: number | undefined): boolean {
    const read = listeners ?? 0;
    this.#zeros = read === 0 ? this.#zeros + 1 : 0;
    if (read === this.#count || (read === 0 && this.#zeros < ZERO_READINGS)) return false;
    this.#count = read;
    return true;
  }
}

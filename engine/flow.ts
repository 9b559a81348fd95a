import { EngineError } from './errors.js';

/** What a full queue does with one more item. */
export type FullRule = 'drop-oldest' | 'drop-newest' | 'refuse';

/**
 * A first-in first-out queue with a bound on its total weight (items, or bytes when a weight is given).
 * Removal is O(1): a moving head, compacted now and then.
 */
export class BoundedQueue<T> {
  readonly #limit: number;
  readonly #rule: FullRule;
  readonly #weigh: (item: T) => number;
  #items: (T | undefined)[] = [];
  #head = 0;
  #weight = 0;
  #dropped = 0;

  constructor(options: {
    readonly limit: number;
    readonly rule: FullRule;
    /** Default: 1 an item. */
    readonly weigh?: (item: T) => number;
  }) {
    this.#limit = options.limit;
    this.#rule = options.rule;
    this.#weigh = options.weigh ?? (() => 1);
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Sum of the weights of what is queued; never above the limit. */
  get weight(): number {
    return this.#weight;
  }

  /** Items that a drop rule threw away since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * @returns false when `item` itself was not taken (`drop-newest`, or heavier than the whole limit).
   * @throws EngineError `server.busy` by the rule `refuse`.
   */
  push(item: T): boolean {
    const weight = this.#weigh(item);
    if (this.#weight + weight > this.#limit) {
      if (this.#rule === 'refuse') {
        throw new EngineError('server.busy', `a queue is full (${this.#limit})`);
      }
      if (this.#rule === 'drop-newest' || weight > this.#limit) {
        this.#dropped += 1;
        return false;
      }
      while (this.#weight + weight > this.#limit && this.shift() !== undefined) this.#dropped += 1;
    }
    this.#items.push(item);
    this.#weight += weight;
    return true;
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    this.#weight -= this.#weigh(item);
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
    this.#weight = 0;
  }
}

import { EngineError } from '../../engine/errors.js';

/** Work on the main thread goes on for so long before others have their turn. */
const SLICE_MS = 5;
/** Sources with a long expression take up to 0.2 ms each: a slice ends at most one piece late. */
const PIECE = 50;

/** Small pieces of work, in order, in slices between which the main thread does everything else. */
export class Slices {
  readonly #onFault: (error: EngineError) => void;
  #queue: (() => void)[] = [];
  #at = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  readonly #monoMs: () => number;

  constructor(onFault: (error: EngineError) => void, monoMs = () => performance.now()) {
    this.#onFault = onFault;
    this.#monoMs = monoMs;
  }

  add(work: () => void): void {
    if (this.#closed) return;
    this.#queue.push(work);
    this.#running ??= this.#run();
  }

  /** One piece for many: no function is kept for each. */
  each<T>(items: readonly T[], work: (item: T) => void): void {
    let at = 0;
    const some = (): void => {
      const end = Math.min(items.length, at + PIECE);
      for (; at < end; at += 1) {
        const item = items[at];
        if (item !== undefined) work(item);
      }
      if (at < items.length) this.add(some);
    };
    if (items.length > 0) this.add(some);
  }

  /** Resolves when all is done, also what came meanwhile. */
  async done(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** What is not done is forgotten. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#at = 0;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#at < this.#queue.length) {
      const untilMonoMs = this.#monoMs() + SLICE_MS;
      while (this.#at < this.#queue.length && this.#monoMs() < untilMonoMs) {
        const work = this.#queue[this.#at];
        this.#at += 1;
        try {
          work?.();
        } catch (thrown) {
          this.#onFault(EngineError.from(thrown));
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#queue = [];
    this.#at = 0;
    this.#running = undefined;
  }
}

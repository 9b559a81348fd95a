import type { ChangeFeed } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';

export interface TableFollowerOptions {
  readonly feed: ChangeFeed;
  /** In the change feed, e.g. `automation.rules`. */
  readonly domain: string;
  /** Reads the table as a whole. */
  readonly readAll: () => Promise<void>;
  /** Reads the rows with these ids, of which some may be gone. */
  readonly read: (ids: readonly number[]) => Promise<void>;
  readonly onFault: (error: EngineError) => void;
}

/** Reads one table of the control store, and then what of it changes, one reading after the other. Ended by `stop`. */
export class TableFollower {
  readonly #options: TableFollowerOptions;
  #unfollow: (() => void) | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: TableFollowerOptions) {
    this.#options = options;
  }

  /** Resolves when all was read. @throws EngineError `store.away` */
  async start(): Promise<void> {
    const { feed, domain, readAll, read } = this.#options;
    const head = await feed.head();
    await readAll();
    this.#unfollow = feed.follow(head, (event) => {
      if (event.type === 'reset') {
        this.#then(readAll);
        return;
      }
      const ids = event.changes.filter((change) => change.domain === domain).map(({ id }) => id);
      if (ids.length > 0) this.#then(() => read([...new Set(ids.map(Number))]));
    });
  }

  /** Resolves when nothing is being read any more. */
  async stop(): Promise<void> {
    this.#unfollow?.();
    await this.#reading;
  }

  /** Resolves when everything that was committed before is read. */
  settled(): Promise<void> {
    return this.#reading;
  }

  /** Reads all now, after what is being read. */
  readAll(): Promise<void> {
    const done = this.#reading.then(this.#options.readAll);
    this.#reading = done.catch(() => undefined);
    return done;
  }

  #then(work: () => Promise<void>): void {
    this.#reading = this.#reading.then(work).catch((thrown: unknown) => {
      this.#options.onFault(EngineError.from(thrown));
    });
  }
}

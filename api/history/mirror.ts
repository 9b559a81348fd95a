import type { ContentTable, Find } from '../../actors/content/store.types.js';
import type { ChangeFeed } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';
import type { Row } from '../contract/live.js';
import type { LiveTable } from '../live/table.types.js';

export interface MirrorOptions<T extends { readonly id: number }> {
  readonly feed: ChangeFeed;
  /** In the change feed, e.g. `automation.experiments`. */
  readonly domain: string;
  readonly table: ContentTable<T>;
  readonly live: LiveTable;
  readonly shown: (row: T) => Row;
  /** Rows shown, the newest by id. */
  readonly limit: number;
  readonly onFault: (error: EngineError) => void;
}

/** The newest rows of a table of the control store in memory and as live rows, whoever changes them. */
export class TableMirror<T extends { readonly id: number }> {
  readonly rows = new Map<number, T>();
  readonly #options: MirrorOptions<T>;
  #unfollow: (() => void) | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: MirrorOptions<T>) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { feed, domain } = this.#options;
    const head = await feed.head();
    await this.#readAll();
    this.#unfollow = feed.follow(head, (event) => {
      if (event.type === 'reset') {
        this.#then(() => this.#readAll());
        return;
      }
      const ids = event.changes.filter((change) => change.domain === domain).map(({ id }) => id);
      if (ids.length > 0) this.#then(() => this.#read([...new Set(ids.map(Number))]));
    });
  }

  /** Ends it; its rows stay as they are. */
  async stop(): Promise<void> {
    this.#unfollow?.();
    await this.#reading;
  }

  /** Resolves when everything that was committed before is shown. */
  settled(): Promise<void> {
    return this.#reading;
  }

  /** A row that its writer knows already. */
  take(row: T): void {
    const { live, shown, limit } = this.#options;
    this.rows.set(row.id, row);
    live.put(shown(row));
    while (this.rows.size > limit) {
      const oldest = Math.min(...this.rows.keys());
      this.#drop(oldest);
    }
  }

  #drop(id: number): void {
    this.rows.delete(id);
    this.#options.live.remove(String(id));
  }

  #then(work: () => Promise<void>): void {
    this.#reading = this.#reading.then(work).catch((thrown: unknown) => {
      this.#options.onFault(EngineError.from(thrown));
    });
  }

  async #readAll(): Promise<void> {
    const { table, limit } = this.#options;
    const newest: Find<T> = { order: { by: 'id' as never, direction: 'desc' }, limit };
    const found = await table.find(newest);
    const known = new Set(found.map(({ id }) => id));
    for (const id of [...this.rows.keys()]) if (!known.has(id)) this.#drop(id);
    for (const row of [...found].reverse()) this.take(row);
  }

  async #read(ids: readonly number[]): Promise<void> {
    const { table, limit } = this.#options;
    const found = new Map((await table.many(ids)).map((row) => [row.id, row]));
    const full = this.rows.size >= limit;
    const oldest = full ? Math.min(...this.rows.keys()) : 0;
    for (const id of ids) {
      const row = found.get(id);
      if (row === undefined) this.#drop(id);
      else if (id >= oldest) this.take(row);
    }
  }
}

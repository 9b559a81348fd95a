import type { ContentTable, Find } from '../../actors/content/store.types.js';
import type { ChangeFeed } from '../../engine/control/feed.js';
import type { EngineError } from '../../engine/errors.js';
import type { Row } from '../contract/live.js';
import type { LiveTable } from '../live/table.types.js';
import { TableFollower } from '../site/table-follower.js';

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
  readonly #follower: TableFollower;

  constructor(options: MirrorOptions<T>) {
    this.#options = options;
    const { feed, domain, onFault } = options;
    this.#follower = new TableFollower({
      feed,
      domain,
      onFault,
      readAll: () => this.#readAll(),
      read: (ids) => this.#read(ids),
    });
  }

  start(): Promise<void> {
    return this.#follower.start();
  }

  /** Ends it; its rows stay as they are. */
  stop(): Promise<void> {
    return this.#follower.stop();
  }

  /** Resolves when everything that was committed before is shown. */
  settled(): Promise<void> {
    return this.#follower.settled();
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

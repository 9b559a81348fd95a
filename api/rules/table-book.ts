import type { ContentTable } from '../../actors/content/store.types.js';
import type { ChangeFeed } from '../../engine/control/feed.js';
import type { EngineError } from '../../engine/errors.js';
import { TableFollower } from '../site/table-follower.js';

export interface TableBookOptions<T extends { readonly id: number }> {
  readonly feed: ChangeFeed;
  /** In the change feed, e.g. `automation.rules`. */
  readonly domain: string;
  readonly table: ContentTable<T>;
  /** Rows that are new or other than before, and ids of those that are gone. */
  readonly changed: (rows: readonly T[], gone: readonly number[]) => void;
  readonly onFault: (error: EngineError) => void;
}

/** All rows of a table of the control store in memory, whoever changes them. The caller ends it by `close`. */
export class TableBook<T extends { readonly id: number }> {
  readonly rows = new Map<number, T>();
  readonly #options: TableBookOptions<T>;
  readonly #follower: TableFollower;

  constructor(options: TableBookOptions<T>) {
    this.#options = options;
    const { feed, domain, onFault } = options;
    this.#follower = new TableFollower({
      feed,
      domain,
      onFault,
      readAll: () => this.#readAll(),
      read: (ids) => this.read(ids),
    });
  }

  start(): Promise<void> {
    return this.#follower.start();
  }

  /** Resolves when nothing is being read any more. */
  close(): Promise<void> {
    return this.#follower.stop();
  }

  /** Reads rows now, for a writer that goes on with them. */
  async read(ids: readonly number[]): Promise<void> {
    const found = await this.#options.table.many(ids);
    const known = new Set(found.map(({ id }) => id));
    const gone = ids.filter((id) => !known.has(id) && this.rows.delete(id));
    for (const row of found) this.rows.set(row.id, row);
    this.#options.changed(found, gone);
  }

  /** Reads all rows now, after what is being read. */
  readAll(): Promise<void> {
    return this.#follower.readAll();
  }

  async #readAll(): Promise<void> {
    const found: T[] = [];
    for await (const some of this.#options.table.each()) found.push(...some);
    const known = new Set(found.map(({ id }) => id));
    const gone = [...this.rows.keys()].filter((id) => !known.has(id));
    for (const id of gone) this.rows.delete(id);
    for (const row of found) this.rows.set(row.id, row);
    this.#options.changed(found, gone);
  }
}

import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { ChangeFeed } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';

/** Ids of rows that changed, by table; `everything`: changes were missed. */
export interface InventoryChanges {
  readonly everything: boolean;
  ids(table: string): readonly number[];
}

const PREFIX = 'inventory.';
/** Changes are read together after this long. */
const GATHER_MS = 100;
const AGAIN_MS = 1_000;

/** Follows changes of the device inventory, made by other parts or by another engine. */
export class InventoryFeed {
  readonly #options: {
    readonly feed: ChangeFeed;
    readonly clock: Clock;
    readonly work: (changes: InventoryChanges) => Promise<void>;
    readonly onFault: (error: EngineError) => void;
  };
  #due = new Map<string, Set<number>>();
  #everything = false;
  #timer: TimerHandle | undefined;
  #working: Promise<void> = Promise.resolve();
  #end: () => void = () => {};
  #stopped = false;

  constructor(options: {
    readonly feed: ChangeFeed;
    readonly clock: Clock;
    readonly work: (changes: InventoryChanges) => Promise<void>;
    readonly onFault: (error: EngineError) => void;
  }) {
    this.#options = options;
  }

  /** Begins to follow; read the tables afterwards, so that nothing is missed. */
  async start(): Promise<void> {
    const { feed } = this.#options;
    this.#end = feed.follow(await feed.head(), (event) => {
      if (event.type === 'reset') this.#everything = true;
      else {
        for (const { domain, id } of event.changes) {
          if (domain.startsWith(PREFIX)) this.#note(domain.slice(PREFIX.length), Number(id));
        }
      }
      if (this.#everything || this.#due.size > 0) this.#workLater(GATHER_MS);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#end();
    this.#options.clock.clearTimeout(this.#timer);
    await this.#working;
  }

  #note(table: string, id: number): void {
    const ids = this.#due.get(table);
    if (ids === undefined) this.#due.set(table, new Set([id]));
    else ids.add(id);
  }

  #workLater(afterMs: number): void {
    if (this.#stopped) return;
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#working = this.#working.then(() => this.#work());
    }, afterMs);
  }

  async #work(): Promise<void> {
    const due = this.#due;
    const everything = this.#everything;
    this.#due = new Map();
    this.#everything = false;
    try {
      const ids = (table: string): readonly number[] => [...(due.get(table) ?? [])];
      await this.#options.work({ everything, ids });
    } catch (thrown) {
      this.#options.onFault(EngineError.from(thrown));
      for (const [table, ids] of due) for (const id of ids) this.#note(table, id);
      this.#everything ||= everything;
      this.#workLater(AGAIN_MS);
    }
  }
}

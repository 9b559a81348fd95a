import type { SiteStore } from '../../actors/control/site.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import type { EngineError } from '../../engine/errors.js';
import type { GroupRow } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';
import type { PluginPort } from '../plugins/plugins.types.js';
import { Board } from './board.js';
import { type BookTable, InventoryBook } from './book.js';
import { ChannelKeeper } from './channel-keeper.js';
import type { EventLog } from './event-log.js';
import { LifecycleKeeper } from './lifecycle-keeper.js';
import { Pictures } from './pictures.js';
import { type WatchedRows, Watching } from './watching.js';

export interface InventoryServiceOptions {
  readonly store: Pick<SiteStore, 'inventory' | 'control' | 'media'>;
  readonly tables: Readonly<Record<'rf' | 'charger-slots' | 'groups' | 'channels', LiveTable>>;
  readonly plugins: PluginPort;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

const SWEEP_MS = 1_000;
/** Tables whose rows any tile may show. */
const EVERYWHERE: readonly BookTable[] = ['instances', 'performers', 'locations', 'overrides'];

/**
 * The main thread's side of the inventory: its rows in memory, the boards made of them and of what devices say,
 * lifecycles, and who looks at meters. Made by `start`, ended by `stop`.
 */
export class InventoryService {
  readonly book: InventoryBook;
  readonly board: Board;
  readonly lifecycle: LifecycleKeeper;
  readonly pictures: Pictures;
  readonly #options: InventoryServiceOptions;
  readonly #keeper: ChannelKeeper;
  readonly #watching: Watching;
  #watched: WatchedRows | undefined;
  #releases: (() => void)[] = [];
  #timer: TimerHandle | undefined;
  #running = false;

  private constructor(options: InventoryServiceOptions) {
    const { store, tables, plugins, clock, onFault, events } = options;
    this.#options = options;
    this.book = new InventoryBook(store, onFault);
    this.pictures = new Pictures(store, () => this.board.refreshAll(), onFault);
    this.board = new Board({ tables, plugins, book: this.book, pictures: this.pictures, clock });
    this.lifecycle = new LifecycleKeeper({ inventory: store.inventory, clock, events });
    this.#keeper = new ChannelKeeper({
      inventory: store.inventory,
      book: this.book,
      identity: (id) => plugins.identity(id),
      made: (channels) => {
        this.board.refreshChannels(channels.map(({ id }) => id));
      },
      onFault,
    });
    this.#watching = new Watching(tables.rf, (ids) => plugins.watchMeters(ids));
  }

  static async start(options: InventoryServiceOptions): Promise<InventoryService> {
    const service = new InventoryService(options);
    await service.#start();
    return service;
  }

  /** Meters of what the live hub's clients look at go fast from now on. */
  watch(watched: WatchedRows): void {
    this.#watched = watched;
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#options.clock.clearTimeout(this.#timer);
    for (const release of this.#releases.splice(0)) release();
    this.#watching.close();
    await this.#keeper.settled();
    await this.pictures.close();
    await this.book.close();
  }

  /** One look at everything that follows from the time; called by the timer, and by tests. */
  sweep(): void {
    this.board.sweep();
    this.#options.plugins.onAir(this.board.troubles());
    this.#keeper.retry();
    if (this.#watched !== undefined) this.#watching.look(this.#watched('rf'));
  }

  async #start(): Promise<void> {
    const { plugins } = this.#options;
    await this.book.start();
    await this.pictures.start();
    this.#running = true;
    for (const record of this.book.rows.records.values()) this.lifecycle.read(record);
    this.board.refreshAll();
    this.#groups();
    this.#releases = [
      this.book.onChange((changed) => this.#changed(changed)),
      this.book.onGone((deviceId) => {
        this.board.refreshDevice(deviceId);
        this.lifecycle.forget(deviceId);
      }),
      plugins.onConnection((facts) => {
        this.board.connection(facts);
      }),
      plugins.onIdentity((deviceId) => {
        this.#keeper.note(deviceId);
        this.board.wire(deviceId);
      }),
      plugins.onChanges((batch) => this.board.changes(batch)),
    ];
    this.sweep();
    this.#schedule();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.sweep();
      if (this.#running) this.#schedule();
    }, SWEEP_MS);
  }

  #changed(changed: ReadonlyMap<BookTable, ReadonlySet<number>>): void {
    const whole = [...changed].some(
      ([name, ids]) => EVERYWHERE.includes(name) || (ids.size === 0 && name !== 'groups'),
    );
    for (const id of this.#records(changed.get('records'))) {
      const record = this.book.rows.records.get(id);
      if (record === undefined) continue;
      this.lifecycle.read(record);
      this.board.refreshDevice(record.deviceId);
      // Its channels may have been told before its record was there.
      this.#keeper.note(record.deviceId);
    }
    if (whole) {
      this.board.refreshAll();
    } else {
      this.board.refreshChannels(changed.get('rfChannels') ?? []);
    }
    if (changed.has('assignments')) this.board.people();
    if (changed.has('groups')) this.#groups();
  }

  /** An empty set means all. */
  #records(ids: ReadonlySet<number> | undefined): Iterable<number> {
    return ids?.size === 0 ? this.book.rows.records.keys() : (ids ?? []);
  }

  #groups(): void {
    const { groups } = this.#options.tables;
    const { rows } = this.book;
    for (const row of [...groups.rows()]) {
      if (!rows.groups.has(Number(row.id))) groups.remove(row.id);
    }
    for (const { id, number, title, slots, hideCharts } of rows.groups.values()) {
      const row: GroupRow = { id: String(id), number, title, slots, hideCharts };
      groups.put({ ...row });
    }
  }
}

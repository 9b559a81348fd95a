import type { SiteStore } from '../../actors/control/site.js';
import type * as Rows from '../../actors/inventory/inventory.types.js';
import { SettingsBook } from '../../actors/inventory/settings.js';
import type { Change } from '../../engine/control/feed.js';
import { EngineError } from '../../engine/errors.js';

/** Tables of the inventory that are held in memory. */
const KEPT = [
  'instances',
  'records',
  'rfChannels',
  'performers',
  'assignments',
  'groups',
  'locations',
  'overrides',
] as const;
export type BookTable = (typeof KEPT)[number];

/** What changed: tables, and of records and channels which ones; undefined: anything. */
export type BookListener = (changed: ReadonlyMap<BookTable, ReadonlySet<number>>) => void;

type Kept = {
  readonly instances: Map<number, Rows.PluginInstanceRow>;
  readonly records: Map<number, Rows.DeviceRecord>;
  readonly rfChannels: Map<number, Rows.RfChannelRow>;
  readonly performers: Map<number, Rows.PerformerRow>;
  readonly assignments: Map<number, Rows.AssignmentRow>;
  readonly groups: Map<number, Rows.BoardGroupRow>;
  readonly locations: Map<number, Rows.LocationRow>;
  readonly overrides: Map<number, Rows.SettingOverrideRow>;
};

/**
 * The inventory in memory, in step with the control store through its change feed, so that boards never wait for a
 * query. Bounded by what the store holds.
 */
export class InventoryBook {
  readonly rows: Kept = {
    instances: new Map(),
    records: new Map(),
    rfChannels: new Map(),
    performers: new Map(),
    assignments: new Map(),
    groups: new Map(),
    locations: new Map(),
    overrides: new Map(),
  };
  readonly #store: Pick<SiteStore, 'inventory' | 'control'>;
  readonly #onFault: (error: EngineError) => void;
  readonly #listeners = new Set<BookListener>();
  readonly #gone = new Set<(deviceId: string) => void>();
  readonly #recordByDevice = new Map<string, number>();
  readonly #channelsByDevice = new Map<string, Set<number>>();
  readonly #assignmentsByChannel = new Map<number, Set<number>>();
  #settings = new SettingsBook();
  #due = new Map<BookTable, Set<number>>();
  #reading: Promise<void> | undefined;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(
    store: Pick<SiteStore, 'inventory' | 'control'>,
    onFault: (error: EngineError) => void,
  ) {
    this.#store = store;
    this.#onFault = onFault;
  }

  async start(): Promise<void> {
    const { feed } = this.#store.control;
    const head = await feed.head();
    await this.#readAll();
    this.#stop = feed.follow(head, (event) => {
      if (event.type === 'reset') this.#later(new Map(KEPT.map((name) => [name, new Set()])));
      else this.#heard(event.changes);
    });
  }

  /** Resolves when nothing is being read any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop?.();
    this.#listeners.clear();
    this.#gone.clear();
    await this.#reading;
  }

  /** Called after rows changed, until the returned function is called. */
  onChange(listener: BookListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Called with each device that was removed, after what belonged to it was forgotten. */
  onGone(listener: (deviceId: string) => void): () => void {
    this.#gone.add(listener);
    return () => void this.#gone.delete(listener);
  }

  get settings(): SettingsBook {
    return this.#settings;
  }

  recordOf(deviceId: string): Rows.DeviceRecord | undefined {
    return this.rows.records.get(this.#recordByDevice.get(deviceId) ?? 0);
  }

  channelsOf(deviceId: string): readonly Rows.RfChannelRow[] {
    return rowsOf(this.rows.rfChannels, this.#channelsByDevice.get(deviceId));
  }

  assignmentsOf(channelId: number): readonly Rows.AssignmentRow[] {
    return rowsOf(this.rows.assignments, this.#assignmentsByChannel.get(channelId));
  }

  /** `Main building › Hall 2`; null: none. */
  place(locationId: number | null): string | null {
    const names: string[] = [];
    let at = locationId;
    // A chain that was edited into a ring ends.
    while (at !== null && names.length < 10) {
      const row = this.rows.locations.get(at);
      if (row === undefined) break;
      names.unshift(row.name);
      at = row.parentId;
    }
    return names.length === 0 ? null : names.join(' › ');
  }

  /** Rows that were just written here count at once. */
  putChannels(channels: readonly Rows.RfChannelRow[]): void {
    for (const row of channels) this.#put('rfChannels', row);
  }

  /** A device is gone, and with it what belongs to it. */
  forgetDevice(deviceId: string): void {
    const record = this.recordOf(deviceId);
    const channels = this.channelsOf(deviceId);
    if (record !== undefined) this.#drop('records', record.id);
    for (const { id } of channels) this.#drop('rfChannels', id);
    const changed = new Map<BookTable, ReadonlySet<number>>();
    if (record !== undefined) changed.set('records', new Set([record.id]));
    if (channels.length > 0) changed.set('rfChannels', new Set(channels.map(({ id }) => id)));
    if (changed.size > 0) this.#tell(changed);
    for (const listener of this.#gone) listener(deviceId);
  }

  #heard(changes: readonly Change[]): void {
    const due = new Map<BookTable, Set<number>>();
    for (const { domain, id, op } of changes) {
      if (domain === 'devices' && op === 'delete') this.forgetDevice(id);
      if (!domain.startsWith('inventory.')) continue;
      const name = domain.slice('inventory.'.length) as BookTable;
      if (!KEPT.includes(name)) continue;
      const ids = due.get(name) ?? new Set();
      due.set(name, ids.add(Number(id)));
    }
    if (due.size > 0) this.#later(due);
  }

  /** An empty set: all rows of the table. */
  #later(due: ReadonlyMap<BookTable, ReadonlySet<number>>): void {
    for (const [name, ids] of due) {
      const known = this.#due.get(name);
      if (known?.size === 0) continue;
      if (ids.size === 0) this.#due.set(name, new Set());
      else this.#due.set(name, new Set([...(known ?? []), ...ids]));
    }
    this.#reading ??= this.#readDue().finally(() => {
      this.#reading = undefined;
      if (this.#due.size > 0 && !this.#closed) this.#later(new Map());
    });
  }

  async #readDue(): Promise<void> {
    while (this.#due.size > 0 && !this.#closed) {
      const due = this.#due;
      this.#due = new Map();
      try {
        for (const [name, ids] of due) {
          if (ids.size === 0) await this.#readTable(name);
          else await this.#readRows(name, [...ids]);
        }
        if (due.has('overrides')) this.#settings = new SettingsBook(this.rows.overrides.values());
        this.#tell(due);
      } catch (thrown) {
        // The store is away: the next change or poll of the feed comes through here again.
        this.#onFault(EngineError.from(thrown));
        return;
      }
    }
  }

  async #readAll(): Promise<void> {
    for (const name of KEPT) await this.#readTable(name);
    this.#settings = new SettingsBook(this.rows.overrides.values());
  }

  async #readTable(name: BookTable): Promise<void> {
    const seen = new Set<number>();
    for await (const rows of this.#store.inventory[name].each(undefined, 2_000)) {
      for (const row of rows) {
        seen.add(row.id);
        this.#put(name, row);
      }
    }
    for (const id of [...this.rows[name].keys()]) if (!seen.has(id)) this.#drop(name, id);
  }

  async #readRows(name: BookTable, ids: readonly number[]): Promise<void> {
    const found = await this.#store.inventory[name].many(ids);
    for (const row of found) this.#put(name, row);
    const there = new Set(found.map(({ id }) => id));
    for (const id of ids) if (!there.has(id)) this.#drop(name, id);
  }

  #put(name: BookTable, row: { readonly id: number }): void {
    this.#drop(name, row.id);
    (this.rows[name] as Map<number, { readonly id: number }>).set(row.id, row);
    if (name === 'records') {
      this.#recordByDevice.set((row as Rows.DeviceRecord).deviceId, row.id);
    } else if (name === 'rfChannels') {
      addTo(this.#channelsByDevice, (row as Rows.RfChannelRow).deviceId, row.id);
    } else if (name === 'assignments') {
      addTo(this.#assignmentsByChannel, (row as Rows.AssignmentRow).rfChannelId, row.id);
    }
  }

  #drop(name: BookTable, id: number): void {
    if (name === 'records') {
      const record = this.rows.records.get(id);
      if (record !== undefined) this.#recordByDevice.delete(record.deviceId);
    } else if (name === 'rfChannels') {
      const channel = this.rows.rfChannels.get(id);
      if (channel !== undefined) takeFrom(this.#channelsByDevice, channel.deviceId, id);
    } else if (name === 'assignments') {
      const one = this.rows.assignments.get(id);
      if (one !== undefined) takeFrom(this.#assignmentsByChannel, one.rfChannelId, id);
    }
    this.rows[name].delete(id);
  }

  #tell(changed: ReadonlyMap<BookTable, ReadonlySet<number>>): void {
    for (const listener of this.#listeners) {
      try {
        listener(changed);
      } catch (thrown) {
        this.#onFault(EngineError.from(thrown));
      }
    }
  }
}

function rowsOf<T>(rows: ReadonlyMap<number, T>, ids: ReadonlySet<number> | undefined): T[] {
  return [...(ids ?? [])].flatMap((id) => rows.get(id) ?? []);
}

function addTo<K>(index: Map<K, Set<number>>, key: K, id: number): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, new Set([id]));
  else ids.add(id);
}

function takeFrom<K>(index: Map<K, Set<number>>, key: K, id: number): void {
  const ids = index.get(key);
  ids?.delete(id);
  if (ids?.size === 0) index.delete(key);
}

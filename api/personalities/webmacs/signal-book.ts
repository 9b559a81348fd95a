import type {
  EdgeChannelRow,
  EdgePluginRow,
  SignalRow,
} from '../../../actors/automation/automation.types.js';
import type { AutomationStore } from '../../../actors/automation/store.types.js';
import type { ContentTable } from '../../../actors/content/store.types.js';
import type { SiteStore } from '../../../actors/control/site.js';
import type { FeedEvent } from '../../../engine/control/feed.js';
import { EngineError } from '../../../engine/errors.js';
import type { DeviceTables } from '../../devices/tables.js';

/** An event of WebMACS in memory. */
export interface Signal {
  readonly row: SignalRow;
  /** Number of its channel; undefined until the device has it. */
  channel: number | undefined;
  /** Plugins that are on and have it as a channel; none: its values are not taken. */
  plugins: readonly number[];
  /** Of what came last through this API. */
  lastAtUnixMs: number;
  lastValue: number;
}

type Kind = 'signals' | 'edgeChannels' | 'edgePlugins';
const KINDS: readonly Kind[] = ['signals', 'edgeChannels', 'edgePlugins'];

interface Parts {
  readonly control: SiteStore['control'];
  readonly automation: Pick<AutomationStore, Kind>;
  readonly tables: Pick<DeviceTables, 'channel'>;
  readonly onFault: (error: EngineError) => void;
}

/** All events, and which of them enabled plugins feed; kept true by the change feed. */
export class SignalBook {
  readonly #parts: Parts;
  readonly #byId = new Map<number, Signal>();
  readonly #byPublicId = new Map<string, Signal>();
  readonly #plugins = new Map<number, EdgePluginRow>();
  readonly #mappings = new Map<number, EdgeChannelRow>();
  readonly #dirty: Record<Kind, Set<number>> = {
    signals: new Set(),
    edgeChannels: new Set(),
    edgePlugins: new Set(),
  };
  #unfollow: () => void = () => undefined;
  #reading: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  static async open(parts: Parts): Promise<SignalBook> {
    const book = new SignalBook(parts);
    const { feed } = parts.control;
    const head = await feed.head();
    await book.#readAll();
    book.#unfollow = feed.follow(head, (event) => book.#hear(event));
    return book;
  }

  close(): void {
    this.#unfollow();
  }

  /** Settles when everything that was committed before is known. */
  async settled(): Promise<void> {
    while (this.#reading !== undefined) await this.#reading;
  }

  /** True when `find` knows all that was committed. */
  get isSettled(): boolean {
    return this.#reading === undefined;
  }

  find(publicId: string): Signal | undefined {
    return this.#byPublicId.get(publicId);
  }

  get(id: number | null): Signal | undefined {
    return id === null ? undefined : this.#byId.get(id);
  }

  plugin(id: number): EdgePluginRow | undefined {
    return this.#plugins.get(id);
  }

  all(): IterableIterator<Signal> {
    return this.#byId.values();
  }

  channelOf(signal: Signal): number | undefined {
    const { deviceId, parameter } = signal.row;
    signal.channel ??= this.#parts.tables.channel(deviceId, parameter)?.id;
    return signal.channel;
  }

  /** By channel number, of those that have one. */
  byChannel(): Map<number, Signal> {
    const found = new Map<number, Signal>();
    for (const signal of this.#byId.values()) {
      const channel = this.channelOf(signal);
      if (channel !== undefined) found.set(channel, signal);
    }
    return found;
  }

  #hear(event: FeedEvent): void {
    if (event.type === 'reset') {
      this.#read(() => this.#readAll());
      return;
    }
    let any = false;
    for (const { domain, id } of event.changes) {
      const kind = KINDS.find((name) => domain === `automation.${name}`);
      if (kind === undefined) continue;
      this.#dirty[kind].add(Number(id));
      any = true;
    }
    if (any) this.#read(() => this.#readDirty());
  }

  #read(work: () => Promise<void>): void {
    const before = this.#reading ?? Promise.resolve();
    const reading = before
      .then(work)
      .catch((thrown: unknown) => this.#parts.onFault(EngineError.from(thrown)))
      .then(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
  }

  async #readAll(): Promise<void> {
    const { signals, edgeChannels, edgePlugins } = this.#parts.automation;
    const kept = new Map(this.#byId);
    this.#byId.clear();
    this.#byPublicId.clear();
    this.#mappings.clear();
    this.#plugins.clear();
    for await (const rows of edgePlugins.each())
      for (const row of rows) this.#plugins.set(row.id, row);
    for await (const rows of edgeChannels.each()) {
      for (const row of rows) this.#mappings.set(row.id, row);
    }
    for await (const rows of signals.each()) {
      for (const row of rows) this.#put(row, kept.get(row.id));
    }
    this.#link();
  }

  async #readDirty(): Promise<void> {
    const { signals, edgeChannels, edgePlugins } = this.#parts.automation;
    const [some, mappings, plugins] = await Promise.all([
      this.#take(signals, 'signals'),
      this.#take(edgeChannels, 'edgeChannels'),
      this.#take(edgePlugins, 'edgePlugins'),
    ]);
    for (const [id, row] of plugins) {
      if (row !== undefined) this.#plugins.set(id, row);
      else this.#removePlugin(id);
    }
    for (const [id, row] of mappings) {
      if (row !== undefined) this.#mappings.set(id, row);
      else this.#mappings.delete(id);
    }
    for (const [id, row] of some) {
      const before = this.#byId.get(id);
      if (before !== undefined) {
        this.#byId.delete(id);
        this.#byPublicId.delete(before.row.publicId);
      }
      if (row !== undefined) this.#put(row, before);
    }
    this.#link();
  }

  async #take<T extends { readonly id: number }>(table: ContentTable<T>, kind: Kind) {
    const ids = [...this.#dirty[kind]];
    this.#dirty[kind].clear();
    const rows = new Map((await table.many(ids)).map((row) => [row.id, row]));
    return ids.map((id) => [id, rows.get(id)] as const);
  }

  /** Its channels went with it, without a word of the feed. */
  #removePlugin(id: number): void {
    this.#plugins.delete(id);
    for (const [mapping, { edgePluginId }] of this.#mappings) {
      if (edgePluginId === id) this.#mappings.delete(mapping);
    }
  }

  #put(row: SignalRow, before: Signal | undefined): void {
    const same = before?.row.deviceId === row.deviceId && before.row.parameter === row.parameter;
    const signal: Signal = {
      row,
      channel: same ? before.channel : undefined,
      plugins: [],
      lastAtUnixMs: same ? before.lastAtUnixMs : 0,
      lastValue: same ? before.lastValue : 0,
    };
    this.#byId.set(row.id, signal);
    this.#byPublicId.set(row.publicId, signal);
  }

  #link(): void {
    const feeders = new Map<number, number[]>();
    for (const { edgePluginId, signalId } of this.#mappings.values()) {
      if (signalId === null || this.#plugins.get(edgePluginId)?.enabled !== true) continue;
      const list = feeders.get(signalId);
      if (list === undefined) feeders.set(signalId, [edgePluginId]);
      else list.push(edgePluginId);
    }
    for (const [id, signal] of this.#byId) signal.plugins = feeders.get(id) ?? [];
  }
}

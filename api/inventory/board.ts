import type { ChangeBatch } from '../../actors/device/protocol.js';
import { assignmentAt, STALE_MS } from '../../actors/inventory/derived.js';
import type { RfChannelRow } from '../../actors/inventory/inventory.types.js';
import { deviceName } from '../../actors/inventory/naming.js';
import type { ConnectionFacts } from '../../actors/plugins/protocol.js';
import type { ChannelSpec } from '../../actors/plugins/sdk/plugin.types.js';
import type { Clock } from '../../engine/clock.js';
import { NumberMap } from '../../engine/number-map.js';
import type { LiveTable } from '../live/table.types.js';
import type { PluginPort } from '../plugins/plugins.types.js';
import type { InventoryBook } from './book.js';
import { chargerColumn, freshSlot } from './charger-slots.js';
import { freshTile } from './fresh-tile.js';
import { type Take, Tile } from './tile.js';

/** Addresses of pictures. */
export interface PictureSource {
  urlOf(mediaId: string): string | null;
  /** A picture or film that is called like this, in any letter case. */
  urlByName(name: string): string | null;
}

export interface BoardOptions {
  readonly tables: {
    readonly rf: LiveTable;
    readonly 'charger-slots': LiveTable;
    /** Where latest values and numbers of parameters stand. */
    readonly channels: Pick<LiveTable, 'get'>;
  };
  readonly plugins: Pick<PluginPort, 'connection' | 'identity' | 'specs'>;
  readonly book: InventoryBook;
  readonly pictures: PictureSource;
  readonly clock: Clock;
}

/**
 * Live rows `rf` and `charger-slots`, from what the inventory knows and what devices say. A value costs a lookup
 * by its channel's number and a write to its row; everything else happens at edges or once a second.
 */
export class Board {
  readonly #options: BoardOptions;
  readonly #tiles = new Map<number, Tile>();
  readonly #takers = new NumberMap<Take>();
  /** Channel numbers that a device's values come under. */
  readonly #wired = new Map<string, number[]>();
  /** Devices with parameters that have no number yet. */
  readonly #waiting = new Set<string>();
  /** Ids of a device's rows of chargers. */
  readonly #slots = new Map<string, Set<string>>();

  constructor(options: BoardOptions) {
    this.#options = options;
  }

  get tiles(): number {
    return this.#tiles.size;
  }

  /** Latest values, many times a second. */
  changes(batch: ChangeBatch): void {
    const { channel, value, atUnixMs } = batch;
    for (let i = 0; i < channel.length; i++) {
      const take = this.#takers.get(channel[i] ?? 0);
      if (take !== undefined) take(value[i] ?? 0, atUnixMs[i] ?? 0);
    }
    for (const one of batch.text) this.#takers.get(one.channel)?.(one.value, one.atUnixMs);
    for (const one of batch.unknown ?? []) this.#takers.get(one.channel)?.(null, one.atUnixMs);
  }

  /** A device declared parameters, or its channels became known. */
  wire(deviceId: string): void {
    for (const channel of this.#wired.get(deviceId) ?? []) this.#takers.delete(channel);
    this.#waiting.delete(deviceId);
    const { plugins, tables, book } = this.#options;
    const numbers: number[] = [];
    const channels = new Map(book.channelsOf(deviceId).map((row) => [row.number, row]));
    const slots = this.#slotsOf(deviceId);
    const specs = [...(plugins.specs(deviceId)?.values() ?? [])];
    for (const [number, row] of channels) {
      const roles = specs.flatMap(({ part, role }) => (part === number ? (role ?? []) : []));
      this.#tiles.get(row.id)?.declare(roles);
    }
    for (const spec of specs) {
      const take = this.#takerOf(spec, channels, slots);
      if (take === undefined) continue;
      const known = tables.channels.get(`${deviceId}/${spec.id}`);
      const number = known?.['channel'];
      if (typeof number !== 'number') {
        this.#waiting.add(deviceId);
        continue;
      }
      this.#takers.set(number, take);
      numbers.push(number);
      const [value, atUnixMs] = [known?.['value'], known?.['atUnixMs']];
      if (value === null || value === undefined || typeof atUnixMs !== 'number') continue;
      take(typeof value === 'boolean' ? Number(value) : (value as number | string), atUnixMs);
    }
    if (numbers.length === 0) this.#wired.delete(deviceId);
    else this.#wired.set(deviceId, numbers);
  }

  connection(facts: ConnectionFacts): void {
    const { book, tables, clock } = this.#options;
    const connected = speaks(facts, clock.nowMs());
    for (const { id } of book.channelsOf(facts.deviceId)) {
      const tile = this.#tiles.get(id);
      if (tile === undefined) continue;
      tile.connected = connected;
      tables.rf.set(tile.id, 'deviceState', facts.state);
      tile.sweep(clock.nowMs());
    }
    for (const id of this.#slots.get(facts.deviceId) ?? []) {
      tables['charger-slots'].set(id, 'deviceState', facts.state);
    }
  }

  /** Channels are new, changed or gone. A device is wired once, however many of its channels are new. */
  refreshChannels(ids: Iterable<number>): void {
    const { book, tables } = this.#options;
    const fresh = new Set<string>();
    for (const id of ids) {
      const channel = book.rows.rfChannels.get(id);
      if (channel === undefined) {
        this.#tiles.delete(id);
        tables.rf.remove(String(id));
        continue;
      }
      const known = this.#tiles.get(id);
      if (known === undefined) fresh.add(channel.deviceId);
      const tile = known ?? this.#add(channel);
      tile.channel = channel;
      this.#place(tile);
    }
    for (const deviceId of fresh) this.wire(deviceId);
  }

  /** Something that all tiles of a device show changed. */
  refreshDevice(deviceId: string): void {
    const { book, tables } = this.#options;
    const record = book.recordOf(deviceId);
    if (record === undefined) {
      for (const channel of this.#wired.get(deviceId) ?? []) this.#takers.delete(channel);
      this.#wired.delete(deviceId);
      this.#waiting.delete(deviceId);
      for (const id of this.#slots.get(deviceId) ?? []) tables['charger-slots'].remove(id);
      this.#slots.delete(deviceId);
      return;
    }
    this.refreshChannels(book.channelsOf(deviceId).map(({ id }) => id));
    const name = deviceName(record);
    for (const id of this.#slots.get(deviceId) ?? []) {
      tables['charger-slots'].set(id, 'deviceName', name);
    }
  }

  refreshAll(): void {
    this.refreshChannels(
      new Set([...this.#tiles.keys(), ...this.#options.book.rows.rfChannels.keys()]),
    );
  }

  /** Assignments changed. */
  people(): void {
    for (const tile of this.#tiles.values()) this.#people(tile);
  }

  /** Once a second: what follows from the time, and parameters that were late to get a number. */
  sweep(): void {
    const { book, clock } = this.#options;
    const nowUnixMs = clock.nowMs();
    for (const tile of this.#tiles.values()) {
      tile.sweep(nowUnixMs);
      // Whose time it is follows the clock; everything else of people and pictures is told when it changes.
      if (tile.renamed || book.assignmentsOf(tile.channel.id).length > 0) this.#people(tile);
    }
    for (const deviceId of [...this.#waiting]) this.wire(deviceId);
  }

  /** What is wrong on the air, in words, by device; of transmitters that are on only. */
  troubles(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const tile of this.#tiles.values()) {
      const words = tile.trouble;
      const { deviceId } = tile.channel;
      if (words !== undefined && !found.has(deviceId)) found.set(deviceId, words);
    }
    return found;
  }

  /** Live state of a channel, for `/v1/rf-channels`. */
  tile(id: number): Tile | undefined {
    return this.#tiles.get(id);
  }

  #add(channel: RfChannelRow): Tile {
    const { tables, book, plugins, clock } = this.#options;
    const record = book.recordOf(channel.deviceId);
    const limits = book.settings.of({ deviceId: channel.deviceId, instanceId: record?.instanceId });
    tables.rf.put({ ...freshTile(channel) });
    const tile = new Tile(tables.rf, channel, limits);
    this.#tiles.set(channel.id, tile);
    const facts = plugins.connection(channel.deviceId);
    tile.connected = facts !== undefined && speaks(facts, clock.nowMs());
    return tile;
  }

  /** Columns of the inventory. */
  #place(tile: Tile): void {
    const { tables, book, plugins, clock } = this.#options;
    const { channel } = tile;
    const { deviceId } = channel;
    const record = book.recordOf(deviceId);
    const instance = book.rows.instances.get(record?.instanceId ?? 0);
    tile.limits = book.settings.of({ deviceId, instanceId: record?.instanceId });
    tables.rf.patch(tile.id, {
      deviceId,
      number: channel.number,
      slot: channel.slot,
      direction: channel.direction,
      deviceName: record === undefined ? deviceId : deviceName(record),
      deviceState: plugins.connection(deviceId)?.state ?? 'connecting',
      model: record?.model ?? null,
      vendor: instance?.plugin ?? '',
      instanceId: record?.instanceId ?? 0,
      location: book.place(record?.locationId ?? null),
    });
    tile.derived(clock.nowMs());
    this.#people(tile);
  }

  #people(tile: Tile): void {
    const { tables, book, pictures, clock } = this.#options;
    tile.renamed = false;
    const assignment = assignmentAt(book.assignmentsOf(tile.channel.id), clock.nowMs());
    const performer = book.rows.performers.get(assignment?.performerId ?? 0);
    const row = tables.rf.get(tile.id);
    const name = String(row?.['name'] ?? '');
    const { photoMediaId = null, backgroundMediaId = null } = performer ?? {};
    const own = backgroundMediaId === null ? null : pictures.urlOf(backgroundMediaId);
    tables.rf.set(tile.id, 'performer', performer?.name ?? null);
    tables.rf.set(tile.id, 'photoUrl', photoMediaId === null ? null : pictures.urlOf(photoMediaId));
    tables.rf.set(
      tile.id,
      'backgroundUrl',
      own ?? pictures.urlByName(performer?.name ?? '') ?? pictures.urlByName(name),
    );
  }

  #takerOf(
    spec: ChannelSpec,
    channels: ReadonlyMap<number, RfChannelRow>,
    slots: ReadonlyMap<number, string>,
  ): Take | undefined {
    const { part, role } = spec;
    if (part === undefined || role === undefined) return undefined;
    const channel = channels.get(part);
    if (channel !== undefined) return this.#tiles.get(channel.id)?.taker(role);
    const id = slots.get(part);
    const column = chargerColumn(role);
    if (id === undefined || column === undefined) return undefined;
    const table = this.#options.tables['charger-slots'];
    const isFlag = spec.kind === 'boolean';
    return (value) => void table.set(id, column, isFlag && value !== null ? value === 1 : value);
  }

  /** Rows of a charger, made when it says that it has slots. */
  #slotsOf(deviceId: string): ReadonlyMap<number, string> {
    const { plugins, tables, book } = this.#options;
    const slots = new Map<number, string>();
    for (const { kind, number } of plugins.identity(deviceId)?.parts ?? []) {
      if (kind === 'charger-slot') slots.set(number, `${deviceId}#${number}`);
    }
    const before = this.#slots.get(deviceId) ?? new Set<string>();
    const now = new Set(slots.values());
    for (const id of before) if (!now.has(id)) tables['charger-slots'].remove(id);
    const record = book.recordOf(deviceId);
    for (const [number, id] of slots) {
      if (tables['charger-slots'].get(id) !== undefined) continue;
      tables['charger-slots'].put({
        ...freshSlot(deviceId, number),
        deviceName: record === undefined ? deviceId : deviceName(record),
        deviceState: plugins.connection(deviceId)?.state ?? 'connecting',
      });
    }
    if (now.size === 0) this.#slots.delete(deviceId);
    else this.#slots.set(deviceId, now);
    return slots;
  }
}

/** Lost only within the hold-down, or waiting for its turn after it was heard: boards show no error. */
function speaks(facts: ConnectionFacts, nowUnixMs: number): boolean {
  if (facts.state === 'connected' || facts.held) return true;
  const heardUnixMs = facts.lastMessageAtUnixMs;
  return facts.waiting && heardUnixMs !== undefined && nowUnixMs - heardUnixMs < STALE_MS;
}

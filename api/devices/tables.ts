import type {
  ChangeBatch,
  ChannelDefinition,
  ChannelKind,
  DeviceDefinition,
  DeviceEdge,
} from '../../actors/device/protocol.js';
import { NumberMap } from '../../engine/number-map.js';
import type { ChannelRow, DeviceRow } from '../contract/rows.js';
import type { LiveTable, RowWriter } from '../live/table.types.js';

/** `lastSeenUnixMs` of a device that keeps speaking is refreshed this often. */
const SEEN_EVERY_MS = 1_000;
/** Rows of meters are refreshed in so many turns, each device in one of them. */
export const METER_TURNS = 10;

interface DeviceEntry {
  definition: DeviceDefinition;
  seenUnixMs: number;
  readonly turn: number;
  readonly row: RowWriter;
  /** Its turn knows that something is due. */
  listed: boolean;
  /** Meters that changed since their rows were refreshed. */
  readonly due: ChannelEntry[];
}

interface ChannelEntry {
  readonly device: DeviceEntry;
  readonly kind: ChannelKind;
  /** Of the channels table. */
  readonly row: RowWriter;
  /** Column of the devices table. */
  readonly field: string;
  atUnixMs: number;
  /** As the store has it: booleans are 0 and 1. NaN: none, or a text. */
  value: number;
  text: string | undefined;
  /** Changes many times a second: its rows are refreshed in turns, or when they are read. */
  meter: boolean;
  due: boolean;
}

export interface LatestValue {
  readonly channel: number;
  readonly atUnixMs: number;
  readonly value: number | string;
}

/** The live tables of devices and channels, kept from what the shards tell. Owns all rows of both. */
export class DeviceTables {
  readonly #devices: LiveTable;
  readonly #channels: LiveTable;
  readonly #byId = new Map<string, DeviceEntry>();
  readonly #byChannel = new NumberMap<ChannelEntry>();
  /** Devices with meters that changed, by turn. */
  readonly #due: DeviceEntry[][] = Array.from({ length: METER_TURNS }, () => []);
  #nextTurn = 0;
  readonly #channelListeners = new Set<(name: string, present: boolean) => void>();
  readonly #deviceListeners = new Set<(id: string) => void>();

  constructor(devices: LiveTable, channels: LiveTable) {
    this.#devices = devices;
    this.#channels = channels;
    devices.onRead((row) => this.#refresh(row?.id));
    channels.onRead((row) =>
      this.#refresh(row === undefined ? undefined : String(row['deviceId'])),
    );
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Called with each channel that comes (or gets another unit) and goes; must return soon. */
  onChannel(listener: (name: string, present: boolean) => void): () => void {
    this.#channelListeners.add(listener);
    return () => void this.#channelListeners.delete(listener);
  }

  /** Called with each device that is new, has another name or other parameters, or is gone; must return soon. */
  onDevice(listener: (id: string) => void): () => void {
    this.#deviceListeners.add(listener);
    return () => void this.#deviceListeners.delete(listener);
  }

  definition(id: string): DeviceDefinition | undefined {
    return this.#byId.get(id)?.definition;
  }

  ids(): IterableIterator<string> {
    return this.#byId.keys();
  }

  /** Channel numbers of a device by parameter name. */
  channel(deviceId: string, name: string): ChannelDefinition | undefined {
    return this.#byId.get(deviceId)?.definition.channels.find((channel) => channel.name === name);
  }

  /** A device that is new, or that has new parameters or another name. */
  put(definition: DeviceDefinition): void {
    const known = this.#byId.get(definition.id);
    const entry = known ?? {
      definition,
      seenUnixMs: 0,
      turn: this.#takeTurn(),
      row: this.#devices.writer(definition.id),
      listed: false,
      due: [],
    };
    entry.definition = definition;
    if (known === undefined) {
      this.#byId.set(definition.id, entry);
      this.#devices.put({ ...freshRow(definition) });
    } else {
      this.#devices.patch(definition.id, {
        name: definition.name,
        protocol: definition.protocol,
      });
    }
    for (const channel of definition.channels) this.#putChannel(entry, channel);
    for (const listener of this.#deviceListeners) listener(definition.id);
  }

  remove(id: string): boolean {
    const entry = this.#byId.get(id);
    if (entry === undefined) return false;
    this.#byId.delete(id);
    const due = this.#due[entry.turn] ?? [];
    if (entry.listed) this.#due[entry.turn] = due.filter((device) => device !== entry);
    for (const channel of entry.definition.channels) {
      this.#byChannel.delete(channel.id);
      this.#channels.remove(`${id}/${channel.name}`);
      this.#tellChannel(`${id}/${channel.name}`, false);
    }
    this.#devices.remove(id);
    for (const listener of this.#deviceListeners) listener(id);
    return true;
  }

  /** Stored values, at start. */
  restore(latest: readonly LatestValue[]): void {
    for (const { channel, atUnixMs, value } of latest) this.#change(channel, atUnixMs, value);
  }

  changes(batch: ChangeBatch): void {
    for (let i = 0; i < batch.channel.length; i++) {
      this.#change(batch.channel[i] ?? 0, batch.atUnixMs[i] ?? 0, batch.value[i] ?? 0);
    }
    for (const { channel, atUnixMs, value } of batch.text) this.#change(channel, atUnixMs, value);
    for (const { channel, atUnixMs } of batch.unknown ?? []) this.#unknown(channel, atUnixMs);
  }

  /** From now on the rows of these parameters of a device are refreshed in turns, see `refreshMeters`. */
  markMeters(deviceId: string, names: ReadonlySet<string>): void {
    for (const { id, name } of this.#byId.get(deviceId)?.definition.channels ?? []) {
      const entry = this.#byChannel.get(id);
      if (entry !== undefined) entry.meter = names.has(name);
    }
  }

  /**
   * Shows what the meters of the devices of a turn (0 to `METER_TURNS` − 1) say now, to those who follow the rows. While
   * nobody does they are refreshed when they are read.
   */
  refreshMeters(turn: number): void {
    const devices = this.#due[turn];
    if (devices === undefined || devices.length === 0) return;
    if (!this.#devices.observed && !this.#channels.observed) return;
    this.#due[turn] = [];
    for (const device of devices) {
      device.listed = false;
      this.#showDue(device);
    }
  }

  #refresh(deviceId: string | undefined): void {
    if (deviceId === undefined) {
      for (const devices of this.#due) for (const device of devices) this.#showDue(device);
      return;
    }
    const device = this.#byId.get(deviceId);
    if (device !== undefined && device.due.length > 0) this.#showDue(device);
  }

  #showDue({ due }: DeviceEntry): void {
    for (const entry of due) {
      entry.due = false;
      const value = knownOf(entry);
      if (value !== undefined) this.#show(entry, entry.atUnixMs, value);
    }
    due.length = 0;
  }

  edges(edges: readonly DeviceEdge[]): void {
    for (const edge of edges) {
      this.#devices.patch(edge.deviceId, {
        state: edge.state,
        sinceUnixMs: Math.round(edge.sinceUnixMs),
        reconnects: edge.reconnects,
        lastError: edge.lastError ?? null,
        address: edge.address ?? null,
      });
      if (edge.lastSeenUnixMs === undefined) continue;
      const entry = this.#byId.get(edge.deviceId);
      if (entry !== undefined) this.#seen(entry, edge.lastSeenUnixMs, 0);
    }
  }

  /** Latest values of channels, for a thread that watches them. */
  latestOfChannels(channels: readonly number[]): LatestValue[] {
    const latest: LatestValue[] = [];
    for (const channel of channels) {
      const entry = this.#byChannel.get(channel);
      const value = entry === undefined ? undefined : knownOf(entry);
      if (entry === undefined || value === undefined) continue;
      latest.push({ channel, atUnixMs: entry.atUnixMs, value });
    }
    return latest;
  }

  /** Latest values of devices, for a thread that adopts them. */
  latestOf(ids: readonly string[]): LatestValue[] {
    const latest: LatestValue[] = [];
    for (const id of ids) {
      for (const { id: channel } of this.#byId.get(id)?.definition.channels ?? []) {
        const entry = this.#byChannel.get(channel);
        const value = entry === undefined ? undefined : knownOf(entry);
        if (entry === undefined || value === undefined) continue;
        latest.push({ channel, atUnixMs: entry.atUnixMs, value });
      }
    }
    return latest;
  }

  #putChannel(device: DeviceEntry, channel: ChannelDefinition): void {
    const rowId = `${channel.deviceId}/${channel.name}`;
    if (this.#byChannel.has(channel.id)) {
      const unit = channel.unit ?? null;
      if (this.#channels.get(rowId)?.['unit'] === unit) return;
      this.#channels.set(rowId, 'unit', unit);
      this.#tellChannel(rowId, true);
      return;
    }
    const field = `values.${channel.name}`;
    this.#byChannel.set(channel.id, {
      device,
      kind: channel.kind,
      row: this.#channels.writer(rowId),
      field,
      atUnixMs: Number.NEGATIVE_INFINITY,
      value: Number.NaN,
      text: undefined,
      meter: false,
      due: false,
    });
    const row: ChannelRow = {
      id: rowId,
      channel: channel.id,
      deviceId: channel.deviceId,
      name: channel.name,
      kind: channel.kind,
      unit: channel.unit ?? null,
      value: null,
      atUnixMs: null,
    };
    this.#channels.put({ ...row });
    this.#devices.set(channel.deviceId, field, null);
    this.#tellChannel(rowId, true);
  }

  #tellChannel(name: string, present: boolean): void {
    for (const listener of this.#channelListeners) listener(name, present);
  }

  #change(channel: number, atUnixMs: number, value: number | string): void {
    const entry = this.#byChannel.get(channel);
    if (entry === undefined || atUnixMs < entry.atUnixMs) return;
    entry.atUnixMs = atUnixMs;
    const isNumber = typeof value === 'number';
    entry.value = isNumber ? value : Number.NaN;
    entry.text = isNumber ? undefined : value;
    if (!entry.meter) {
      this.#show(entry, atUnixMs, value);
      return;
    }
    if (entry.due) return;
    entry.due = true;
    const { device } = entry;
    device.due.push(entry);
    if (device.listed) return;
    device.listed = true;
    this.#due[device.turn]?.push(device);
  }

  #unknown(channel: number, atUnixMs: number): void {
    const entry = this.#byChannel.get(channel);
    if (entry === undefined || atUnixMs < entry.atUnixMs) return;
    entry.atUnixMs = atUnixMs;
    entry.value = Number.NaN;
    entry.text = undefined;
    this.#show(entry, atUnixMs, null);
  }

  #show(entry: ChannelEntry, atUnixMs: number, value: number | string | null): void {
    const shown = entry.kind === 'boolean' && value !== null ? value === 1 : value;
    const { device } = entry;
    device.row.set(entry.field, shown);
    entry.row.set('value', shown);
    entry.row.set('atUnixMs', atUnixMs);
    this.#seen(device, atUnixMs, SEEN_EVERY_MS);
  }

  #takeTurn(): number {
    this.#nextTurn = (this.#nextTurn + 1) % METER_TURNS;
    return this.#nextTurn;
  }

  #seen(device: DeviceEntry, atUnixMs: number, everyMs: number): void {
    if (atUnixMs <= device.seenUnixMs + everyMs) return;
    device.seenUnixMs = atUnixMs;
    device.row.set('lastSeenUnixMs', Math.round(atUnixMs));
  }
}

function knownOf({ value, text }: ChannelEntry): number | string | undefined {
  return text ?? (Number.isNaN(value) ? undefined : value);
}

function freshRow(definition: DeviceDefinition): DeviceRow {
  return {
    id: definition.id,
    name: definition.name,
    protocol: definition.protocol,
    state: 'disconnected',
    sinceUnixMs: 0,
    lastSeenUnixMs: null,
    reconnects: 0,
    lastError: null,
    address: null,
  };
}

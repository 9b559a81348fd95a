import type { Clock, TimerHandle } from '../../../engine/clock.js';
import type { ConnectionRow, DeviceRow, InstanceRow, RfRow, ScanRow } from '../../contract/rows.js';
import type { GatewaySocket } from '../../http/socket.types.js';
import type { TableWatch } from '../../live/table.types.js';
import type { Manufacturers } from './manufacturers.js';
import { type DjangoTables, deviceTypeOf, isoOf, liveReceiver } from './translate.js';

/** Pages were told of a poll every five seconds; a second is soon enough for them, and little for a browser. */
export const TICK_MS = 1_000;

const FIELDS = [
  'number',
  'slot',
  'name',
  'reportedName',
  'status',
  'active',
  'batteryBars',
  'batteryPercent',
  'batteryMinutes',
  'rfPercent',
  'audioPercent',
  'antenna',
  'qualityPercent',
  'frequencyMhz',
  'txOffsetDb',
  'heardUnixMs',
  'deviceState',
] as const satisfies readonly (keyof RfRow)[];

type Watched = 'rf' | 'instances' | 'connections' | 'scans';
type Watching = Readonly<Record<Watched, TableWatch>>;

/** A channel as it was at the last look. */
interface Seen {
  readonly deviceId: string;
  readonly values: unknown[];
}

interface Message {
  /** Plugin it is about. */
  readonly plugin: string;
  readonly body: object;
}

export interface AnnouncerOptions {
  readonly tables: DjangoTables;
  readonly makers: Manufacturers;
  readonly clock: Clock;
  readonly publish: (topic: string, text: string) => void;
}

const topicOf = (code: string | undefined): string =>
  code === undefined ? 'micboard_updates' : `micboard_updates.${code}`;

/**
 * Tells sockets what changed, once a second while somebody listens: encoded once for all, and once for each
 * manufacturer that somebody asked for. Looks only at rows that changed.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #members = new Map<string | undefined, number>();
  readonly #channels = new Map<string, Seen>();
  /** Channels by device. */
  readonly #ofDevice = new Map<string, Set<string>>();
  /** Device, vendor connection or search → what was told of it. */
  readonly #told = new Map<string, string>();
  #watching: Watching | undefined;
  #timer: TimerHandle | undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  join(socket: Pick<GatewaySocket, 'subscribe'>, code: string | undefined): void {
    socket.subscribe(topicOf(code));
    this.#members.set(code, (this.#members.get(code) ?? 0) + 1);
    if (this.#timer !== undefined) return;
    // A page has read `data.json`: what is there now is not told again.
    this.#changedReceivers();
    this.#events();
    this.#schedule();
  }

  leave(code: string | undefined): void {
    const left = (this.#members.get(code) ?? 1) - 1;
    if (left > 0) this.#members.set(code, left);
    else this.#members.delete(code);
    if (this.#members.size === 0) this.stop();
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const watch of Object.values(this.#watching ?? {})) watch.end();
    this.#watching = undefined;
    this.#channels.clear();
    this.#ofDevice.clear();
    this.#told.clear();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#tell();
      if (this.#timer !== undefined) this.#schedule();
    }, TICK_MS);
  }

  #tell(): void {
    const { makers, publish } = this.#options;
    const receivers = this.#changedReceivers();
    const events = this.#events();
    if (receivers.length === 0 && events.length === 0) return;
    for (const code of this.#members.keys()) {
      const plugins = code === undefined ? undefined : makers.find(code)?.plugins;
      const mine = ({ plugin }: Message): boolean =>
        code === undefined || plugins?.has(plugin) === true;
      const topic = topicOf(code);
      const list = receivers.filter(mine).map(({ body }) => body);
      if (list.length > 0) {
        publish(topic, JSON.stringify({ type: 'device_update', data: { receivers: list } }));
      }
      for (const event of events.filter(mine)) publish(topic, JSON.stringify(event.body));
    }
  }

  /** Ids that changed since the last look; the first time all of them. */
  #changed(table: Watched): ReadonlySet<string> {
    const { rf, instances, connections, scans } = this.#options.tables;
    this.#watching ??= {
      rf: rf.watch(),
      instances: instances.watch(),
      connections: connections.watch(),
      scans: scans.watch(),
    };
    return this.#watching[table].drain();
  }

  /** Receivers of which a channel changed since the last look. */
  #changedReceivers(): Message[] {
    const { tables } = this.#options;
    const changed = new Set<string>();
    for (const id of this.#changed('rf')) {
      const row = tables.rf.get(id) as unknown as RfRow | undefined;
      if (row === undefined) {
        this.#gone(id);
        continue;
      }
      const { values } = this.#seen(row);
      for (const [i, field] of FIELDS.entries()) {
        if (values[i] === row[field] && i < values.length) continue;
        values[i] = row[field];
        changed.add(row.deviceId);
      }
    }
    const messages: Message[] = [];
    for (const id of changed) {
      const device = tables.devices.get(id) as unknown as DeviceRow | undefined;
      if (device === undefined) continue;
      const channels = [...(this.#ofDevice.get(id) ?? [])]
        .flatMap((channel) => (tables.rf.get(channel) as unknown as RfRow | undefined) ?? [])
        .sort((a, b) => a.number - b.number);
      const plugin = channels[0]?.vendor ?? '';
      messages.push({ plugin, body: liveReceiver(tables, device, channels) });
    }
    return messages;
  }

  #seen({ id, deviceId }: RfRow): Seen {
    const known = this.#channels.get(id);
    if (known?.deviceId === deviceId) return known;
    this.#gone(id);
    const made: Seen = { deviceId, values: [] };
    this.#channels.set(id, made);
    const siblings = this.#ofDevice.get(deviceId);
    if (siblings === undefined) this.#ofDevice.set(deviceId, new Set([id]));
    else siblings.add(id);
    return made;
  }

  #gone(id: string): void {
    const deviceId = this.#channels.get(id)?.deviceId;
    if (deviceId === undefined) return;
    this.#channels.delete(id);
    const siblings = this.#ofDevice.get(deviceId);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#ofDevice.delete(deviceId);
  }

  /** Rows of a table that changed; what was told of those that are gone is forgotten. */
  *#changedRows<T>(table: Exclude<Watched, 'rf'>, told: readonly string[]): IterableIterator<T> {
    for (const id of this.#changed(table)) {
      const row = this.#options.tables[table].get(id);
      if (row !== undefined) yield row as unknown as T;
      else for (const kind of told) this.#told.delete(`${kind} ${id}`);
    }
  }

  /** Connections, vendor connections and searches that changed. */
  #events(): Message[] {
    const { tables, makers } = this.#options;
    const messages: Message[] = [];
    const differs = (key: string, mark: string): boolean => {
      if (this.#told.get(key) === mark) return false;
      this.#told.set(key, mark);
      return true;
    };
    for (const row of this.#changedRows<InstanceRow>('instances', ['health', 'state'])) {
      const { id, plugin } = row;
      if (differs(`health ${id}`, `${row.health} ${row.healthMessage}`)) {
        messages.push({ plugin, body: healthUpdate(row, makers.ofPlugin(plugin).code) });
      }
      if (differs(`state ${id}`, `${row.name} ${row.state} ${row.error}`)) {
        const why = row.error === null ? '' : `: ${row.error}`;
        const message = `${row.name} is ${row.state}${why}`;
        messages.push({ plugin, body: { type: 'status', message } });
      }
    }
    for (const row of this.#changedRows<ConnectionRow>('connections', ['link'])) {
      if (!differs(`link ${row.id}`, row.state)) continue;
      const device = tables.devices.get(row.id) as unknown as DeviceRow | undefined;
      const body = {
        type: 'device_status_update',
        service_code: makers.ofPlugin(row.vendor).code,
        device_id: row.id,
        device_type: device === undefined ? '' : deviceTypeOf(device),
        status: row.state,
        is_active: row.state === 'connected',
      };
      messages.push({ plugin: row.vendor, body });
    }
    for (const row of this.#changedRows<ScanRow>('scans', ['scan'])) {
      if (!differs(`scan ${row.id}`, `${row.state} ${row.asked} ${row.found}`)) continue;
      const status = `Search ${row.state}: ${row.asked} of ${row.hosts} asked, ${row.found} found`;
      const instance = tables.instances.get(String(row.instanceId));
      const plugin = (instance as unknown as InstanceRow | undefined)?.plugin ?? '';
      messages.push({ plugin, body: { type: 'progress', status } });
    }
    return messages;
  }
}

const healthUpdate = (row: InstanceRow, manufacturerCode: string): object => ({
  type: 'api_health_update',
  manufacturer_code: manufacturerCode,
  health_data: {
    status: row.health,
    message: row.healthMessage,
    devices: row.devices,
    connected: row.connected,
    timestamp: isoOf(row.checkedUnixMs),
  },
});

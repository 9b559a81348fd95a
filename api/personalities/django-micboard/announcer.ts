import type { Clock, TimerHandle } from '../../../engine/clock.js';
import type { ConnectionRow, DeviceRow, InstanceRow, RfRow, ScanRow } from '../../contract/rows.js';
import type { GatewaySocket } from '../../http/socket.types.js';
import type { Manufacturers } from './manufacturers.js';
import { type DjangoTables, deviceTypeOf, isoOf, liveReceiver, rowsOf } from './translate.js';

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
 * manufacturer that somebody asked for.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #members = new Map<string | undefined, number>();
  readonly #channels = new Map<string, unknown[]>();
  /** Device, vendor connection or search → what was told of it. */
  readonly #told = new Map<string, string>();
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
    this.#channels.clear();
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

  /** Receivers of which a channel changed since the last look. */
  #changedReceivers(): Message[] {
    const { tables } = this.#options;
    const byDevice = new Map<string, RfRow[]>();
    const changed = new Set<string>();
    const gone = new Set(this.#channels.keys());
    for (const row of rowsOf<RfRow>(tables.rf)) {
      gone.delete(row.id);
      const known = byDevice.get(row.deviceId);
      if (known === undefined) byDevice.set(row.deviceId, [row]);
      else known.push(row);
      let seen = this.#channels.get(row.id);
      if (seen === undefined) {
        seen = [];
        this.#channels.set(row.id, seen);
      }
      for (const [i, field] of FIELDS.entries()) {
        if (seen[i] === row[field] && i < seen.length) continue;
        seen[i] = row[field];
        changed.add(row.deviceId);
      }
    }
    for (const id of gone) this.#channels.delete(id);
    const messages: Message[] = [];
    for (const id of changed) {
      const device = tables.devices.get(id) as unknown as DeviceRow | undefined;
      const channels = byDevice.get(id) ?? [];
      const plugin = channels[0]?.vendor ?? '';
      if (device === undefined) continue;
      const ordered = [...channels].sort((a, b) => a.number - b.number);
      messages.push({ plugin, body: liveReceiver(tables, device, ordered) });
    }
    return messages;
  }

  /** Connections, vendor connections and searches that changed. */
  #events(): Message[] {
    const { tables, makers } = this.#options;
    const messages: Message[] = [];
    const gone = new Set(this.#told.keys());
    const differs = (key: string, mark: string): boolean => {
      gone.delete(key);
      if (this.#told.get(key) === mark) return false;
      this.#told.set(key, mark);
      return true;
    };
    const plugins = new Map<number, string>();
    for (const row of rowsOf<InstanceRow>(tables.instances)) {
      const { id, plugin } = row;
      plugins.set(Number(id), plugin);
      if (differs(`health ${id}`, `${row.health} ${row.healthMessage}`)) {
        messages.push({ plugin, body: healthUpdate(row, makers.ofPlugin(plugin).code) });
      }
      if (differs(`state ${id}`, `${row.name} ${row.state} ${row.error}`)) {
        const why = row.error === null ? '' : `: ${row.error}`;
        const message = `${row.name} is ${row.state}${why}`;
        messages.push({ plugin, body: { type: 'status', message } });
      }
    }
    for (const row of rowsOf<ConnectionRow>(tables.connections)) {
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
    for (const row of rowsOf<ScanRow>(tables.scans)) {
      if (!differs(`scan ${row.id}`, `${row.state} ${row.asked} ${row.found}`)) continue;
      const status = `Search ${row.state}: ${row.asked} of ${row.hosts} asked, ${row.found} found`;
      const plugin = plugins.get(row.instanceId) ?? '';
      messages.push({ plugin, body: { type: 'progress', status } });
    }
    for (const key of gone) this.#told.delete(key);
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

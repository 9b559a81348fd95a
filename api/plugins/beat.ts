import type { Clock, TimerHandle } from '../../engine/clock.js';
import { type DeviceTables, METER_TURNS } from '../devices/tables.js';
import type { PluginDevices } from './devices.js';
import type { PluginHosts } from './hosts.js';
import type { Instances } from './instances.js';
import type { RecordBook } from './record-book.js';

interface BeatOptions {
  readonly clock: Clock;
  readonly tables: DeviceTables;
  readonly devices: PluginDevices;
  readonly instances: Instances;
  readonly book: RecordBook;
  readonly hosts: PluginHosts;
}

const REFRESH_MS = 1_000;
const HEALTH_EVERY = 30;

/** What follows the time in the live rows of plugins: meters in turns, counts and troubles each second, health. */
export class Beat {
  readonly #of: BeatOptions;
  #timer: TimerHandle | undefined;
  #turn = 0;
  #seconds = 0;

  constructor(options: BeatOptions) {
    this.#of = options;
  }

  start(): void {
    this.#refresh();
  }

  stop(): void {
    this.#of.clock.clearTimeout(this.#timer);
  }

  #refresh(): void {
    this.#of.tables.refreshMeters(this.#turn);
    this.#turn = (this.#turn + 1) % METER_TURNS;
    if (this.#turn === 0) {
      this.#seconds += 1;
      this.#countInstances();
      this.#of.devices.sweep();
      if (this.#seconds % HEALTH_EVERY === 0) this.#of.devices.refreshHealth();
    }
    this.#timer = this.#of.clock.setTimeout(() => this.#refresh(), REFRESH_MS / METER_TURNS);
  }

  #countInstances(): void {
    const counts = new Map<number, { devices: number; connected: number }>();
    for (const { deviceId, instanceId } of this.#of.book.all()) {
      const count = counts.get(instanceId) ?? { devices: 0, connected: 0 };
      if (count.devices === 0) counts.set(instanceId, count);
      count.devices += 1;
      if (this.#of.devices.connection(deviceId)?.state === 'connected') count.connected += 1;
    }
    for (const { id } of this.#of.instances.all()) {
      const { devices, connected } = counts.get(id) ?? { devices: 0, connected: 0 };
      this.#of.instances.counts(id, devices, connected);
    }
    this.#of.hosts.refresh();
  }
}

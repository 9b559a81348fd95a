import type { DeviceDefinition } from '../../actors/device/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQueries } from '../../engine/series/queries.js';

const AFTER_MS = 500;
const AGAIN_MS = 10_000;
/** Names of one insert. */
const ROWS_AT_ONCE = 20_000;

/** The devices of the site, as `DeviceTables` has them. */
export interface NamedDevices {
  ids(): Iterable<string>;
  definition(deviceId: string): DeviceDefinition | undefined;
  onDevice(listener: (deviceId: string) => void): () => void;
}

export interface ChannelNamesOptions {
  readonly queries: SeriesQueries;
  readonly devices: NamedDevices;
  readonly clock: Clock;
  readonly onFault: (error: EngineError) => void;
}

interface Named {
  readonly channel: number;
  readonly device: string;
  readonly device_name: string;
  readonly parameter: string;
  readonly unit: string;
  readonly kind: string;
  readonly removed: 0 | 1;
}

/**
 * Keeps the names of channels in the series store as they are on the site, so that SQL can join them. Names of devices that
 * were removed stay, marked so. Only devices that changed are looked at. Memory: one text a channel.
 */
export class ChannelNames {
  readonly #options: ChannelNamesOptions;
  /** Rows as the store has them, as JSON, by device and channel. */
  readonly #stored = new Map<string, Map<number, string>>();
  /** Devices to compare with the store. */
  #due = new Set<string>();
  #read = false;
  #unfollow: (() => void) | undefined;
  #timer: TimerHandle | undefined;
  #syncing: Promise<void> | undefined;
  #again = false;
  #failing = false;
  #closed = false;

  constructor(options: ChannelNamesOptions) {
    this.#options = options;
  }

  start(): void {
    const { devices } = this.#options;
    this.#unfollow = devices.onDevice((id) => {
      this.#due.add(id);
      this.#later(AFTER_MS);
    });
    for (const id of devices.ids()) this.#due.add(id);
    this.#later(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unfollow?.();
    this.#options.clock.clearTimeout(this.#timer);
    await this.#syncing?.catch(() => undefined);
  }

  /** The store knows every name that is known now. @throws EngineError `store.away`. */
  async flush(): Promise<void> {
    if (this.#syncing !== undefined) {
      this.#again = true;
      await this.#syncing;
      return;
    }
    this.#syncing = this.#sync();
    try {
      await this.#syncing;
    } finally {
      this.#syncing = undefined;
    }
  }

  #later(delayMs: number): void {
    if (this.#closed) return;
    const { clock, onFault } = this.#options;
    // Not put off by what comes next: devices that keep changing are written now and then.
    this.#timer ??= clock.setTimeout(() => {
      this.#timer = undefined;
      this.flush().then(
        () => {
          this.#failing = false;
        },
        (thrown: unknown) => {
          // A store that is away is told once by others; here only what else goes wrong, once.
          const error = EngineError.from(thrown);
          if (!this.#failing && error.remedy !== 'retry') onFault(error);
          this.#failing = true;
          this.#later(AGAIN_MS);
        },
      );
    }, delayMs);
  }

  async #sync(): Promise<void> {
    do {
      this.#again = false;
      if (!this.#read) await this.#readStored();
      const due = this.#due;
      this.#due = new Set();
      try {
        const changed = [...due].flatMap((id) => this.#changed(id));
        for (let at = 0; at < changed.length; at += ROWS_AT_ONCE) {
          const some = changed.slice(at, at + ROWS_AT_ONCE);
          await this.#options.queries.insert('channel_names', some);
          for (const row of some) this.#keep(row);
        }
      } catch (error) {
        for (const id of due) this.#due.add(id);
        throw error;
      }
    } while (this.#again && !this.#closed);
  }

  async #readStored(): Promise<void> {
    const rows = await this.#options.queries.rows<Named>(
      'SELECT channel, device, device_name, parameter, unit, kind, removed FROM channel_names FINAL',
    );
    for (const row of rows) {
      this.#keep(row);
      // It may have been removed while nobody kept the names.
      this.#due.add(row.device);
    }
    this.#read = true;
  }

  #keep(row: Named): void {
    const known = this.#stored.get(row.device);
    if (known === undefined) {
      this.#stored.set(row.device, new Map([[row.channel, JSON.stringify(row)]]));
    } else known.set(row.channel, JSON.stringify(row));
  }

  #changed(deviceId: string): Named[] {
    const definition = this.#options.devices.definition(deviceId);
    const stored = this.#stored.get(deviceId);
    const changed: Named[] = [];
    const present = new Set<number>();
    for (const { id, name, unit, kind } of definition?.channels ?? []) {
      present.add(id);
      const named: Named = {
        channel: id,
        device: deviceId,
        device_name: definition?.name ?? deviceId,
        parameter: name,
        unit: unit ?? '',
        kind,
        removed: 0,
      };
      if (stored?.get(id) !== JSON.stringify(named)) changed.push(named);
    }
    for (const [channel, text] of stored ?? []) {
      if (present.has(channel)) continue;
      const gone = JSON.parse(text) as Named;
      if (gone.removed === 0) changed.push({ ...gone, removed: 1 });
    }
    return changed;
  }
}

import type { DeviceDefinition } from '../../actors/device/protocol.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQueries } from '../../engine/series/queries.js';

const AFTER_MS = 500;
const AGAIN_MS = 10_000;
/** After a start: until then devices connect, and whoever asks by SQL gets the names at once. */
const START_AFTER_MS = 10_000;
/** Names of one insert, and of one stretch of the thread. */
const ROWS_AT_ONCE = 5_000;

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
 * were removed stay, marked so. Only devices that changed are looked at. Memory: one row a channel.
 */
export class ChannelNames {
  readonly #options: ChannelNamesOptions;
  /** Rows as the store has them, by device and channel. */
  readonly #stored = new Map<string, Map<number, Named>>();
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
    this.#later(START_AFTER_MS);
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
        await this.#write(due);
      } catch (error) {
        for (const id of due) this.#due.add(id);
        throw error;
      }
    } while (this.#again && !this.#closed);
  }

  async #write(due: ReadonlySet<string>): Promise<void> {
    let rows: Named[] = [];
    const insert = async (): Promise<void> => {
      await this.#options.queries.insert('channel_names', rows);
      for (const row of rows) this.#keep(row);
      rows = [];
    };
    let looked = 0;
    for (const id of due) {
      rows.push(...this.#changed(id));
      looked += this.#stored.get(id)?.size ?? 0;
      if (rows.length >= ROWS_AT_ONCE) await insert();
      if (looked < ROWS_AT_ONCE) continue;
      looked = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (rows.length > 0) await insert();
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
    if (known === undefined) this.#stored.set(row.device, new Map([[row.channel, row]]));
    else known.set(row.channel, row);
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
      if (!same(stored?.get(id), named)) changed.push(named);
    }
    for (const [channel, gone] of stored ?? []) {
      if (!present.has(channel) && gone.removed === 0) changed.push({ ...gone, removed: 1 });
    }
    return changed;
  }
}

/** Of one device and channel. */
const same = (stored: Named | undefined, named: Named): boolean =>
  stored !== undefined &&
  stored.device_name === named.device_name &&
  stored.parameter === named.parameter &&
  stored.unit === named.unit &&
  stored.kind === named.kind &&
  stored.removed === named.removed;

import type { ContentTable } from '../../actors/content/store.types.js';
import type { DeviceRecord } from '../../actors/inventory/inventory.types.js';
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';

type Changes = Partial<Omit<DeviceRecord, 'id'>>;

/** Changes of records, of many devices, are gathered so long and written in one transaction. */
const WRITE_EVERY_MS = 100;
const AGAIN_MS = 2_000;

/** A MAC address as it is compared: hexadecimal digits only, in lower case. */
export function plainMac(mac: string): string {
  return mac.toLowerCase().replaceAll(/[^0-9a-f]/g, '');
}

/**
 * The inventory's records of all plugin devices, in memory, found by what tells devices apart. Changes made here
 * count at once and are written in batches; a batch that cannot be written is tried again.
 */
export class RecordBook {
  readonly #table: ContentTable<DeviceRecord>;
  readonly #clock: Clock;
  readonly #onFault: (error: EngineError) => void;
  readonly #byDevice = new Map<string, DeviceRecord>();
  readonly #byId = new Map<number, string>();
  readonly #index = new Map<string, Set<string>>();
  #due = new Map<number, Changes>();
  #timer: TimerHandle | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly table: ContentTable<DeviceRecord>;
    readonly clock: Clock;
    readonly onFault: (error: EngineError) => void;
  }) {
    this.#table = options.table;
    this.#clock = options.clock;
    this.#onFault = options.onFault;
  }

  get size(): number {
    return this.#byDevice.size;
  }

  async load(): Promise<void> {
    for await (const rows of this.#table.each(undefined, 2_000)) {
      for (const row of rows) this.#put(row);
    }
  }

  get(deviceId: string): DeviceRecord | undefined {
    return this.#byDevice.get(deviceId);
  }

  all(): IterableIterator<DeviceRecord> {
    return this.#byDevice.values();
  }

  ofInstance(instanceId: number): readonly DeviceRecord[] {
    return [...this.#byDevice.values()].filter((record) => record.instanceId === instanceId);
  }

  bySerial(serial: string): readonly DeviceRecord[] {
    return this.#found(serialKey(serial));
  }

  byMac(mac: string): readonly DeviceRecord[] {
    return this.#found(macKey(mac));
  }

  byAddress(address: string): readonly DeviceRecord[] {
    return this.#found(addressKey(address));
  }

  byExternalId(instanceId: number, externalId: string): DeviceRecord | undefined {
    return this.#found(externalKey(instanceId, externalId))[0];
  }

  async createMany(values: readonly Omit<DeviceRecord, 'id'>[]): Promise<readonly DeviceRecord[]> {
    const made = await this.#table.createMany(values);
    for (const row of made) this.#put(row);
    return made;
  }

  /** Counts at once and is written soon. Unknown devices are left. */
  change(deviceId: string, values: Changes): DeviceRecord | undefined {
    const record = this.#byDevice.get(deviceId);
    if (record === undefined) return undefined;
    const now = { ...record, ...values };
    this.#put(now);
    this.#due.set(record.id, { ...this.#due.get(record.id), ...values });
    this.#writeLater(WRITE_EVERY_MS);
    return now;
  }

  forget(deviceId: string): void {
    const record = this.#byDevice.get(deviceId);
    if (record === undefined) return;
    this.#drop(record);
    this.#due.delete(record.id);
  }

  /** Reads records that were changed elsewhere. @returns the devices they are of, or were. */
  async refresh(ids: readonly number[]): Promise<readonly string[]> {
    const rows = await this.#table.many(ids);
    const there = new Set(rows.map(({ id }) => id));
    const touched: string[] = [];
    for (const row of rows) {
      // What was changed here and is not written yet counts.
      const merged = { ...row, ...this.#due.get(row.id) };
      const known = this.#byDevice.get(row.deviceId);
      if (known !== undefined && JSON.stringify(known) === JSON.stringify(merged)) continue;
      this.#put(merged);
      touched.push(row.deviceId);
    }
    for (const id of ids) {
      const deviceId = this.#byId.get(id);
      if (there.has(id) || deviceId === undefined) continue;
      this.forget(deviceId);
      touched.push(deviceId);
    }
    return touched;
  }

  /** Writes what is due. */
  async flush(): Promise<void> {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.flush();
    this.#clock.clearTimeout(this.#timer);
  }

  #writeLater(afterMs: number): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, afterMs);
  }

  async #write(): Promise<void> {
    if (this.#due.size === 0) return;
    const due = this.#due;
    this.#due = new Map();
    const updatedAtUnixMs = this.#clock.nowMs();
    try {
      await this.#table.updateBulk(
        Array.from(due, ([id, values]) => ({ id, values: { ...values, updatedAtUnixMs } })),
      );
    } catch (thrown) {
      for (const [id, values] of due) this.#due.set(id, { ...values, ...this.#due.get(id) });
      this.#onFault(EngineError.from(thrown));
      this.#writeLater(AGAIN_MS);
    }
  }

  #put(record: DeviceRecord): void {
    // First of all: a record whose keys cannot be made must leave the one before it as it is.
    const keys = keysOf(record);
    const before = this.#byDevice.get(record.deviceId);
    if (before !== undefined) this.#drop(before);
    this.#byDevice.set(record.deviceId, record);
    this.#byId.set(record.id, record.deviceId);
    for (const key of keys) {
      const ids = this.#index.get(key);
      if (ids === undefined) this.#index.set(key, new Set([record.deviceId]));
      else ids.add(record.deviceId);
    }
  }

  #drop(record: DeviceRecord): void {
    this.#byDevice.delete(record.deviceId);
    this.#byId.delete(record.id);
    for (const key of keysOf(record)) {
      const ids = this.#index.get(key);
      ids?.delete(record.deviceId);
      if (ids?.size === 0) this.#index.delete(key);
    }
  }

  #found(key: string): readonly DeviceRecord[] {
    return [...(this.#index.get(key) ?? [])].flatMap((id) => this.#byDevice.get(id) ?? []);
  }
}

const serialKey = (serial: string): string => `serial ${serial.toLowerCase()}`;
const macKey = (mac: string): string => `mac ${plainMac(mac)}`;
const addressKey = (address: string): string => `address ${address.toLowerCase()}`;
const externalKey = (instanceId: number, id: string): string => `external ${instanceId} ${id}`;

function keysOf(record: DeviceRecord): readonly string[] {
  const keys = [externalKey(record.instanceId, record.externalId)];
  if (record.serial !== null) keys.push(serialKey(record.serial));
  if (record.mac !== null) keys.push(macKey(record.mac));
  if (record.address !== null) keys.push(addressKey(record.address));
  return keys;
}

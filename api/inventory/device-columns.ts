import { healthOf } from '../../actors/inventory/derived.js';
import type { DeviceHealth } from '../contract/rows.js';
import type { LiveTable } from '../live/table.types.js';
import type { PluginPort } from '../plugins/plugins.types.js';
import type { InventoryBook } from './book.js';

/** Columns of `devices` rows that the inventory knows. */
export class DeviceColumns {
  readonly #devices: LiveTable;
  readonly #book: InventoryBook;
  readonly #connection: PluginPort['connection'];

  constructor(devices: LiveTable, book: InventoryBook, connection: PluginPort['connection']) {
    this.#devices = devices;
    this.#book = book;
    this.#connection = connection;
  }

  refresh(deviceId: string, nowUnixMs: number): void {
    const record = this.#book.recordOf(deviceId);
    if (record === undefined) return;
    const instance = this.#book.rows.instances.get(record.instanceId);
    this.#devices.patch(deviceId, {
      role: record.role,
      instanceId: record.instanceId,
      vendor: instance?.plugin ?? null,
      model: record.model,
      serial: record.serial,
      firmware: record.firmware,
      lifecycle: record.lifecycle,
      locationId: record.locationId,
      location: this.#book.place(record.locationId),
      health: this.health(deviceId, nowUnixMs),
    });
  }

  sweep(nowUnixMs: number): void {
    for (const { deviceId, id } of this.#book.rows.records.values()) {
      const row = this.#devices.get(deviceId);
      if (row === undefined) continue;
      // The row is younger than the record: it has none of its columns.
      if (row['instanceId'] === undefined) this.refresh(deviceId, nowUnixMs);
      else if (this.#book.rows.records.has(id)) {
        this.#devices.set(deviceId, 'health', this.health(deviceId, nowUnixMs));
      }
    }
  }

  health(deviceId: string, nowUnixMs: number): DeviceHealth {
    const record = this.#book.recordOf(deviceId);
    const facts = this.#connection(deviceId);
    const retired = record?.lifecycle === 'retired';
    const linked = facts?.state === 'connected' || facts?.state === 'connecting';
    const active = record?.enabled === true && !retired && linked;
    return healthOf(active, facts?.lastMessageAtUnixMs ?? null, nowUnixMs);
  }
}

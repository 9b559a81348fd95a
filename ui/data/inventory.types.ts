/** Rows of the device inventory as `/v1` sends them. Ids are whole numbers; times are Unix ms. */

import type { RowOfTable } from './table-row.types.js';

export type Lifecycle = DeviceRecord['lifecycle'];

/** A vendor connection: a plugin with its configuration, without secrets. */
export type PluginInstance = RowOfTable<'plugin-instances'>;

/** What the site knows of a device beside its parameters. */
export type DeviceRecord = RowOfTable<'device-records'>;

export type RfChannel = RowOfTable<'rf-channels'>;

/** A transmitter or in-ear pack that is carried about. */
export type WirelessUnit = RowOfTable<'units'>;

export type Performer = RowOfTable<'performers'>;

/** Who uses a channel. */
export type Assignment = RowOfTable<'assignments'>;

export type Location = RowOfTable<'locations'>;

/** A setting's value for the site, a vendor or a device. */
export type SettingOverride = RowOfTable<'setting-overrides'>;

export interface InventoryRows {
  readonly 'plugin-instances': PluginInstance;
  readonly 'device-records': DeviceRecord;
  readonly 'rf-channels': RfChannel;
  readonly units: WirelessUnit;
  readonly performers: Performer;
  readonly assignments: Assignment;
  readonly locations: Location;
  readonly 'setting-overrides': SettingOverride;
}

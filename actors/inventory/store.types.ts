import type { ContentTable } from '../content/store.types.js';
import type * as Rows from './inventory.types.js';

/**
 * The inventory in the control store. Tables work as those of the content do; their changes are noted under
 * `inventory.<name>`.
 */
export interface InventoryStore {
  readonly instances: ContentTable<Rows.PluginInstanceRow>;
  readonly records: ContentTable<Rows.DeviceRecord>;
  readonly rfChannels: ContentTable<Rows.RfChannelRow>;
  readonly units: ContentTable<Rows.WirelessUnitRow>;
  readonly performers: ContentTable<Rows.PerformerRow>;
  readonly assignments: ContentTable<Rows.AssignmentRow>;
  readonly groups: ContentTable<Rows.BoardGroupRow>;
  readonly locations: ContentTable<Rows.LocationRow>;
  readonly discoveries: ContentTable<Rows.DiscoveryRow>;
  readonly overrides: ContentTable<Rows.SettingOverrideRow>;
  readonly kiosks: ContentTable<Rows.KioskLinkRow>;
  readonly desired: ContentTable<Rows.DesiredValueRow>;
  /** The record of a device. */
  recordOf(deviceId: string): Promise<Rows.DeviceRecord | undefined>;
}

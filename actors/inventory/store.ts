import { StoredTable } from '../content/table.js';
import type { SiteControl } from '../control/tables.js';
import { INVENTORY_SPECS, type InventoryName } from './specs.js';
import type { InventoryStore } from './store.types.js';

/** The device inventory of a site on its control store. */
export function openInventory(control: SiteControl): InventoryStore {
  const tables = Object.fromEntries(
    (Object.keys(INVENTORY_SPECS) as InventoryName[]).map((name) => [
      name,
      new StoredTable<{ id: number }>(control, INVENTORY_SPECS[name] as never),
    ]),
  ) as unknown as Pick<InventoryStore, InventoryName>;
  return {
    ...tables,
    recordOf: (deviceId) =>
      tables.records.first({ where: [{ field: 'deviceId', op: '=', value: deviceId }] }),
  };
}

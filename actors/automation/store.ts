import { StoredTable } from '../content/table.js';
import type { SiteControl } from '../control/tables.js';
import { AUTOMATION_SPECS, type AutomationName } from './specs.js';
import type { AutomationStore } from './store.types.js';

/** What decides, tells and records, on the control store of a site. */
export function openAutomation(control: SiteControl): AutomationStore {
  return Object.fromEntries(
    (Object.keys(AUTOMATION_SPECS) as AutomationName[]).map((name) => [
      name,
      new StoredTable<{ id: number }>(control, AUTOMATION_SPECS[name] as never),
    ]),
  ) as unknown as AutomationStore;
}

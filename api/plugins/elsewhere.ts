import type { PluginDevices } from './devices.js';
import type { Discoveries } from './discoveries.js';
import type { Instances } from './instances.js';
import type { InventoryChanges } from './inventory-feed.js';
import type { RecordBook } from './record-book.js';
import type { SiteFacts } from './site-facts.js';
import type { ThreadCare } from './thread-care.js';

interface ElsewhereOptions {
  readonly facts: SiteFacts;
  readonly care: ThreadCare;
  readonly book: RecordBook;
  readonly instances: Instances;
  readonly devices: PluginDevices;
  readonly discoveries: Discoveries;
}

/**
 * The inventory was changed by somebody else: settings, places, vendors, records and the queue are read again, and
 * threads get what concerns them.
 * @param started false: threads are not given anything yet
 */
export async function changedElsewhere(
  changes: InventoryChanges,
  started: boolean,
  options: ElsewhereOptions,
): Promise<void> {
  const { facts, care, book, instances, devices, discoveries } = options;
  const { everything, ids } = changes;
  if (everything || ids('overrides').length > 0 || ids('locations').length > 0) {
    await facts.load();
    if (started && (everything || ids('overrides').length > 0)) {
      await care.openings.tune();
      await care.again([...book.all()].map(({ deviceId }) => deviceId));
    }
  }
  const all = everything ? instances.all().map(({ id }) => id) : [];
  for (const { id, reopens } of await instances.refresh([...all, ...ids('instances')])) {
    await care.instanceChanged(id, reopens);
  }
  const records = everything ? [...book.all()].map(({ id }) => id) : [];
  const touched = await book.refresh([...records, ...ids('records')]);
  for (const id of touched) devices.show(id);
  if (touched.length > 0) await care.again(touched);
  if (ids('discoveries').length > 0) await discoveries.refresh(ids('discoveries'));
}

import { SystemClock } from '../../../engine/clock.js';
import { openSiteStore } from '../site.js';

/**
 * Process for the durability test: `writer.js (url|file) PLACE PREFIX` makes devices, settings and snapshots as fast as it
 * can and prints the number of each round after the store acknowledged it, until it is killed.
 */
const [kind = 'file', place = '', prefix = ''] = process.argv.slice(2);
const store = await openSiteStore({
  [kind]: place,
  clock: new SystemClock(),
  onError: (error) => {
    throw error;
  },
});
for (let round = 0; ; round++) {
  const id = `${prefix}-${round}`;
  await store.devices.intern([
    { id, protocol: 'native', channels: [{ name: 'level', kind: 'number' }] },
  ]);
  await store.settings.set(id, { round });
  await store.snapshots.apply([{ id, kind: 'device', snapshot: String(round) }]);
  process.stdout.write(`${round}\n`);
  // Lets the pipe drain: what was printed must have left the process before it is killed.
  await new Promise((resolve) => setImmediate(resolve));
}

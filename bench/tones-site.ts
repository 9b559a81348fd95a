import { join } from 'node:path';
import { openSiteStore } from '../actors/control/site.js';
import { saveTones } from '../api/testing/audio-site.js';
import { SystemClock } from '../engine/clock.js';
import type { BenchContext } from './harness.js';

/** Makes a data folder whose site has the project of the two tones. */
export async function seedTones(context: BenchContext, data: string): Promise<void> {
  const store = await openSiteStore({
    file: join(data, 'control.db'),
    clock: new SystemClock(),
    onError: (error) => context.say(error.message),
  });
  await saveTones(store, join(data, 'media'));
  await store.close();
}

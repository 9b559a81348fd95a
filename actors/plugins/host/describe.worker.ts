/** Thread entry: says what each of some modules that are ours says of itself, and ends. One that cannot be loaded is left out. */
import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../../../engine/clock.js';
import type { Described } from '../protocol.js';
import { loadPlugin } from './load.js';

const { modules } = workerData as { readonly modules: readonly string[] };
const clock = new SystemClock();
for (const module of modules) {
  const loaded = await loadPlugin(module, clock).catch(() => undefined);
  if (loaded === undefined) continue;
  const told: Described = { module, description: loaded.description };
  parentPort?.postMessage(told);
}
parentPort?.close();

import { Worker } from 'node:worker_threads';
import type { Described, PluginDescription } from '../../actors/plugins/protocol.js';
import { entryUrl } from '../../engine/entry.js';

/**
 * What plugins that come with the engine say of themselves, by module, from one thread for all of them: most of what they load is the
 * same. One that cannot be described is left out; asked in its own thread it says why. Each module has its own deadline to load.
 */
export function describeTogether(
  modules: readonly string[],
): Promise<ReadonlyMap<string, PluginDescription>> {
  const told = new Map<string, PluginDescription>();
  if (modules.length === 0) return Promise.resolve(told);
  return new Promise((resolve) => {
    const worker = new Worker(entryUrl('actors/plugins/host/describe.worker'), {
      workerData: { modules },
      name: 'describe',
    });
    worker.unref();
    worker.on('message', ({ module, description }: Described) => {
      told.set(module, description);
    });
    worker.once('error', () => resolve(told));
    worker.once('exit', () => resolve(told));
  });
}

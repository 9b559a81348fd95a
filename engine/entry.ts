import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EngineError } from './errors.js';

/** The folder that holds `package.json`, whether this file runs from the sources or from `dist`. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new EngineError('internal', 'package.json not found above engine');
    folder = parent;
  }
  return folder;
}

/**
 * The compiled entry of a thread or child process, e.g. `actors/device/shard.worker`: bundled when the build bundled
 * it, else the compiler's own file. Threads always run compiled code, also when tests run the sources, so build first.
 * @throws EngineError `not-found` when it was not built.
 */
export function entryUrl(module: string): URL {
  const dist = join(projectRoot(), 'dist');
  const file = [join(dist, 'run', `${module}.js`), join(dist, `${module}.js`)].find(existsSync);
  if (file === undefined) {
    throw new EngineError('not-found', `${module} is not built: run "npm run build" first`);
  }
  return pathToFileURL(file);
}

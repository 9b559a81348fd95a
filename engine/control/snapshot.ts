import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { entryUrl } from '../entry.js';
import { EngineError } from '../errors.js';

const WITHIN_MS = 600_000;

/**
 * Copies one moment of a SQLite store in use into `target`, which must not exist; in a process of its own, because
 * it takes as long as the store is large. @throws EngineError `store.refused`
 */
export async function snapshotSqlite(file: string, target: string): Promise<void> {
  const child = fileURLToPath(entryUrl('engine/control/snapshot.child'));
  try {
    await promisify(execFile)(process.execPath, [child, file, target], { timeout: WITHIN_MS });
  } catch (cause) {
    const { message } = EngineError.from(cause);
    throw new EngineError('store.refused', `the control store could not be copied: ${message}`, {
      cause,
    });
  }
}

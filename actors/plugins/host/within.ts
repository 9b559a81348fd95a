import type { Clock } from '../../../engine/clock.js';
import type { EngineError } from '../../../engine/errors.js';

/**
 * What `work` comes to, or `late()` as its rejection after `deadlineMs`. What it comes to later is not looked at.
 */
export function within<T>(
  clock: Clock,
  deadlineMs: number,
  work: Promise<T>,
  late: () => EngineError,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.setTimeout(() => reject(late()), deadlineMs);
    work
      .then(resolve, reject)
      .finally(() => clock.clearTimeout(timer))
      .catch(reject);
  });
}

import type { FaultKind } from './host.protocol.js';

/** The answer to the request is on its way before the thread breaks. */
const AFTER_MS = 25;

/** Breaks the thread it runs in, for tests: an uncaught throw, an exit, or a loop that never ends. */
export function breakThread(how: FaultKind): boolean {
  switch (how) {
    case 'throw':
      setTimeout(() => {
        throw new Error('thrown on request');
      }, AFTER_MS);
      return true;
    case 'exit':
      setTimeout(() => process.exit(3), AFTER_MS);
      return true;
    case 'hang':
      setTimeout(() => {
        for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
      }, AFTER_MS);
      return true;
  }
}

import type { FaultKind } from './host.protocol.js';

/** Breaks the thread it runs in, for tests: an uncaught throw, an exit, or a loop that never ends. */
export function breakThread(how: FaultKind): boolean {
  switch (how) {
    case 'throw':
      setImmediate(() => {
        throw new Error('thrown on request');
      });
      return true;
    case 'exit':
      setImmediate(() => process.exit(3));
      return true;
    case 'hang':
      setImmediate(() => {
        for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
      });
      return true;
  }
}

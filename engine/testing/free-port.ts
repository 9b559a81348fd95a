import { createServer } from 'node:net';

/** Below what Linux gives to outgoing connections (32768 and up), above what services have by custom. */
const FIRST = 15_000;
const COUNT = 15_000;

/**
 * A port of the loopback that is free now and that no outgoing connection is given: a server that is away for a while finds its
 * port free again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}

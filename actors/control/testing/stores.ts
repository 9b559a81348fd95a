import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestClock } from '../../../engine/clock.js';
import type { DialectName } from '../../../engine/control/dialects.js';
import { startPostgres, type ThrowawayPostgres } from '../../../engine/control/testing/postgres.js';
import type { DeviceCaps } from '../devices.js';
import { openSiteStore, type SiteStore } from '../site.js';

/** An empty control store for a test, in either home. */
export interface TestHome {
  open(options?: {
    readonly deviceCaps?: DeviceCaps;
    readonly feedPollMs?: number;
  }): Promise<SiteStore & { readonly clock: TestClock; readonly errors: readonly Error[] }>;
  /** Where the next `open` goes: a new, empty one. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** Stores opened by it are closed by `renew` and `close`. */
export async function testHome(dialect: DialectName): Promise<TestHome> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-control-'));
  const postgres: ThrowawayPostgres | undefined =
    dialect === 'postgres' ? await startPostgres() : undefined;
  let count = 0;
  let place: { url?: string; file?: string } = {};
  const opened: SiteStore[] = [];
  const closeStores = async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  };
  const renew = async () => {
    await closeStores();
    count++;
    place =
      postgres === undefined
        ? { file: join(folder, `${count}.db`) }
        : { url: await postgres.database() };
  };
  await renew();
  return {
    renew,
    open: async (options = {}) => {
      const clock = new TestClock();
      const errors: Error[] = [];
      const store = await openSiteStore({
        ...place,
        ...options,
        clock,
        onError: (error) => errors.push(error),
      });
      opened.push(store);
      return { ...store, clock, errors };
    },
    close: async () => {
      await closeStores();
      await postgres?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

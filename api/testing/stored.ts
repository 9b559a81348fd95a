import { EngineError } from '../../engine/errors.js';
import type { TestServer } from './server.js';
import type { SmartosLoad } from './smartos-load.js';

/** What the store holds against what was acknowledged. */
export interface Comparison {
  /** Acknowledged and not in the store. */
  readonly lost: number;
  /** In the store more than once. */
  readonly doubled: number;
  readonly stored: number;
  readonly acknowledged: number;
}

/** Waits until `condition` holds, looking every 50 ms. @throws after `withinMs`, naming `what`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 30_000,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Reads every raw row of the fleet's counter back by CSV export and compares. */
export async function compareStored(
  server: TestServer,
  cookie: string,
  load: SmartosLoad,
): Promise<Comparison> {
  let lost = 0;
  let doubled = 0;
  let stored = 0;
  let acknowledged = 0;
  for (const [serial, acked] of load.acked()) {
    const values = await readCounter(server, cookie, serial);
    const distinct = new Set(values);
    stored += values.length;
    doubled += values.length - distinct.size;
    acknowledged += acked.size;
    for (const value of acked) if (!distinct.has(value)) lost += 1;
  }
  return { lost, doubled, stored, acknowledged };
}

/**
 * Waits until the store holds as many rows as were acknowledged. A store that is away has none yet: it may fall away once more after the
 * health page last looked at it. @throws after `withinMs`.
 */
export async function untilReplayed(
  server: TestServer,
  cookie: string,
  load: SmartosLoad,
  withinMs = 60_000,
): Promise<void> {
  await until(
    'all is replayed',
    async () => {
      const { ok } = await fetch(`${server.url}/readyz`);
      if (!ok) return false;
      try {
        const seen = await compareStored(server, cookie, load);
        return seen.stored >= seen.acknowledged;
      } catch (error) {
        if (error instanceof EngineError && error.code === 'store.away') return false;
        throw error;
      }
    },
    withinMs,
  );
}

async function readCounter(server: TestServer, cookie: string, serial: string): Promise<number[]> {
  const query = new URLSearchParams({
    channel: `${serial}/power_income`,
    from: '0',
    to: String(Date.now() + 3_600_000),
    format: 'csv',
  });
  const answer = await fetch(`${server.url}/v1/series/export?${query.toString()}`, {
    headers: { cookie },
  });
  const text = await answer.text();
  if (!answer.ok) {
    throw new EngineError(
      answer.status === 503 ? 'store.away' : 'internal',
      `export of ${serial}: ${answer.status} ${text}`,
    );
  }
  const [head = '', ...lines] = text.trim().split('\n');
  const column = head.split(',').findIndex((name) => name.replaceAll('"', '').trim() === 'value');
  if (column < 0) throw new Error(`the export has no column "value": ${head}`);
  return lines.map((line) => Number(line.split(',')[column]?.replaceAll('"', '')));
}

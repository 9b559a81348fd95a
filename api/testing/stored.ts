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
  if (!answer.ok) throw new Error(`export of ${serial}: ${answer.status} ${text}`);
  const [head = '', ...lines] = text.trim().split('\n');
  const column = head.split(',').findIndex((name) => name.replaceAll('"', '').trim() === 'value');
  if (column < 0) throw new Error(`the export has no column "value": ${head}`);
  return lines.map((line) => Number(line.split(',')[column]?.replaceAll('"', '')));
}

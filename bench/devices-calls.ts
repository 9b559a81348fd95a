import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestServer } from '../api/testing/server.js';
import { SystemClock } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import { connectSeries } from '../engine/series/client.js';
import { EmbeddedStore } from '../engine/series/embedded.js';
import { openSeriesWriter } from '../engine/series/writer.js';

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Calls the site. @throws EngineError `internal` with what it answered. */
export async function json<T>(
  server: TestServer,
  cookie: string,
  path: string,
  method = 'GET',
  body?: unknown,
): Promise<T> {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { cookie, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new EngineError('internal', `${path}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Until so many devices of a vendor connection are connected. */
export async function connected(
  server: TestServer,
  cookie: string,
  instanceId: number,
  wanted: number,
  withinMs: number,
): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    const summary = await json<{ connected: number }>(
      server,
      cookie,
      `/v1/connections/summary?instanceId=${instanceId}`,
    );
    if (summary.connected >= wanted) return;
    if (performance.now() > until) {
      throw new EngineError('internal', `${summary.connected} of ${wanted} connected`);
    }
    await pause(50);
  }
}

/**
 * Samples of channels that the store of a site holds since a time, each once. The site is stopped; what its plugins left
 * in a spool is stored here as the next start would do it.
 */
export async function storedIn(
  data: string,
  channels: readonly number[],
  fromUnixMs: number,
): Promise<number> {
  const clock = new SystemClock();
  const store = new EmbeddedStore({ folder: join(data, 'series'), clock });
  const address = await store.start();
  const client = connectSeries(address);
  const spoolFolder = join(data, 'spool-plugins');
  try {
    for (const name of readdirSync(spoolFolder)) {
      const writer = openSeriesWriter({ address, clock, name, spoolFolder, spoolLimitBytes: 1e9 });
      while (writer.status().state !== 'open') await pause(20);
      await writer.close();
    }
    const answer = await client.query({
      query: `SELECT count() AS stored FROM samples FINAL
        WHERE channel IN (${channels.join(',')}) AND at >= fromUnixTimestamp64Milli({from:Int64})`,
      query_params: { from: fromUnixMs },
      format: 'JSONEachRow',
    });
    const [row] = await answer.json<{ readonly stored: string }>();
    return Number(row?.stored);
  } finally {
    await client.close();
    await store.stop();
  }
}

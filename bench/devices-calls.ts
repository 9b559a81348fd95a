import type { TestServer } from '../api/testing/server.js';
import { EngineError } from '../engine/errors.js';

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

/** Samples of the parameter that each frame sets, in the store, of all channels. */
export async function storedSamples(
  server: TestServer,
  cookie: string,
  fromUnixMs: number,
): Promise<number> {
  const sql = `SELECT count() AS stored FROM earshot_samples WHERE channel IN
    (SELECT channel FROM earshot_channels WHERE parameter LIKE '%.audio_percent')
    AND at >= fromUnixTimestamp64Milli(toInt64(${fromUnixMs}))`;
  const { rows } = await json<{ readonly rows: readonly (readonly unknown[])[] }>(
    server,
    cookie,
    '/v1/sql',
    'POST',
    { sql },
  );
  return Number(rows[0]?.[0]);
}

/** Until nothing waits to be stored, in memory or on disk. */
export async function settled(server: TestServer, cookie: string, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  const counter = (text: string, name: string): number =>
    Number(new RegExp(`^earshot_total\\{counter="${name}"\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  for (let quiet = 0; quiet < 4 && performance.now() < until; ) {
    await pause(400);
    const text = await (await fetch(`${server.url}/metrics`, { headers: { cookie } })).text();
    const left = counter(text, 'spoolBytes') + (counter(text, 'pendingRows') > 1_000 ? 1 : 0);
    quiet = left === 0 ? quiet + 1 : 0;
  }
}

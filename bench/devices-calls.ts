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
async function storedSamples(
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

/** The same when all `wanted` are there, or when no more come. */
export async function storedOf(
  server: TestServer,
  cookie: string,
  fromUnixMs: number,
  wanted: number,
  withinMs: number,
): Promise<number> {
  const until = performance.now() + withinMs;
  for (;;) {
    const stored = await storedSamples(server, cookie, fromUnixMs);
    if (stored >= wanted || performance.now() > until) return stored;
    await pause(500);
  }
}

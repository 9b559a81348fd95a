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

/** A question holds at most 20,000 characters. */
const CHANNELS_AT_ONCE = 2_000;

/** Samples of channels in the store, by their numbers: their names come to the store some time after the start. */
async function storedSamples(
  server: TestServer,
  cookie: string,
  channels: readonly number[],
  fromUnixMs: number,
): Promise<number> {
  let stored = 0;
  for (let at = 0; at < channels.length; at += CHANNELS_AT_ONCE) {
    const sql = `SELECT count() AS stored FROM earshot_samples
      WHERE channel IN (${channels.slice(at, at + CHANNELS_AT_ONCE).join(',')})
      AND at >= fromUnixTimestamp64Milli(toInt64(${fromUnixMs}))`;
    const { rows } = await json<{ readonly rows: readonly (readonly unknown[])[] }>(
      server,
      cookie,
      '/v1/sql',
      'POST',
      { sql },
    );
    stored += Number(rows[0]?.[0]);
  }
  return stored;
}

/** The same when all `wanted` are there, or when no more come. */
export async function storedOf(
  server: TestServer,
  cookie: string,
  channels: readonly number[],
  fromUnixMs: number,
  wanted: number,
  withinMs: number,
): Promise<number> {
  const until = performance.now() + withinMs;
  for (;;) {
    const stored = await storedSamples(server, cookie, channels, fromUnixMs);
    if (stored >= wanted || performance.now() > until) return stored;
    await pause(250);
  }
}

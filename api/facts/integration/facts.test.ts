import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../engine/series/testing.js';
import { startServer, type TestServer } from '../../testing/server.js';

let server: TestServer;
let cookie = '';

beforeAll(async () => {
  server = await startServer({
    env: {
      EARSHOT_DEMO: 'yes',
      EARSHOT_DEMO_DEVICES: '0',
      EARSHOT_DEMO_WALKERS: '0',
    },
    readyWithinMs: 60_000,
  });
  cookie = await server.signIn();
}, 90_000);
afterAll(async () => {
  await server.stop();
});

async function channel(id: string): Promise<unknown> {
  const answer = await fetch(
    `${server.url}/v1/devices/${encodeURIComponent(id.split('/')[0] ?? '')}`,
    {
      headers: { cookie },
    },
  );
  if (!answer.ok) return undefined;
  const { channels } = (await answer.json()) as { channels: { id: string; value: unknown }[] };
  return channels.find((row) => row.id === id)?.value;
}

test('listeners and streams are channels: somebody connects and leaves', async () => {
  await until('it is told', async () => (await channel('site:audio/listeners')) === 0);
  const project = (await (await fetch(`${server.url}/v1/projects`)).json()) as {
    items: { id: number }[];
  };
  const projectId = project.items[0]?.id ?? 0;
  expect(await channel('site:audio/listeners')).toBe(0);
  const opened = await fetch(`${server.url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ projectId }),
  });
  const session = (await opened.json()) as { mount: string; streamUrl: string };
  const path = new URL(session.streamUrl).pathname;
  const leave = new AbortController();
  const stream = await fetch(`${server.streamUrl}${path}`, { signal: leave.signal });
  expect(stream.status).toBe(200);
  const reader = stream.body?.getReader();
  await reader?.read();
  await until('one listens', async () => (await channel('site:audio/listeners')) === 1);
  expect(await channel(`site:project:${projectId}/listeners`)).toBe(1);
  expect(await channel(`site:project:${projectId}/streams`)).toBe(1);
  leave.abort();
  await until('nobody listens', async () => (await channel('site:audio/listeners')) === 0);
}, 120_000);

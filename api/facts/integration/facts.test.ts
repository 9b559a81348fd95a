import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../engine/series/testing.js';
import { TestIcecast } from '../../../media/testing/icecast.js';
import { startServer, type TestServer } from '../../testing/server.js';

let icecast: TestIcecast;
let server: TestServer;
let cookie = '';

beforeAll(async () => {
  icecast = await TestIcecast.start();
  server = await startServer({
    env: {
      EARSHOT_DEMO: 'yes',
      EARSHOT_DEMO_DEVICES: '0',
      EARSHOT_DEMO_WALKERS: '0',
      EARSHOT_ICECAST_URL: `http://source:${icecast.password}@127.0.0.1:${icecast.port}`,
    },
    readyWithinMs: 60_000,
  });
  cookie = await server.signIn();
}, 90_000);
afterAll(async () => {
  await server.stop();
  await icecast.close();
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

test('listeners, streams and Icecast are channels: somebody connects, Icecast goes and comes back', async () => {
  await until('Icecast is up', async () => (await channel('site:audio/icecastUp')) === true);
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

  await icecast.stop();
  await until('Icecast is away', async () => (await channel('site:audio/icecastUp')) === false);
  await icecast.start();
  await until('Icecast is back', async () => (await channel('site:audio/icecastUp')) === true);
}, 120_000);

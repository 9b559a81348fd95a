import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../engine/series/testing.js';
import { TestIcecast } from '../../../media/testing/icecast.js';
import { startServer, type TestServer } from '../../testing/server.js';

let server: TestServer;
let icecast: TestIcecast;
let cookie = '';

beforeAll(async () => {
  icecast = await TestIcecast.start();
  server = await startServer({
    env: {
      EARSHOT_ICECAST_URL: icecast.url,
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
  await icecast.close();
});

async function call<T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await fetch(`${server.url}/v1/${path}`, {
    method,
    headers: { cookie, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text === '' ? {} : JSON.parse(text)) as T;
}

/** `active` or `cleared` of each alarm of a rule. */
async function alarms(ruleId: number): Promise<readonly string[]> {
  const { items } = await call<{ items: { clearedAtUnixMs: number | null }[] }>(
    ...(['GET', `alarms?ruleId=${ruleId}`] as const),
  );
  return items.map(({ clearedAtUnixMs }) => (clearedAtUnixMs === null ? 'active' : 'cleared'));
}

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

test('an Icecast that stops is a fact that a rule alarms of, until it is back', async () => {
  const up = (): Promise<unknown> => channel('site:audio/icecastUp');
  // Nobody needed it yet, or it was reached: neither is a reason to alarm.
  expect(await up()).not.toBe(false);
  const { id } = await call<{ id: number }>('POST', 'rules', {
    name: 'Icecast is down',
    condition: { type: 'equals', channel: 'site:audio/icecastUp', value: false },
    severity: 'critical',
  });
  const session = await call<{ id: string }>('POST', 'sessions', { projectId: 1 });
  await until('it is up', async () => (await up()) === true);
  expect(await alarms(id)).toEqual([]);
  await icecast.stop();
  await until('it is down', async () => (await up()) === false);
  await until('an alarm is raised', async () => (await alarms(id)).join() === 'active');
  await icecast.start();
  await until('it is up again', async () => (await up()) === true);
  await until('the alarm is cleared', async () => (await alarms(id)).join() === 'cleared');
  await call('DELETE', `sessions/${session.id}`);
  await call('DELETE', `rules/${id}`);
}, 120_000);

test('a speaker whose stream fails is counted, and a rule alarms of it until it sounds', async () => {
  const failing = (): Promise<unknown> => channel('site:project:1/failingStreams');
  const { id } = await call<{ id: number }>('POST', 'rules', {
    name: 'A stream fails',
    condition: { type: 'expression', text: '[site:project:1/failingStreams] > 0' },
    severity: 'major',
  });
  const { items } = await call<{ items: { id: number; uri: string; mediaId: string | null }[] }>(
    ...(['GET', 'speakers?projectId=1'] as const),
  );
  const [speaker] = items;
  // Nobody streams there: Icecast says so.
  const uri = `${icecast.origin}/nothing.mp3`;
  const at = `speakers/${speaker?.id ?? 0}`;
  await call('PATCH', at, { uri, mediaId: null, minVolume: 1, maxVolume: 1 });
  const session = await call<{ id: string }>('POST', 'sessions', { projectId: 1 });
  await until('one fails', async () => (await failing()) === 1);
  await until('all of them fail', async () => (await channel('site:audio/failingStreams')) === 1);
  await until('an alarm is raised', async () => (await alarms(id)).join() === 'active');
  await call('PATCH', at, { uri: '', mediaId: speaker?.mediaId });
  await until('none fails', async () => (await failing()) === 0);
  await until('the alarm is cleared', async () => (await alarms(id)).join() === 'cleared');
  await call('DELETE', `sessions/${session.id}`);
}, 120_000);

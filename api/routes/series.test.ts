import { expect, test } from 'vitest';
import type { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import type { SeriesQuery, SeriesReader } from '../../engine/series/series.types.js';
import { eventsAnswer, seriesAnswer } from '../contract/rest.js';
import { Reply, type RequestContext } from '../http/route.types.js';
import { seriesRoutes } from './series.js';

const asked: unknown[] = [];
let away = false;

const reader: SeriesReader = {
  query(query: SeriesQuery) {
    asked.push(query);
    const series = query.channels.map((channel) => ({ channel, atUnixMs: [1], value: [channel] }));
    return Promise.resolve({ source: '1m', intervalMs: 60_000, series });
  },
  async *export(query, format) {
    asked.push({ ...query, format });
    if (away) throw new EngineError('store.away', 'the series store is away');
    yield await Promise.resolve(Buffer.from('channel,at,value\n'));
    yield Buffer.from('1,2,3\n');
  },
  events(query) {
    asked.push(query);
    return Promise.resolve([{ atUnixMs: 5, kind: 'x.y', subject: 's', detail: { a: 1 } }]);
  },
  latest: () => Promise.resolve([]),
  ping: () => Promise.resolve({ version: '', latencyMs: 0 }),
  close: () => Promise.resolve(),
};

const routes = seriesRoutes({
  reader,
  resolveChannel: (text) =>
    text === '7' || text === 'rack/level'
      ? { channel: 7, name: 'rack/level', unit: 'dB' }
      : undefined,
});

async function call(path: string, search: Record<string, string>): Promise<unknown> {
  const found = routes.find((each) => each.path === path);
  if (found?.query === undefined) throw new Error(`no route ${path}`);
  const context: RequestContext<unknown, z.output<z.ZodType>, unknown> = {
    params: undefined,
    query: found.query.parse(search),
    body: undefined,
    principal: { kind: 'user', id: 'u', name: 'u', role: 'viewer' },
    requestId: 'r',
    address: '127.0.0.1',
    origin: 'http://localhost',
    header: () => undefined,
    audit: () => undefined,
    signal: AbortSignal.timeout(10_000),
  };
  return await found.handler(context);
}

test('a channel is found by name or number, and its points carry name and unit', async () => {
  const answer = await call('/v1/series', { channel: 'rack/level', from: '1000', to: '2000' });
  expect(seriesAnswer.parse(answer)).toEqual({
    source: '1m',
    intervalMs: 60_000,
    series: [{ channel: 7, name: 'rack/level', unit: 'dB', atUnixMs: [1], value: [7], gaps: [] }],
  });
  expect(asked.at(-1)).toMatchObject({ channels: [7], maxPoints: 2_000, aggregation: 'avg' });
});

test('an unknown channel is not found, and a range that runs backwards is refused', async () => {
  const range = { from: '1000', to: '2000' };
  await expect(call('/v1/series', { channel: '7,8', ...range })).rejects.toMatchObject({
    code: 'not-found',
  });
  await expect(call('/v1/series', { channel: ',', ...range })).rejects.toMatchObject({
    code: 'input.invalid',
  });
  await expect(
    call('/v1/series/export', { channel: '7', from: '2000', to: '1000' }),
  ).rejects.toMatchObject({ code: 'input.invalid' });
});

test('an export is a file that streams', async () => {
  const reply = await call('/v1/series/export', {
    channel: '7',
    from: '1',
    to: '2',
    format: 'csv',
  });
  if (!(reply instanceof Reply) || reply.stream === undefined) throw new Error('no stream');
  expect(reply.headers['content-disposition']).toContain('series.csv');
  let text = '';
  for await (const chunk of reply.stream) text += Buffer.from(chunk).toString();
  expect(text).toBe('channel,at,value\n1,2,3\n');
});

test('an export from a store that is away is an error and not an empty file', async () => {
  away = true;
  await expect(
    call('/v1/series/export', { channel: '7', from: '1', to: '2' }),
  ).rejects.toMatchObject({ code: 'store.away' });
  away = false;
});

test('events are asked for by kind and subject', async () => {
  const answer = await call('/v1/events', { from: '1', to: '9', kind: 'x.y', limit: '5' });
  expect(eventsAnswer.parse(answer).events).toHaveLength(1);
  expect(asked.at(-1)).toMatchObject({ kind: 'x.y', fromUnixMs: 1, toUnixMs: 9, limit: 5 });
});

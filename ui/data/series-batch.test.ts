import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SeriesBatch } from './series-batch.js';

const sent: URLSearchParams[] = [];

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal('fetch', (address: string) => {
    const query = new URL(address, 'http://site').searchParams;
    sent.push(query);
    const names = query.get('channel')?.split(',') ?? [];
    const series = names.map((name) => ({ name, unit: null, atUnixMs: [1_000], value: [7] }));
    return Promise.resolve(Response.json({ source: 'raw', intervalMs: 0, series }));
  });
});

afterEach(() => vi.unstubAllGlobals());

const wish = (channel: string, toUnixMs = 900_000, points = 300) => ({
  channel,
  fromUnixMs: toUnixMs - 600_000,
  toUnixMs,
  points,
});

describe('history of the channels of a page', () => {
  it('is asked for in one request, in as many points as the widest of them wants', async () => {
    const batch = new SeriesBatch();
    const [first, second] = await Promise.all([
      batch.load(wish('hall/t')),
      batch.load(wish('hall/h', 900_000, 800)),
    ]);
    expect([first?.name, second?.name]).toEqual(['hall/t', 'hall/h']);
    expect(sent.map((query) => query.get('maxPoints'))).toEqual(['800']);
  });

  it('is taken by who asks a moment after it was asked for ahead', async () => {
    const batch = new SeriesBatch();
    batch.ahead([wish('hall/t')]);
    expect(sent).toHaveLength(1);
    const line = await batch.load(wish('hall/t', 902_000));
    expect(line?.value).toEqual([7]);
    expect(sent).toHaveLength(1);
  });

  it('is not asked for ahead twice', async () => {
    const batch = new SeriesBatch();
    batch.ahead([wish('hall/t')]);
    batch.ahead([wish('hall/t', 901_000), wish('hall/h', 901_000)]);
    expect(sent.map((query) => query.get('channel'))).toEqual(['hall/t', 'hall/h']);
    const line = await batch.load(wish('hall/t', 902_000));
    expect(line?.name).toBe('hall/t');
    expect(sent).toHaveLength(2);
  });

  it.each([
    ['much later', wish('hall/t', 910_000)],
    ['for more points', wish('hall/t', 900_000, 301)],
    ['for another range', { ...wish('hall/t'), fromUnixMs: 0 }],
    ['for another channel', wish('hall/h')],
  ])('is asked for again %s', async (_, other) => {
    const batch = new SeriesBatch();
    batch.ahead([wish('hall/t')]);
    await batch.load(other);
    expect(sent).toHaveLength(2);
  });

  it('says what is wrong to who takes it', async () => {
    vi.stubGlobal('fetch', () =>
      Promise.resolve(
        Response.json(
          { error: { code: 'auth.denied', message: 'not for you', remedy: 'ask' } },
          { status: 403 },
        ),
      ),
    );
    const batch = new SeriesBatch();
    batch.ahead([wish('hall/t')]);
    await expect(batch.load(wish('hall/t'))).rejects.toThrow();
  });
});

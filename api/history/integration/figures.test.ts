import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import { batchOf, openStoreBench, until } from '../../../engine/series/testing.js';
import type { ExportJob, periodsAnswer, statisticsOfSeriesAnswer } from '../../contract/history.js';
import type { SeriesAnswer } from '../../contract/rest.js';
import { type HistorySite, historySite } from './site.js';

let site: HistorySite;
const start = Math.floor((Date.now() - 7_200_000) / 60_000) * 60_000;

beforeAll(async () => {
  site = await historySite();
  await site.samples('pump', [
    ...Array.from({ length: 100 }, (_, i) => ['rpm', start + i * 1_000, i] as const),
    ...Array.from({ length: 100 }, (_, i) => ['rpm', start + 600_000 + i * 1_000, i + 5] as const),
    ['on', start, true],
    ['on', start + 30_000, false],
    ['mode', start, 'auto'],
    ['mode', start + 10_000, 'by hand'],
  ]);
});
afterAll(() => site.server.stop());

test('statistics tell least, most, average, spread, percentiles, first, last and times in states', async () => {
  const answer = await site.call(
    'GET',
    `/v1/series/statistics?channel=pump/rpm,pump/on,pump/mode&from=${start}&to=${start + 60_000}`,
  );
  const { source, channels } = answer.body as z.infer<typeof statisticsOfSeriesAnswer>;
  expect(source).toBe('raw');
  const [rpm, on, mode] = channels;
  expect(rpm).toMatchObject({
    name: 'pump/rpm',
    count: 60,
    min: 0,
    max: 59,
    avg: 29.5,
    states: null,
  });
  expect(rpm?.stddev).toBeCloseTo(17.318, 2);
  expect(rpm?.percentiles?.[3]).toBeCloseTo(29.5);
  expect(rpm?.first).toEqual({ atUnixMs: start, value: 0 });
  expect(rpm?.last).toEqual({ atUnixMs: start + 59_000, value: 59 });
  expect(on?.states).toEqual({ 1: 30_000, 0: 30_000 });
  expect(mode?.states).toEqual({ auto: 10_000, 'by hand': 50_000 });
});

test('two periods are laid over each other', async () => {
  const answer = await site.call(
    'GET',
    `/v1/series/compare?channel=pump/rpm&from=${start + 600_000}&to=${start + 700_000}&otherFrom=${start}`,
  );
  const { channels } = answer.body as z.infer<typeof periodsAnswer>;
  expect(channels[0]?.difference).toBe(5);
  expect(channels[0]?.period.atMs).toEqual(channels[0]?.other.atMs);
  expect(channels[0]?.period.atMs.slice(0, 2)).toEqual([0, 1_000]);
});

test('a time without samples is told as a gap', async () => {
  const range = `from=${start}&to=${start + 700_000}`;
  const answer = await site.call('GET', `/v1/series?channel=pump/rpm&${range}`);
  expect((answer.body as SeriesAnswer).series[0]?.gaps).toEqual([
    { fromUnixMs: start + 99_000, toUnixMs: start + 600_000 },
  ]);
  const none = await site.call('GET', `/v1/series?channel=pump/rpm&${range}&gapFactor=0`);
  expect((none.body as SeriesAnswer).series[0]?.gaps).toEqual([]);
});

async function exported(wish: object): Promise<{ readonly job: ExportJob; readonly text: string }> {
  const made = await site.call('POST', '/v1/exports', {
    fromUnixMs: start,
    toUnixMs: start + 3_600_000,
    ...wish,
  });
  expect(made.status).toBe(202);
  const { id } = made.body as ExportJob;
  let job = made.body as ExportJob;
  await until('the export ends', async () => {
    job = (await site.call('GET', `/v1/exports/${id}`)).body as ExportJob;
    return job.state !== 'queued' && job.state !== 'running';
  });
  const { text } = await site.text('GET', `/v1/exports/${id}/download`);
  return { job, text };
}

test('an export is a CSV, JSON or Parquet file with names, of channels, a device or everything', async () => {
  const csv = await exported({ channels: ['pump/rpm', 'pump/mode'] });
  expect(csv.job).toMatchObject({ state: 'done', progress: 1, error: null });
  const lines = csv.text.trim().split('\n');
  expect(lines[0]).toBe('channel,at,value');
  expect(lines).toHaveLength(203);
  expect(lines.some((line) => line.startsWith('"pump/mode",') && line.endsWith('"auto"'))).toBe(
    true,
  );

  const json = await exported({ deviceId: 'pump', format: 'json' });
  const rows = JSON.parse(json.text) as {
    channel: string;
    value: number | null;
    text: string | null;
  }[];
  expect(rows).toHaveLength(204);
  expect(rows.filter(({ text }) => text === 'by hand')).toHaveLength(1);
  expect(rows.filter(({ channel }) => channel === 'pump/on').map(({ value }) => value)).toEqual([
    1, 0,
  ]);

  const minutes = await exported({
    channels: ['pump/rpm'],
    aggregation: 'max',
    intervalMs: 60_000,
  });
  expect(minutes.text).toContain(`,59\n`);
  expect((await exported({ all: true, format: 'parquet' })).text.slice(0, 4)).toBe('PAR1');
  expect((await exported({ all: true, format: 'json', aggregation: 'minmax' })).text).toContain(
    '"pump/on"',
  );
});

test('an export names what is wrong with a wish, and one that is removed is gone', async () => {
  const wish = { fromUnixMs: start, toUnixMs: start + 1 };
  for (const [body, status] of [
    [{ ...wish }, 400],
    [{ ...wish, all: true, deviceId: 'pump' }, 400],
    [{ ...wish, all: true, toUnixMs: 5 }, 400],
    [{ ...wish, deviceId: 'nobody' }, 404],
    [{ ...wish, channels: ['pump/none'] }, 404],
  ] as const) {
    expect((await site.call('POST', '/v1/exports', body)).status).toBe(status);
  }
  const { job } = await exported({ deviceId: 'pump' });
  expect((await site.call('DELETE', `/v1/exports/${job.id}`)).status).toBe(204);
  expect((await site.call('GET', `/v1/exports/${job.id}/download`)).status).toBe(404);
});

test('downsampling keeps the extremes of every bucket, from samples and from roll-ups', async () => {
  const bench = await openStoreBench();
  const begin = 1_700_000_040_000;
  let channel = 0;
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.integer({ min: 0, max: 7_199 }),
            fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
          ),
          {
            minLength: 1,
            maxLength: 200,
          },
        ),
        fc.constantFrom(10_000, 60_000, 3_600_000),
        async (given, intervalMs) => {
          channel += 1;
          const own = channel;
          const values = new Map(given.map(([second, value]) => [begin + second * 1_000, value]));
          const rows = [...values].sort((a, b) => a[0] - b[0]);
          await bench.writer().append(batchOf(rows.map(([at, value]) => [own, at, value])));
          const { series } = await bench.reader.query({
            channels: [own],
            fromUnixMs: Math.floor(begin / intervalMs) * intervalMs,
            toUnixMs: begin + 7_200_000,
            intervalMs,
            aggregation: 'minmax',
            maxPoints: 100_000,
          });
          const buckets = new Map<number, number[]>();
          for (const [at, value] of rows) {
            const bucket = Math.floor(at / intervalMs);
            buckets.set(bucket, [...(buckets.get(bucket) ?? []), value]);
          }
          const answered = series[0];
          for (const [bucket, all] of buckets) {
            const shown = (answered?.value ?? []).filter(
              (_, i) => Math.floor((answered?.atUnixMs[i] ?? 0) / intervalMs) === bucket,
            );
            expect(shown).toContain(Math.min(...all));
            expect(shown).toContain(Math.max(...all));
          }
        },
      ),
      { numRuns: 25 },
    );
  } finally {
    await bench.close();
  }
});

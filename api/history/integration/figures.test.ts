// Over 400 lines: one store with known values, asked in every way.
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

test('statistics tell how long values stood within a range', async () => {
  const span = `channel=pump/rpm,pump/mode&from=${start}&to=${start + 60_000}`;
  const answer = await site.call('GET', `/v1/series/statistics?${span}&low=10&high=19`);
  const { channels } = answer.body as z.infer<typeof statisticsOfSeriesAnswer>;
  expect(channels[0]?.within).toEqual({ insideMs: 10_000, knownMs: 60_000 });
  expect(channels[1]?.within).toBeNull();
  const open = await site.call('GET', `/v1/series/statistics?${span}&low=50`);
  expect(open.body).toMatchObject({ channels: [{ within: { insideMs: 10_000 } }, {}] });
  const wrong = await site.call('GET', `/v1/series/statistics?${span}&low=2&high=1`);
  expect(wrong.status).toBe(400);
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

/** Of a user of that role; undefined: nobody. */
async function asRole(
  role: 'viewer' | 'operator' | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<number> {
  let cookie = '';
  if (role !== undefined) {
    const password = `a long password of ${role}`;
    // Refused when there is one already.
    await site.call('POST', '/v1/users', { username: role, password, role });
    cookie = await site.server.signIn(role, password);
  }
  const answer = await fetch(`${site.server.url}${path}`, {
    method,
    headers: { cookie, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

async function audited(action: string): Promise<readonly Record<string, unknown>[]> {
  const { body } = await site.call('GET', `/v1/audit?action=${action}`);
  return (body as { items: Record<string, unknown>[] }).items;
}

const shown = async (channel: string, from: number, to: number) => {
  const { body } = await site.call('GET', `/v1/series?channel=${channel}&from=${from}&to=${to}`);
  const { source, series } = body as SeriesAnswer;
  return { source, values: series[0]?.value ?? [] };
};

test('samples are set, deleted and moved by an admin, and the audit log says who, what and why', async () => {
  const at = start + 1_800_000;
  await site.samples(
    'valve',
    [1, 2, 3, 4].map((value, i) => ['flow', at + i * 1_000, value] as const),
  );
  const correct = (body: unknown) => site.call('POST', '/v1/samples/corrections', body);
  const values = async () => (await shown('valve/flow', at - 60_000, at + 60_000)).values;
  const set = await correct({
    ...{ action: 'set', channel: 'valve/flow', reason: 'wrong by ten' },
    samples: [{ atUnixMs: at + 1_000, value: 20 }],
  });
  expect(set.body).toEqual({ before: 4, after: 4, channelHours: 1 });
  expect(await values()).toEqual([1, 20, 3, 4]);
  const span = { channels: ['valve/flow'], fromUnixMs: at + 2_000, toUnixMs: at + 3_000 };
  expect((await correct({ action: 'delete', ...span })).body).toMatchObject({ after: 3 });
  expect(await values()).toEqual([1, 20, 4]);
  const moved = { ...span, fromUnixMs: at + 3_000, toUnixMs: at + 4_000, byMs: -4_000 };
  expect((await correct({ action: 'shift', ...moved })).status).toBe(200);
  expect(await values()).toEqual([4, 1, 20]);
  // Entries are written a moment later.
  await until('three are noted', async () => (await audited('samples.')).length === 3);
  const entries = await audited('samples.');
  expect(entries.map(({ action }) => action)).toEqual([
    ...['samples.shift', 'samples.delete', 'samples.set'],
  ]);
  expect(entries[2]).toMatchObject({
    ...{ by: 'admin', subject: 'valve/flow', before: { samples: 4 } },
    after: { samples: 4, set: 1, reason: 'wrong by ten' },
  });
  expect(entries[0]).toMatchObject({ after: { byMs: -4_000, fromUnixMs: at + 3_000 } });
});

test('a correction that cannot be is refused with field and remedy, and only admins may ask', async () => {
  const one = { action: 'set', channel: 'pump/rpm', samples: [{ atUnixMs: start, value: 1 }] };
  const span = { channels: ['pump/rpm'], fromUnixMs: start, toUnixMs: start + 1_000 };
  const before = await audited('samples.');
  for (const [body, status, words] of [
    [{}, 400, 'action'],
    [{ ...one, action: 'double' }, 400, 'action'],
    [{ ...one, samples: [] }, 400, 'samples'],
    [{ ...one, samples: [{ atUnixMs: start, value: null }] }, 400, 'samples.0.value'],
    [{ ...one, samples: [{ atUnixMs: -1, value: 1 }] }, 400, 'samples.0.atUnixMs'],
    [{ ...one, more: 1 }, 400, 'more'],
    [{ ...one, channel: 'pump/none' }, 404, 'pump/none'],
    [{ ...one, samples: [{ atUnixMs: 1_000, value: 1 }] }, 400, 'series.rawDays'],
    [{ action: 'delete', ...span, channels: [] }, 400, 'channels'],
    [{ action: 'delete', ...span, channels: ['nobody/x'] }, 404, 'nobody/x'],
    [{ action: 'delete', ...span, toUnixMs: start }, 400, 'toUnixMs'],
    [{ action: 'delete', channels: ['pump/rpm'] }, 400, 'fromUnixMs'],
    [{ action: 'shift', ...span }, 400, 'byMs'],
    [{ action: 'shift', ...span, byMs: 0 }, 400, 'byMs'],
    [{ action: 'shift', ...span, byMs: 'soon' }, 400, 'byMs'],
    [{ action: 'shift', ...span, byMs: -31_000_000_000 }, 400, 'series.rawDays'],
  ] as const) {
    const answer = await site.call('POST', '/v1/samples/corrections', body);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([
      status,
      expect.stringContaining(words),
    ]);
  }
  for (const [role, status] of [
    ['operator', 403],
    ['viewer', 403],
    [undefined, 401],
  ] as const) {
    expect(await asRole(role, 'POST', '/v1/samples/corrections', one)).toBe(status);
  }
  expect(await audited('samples.')).toHaveLength(before.length);
  expect((await shown('pump/rpm', start, start + 2_000)).values).toEqual([0, 1]);
});

test('a channel that is kept for a shorter time is read where its rows still are', async () => {
  const old = Math.floor((Date.now() - 5 * 86_400_000) / 3_600_000) * 3_600_000;
  const rows = (name: string) => [0, 1, 2].map((i) => [name, old + i * 30_000, i + 1] as const);
  await site.samples('log', [...rows('short'), ...rows('long'), ['short', Date.now(), 9]]);
  const range = [old, old + 120_000] as const;
  // A store that is slow for a moment has what was acknowledged a little later.
  await expect
    .poll(() => shown('log/short', ...range))
    .toEqual({ source: 'raw', values: [1, 2, 3] });
  const path = '/v1/retention-overrides';
  const wish = { scope: 'channel', scopeId: 'log/short', rawDays: 1, rollupDays: 0 };
  const made = await site.call('POST', path, wish);
  expect(made.status).toBe(201);
  const { id } = made.body as { readonly id: number };
  const noted = async () =>
    (await audited('POST')).find(({ subject }) => subject === `retention-overrides/${id}`);
  await until('it is noted', async () => (await noted()) !== undefined);
  expect(await noted()).toMatchObject({ by: 'admin', after: wish });
  // The hours that are too old go within seconds.
  await until('they are gone', async () => {
    const { body } = await site.call('GET', `${path}/status`);
    return (body as { rowsRemoved: number }).rowsRemoved >= 3;
  });
  // Not an empty chart: minutes of it are kept, as long as the site's.
  expect(await shown('log/short', ...range)).toEqual({ source: '1m', values: [1.5, 3] });
  expect(await shown('log/long', ...range)).toEqual({ source: 'raw', values: [1, 2, 3] });
  expect(await shown('log/short', Date.now() - 60_000, Date.now() + 1_000)).toEqual({
    ...{ source: 'raw', values: [9] },
  });
  const figures = `/v1/series/statistics?channel=log/short&from=${range[0]}&to=${range[1]}`;
  expect((await site.call('GET', figures)).body).toMatchObject({
    source: '1m',
    channels: [{ count: 3, min: 1, max: 3, avg: 2 }],
  });
  const csv = await exported({
    ...{ channels: ['log/short'], aggregation: 'max', intervalMs: 10_000 },
    ...{ fromUnixMs: range[0], toUnixMs: range[1] },
  });
  expect(csv.text.trim().split('\n')).toHaveLength(3);
  const late = await site.call('POST', '/v1/samples/corrections', {
    ...{ action: 'set', channel: 'log/short', samples: [{ atUnixMs: old, value: 7 }] },
  });
  expect([late.status, JSON.stringify(late.body)]).toEqual([
    400,
    expect.stringContaining('retention of the channel'),
  ]);
  // What is gone is not back when the channel is kept for longer.
  await site.call('PATCH', `${path}/${id}`, { rawDays: 30 });
  await until('it was looked at', async () => {
    const { body } = await site.call('GET', `${path}/status`);
    return (body as { lastRowsRemoved: number }).lastRowsRemoved === 0;
  });
  expect((await shown('log/short', ...range)).source).toBe('1m');
  expect((await site.call('DELETE', `${path}/${id}`)).status).toBe(204);
  expect((await shown('log/short', ...range)).source).toBe('1m');
});

test('how long something is kept is checked field by field; operators and viewers read it, admins change it', async () => {
  const path = '/v1/retention-overrides';
  const wish = { scope: 'device', scopeId: 'pump', rawDays: 0, rollupDays: 400 };
  for (const [body, words] of [
    [{ ...wish, scope: 'site' }, 'scope'],
    [{ ...wish, scopeId: '' }, 'scopeId'],
    [{ ...wish, rawDays: -1 }, 'rawDays'],
    [{ ...wish, rawDays: 1.5 }, 'rawDays'],
    [{ ...wish, rollupDays: 40_000 }, 'rollupDays'],
    [{ ...wish, rollupDays: undefined }, 'rollupDays'],
    [{ ...wish, days: 1 }, 'days'],
    ['no object', 'body'],
  ] as const) {
    const answer = await site.call('POST', path, body);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([
      400,
      expect.stringContaining(words),
    ]);
  }
  const made = await site.call('POST', path, wish);
  const { id } = made.body as { readonly id: number };
  // One a device or channel: which of two would count?
  expect((await site.call('POST', path, wish)).status).toBe(409);
  expect((await site.call('PATCH', `${path}/${id}`, {})).status).toBe(400);
  expect((await site.call('GET', `${path}/${id + 1_000}`)).status).toBe(404);
  expect((await site.call('DELETE', `${path}/${id + 1_000}`)).status).toBe(404);
  for (const [role, read, write] of [
    ['operator', 200, 403],
    ['viewer', 200, 403],
    [undefined, 401, 401],
  ] as const) {
    expect(await asRole(role, 'GET', path)).toBe(read);
    expect(await asRole(role, 'GET', `${path}/status`)).toBe(read);
    expect(await asRole(role, 'POST', path, wish)).toBe(write);
    expect(await asRole(role, 'PATCH', `${path}/${id}`, { rawDays: 1 })).toBe(write);
    expect(await asRole(role, 'DELETE', `${path}/${id}`)).toBe(write);
  }
  expect((await site.call('DELETE', `${path}/${id}`)).status).toBe(204);
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

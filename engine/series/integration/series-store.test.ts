// One suite, two homes: the embedded store, and a store that is only known by its URL.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectSeries } from '../client.js';
import { EmbeddedStore } from '../embedded.js';
import { migrateSeries } from '../migrations.js';
import type { SeriesAnswer } from '../series.types.js';
import { batchOf, KEEP_ALL, openStoreBench, type StoreBench } from '../testing.js';

/** Generous: a store that shares two busy cores with other tests is slow, and that is not what is tested. */
vi.setConfig({ testTimeout: 120_000 });

const HOUR = 3_600_000;
const DAY = 86_400_000;
/** 2025-06-15, midnight UTC. */
const MIDNIGHT = 1_749_945_600_000;

describe.each([
  ['embedded', 'earshot'],
  ['a server by URL', 'site_7'],
])('series store: %s', (_home, database) => {
  let bench: StoreBench;
  let nextChannel = 1;
  beforeAll(async () => {
    bench = await openStoreBench(database);
  });
  afterAll(() => bench.close());

  const points = (answer: SeriesAnswer) => answer.series.map(({ value }) => value);

  test('what was appended is answered, to the microsecond and the last bit', async () => {
    const channel = nextChannel++;
    const writer = bench.writer();
    const at = MIDNIGHT + 0.125;
    const values = [0.1 + 0.2, -1e-300, 21.5, Number.NaN, Number.NEGATIVE_INFINITY];
    const stored = await writer.append(
      batchOf(values.map((value, i) => [channel, at + i, value] as const)),
    );
    expect(stored).toBe('store');
    const answer = await bench.reader.query({
      channels: [channel],
      fromUnixMs: at,
      toUnixMs: at + 10,
      aggregation: 'avg',
      maxPoints: 100,
    });
    expect(answer.source).toBe('raw');
    expect(answer.series[0]?.atUnixMs[1]).toBe(MIDNIGHT + 1.125);
    expect(answer.series[0]?.value).toEqual([0.1 + 0.2, -1e-300, 21.5, 'NaN', '-Infinity']);
  });

  test('somebody who waits has the answer long before the window of the others is over', async () => {
    const channel = nextChannel++;
    // Nobody would be answered within this test but for the one who asks for it.
    const writer = bench.writer({ windowMs: 3_600_000 });
    const patient = writer.append(batchOf([[channel, MIDNIGHT, 1]]));
    const hurried = writer.append(batchOf([[channel, MIDNIGHT + 1_000, 2]]), 'soon');
    expect(await Promise.all([patient, hurried])).toEqual(['store', 'store']);
    const later = writer.append(batchOf([[channel, MIDNIGHT + 2_000, 3]]));
    const again = writer.append(batchOf([[channel, MIDNIGHT + 3_000, 4]]), 'soon');
    expect(await Promise.all([later, again])).toEqual(['store', 'store']);
  });

  test('texts are kept as they were, also with tabs, quotes and newlines', async () => {
    const channel = nextChannel++;
    const writer = bench.writer();
    const wild = 'a\tb\nc\\d\'e"f\0g ✓';
    const none = batchOf([]);
    await writer.append({
      ...none,
      text: [
        { channel, atUnixMs: MIDNIGHT, value: wild },
        { channel, atUnixMs: MIDNIGHT + 1_000, value: '' },
      ],
    });
    const query = { channels: [channel], fromUnixMs: MIDNIGHT, toUnixMs: MIDNIGHT + DAY };
    const all = await bench.reader.query({ ...query, aggregation: 'avg', maxPoints: 10 });
    expect(points(all)).toEqual([[wild, '']]);
    const bucket = await bench.reader.query({
      ...query,
      aggregation: 'last',
      intervalMs: HOUR,
      maxPoints: 100,
    });
    expect(points(bucket)).toEqual([['']]);
  });

  test('every rollup gives what the raw samples give, for every aggregation', async () => {
    const channel = nextChannel++;
    const writer = bench.writer();
    const rows = Array.from({ length: 5_000 }, (_, i) => {
      return [channel, MIDNIGHT + i * 60_000, Math.sin(i / 50) * 10] as const;
    });
    await writer.append(batchOf(rows));
    for (const aggregation of ['avg', 'min', 'max', 'sum', 'count', 'last'] as const) {
      for (const intervalMs of [60_000, HOUR, DAY]) {
        const answer = await bench.reader.query({
          channels: [channel],
          fromUnixMs: MIDNIGHT,
          toUnixMs: MIDNIGHT + 4 * DAY,
          aggregation,
          intervalMs,
          maxPoints: 10_000,
        });
        expect(answer.source).toBe({ 60000: '1m', [HOUR]: '1h', [DAY]: '1d' }[intervalMs]);
        const got = answer.series[0];
        const first = rows.slice(0, intervalMs / 60_000).map((row) => row[2]);
        const total = first.reduce((sum, value) => sum + value, 0);
        const wanted = {
          avg: total / first.length,
          min: Math.min(...first),
          max: Math.max(...first),
          sum: total,
          count: first.length,
          last: first.at(-1) ?? 0,
        }[aggregation];
        expect(got?.atUnixMs[0]).toBe(MIDNIGHT);
        expect(got?.value[0]).toBeCloseTo(wanted, 6);
        expect(got?.value).toHaveLength(Math.ceil((5_000 * 60_000) / intervalMs));
      }
    }
  });

  test('minmax keeps a spike that an average hides, and never gives more points than asked', async () => {
    const channel = nextChannel++;
    const writer = bench.writer();
    const rows = Array.from({ length: 20_000 }, (_, i) => {
      return [channel, MIDNIGHT + i * 1_000, i === 12_345 ? 99 : 1] as const;
    });
    await writer.append(batchOf(rows));
    for (const maxPoints of [10, 150, 3_000]) {
      const answer = await bench.reader.query({
        channels: [channel],
        fromUnixMs: MIDNIGHT,
        toUnixMs: MIDNIGHT + 20_000_000,
        aggregation: 'minmax',
        maxPoints,
      });
      expect(points(answer)[0]).toContain(99);
      expect(points(answer)[0]?.length).toBeLessThanOrEqual(maxPoints);
      const at = answer.series[0]?.atUnixMs ?? [];
      expect([...at].sort((a, b) => a - b)).toEqual(at);
    }
  });

  test('random order, repeats and late rows: rollups end up equal to the distinct raw rows', async () => {
    const sample = fc.record({
      second: fc.integer({ min: 0, max: 3 * 24 * 3_600 }),
      value: fc.integer({ min: -1_000, max: 1_000 }),
      channel: fc.integer({ min: 0, max: 2 }),
    });
    const writer = bench.writer();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(sample, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 6 }),
        async (batches) => {
          const base = nextChannel;
          nextChannel += 3;
          for (const batch of [...batches, batches[0] ?? []]) {
            await writer.append(
              batchOf(
                batch.map((row) => [base + row.channel, MIDNIGHT + row.second * 1_000, row.value]),
              ),
            );
          }
          await writer.repairRollups();
          for (const table of ['1m', '1h', '1d']) {
            const of = `channel >= ${base} AND channel < ${base + 3}`;
            const start = { '1m': 'Minute', '1h': 'Hour', '1d': 'Day' }[table];
            const rollup =
              await bench.rows(`SELECT channel, at, sum(points), sum(total), min(minimum),
              max(maximum), argMaxMerge(lastValue) FROM samples_${table} WHERE ${of}
              GROUP BY channel, at ORDER BY channel, at`);
            const raw =
              await bench.rows(`SELECT channel, toStartOf${start}(samples.at) AS bucket, count(),
              sum(value), min(value), max(value), argMax(value, samples.at) FROM samples FINAL WHERE ${of}
              GROUP BY channel, bucket ORDER BY channel, bucket`);
            expect(rollup).toEqual(raw);
          }
        },
      ),
      { numRuns: 2 },
    );
  });

  test('a writer that starts anew still notices that a row is a repeat', async () => {
    const channel = nextChannel++;
    const row = [channel, MIDNIGHT + 5_000, 3] as const;
    await bench.writer({ name: 'first' }).append(batchOf([row]));
    const second = bench.writer({ name: 'second' });
    await second.append(batchOf([row]));
    expect(await second.repairRollups()).toBe(1);
    const [counted] = await bench.rows(
      `SELECT sum(points) FROM samples_1d WHERE channel = ${channel}`,
    );
    expect(Number(counted?.[0])).toBe(1);
  });

  test('a first batch of twenty thousand channels goes into the store, not into the spool', async () => {
    const first = nextChannel;
    nextChannel += 20_000;
    const rows = Array.from({ length: 20_000 }, (_, i) => [first + i, MIDNIGHT, 1] as const);
    expect(await bench.writer().append(batchOf(rows))).toBe('store');
  });

  test('repairs left by a writer that is gone are done by the one that adopts', async () => {
    const channel = nextChannel++;
    const row = [channel, MIDNIGHT + 5_000, 3] as const;
    const gone = bench.writer({ name: 'gone' });
    await gone.append(batchOf([row, row]));
    await gone.close();
    const other = bench.writer({ name: 'other' });
    expect(await other.repairRollups()).toBe(0);
    const heir = bench.writer({ name: 'heir', adopt: { liveNames: ['heir', 'other'] } });
    expect(await heir.repairRollups()).toBeGreaterThanOrEqual(1);
    const [counted] = await bench.rows(
      `SELECT sum(points) FROM samples_1d WHERE channel = ${channel}`,
    );
    expect(Number(counted?.[0])).toBe(1);
  });

  test('the latest value of every channel is known at start', async () => {
    const number = nextChannel++;
    const text = nextChannel++;
    const writer = bench.writer();
    await writer.append({
      ...batchOf([
        [number, MIDNIGHT + 9_000, 5],
        [number, MIDNIGHT + 1_000, 4],
      ]),
      text: [{ channel: text, atUnixMs: MIDNIGHT, value: 'on' }],
    });
    const latest = await bench.reader.latest();
    expect(latest).toContainEqual({ channel: number, atUnixMs: MIDNIGHT + 9_000, value: 5 });
    expect(latest).toContainEqual({ channel: text, atUnixMs: MIDNIGHT, value: 'on' });
  });

  test('events come back newest first and are found by kind and subject', async () => {
    const writer = bench.writer();
    const event = (i: number, kind: string) => ({
      atUnixMs: MIDNIGHT + i,
      kind,
      subject: "rack'1",
      detail: { i, note: 'a\tb' },
    });
    await writer.appendEvents([event(1, 'x.began'), event(2, 'x.ended'), event(2, 'x.ended')]);
    const range = { fromUnixMs: MIDNIGHT, toUnixMs: MIDNIGHT + DAY, limit: 10 };
    const all = await bench.reader.events({ ...range, subject: "rack'1" });
    expect(all.map((found) => found.atUnixMs - MIDNIGHT)).toEqual([2, 2, 1]);
    expect(all[2]).toEqual(event(1, 'x.began'));
    expect(await bench.reader.events({ ...range, kind: "x.began' OR 1=1" })).toEqual([]);
  });

  test('an export holds every row in time order, as CSV and as Parquet', async () => {
    const channel = nextChannel++;
    const writer = bench.writer();
    const rows = Array.from({ length: 200_000 }, (_, i) => {
      return [channel, MIDNIGHT + i * 1_000, i % 97] as const;
    });
    await writer.append(batchOf(rows));
    const query = {
      channels: [channel],
      fromUnixMs: MIDNIGHT,
      toUnixMs: MIDNIGHT + 10 * DAY,
      aggregation: 'avg' as const,
    };
    let csv = '';
    for await (const chunk of bench.reader.export(query, 'csv'))
      csv += Buffer.from(chunk).toString();
    const lines = csv.trimEnd().split('\n');
    expect(lines).toHaveLength(200_001);
    expect(lines.slice(0, 3)).toEqual([
      'channel,at,value',
      `${channel},"2025-06-15T00:00:00.000000Z",0`,
      `${channel},"2025-06-15T00:00:01.000000Z",1`,
    ]);
    expect(lines.at(-1)).toContain(new Date(MIDNIGHT + 199_999_000).toISOString().slice(0, 19));
    let hourly = '';
    for await (const chunk of bench.reader.export({ ...query, intervalMs: HOUR }, 'csv')) {
      hourly += Buffer.from(chunk).toString();
    }
    expect(hourly.trimEnd().split('\n')).toHaveLength(1 + Math.ceil(200_000 / 3_600));
    expect(hourly).toContain(`${channel},"2025-06-15T01:00:00.000Z",`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of bench.reader.export(query, 'parquet')) chunks.push(chunk);
    const parquet = Buffer.concat(chunks);
    expect(parquet.subarray(0, 4).toString()).toBe('PAR1');
    expect(parquet.subarray(-4).toString()).toBe('PAR1');
    // The reader may leave in the middle: the query ends and its connection serves others.
    for (let i = 0; i < 5; i++) {
      for await (const chunk of bench.reader.export(query, 'csv')) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
    expect((await bench.reader.ping()).version).toMatch(/^\d+\./);
  });

  test('a second start finds the schema, and changed retention is taken over', async () => {
    const days = async () => {
      const found = await bench.rows(
        `SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'samples_1m'`,
      );
      return /toIntervalDay\((\d+)\)/.exec(String(found[0]?.[0]))?.[1];
    };
    expect(await days()).toBeUndefined();
    await migrateSeries(bench.address, { ...KEEP_ALL, minuteDays: 4_000 });
    expect(await days()).toBe('4000');
    await migrateSeries(bench.address, KEEP_ALL);
    expect(await days()).toBeUndefined();
  });

  test('tables of many small groups of rows are merged less eagerly, also after another start', async () => {
    const tables = async () =>
      await bench.rows(
        `SELECT name FROM system.tables WHERE database = currentDatabase()
          AND engine_full LIKE '%merge_selector_base = 16%' ORDER BY name`,
      );
    const busy = [['samples'], ['samples_1d'], ['samples_1h'], ['samples_1m']];
    expect(await tables()).toEqual(busy);
    await migrateSeries(bench.address, KEEP_ALL);
    expect(await tables()).toEqual(busy);
  });

  test('the store’s process steps back for the live path', () => {
    const { pid } = bench.store.status();
    // `priority` and `nice` of the main thread; what it starts inherits them.
    const nice = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16];
    expect(nice).toBe('5');
  });

  test('a wrong password, a wrong path and wrong SQL are refused with their reason', async () => {
    const wrong = connectSeries({
      ...bench.address,
      url: bench.address.url.replace(/:[^:@]+@/, ':x@'),
    });
    await expect(wrong.query({ query: 'SELECT 1' })).rejects.toMatchObject({ code: '516' });
    await wrong.close();
    await expect(bench.client.query({ query: 'SELECT nope' })).rejects.toMatchObject({
      code: '47',
    });
    await expect(bench.client.query({ query: 'SELEC' })).rejects.toMatchObject({ code: '62' });
  });

  test('settings and parameters of one request do not reach the next', async () => {
    for (let i = 0; i < 6; i++) {
      await bench.client.query({ query: 'SELECT 1', clickhouse_settings: { max_threads: 1 } });
    }
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        bench.client
          .query({
            query: `SELECT {v:String} AS v, changed FROM system.settings WHERE name = 'max_threads'`,
            query_params: { v: `it's ${i}` },
            format: 'JSONEachRow',
          })
          .then((answer) => answer.json()),
      ),
    );
    expect(answers.map((rows) => rows[0])).toEqual(
      Array.from({ length: 12 }, (_, i) => ({ v: `it's ${i}`, changed: 0 })),
    );
  });

  test('a second process cannot open the same folder, and says why', async () => {
    const folder = `${bench.folder}/store`;
    const second = new EmbeddedStore({ folder, clock: bench.clock });
    await expect(second.start()).rejects.toMatchObject({ code: 'conflict' });
    await second.stop();
  });
});

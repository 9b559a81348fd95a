import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { openStoreBench, type StoreBench } from '../engine/series/testing.js';
import { type Bench, type BenchContext, median, percentile, ratio } from './harness.js';

const DAY_MS = 86_400_000;
const DAYS = 30;
const CHANNELS = 20;
const CHART_POINTS = 2_000;

interface Size {
  readonly rows: number;
  readonly peerRows: number;
  readonly runs: number;
}

const FULL: Size = { rows: 100_000_000, peerRows: 5_000_000, runs: 40 };
const QUICK: Size = { rows: 5_000_000, peerRows: 500_000, runs: 15 };

/**
 * Rows of 20 channels over 30 days, evenly. They are made inside the store by `INSERT … SELECT`, through the same
 * tables and views that a writer's rows go through; what is measured is reading.
 */
async function makeRows(bench: StoreBench, size: Size, fromMs: number, say: BenchContext['say']) {
  const perChannelDay = Math.floor(size.rows / CHANNELS / DAYS);
  const stepUs = Math.floor((DAY_MS * 1_000) / perChannelDay);
  for (let day = 0; day < DAYS; day++) {
    await bench.client.command({
      query: `INSERT INTO samples SELECT toUInt32(1 + intDiv(number, {n:UInt64})) AS channel,
          fromUnixTimestamp64Micro({from:Int64} + toInt64(number % {n:UInt64}) * {step:Int64}, 'UTC') AS at,
          round(20 + 5 * sin(number / 5000) + (cityHash64(number) % 100) / 100, 2) AS value
        FROM numbers({all:UInt64})`,
      query_params: {
        n: perChannelDay,
        from: (fromMs + day * DAY_MS) * 1_000,
        step: stepUs,
        all: perChannelDay * CHANNELS,
      },
    });
    if (day % 10 === 9) say(`history: ${day + 1} of ${DAYS} days made`);
  }
  return perChannelDay * CHANNELS * DAYS;
}

async function timed(runs: number, work: (i: number) => Promise<unknown> | unknown) {
  for (let i = 0; i < 3; i++) await work(i);
  const ms: number[] = [];
  for (let i = 0; i < runs; i++) {
    const startedMs = performance.now();
    await work(i);
    ms.push(performance.now() - startedMs);
  }
  return { median: median(ms), p99: percentile(ms, 0.99) };
}

/** The same two questions to SQLite with an index over (channel, at), which has no rollups. */
async function sqlitePeer(size: Size, fromMs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-history-peer-'));
  const db = new Database(join(folder, 'peer.db'));
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    db.exec(
      'CREATE TABLE samples (channel INTEGER, at REAL, value REAL, PRIMARY KEY (channel, at)) WITHOUT ROWID',
    );
    const perChannel = Math.floor(size.peerRows / CHANNELS);
    const stepMs = (DAYS * DAY_MS) / perChannel;
    const fill = db.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${perChannel})
       INSERT INTO samples SELECT ?, ${fromMs} + i * ${stepMs}, 20 + (i % 100) / 100.0 FROM n`,
    );
    for (let channel = 1; channel <= CHANNELS; channel++) fill.run(channel);
    const select = (channels: number, bucketMs: number) =>
      db.prepare(
        `SELECT channel, cast(at / ${bucketMs} AS INTEGER) AS bucket, avg(value) FROM samples
         WHERE channel <= ${channels} AND at >= ? AND at < ? GROUP BY channel, bucket`,
      );
    const endMs = fromMs + DAYS * DAY_MS;
    const day = select(1, 60_000);
    const month = select(CHANNELS, 3_600_000);
    const dayMs = await timed(size.runs, () => day.all(endMs - DAY_MS, endMs));
    const monthMs = await timed(Math.min(5, size.runs), () => month.all(fromMs, endMs));
    return { dayMs: dayMs.median, monthMs: monthMs.median, rows: perChannel * CHANNELS };
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  name: 'history',
  question: 'How long does a chart wait for a day of one channel, and for a month of twenty?',
  async run({ quick, say, onEnd }) {
    const size = quick ? QUICK : FULL;
    const store = await openStoreBench();
    onEnd(() => store.close());
    const endMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const fromMs = endMs - DAYS * DAY_MS;
    const startedMs = performance.now();
    const rows = await makeRows(store, size, fromMs, say);
    const madeS = (performance.now() - startedMs) / 1_000;
    const [disk] = await store.rows(
      `SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'earshot'`,
    );
    const channels = Array.from({ length: CHANNELS }, (_, i) => i + 1);
    let points = 0;
    const read = (ids: readonly number[], spanMs: number, intervalMs?: number) => async () => {
      const answer = await store.reader.query({
        channels: ids,
        fromUnixMs: endMs - spanMs,
        toUnixMs: endMs,
        intervalMs,
        aggregation: 'avg',
        maxPoints: CHART_POINTS,
      });
      points = answer.series.reduce((sum, { value }) => sum + value.length, 0);
    };
    say(`history: ${rows} rows made, reading`);
    const day = await timed(size.runs, (i) => read([1 + (i % CHANNELS)], DAY_MS)());
    const dayPoints = points;
    const dayRaw = await timed(size.runs, (i) => read([1 + (i % CHANNELS)], DAY_MS, 50_000)());
    const month = await timed(size.runs, read(channels, DAYS * DAY_MS));
    const monthPoints = points;
    const direct = await timed(size.runs, () =>
      store.client
        .query({
          query: `SELECT toStartOfMinute(at) AS m, avg(value) FROM samples WHERE channel = 1
            AND at >= fromUnixTimestamp64Milli({from:Int64}) GROUP BY m ORDER BY m`,
          query_params: { from: endMs - DAY_MS },
          format: 'JSONCompactEachRow',
        })
        .then((answer) => answer.text()),
    );
    const directMonth = await timed(Math.min(5, size.runs), () =>
      store.client
        .query({
          query: `SELECT channel, toStartOfHour(at) AS h, avg(value) FROM samples WHERE channel <= ${CHANNELS}
            GROUP BY channel, h ORDER BY channel, h`,
          format: 'JSONCompactEachRow',
        })
        .then((answer) => answer.text()),
    );
    say('history: filling the peer');
    const sqlite = await sqlitePeer(size, fromMs);
    return {
      metrics: {
        rows,
        dayMs: day.median,
        dayP99Ms: day.p99,
        monthMs: month.median,
        monthP99Ms: month.p99,
        dayFromRawMs: dayRaw.median,
        dayFromRawP99Ms: dayRaw.p99,
        dayPoints,
        monthPoints,
        bytesPerRow: Number(disk?.[0] ?? 0) / rows,
        madeRowsPerSecond: rows / madeS,
      },
      peers: {
        'ClickHouse, raw rows only': { dayMs: direct.median, monthMs: directMonth.median },
        SQLite: sqlite,
      },
      ratios: {
        dayAgainstRaw: ratio(direct.median, day.median),
        monthAgainstRaw: ratio(directMonth.median, month.median),
        monthAgainstSqlite: ratio(sqlite.monthMs, month.median),
      },
      notes: [
        `Rows of ${CHANNELS} channels over ${DAYS} days, made inside the store by INSERT … SELECT through the same tables and views as a writer's.`,
        `Read by the engine's reader over HTTP, at most ${CHART_POINTS} points a channel; ${size.runs} runs after 3 to warm up; a new channel each run where one is read.`,
        'dayFromRawMs asks for 50-second buckets, which no rollup has: the raw rows are read.',
        `The peers have no rollups. SQLite has fewer rows (${sqlite.rows}), so that it is filled in the time a bench has.`,
      ],
    };
  },
};

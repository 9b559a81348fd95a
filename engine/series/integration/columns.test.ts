// How samples travel: as blocks of columns, and as the text of earlier versions.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connectSeries } from '../client.js';
import { migrateSeries } from '../migrations.js';
import { batchOf, KEEP_ALL, openStoreBench, type StoreBench, until } from '../testing.js';

/** Generous: a store that shares two busy cores with other tests is slow, and that is not what is tested. */
vi.setConfig({ testTimeout: 120_000 });

const HOUR = 3_600_000;
/** 2025-06-15, noon UTC. */
const NOON = 1_749_988_800_000;
let bench: StoreBench;
let nextChannel = 1;
beforeAll(async () => {
  bench = await openStoreBench();
});
afterAll(() => bench.close());

test('any float and any time is stored to the last bit, whatever its bytes look like', async () => {
  const writer = bench.writer();
  // Bytes that end a statement, a line or a text: 0x0a0a0a0a is two empty lines.
  const odd = [0n, 0x0a0a0a0a_0a0a0a0an, 0x3b0a3b0a_3b0a0a3bn, 0x80000000_00000000n, 1n];
  const bits = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(...odd));
  // Few days: each is a partition.
  const us = fc.oneof(
    fc.constantFrom(0, 4_294_967_295, 4_294_967_296, 0x0a0a_0a0a_0a0a, 4_294_967_295_999_000),
    fc.integer({ min: 0, max: HOUR * 1_000 }).map((each) => NOON * 1_000 + each),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(us, bits), {
        minLength: 1,
        maxLength: 300,
        selector: ([at]) => at,
      }),
      async (rows) => {
        const channel = 168_430_090 + nextChannel++;
        const value = new Float64Array(BigUint64Array.from(rows, ([, each]) => each).buffer);
        const atUnixMs = Float64Array.from(rows, ([at]) => at / 1_000);
        await writer.append({
          channel: new Uint32Array(rows.length).fill(channel),
          atUnixMs,
          value,
          text: [],
        });
        const answered = await bench.client.query({
          query: `SELECT toString(toUnixTimestamp64Micro(at)) AS us, toString(reinterpretAsUInt64(value)) AS bits
            FROM samples WHERE channel = ${channel} ORDER BY at`,
          format: 'JSONEachRow',
        });
        const wanted = rows
          .map(([at, each]) => ({ us: String(at), bits: String(each) }))
          .sort((a, b) => Number(a.us) - Number(b.us));
        expect(await answered.json()).toEqual(wanted);
      },
    ),
    { numRuns: 20 },
  );
});

test('a row that is repeated in one group is one row, the last', async () => {
  const channel = nextChannel++;
  const writer = bench.writer();
  await writer.append(
    batchOf([
      [channel, NOON, 1],
      [channel, NOON + 1_000, 5],
      [channel, NOON, 2],
      [channel, NOON, 3],
    ]),
  );
  await writer.repairRollups();
  const query = { channels: [channel], fromUnixMs: NOON, toUnixMs: NOON + HOUR };
  const raw = await bench.reader.query({ ...query, aggregation: 'avg', maxPoints: 10 });
  expect(raw.series.map(({ value }) => value)).toEqual([[3, 5]]);
  const sums = await bench.reader.query({
    ...query,
    aggregation: 'sum',
    intervalMs: HOUR,
    maxPoints: 10,
  });
  expect(sums.series.map(({ value }) => value)).toEqual([[8]]);
});

test('samples the store will never take are set aside as text that can be read', async () => {
  const address = { ...bench.address, database: 'narrow' };
  await migrateSeries(address, KEEP_ALL);
  const client = connectSeries(address);
  await client.command({ query: 'DROP TABLE IF EXISTS samples_to_feed' });
  await client.command({ query: 'DROP TABLE IF EXISTS samples' });
  await client.command({
    query: `CREATE TABLE samples (channel UInt32, at DateTime64(6, 'UTC'), value Array(Float64))
      ENGINE = ReplacingMergeTree ORDER BY (channel, at)`,
  });
  const writer = bench.writer({ name: 'narrow', address });
  await expect(writer.append(batchOf([[5, NOON, 0.1]]))).rejects.toMatchObject({
    code: 'store.refused',
  });
  const report = bench.reports.findLast((told) => told.type === 'store.refused');
  const file = report?.type === 'store.refused' ? report.file : '';
  expect(readFileSync(file, 'latin1')).toContain('5\t1749988800.000000\t0.1\n');
  await client.close();
});

test('the spool of an earlier version, whose samples are text, is stored as what it is', async () => {
  const channel = nextChannel++;
  const folder = join(bench.folder, 'spool-of-text', 'old');
  const samples = `${channel}\t1749988800.000000\t0\n${channel}\t1749988801.000000\t1\n`;
  const head = { token: 'old-0', rows: 2, samples: samples.length, text: 0, events: 0 };
  const json = JSON.stringify({ ...head, dirty: [], unverified: [channel], attempted: false });
  const headLength = Buffer.alloc(4);
  headLength.writeUInt32LE(json.length);
  const payload = Buffer.concat([headLength, Buffer.from(json + samples)]);
  const frame = Buffer.alloc(12);
  frame.write('ESPL', 'latin1');
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(crc32(payload), 8);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '000000000001.seg'), Buffer.concat([frame, payload]));
  const spoolFolder = join(bench.folder, 'spool-of-text');
  const writer = bench.writer({ name: 'old', spoolFolder });
  // With a row of this version behind it, before the store has the old ones.
  await writer.append(batchOf([[channel, NOON + 2_000, 2]]));
  await until('the spool is empty', () => writer.status().state === 'open');
  await writer.repairRollups();
  const raw = await bench.rows(
    `SELECT value FROM samples FINAL WHERE channel = ${channel} ORDER BY at`,
  );
  expect(raw).toEqual([[0], [1], [2]]);
  const sums = await bench.rows(
    `SELECT toUInt32(sum(points)), sum(total) FROM samples_1d WHERE channel = ${channel}`,
  );
  expect(sums).toEqual([[3, 3]]);
});

// Rows that are answered before the store has them: signals and disks that take nothing, tried for real.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, symlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { entryUrl } from '../../entry.js';
import { connectSeries } from '../client.js';
import { migrateSeries } from '../migrations.js';
import type { Stored } from '../series.types.js';
import { batchOf, KEEP_ALL, openStoreBench, type StoreBench, until } from '../testing.js';
import { expectExactly, firstOnes, storePid } from './exactly.js';

/** Generous: a store that shares two busy cores with other tests is slow, and that is not what is tested. */
vi.setConfig({ testTimeout: 120_000 });

/** 2025-06-15, noon UTC. */
const NOON = 1_749_988_800_000;
let bench: StoreBench;
let nextChannel = 1;
beforeAll(async () => {
  bench = await openStoreBench();
});
afterAll(() => bench.close());

test.each([
  ['who cannot wait', 'journal', {}],
  ['who waits for an insert that does not end', 'soon', { journalAfterMs: 5 }],
])(
  '%s is answered from the journal, and kill -9 of the writer and the store loses nothing of it',
  async (_, urgency, answered) => {
    const channel = nextChannel++;
    const options = {
      address: bench.address,
      name: `journalled-${urgency}`,
      spoolFolder: join(bench.folder, `spool-${urgency}`),
      spoolLimitBytes: 1e8,
      ...answered,
    };
    const script = `
    const { openSeriesWriter } = await import(${JSON.stringify(entryUrl('engine/series/writer').href)});
    const { SystemClock } = await import(${JSON.stringify(entryUrl('engine/clock').href)});
    const writer = openSeriesWriter({ ...${JSON.stringify(options)}, clock: new SystemClock() });
    for (let i = 0; ; i++) {
      const row = { channel: Uint32Array.of(${channel}), atUnixMs: Float64Array.of(${NOON} + i * 1000), value: Float64Array.of(i), text: [] };
      process.stdout.write(await writer.append(row, '${urgency}') + ' ' + i + '\\n');
    }`;
    const pid = storePid(bench);
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      // First with a store that stands still: nothing of this can have been inserted.
      if (said.length > 2_000) child.kill('SIGKILL');
      else if (said.length > 200) process.kill(pid, 'SIGSTOP');
    });
    await once(child, 'close').finally(() => process.kill(pid, 'SIGCONT'));
    const acknowledged = said.split('\n').slice(0, -1);
    expect(acknowledged.filter((line) => line.startsWith('spool')).length).toBeGreaterThan(50);
    const writer = bench.writer(options);
    await until('all is replayed', () => writer.status().state === 'open');
    const [[rows, points] = []] = await bench.rows(
      `SELECT uniqExact(at), uniqExact(value) FROM samples WHERE channel = ${channel}`,
    );
    expect(Number(rows)).toBeGreaterThanOrEqual(acknowledged.length);
    expect(Number(rows)).toBeLessThanOrEqual(acknowledged.length + 2);
    expect(points).toBe(rows);
    await writer.repairRollups();
    const counted = await bench.rows(
      `SELECT sum(points) FROM samples_1m WHERE channel = ${channel}`,
    );
    expect(counted).toEqual([[rows]]);
  },
);

test('what is stored leaves the journal, so that a start has nothing to do again', async () => {
  const channel = nextChannel++;
  const options = { name: 'settled', spoolFolder: join(bench.folder, 'spool-settled') };
  const writer = bench.writer(options);
  for (let i = 0; i < 20; i++) {
    await writer.append(batchOf([[channel, NOON + i, i]]), 'journal');
  }
  await expectExactly(bench, writer, channel, firstOnes(20));
  await writer.close();
  expect(readdirSync(join(options.spoolFolder, options.name))).not.toContainEqual(
    expect.stringMatching(/\.(wal|seg)$/),
  );
});

test('while roll-ups are put right nobody waits for it, and what came meanwhile is counted once', async () => {
  const channel = nextChannel++;
  const writer = bench.writer({ journalAfterMs: 10, spoolAfterMs: 60_000 });
  for (const value of [1, 0])
    await writer.append(batchOf([[channel, NOON + value * 1_000, value]]));
  const pid = storePid(bench);
  process.kill(pid, 'SIGSTOP');
  // It cannot end as long as the store stands still: the appends below could wait for ever.
  const repaired = writer.repairRollups();
  const places: Stored[] = [];
  try {
    for (let i = 2; i < 30; i++) {
      places.push(await writer.append(batchOf([[channel, NOON + i * 1_000, i]])));
    }
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect(new Set(places)).toEqual(new Set(['spool']));
  expect(writer.status()).toMatchObject({ state: 'open', spoolBytes: 0 });
  expect(await repaired).toBeGreaterThan(0);
  await expectExactly(bench, writer, channel, firstOnes(30));
});

test('a repair that does not end sends those behind it to the spool, and the store is not called away', async () => {
  const channel = nextChannel++;
  const writer = bench.writer({ spoolAfterMs: 100 });
  for (const value of [1, 0])
    await writer.append(batchOf([[channel, NOON + value * 1_000, value]]));
  const told = bench.reports.length;
  const pid = storePid(bench);
  process.kill(pid, 'SIGSTOP');
  const repaired = writer.repairRollups();
  // As long as nothing waits there is nothing to put aside.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(writer.status().state).toBe('open');
  const place = await writer
    .append(batchOf([[channel, NOON + 2_000, 2]]))
    .finally(() => process.kill(pid, 'SIGCONT'));
  expect(place).toBe('spool');
  await repaired;
  await expectExactly(bench, writer, channel, [0, 1, 2]);
  expect(bench.reports.slice(told).map(({ type }) => type)).not.toContain('store.away');
});

test('who cannot wait is answered from the journal beside others who wait for an insert that does not end', async () => {
  const channel = nextChannel++;
  // The first of each pair is gathered behind the insert for longer than the test lasts when nobody hurries it.
  for (const waits of [{}, { journalAfterMs: 600_000 }]) {
    const writer = bench.writer({ spoolAfterMs: 60_000, windowMs: 0, ...waits });
    const pid = storePid(bench);
    process.kill(pid, 'SIGSTOP');
    const all = [0, 1].map((i) => writer.append(batchOf([[channel, NOON + i * 1_000, i]]), 'soon'));
    try {
      // The second gathers behind the first, its window over.
      await new Promise((resolve) => setTimeout(resolve, 50));
      all.push(writer.append(batchOf([[channel, NOON + 2_000, 2]]), 'soon'));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const last = writer.append(batchOf([[channel, NOON + 3_000, 3]]), 'journal');
      expect(await last).toBe('spool');
      expect(await all.at(-1)).toBe('spool');
      expect(writer.status().state).toBe('open');
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await Promise.all(all);
    await expectExactly(bench, writer, channel, [0, 1, 2, 3]);
  }
});

test('rows sent again after a start are counted once, however many come before the store was asked for the first', async () => {
  const channel = nextChannel++;
  const hour = (i: number) => batchOf([[channel, NOON + i * 3_600_000, i]]);
  const before = bench.writer({ name: 'again' });
  for (let i = 0; i < 10; i++) await before.append(hour(i));
  await before.close();
  const writer = bench.writer({ name: 'again', windowMs: 0, spoolAfterMs: 60_000 });
  const pid = storePid(bench);
  process.kill(pid, 'SIGSTOP');
  // Of the first it is asked what the store has; the others are gathered meanwhile, each later than the one before.
  const all = [writer.append(hour(4))];
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let i = 5; i < 12; i++) all.push(writer.append(hour(i)));
  process.kill(pid, 'SIGCONT');
  await Promise.all(all);
  await expectExactly(bench, writer, channel, firstOnes(12));
});

test('while one insert hangs and the store is well otherwise, nobody waits for its end', async () => {
  const channel = nextChannel++;
  const { hostname, port } = new URL(bench.address.url);
  // Nothing of the first connection that carries samples reaches the store, or is answered.
  let hung: Socket | undefined;
  const proxy = createServer((socket) => {
    const store = connect(Number(port), hostname);
    socket.on('data', (bytes: Buffer) => {
      if (
        hung === undefined &&
        /INSERT(\+|%20)INTO(\+|%20)samples\W/.test(bytes.toString('latin1'))
      ) {
        hung = socket;
      }
      if (hung !== socket) store.write(bytes);
    });
    store.pipe(socket, { end: false });
    store.on('close', () => {
      if (hung !== socket) socket.end();
    });
    socket.on('close', () => store.destroy());
    for (const each of [store, socket]) each.on('error', () => undefined);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(bench.address.url);
  url.port = String((proxy.address() as AddressInfo).port);
  const writer = bench.writer({
    address: { ...bench.address, url: url.href },
    spoolAfterMs: 100,
    requestTimeoutMs: 600_000,
  });
  const first = writer.append(batchOf([[channel, NOON, 0]]));
  await until('the insert hangs', () => hung !== undefined);
  for (const i of [1, 2]) {
    expect(await writer.append(batchOf([[channel, NOON + i * 1_000, i]]))).toBe('spool');
    await until('the store is found well', () => writer.status().state === 'open');
  }
  hung?.destroy();
  expect(await first).toBe('spool');
  await expectExactly(bench, writer, channel, [0, 1, 2]);
  await writer.close();
  proxy.close();
});

test('under a steady load the store gets fewer and larger inserts, and nobody waits for them', async () => {
  const channel = nextChannel++;
  const writer = bench.writer({ maxSpacingMs: 2_000, journalAfterMs: 1_000 });
  const places: Stored[] = [];
  // Each waits for the one before: inserts alone, as many as there are answers, until the store had enough of them.
  while (!places.includes('spool')) {
    const i = places.length;
    places.push(await writer.append(batchOf([[channel, NOON + i * 1_000, i]]), 'soon'));
  }
  for (let i = places.length; i < places.length + 50; i++) {
    void writer.append(batchOf([[channel, NOON + i * 1_000, i]]), 'soon');
  }
  expect(places.indexOf('spool')).toBeGreaterThan(5);
  await expectExactly(bench, writer, channel, firstOnes(places.length + 50));
});

test('a journal on a disk that takes nothing: who cannot wait is answered by the store', async () => {
  const channel = nextChannel++;
  const folder = join(bench.folder, 'spool-full');
  const writer = bench.writer({ name: 'full', spoolFolder: folder });
  symlinkSync('/dev/full', join(folder, 'full', '000000000001.wal'));
  expect(await writer.append(batchOf([[channel, NOON, 1]]), 'journal')).toBe('store');
  await expectExactly(bench, writer, channel, [1]);
});

test('a batch the store will never take does not set aside those that went with it', async () => {
  const channel = nextChannel++;
  const address = { ...bench.address, database: 'refusing_some' };
  await migrateSeries(address, KEEP_ALL);
  const client = connectSeries(address);
  await client.command({ query: 'ALTER TABLE samples_text MODIFY COLUMN value FixedString(3)' });
  const writer = bench.writer({ name: 'refused-some', address });
  const pid = storePid(bench);
  process.kill(pid, 'SIGSTOP');
  // The first is on its way when the others are gathered, which then go with one insert.
  const first = writer.append(batchOf([[channel, NOON, 0]]), 'journal');
  await first;
  const bad = { channel, atUnixMs: NOON, value: 'far too long' };
  await writer.append({ ...batchOf([[channel, NOON + 1_000, 1]]), text: [bad] }, 'journal');
  await writer.append(batchOf([[channel, NOON + 2_000, 2]]), 'journal');
  process.kill(pid, 'SIGCONT');
  await until('nothing waits', () => writer.status().pendingRows === 0);
  const refused = bench.reports.filter(({ type }) => type === 'store.refused').at(-1);
  expect(refused).toMatchObject({ rows: 2 });
  const answer = await client.query({
    query: `SELECT value FROM samples FINAL WHERE channel = ${channel} ORDER BY at`,
    format: 'JSONCompactEachRow',
  });
  const rows = await answer.json<[number]>();
  expect(rows.flat()).toEqual(expect.arrayContaining([0, 2]));
  await client.close();
});

// Faults tried for real: signals, a full disk, damaged files. What was acknowledged must be there, once.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { entryUrl } from '../../entry.js';
import { EngineError } from '../../errors.js';
import { connectSeries } from '../client.js';
import { migrateSeries } from '../migrations.js';
import type { Stored } from '../series.types.js';
import { Spool } from '../spool.js';
import { batchOf, KEEP_ALL, openStoreBench, type StoreBench, until } from '../testing.js';
import { openSeriesWriter, type StoreWriter } from '../writer.js';
import { expectExactly, storePid } from './exactly.js';

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

interface Outcome {
  readonly acknowledged: number[];
  readonly places: Set<Stored>;
  readonly errors: EngineError[];
}

/** Appends `count` one-row batches of one channel, a second apart, and says which were acknowledged. */
async function stream(
  writer: StoreWriter,
  channel: number,
  count: number,
  each: (i: number) => unknown = () => undefined,
): Promise<Outcome> {
  const outcome: Outcome = { acknowledged: [], places: new Set(), errors: [] };
  const all: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    await each(i);
    const append = writer.append(batchOf([[channel, NOON + i * 1_000, i]])).then(
      (place) => {
        outcome.acknowledged.push(i);
        outcome.places.add(place);
      },
      (error: unknown) => {
        outcome.errors.push(EngineError.from(error));
      },
    );
    all.push(append);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(all);
  return outcome;
}

async function storeUp(): Promise<void> {
  await until('the store is up', () => bench.store.status().state === 'up');
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

test('kill -9 of the store under a stream of appends loses and doubles nothing', async () => {
  const channel = nextChannel++;
  const writer = bench.writer();
  const restarts = bench.store.status().restarts;
  const outcome = await stream(writer, channel, 600, async (i) => {
    if (i !== 100 && i !== 400) return;
    await storeUp();
    process.kill(storePid(bench), 'SIGKILL');
  });
  expect(outcome.errors).toEqual([]);
  expect(outcome.places).toContain('spool');
  await storeUp();
  expect(bench.store.status().restarts).toBeGreaterThanOrEqual(restarts + 2);
  expect(outcome.acknowledged).toHaveLength(600);
  await expectExactly(bench, writer, channel, outcome.acknowledged);
});

test('an insert whose answer was lost is not counted twice, and those behind it do not wait', async () => {
  const channel = nextChannel++;
  const writer = bench.writer({ requestTimeoutMs: 1_000, spoolAfterMs: 200 });
  await writer.append(batchOf([[channel, NOON - 1_000, 0]]));
  const pid = storePid(bench);
  process.kill(pid, 'SIGSTOP');
  const outcome = await stream(writer, channel, 50).finally(() => process.kill(pid, 'SIGCONT'));
  expect(outcome.places).toEqual(new Set(['spool']));
  expect(bench.reports).toContainEqual(expect.objectContaining({ type: 'store.away' }));
  await until('all is replayed', () => writer.status().state === 'open');
  expect(bench.reports.at(-1)).toMatchObject({ type: 'store.back', rowsReplayed: 50 });
  await expectExactly(bench, writer, channel, [0, ...outcome.acknowledged]);
});

test('batches that wait in the spool of an ended writer are replayed by the next, behind a torn tail too', async () => {
  const channel = nextChannel++;
  const nowhere = { url: 'http://earshot:x@127.0.0.1:9', database: 'earshot' };
  const before = bench.writer({ name: 'torn', address: nowhere });
  const outcome = await stream(before, channel, 40);
  expect(outcome.places).toEqual(new Set(['spool']));
  await before.close();
  const folder = join(bench.folder, 'spool', 'torn');
  const last = readdirSync(folder)
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .at(-1);
  appendFileSync(join(folder, last ?? ''), 'ESPL half a rec');
  const after = bench.writer({ name: 'torn' });
  await expectExactly(bench, after, channel, outcome.acknowledged);
  expect(bench.reports).toContainEqual(expect.objectContaining({ type: 'spool.torn' }));
  expect(after.status()).toMatchObject({ spoolBytes: 0, rowsReplayed: 40 });
});

test('when the spool is full, appends are refused and not lost in silence', async () => {
  const channel = nextChannel++;
  const pid = storePid(bench);
  const writer = bench.writer({
    spoolLimitBytes: 4_000,
    windowMs: 0,
    spoolAfterMs: 50,
    requestTimeoutMs: 1_000,
  });
  process.kill(pid, 'SIGSTOP');
  const outcome = await stream(writer, channel, 200).finally(() => process.kill(pid, 'SIGCONT'));
  expect(outcome.errors.length).toBeGreaterThan(0);
  expect(new Set(outcome.errors.map((error) => error.code))).toEqual(new Set(['spool.full']));
  expect(outcome.acknowledged.length).toBeGreaterThan(0);
  await expectExactly(bench, writer, channel, outcome.acknowledged);
});

test('a full disk refuses appends, and the spool works again when there is room', async () => {
  const channel = nextChannel++;
  const disk = tinyDisk();
  try {
    const nowhere = { url: 'http://earshot:x@127.0.0.1:9', database: 'earshot' };
    const before = bench.writer({ name: 'tiny', address: nowhere, spoolFolder: disk.folder });
    disk.fill();
    const refused = await stream(before, channel, 20);
    expect(refused.acknowledged).toEqual([]);
    expect(new Set(refused.errors.map((error) => error.code))).toEqual(new Set(['spool.full']));
    disk.free();
    const outcome = await stream(before, channel, 20);
    expect(outcome.errors).toEqual([]);
    await before.close();
    const after = bench.writer({ name: 'tiny', spoolFolder: disk.folder });
    await expectExactly(bench, after, channel, outcome.acknowledged);
    await after.close();
  } finally {
    disk.remove();
  }
});

/** A disk of 256 KiB; where mounting is not allowed, a spool file that the kernel always calls full. */
function tinyDisk() {
  const folder = join(bench.folder, 'tiny-disk');
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    const segment = join(folder, 'tiny', '000000000001.seg');
    const fill = () => symlinkSync('/dev/full', segment);
    return { folder, fill, free: () => undefined, remove: () => undefined };
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () =>
      execFileSync('sh', ['-c', `cat /dev/zero > ${ballast} || true`], { stdio: 'ignore' }),
    free: () => execFileSync('rm', [ballast]),
    remove: () => execFileSync('umount', [folder]),
  };
}

test('kill -9 of a process that appends to its spool keeps every acknowledged batch', async () => {
  const folder = join(bench.folder, 'killed-spool');
  const script = `
    const { Spool } = await import(${JSON.stringify(entryUrl('engine/series/spool').href)});
    const none = Buffer.alloc(0);
    const spool = new Spool({ folder: ${JSON.stringify(folder)}, limitBytes: 1e8, segmentBytes: 20_000, report() {} });
    for (let i = 0; ; i++) {
      const batch = { token: String(i), rows: 1, samples: Buffer.alloc(3_000, i), text: none, events: none, dirty: [], unverified: [] };
      await spool.append([{ batch, attempted: false }]);
      process.stdout.write(i + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.length > 200) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const acknowledged = said.split('\n').slice(0, -1);
  const spool = new Spool({ folder, limitBytes: 1e8, report: () => undefined });
  const found: string[] = [];
  for (let next = await spool.next(); next !== undefined; next = await spool.next()) {
    found.push(next.batch.token);
    await spool.forget();
  }
  expect(found.slice(0, acknowledged.length)).toEqual(acknowledged);
  expect(found.length - acknowledged.length).toBeLessThanOrEqual(2);
});

test('a batch the store will never take is put aside and told; the others go on', async () => {
  const address = { ...bench.address, database: 'refusing' };
  await migrateSeries(address, KEEP_ALL);
  const client = connectSeries(address);
  await client.command({ query: 'ALTER TABLE samples_text MODIFY COLUMN value FixedString(3)' });
  const writer = bench.writer({ name: 'refused', address });
  const text = { channel: 5, atUnixMs: NOON, value: 'far too long' };
  await expect(writer.append({ ...batchOf([]), text: [text] })).rejects.toMatchObject({
    code: 'store.refused',
  });
  const report = bench.reports.find((told) => told.type === 'store.refused');
  expect(report?.type === 'store.refused' ? report.file : '').toContain('quarantine');
  expect(await writer.append(batchOf([[5, NOON, 1]]))).toBe('store');
  await client.close();
});

test('a closed writer refuses, and closing writes what is pending', async () => {
  const channel = nextChannel++;
  const { folder, clock, address } = bench;
  const writer = openSeriesWriter({
    address,
    clock,
    name: 'closing',
    spoolFolder: join(folder, 'spool'),
    spoolLimitBytes: 1e6,
    windowMs: 60_000,
  });
  const pending = writer.append(batchOf([[channel, NOON, 1]]));
  await Promise.all([writer.close(), writer.close()]);
  expect(await pending).toBe('store');
  await expect(writer.append(batchOf([[channel, NOON, 1]]))).rejects.toMatchObject({
    code: 'server.stopping',
  });
});

test('rows that cannot be stored are refused before anything is written', async () => {
  const writer = bench.writer();
  for (const at of [Number.NaN, -1, Number.POSITIVE_INFINITY, 5e12]) {
    await expect(writer.append(batchOf([[1, at, 1]]))).rejects.toMatchObject({
      code: 'input.invalid',
    });
  }
  const lopsided = { ...batchOf([[1, NOON, 1]]), value: new Float64Array(0) };
  await expect(writer.append(lopsided)).rejects.toMatchObject({ code: 'input.invalid' });
});

test('the store process ends when the engine is gone', async () => {
  const script = `
    const { EmbeddedStore } = await import(${JSON.stringify(entryUrl('engine/series/embedded').href)});
    const { SystemClock } = await import(${JSON.stringify(entryUrl('engine/clock').href)});
    const store = new EmbeddedStore({ folder: ${JSON.stringify(join(bench.folder, 'orphan'))}, clock: new SystemClock() });
    await store.start();
    process.stdout.write(String(store.status().pid));`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(chunk.toString());
  expect(alive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until('the store process has ended', () => !alive(pid));
});

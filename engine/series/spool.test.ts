import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BatchBuilder, eachSampleRow, NewestTimes, type StoreBatch } from './batch.js';
import { Spool, type SpoolOptions, type SpoolReport } from './spool.js';
import { decodePayload, encodeRecord, readRecord } from './spool-format.js';
import { batchOf } from './testing.js';

let parent = '';
let reports: SpoolReport[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'earshot-spool-'));
  reports = [];
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const folder = () => join(parent, 'device-0');

function openSpool(options: Partial<SpoolOptions> = {}): Spool {
  const report = (told: SpoolReport) => reports.push(told);
  return new Spool({ folder: folder(), limitBytes: 1_000_000, report, ...options });
}

function batch(token: string, bytes = 40): StoreBatch {
  const samples = Buffer.alloc(bytes, `${token}\t`);
  const none = Buffer.alloc(0);
  const parts = { samplesFormat: 'TabSeparated' as const, samples, text: none, events: none };
  return { token, rows: 1, ...parts, dirty: [5], unverified: [1] };
}

async function fill(spool: Spool, ...tokens: string[]): Promise<void> {
  for (const token of tokens) await spool.append([{ batch: batch(token), attempted: false }]);
}

async function drain(spool: Spool): Promise<string[]> {
  const tokens: string[] = [];
  for (let next = await spool.next(); next !== undefined; next = await spool.next()) {
    tokens.push(next.batch.token);
    await spool.forget();
  }
  return tokens;
}

function segment(index = 0): string {
  const names = readdirSync(folder()).filter((name) => name.endsWith('.seg'));
  return join(folder(), names[index] ?? '');
}

test('batches come back whole and in order, and leave the disk empty', async () => {
  const spool = openSpool({ segmentBytes: 300 });
  await fill(spool, 'a', 'b', 'c', 'd');
  const first = await spool.next();
  expect(first?.batch).toEqual(batch('a'));
  await fill(spool, 'e');
  expect(await drain(spool)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(spool.empty).toBe(true);
  expect(spool.bytes).toBe(0);
  expect(readdirSync(folder()).filter((name) => name.endsWith('.seg'))).toEqual([]);
});

test('only what lay there at the start may have been inserted before: the first record of this run was not', async () => {
  const spool = openSpool();
  await fill(spool, 'a', 'b');
  expect(await spool.next(10)).toMatchObject({ attempted: false, batch: { token: 'a', rows: 2 } });
  await spool.close();
});

test('after a restart it goes on behind the last forgotten batch, which may have been sent already', async () => {
  const before = openSpool();
  await fill(before, 'a', 'b', 'c');
  await before.next();
  await before.forget();
  const after = openSpool();
  expect(await after.next()).toMatchObject({ attempted: true, batch: { token: 'b' } });
  await after.forget();
  expect(await after.next()).toMatchObject({ attempted: false, batch: { token: 'c' } });
});

test('the first record of every segment found at the start may have been sent already, of an adopted one too', async () => {
  // Whether there are segments of its own says nothing of what a writer that is gone had sent.
  for (const own of ['own', undefined]) {
    const before = openSpool();
    if (own !== undefined) await fill(before, own);
    await before.close();
    for (const name of ['gone-1', 'gone-2']) {
      const gone = openSpool({ folder: join(parent, name) });
      await fill(gone, `${name}a`, `${name}b`);
      await gone.close();
    }
    const spool = openSpool();
    spool.adopt(parent, []);
    const attempted: string[] = [];
    for (let next = await spool.next(); next !== undefined; next = await spool.next()) {
      if (next.attempted) attempted.push(next.batch.token);
      await spool.forget();
    }
    expect(attempted.sort()).toEqual(['gone-1a', 'gone-2a', ...(own === undefined ? [] : [own])]);
  }
});

test('a torn tail is cut off and told; what was acknowledged is there', async () => {
  const before = openSpool();
  await fill(before, 'a', 'b', 'c');
  await before.close();
  truncateSync(segment(), readFileSync(segment()).length - 5);
  expect(await drain(openSpool())).toEqual(['a', 'b']);
  expect(reports).toMatchObject([{ type: 'spool.torn' }]);
});

test('a damaged record in the middle is skipped, kept for a human, and told', async () => {
  const before = openSpool();
  await fill(before, 'a', 'b', 'c');
  await before.close();
  const bytes = readFileSync(segment());
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle);
  writeFileSync(segment(), bytes);
  expect(await drain(openSpool())).toEqual(['a', 'c']);
  expect(reports).toMatchObject([{ type: 'spool.corrupt' }]);
  expect(readdirSync(join(folder(), 'quarantine'))).toHaveLength(1);
});

test('when it is full it refuses, and all that was acknowledged stays', async () => {
  const spool = openSpool({ limitBytes: 700 });
  await fill(spool, 'a', 'b', 'c');
  await expect(fill(spool, 'd', 'e', 'f')).rejects.toMatchObject({ code: 'spool.full' });
  expect((await drain(spool)).slice(0, 3)).toEqual(['a', 'b', 'c']);
});

test('told to, it drops the oldest segment instead and says how many rows that were', async () => {
  const spool = openSpool({
    limitBytes: 700,
    segmentBytes: 300,
    whenFull: 'drop-oldest-segment',
  });
  await fill(spool, 'a', 'b', 'c', 'd', 'e', 'f', 'g');
  const left = await drain(spool);
  expect(left.at(-1)).toBe('g');
  expect(left).not.toContain('a');
  const dropped = reports.reduce(
    (n, told) => n + (told.type === 'spool.dropped' ? told.rows : 0),
    0,
  );
  expect(dropped + left.length).toBe(7);
});

test('folders of writers that are gone are adopted, oldest first, from where they stopped', async () => {
  const gone = openSpool({ folder: join(parent, 'device-7') });
  await fill(gone, 'x', 'y', 'z');
  await gone.next();
  await gone.forget();
  await gone.close();
  const live = openSpool({ folder: join(parent, 'device-1') });
  await fill(live, 'other');
  const spool = openSpool();
  await fill(spool, 'mine');
  spool.adopt(parent, ['device-1']);
  expect(await drain(spool)).toEqual(['y', 'z', 'mine']);
  expect(existsSync(join(parent, 'device-7', '000000000001.seg'))).toBe(false);
  expect(await drain(live)).toEqual(['other']);
});

test('bytes that are no batch never throw, and every whole record among them is found', () => {
  const junk = fc.uint8Array({ maxLength: 200 });
  const token = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(junk, token), { maxLength: 8 }), junk, (parts, tail) => {
      const pieces: Uint8Array[] = [];
      for (const [noise, name] of parts) pieces.push(noise, ...encodeRecord(batch(name), false));
      const bytes = Buffer.concat([...pieces, tail]);
      const found: string[] = [];
      for (let offset = 0; ; ) {
        const next = readRecord(bytes, offset);
        if (next.kind === 'end') break;
        expect(next.end).toBeGreaterThan(offset);
        if (next.kind === 'record') found.push(decodePayload(next.payload).batch.token);
        offset = next.end;
      }
      expect(found).toEqual(parts.map(([, name]) => name));
    }),
  );
});

test('a file that is only noise is no reason to stop', async () => {
  const before = openSpool();
  await fill(before, 'a');
  await before.close();
  appendFileSync(segment(), Buffer.alloc(5_000, 'ESPL'));
  expect(await drain(openSpool())).toEqual(['a']);
});

test('several small batches are replayed as one, whole and in order, within the bound of rows', async () => {
  const spool = openSpool();
  await fill(spool, 'a', 'b', 'c', 'd', 'e');
  await spool.next();
  await spool.forget();
  const group = await spool.next(3);
  const samples = Buffer.concat(['b', 'c', 'd'].map((token) => batch(token).samples));
  expect(group).toEqual({ attempted: false, batch: { ...batch('b'), rows: 3, samples } });
  expect(await spool.next(3)).toEqual(group);
  await spool.forget();
  expect(await drain(spool)).toEqual(['e']);
});

/** A record as versions before the format of samples was written: its head does not name one. */
function oldRecord(token: string, samples: string): Buffer {
  const json = JSON.stringify({
    ...{ token, rows: 1, samples: samples.length, text: 0, events: 0 },
    ...{ dirty: [], unverified: [1], attempted: false },
  });
  return record(json, samples);
}

function record(json: string, parts: string): Buffer {
  const headLength = Buffer.alloc(4);
  headLength.writeUInt32LE(json.length);
  const payload = Buffer.concat([headLength, Buffer.from(json + parts)]);
  const frame = Buffer.alloc(12);
  frame.write('ESPL', 'latin1');
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(crc32(payload), 8);
  return Buffer.concat([frame, payload]);
}

function blockOf(token: string): StoreBatch {
  const builder = new BatchBuilder(new NewestTimes());
  builder.addSamples(batchOf([[7, 1_000, 0.5]]), 0, 1, 0);
  return builder.seal(token);
}

test('records of earlier versions hold text, and never go in one insert with blocks', async () => {
  mkdirSync(folder());
  const lines = ['1\t0000000001.000000\t21.5\n', '1\t0000000002.000000\tnan\n'];
  const old = lines.map((line, i) => oldRecord(`old-${i}`, line));
  const blocks = ['c', 'd'].map((token) => ({ batch: blockOf(token), attempted: false }));
  const fresh = blocks.flatMap(({ batch: each }) => encodeRecord(each, false));
  writeFileSync(join(folder(), '000000000001.seg'), Buffer.concat([...old, ...fresh]));
  const spool = openSpool();
  const text = await spool.next(1_000);
  expect(text?.batch).toMatchObject({ token: 'old-0', rows: 2, samplesFormat: 'TabSeparated' });
  expect(String(text?.batch.samples)).toBe(lines.join(''));
  await spool.forget();
  const columns = await spool.next(1_000);
  expect(columns?.batch).toMatchObject({ token: 'c', rows: 2, samplesFormat: 'Native' });
  const found: number[][] = [];
  if (columns !== undefined)
    eachSampleRow(columns.batch, (channel, atUs) => found.push([channel, atUs]));
  expect(found).toEqual([
    [7, 1_000_000],
    [7, 1_000_000],
  ]);
  await spool.forget();
  expect(spool.empty).toBe(true);
});

test('a record in a format of a later version, or whose blocks are none, is set aside', async () => {
  mkdirSync(folder());
  const head = { rows: 1, samples: 4, text: 0, events: 0, dirty: [], unverified: [] };
  const records = ['Parquet', 'Native'].map((format) =>
    record(JSON.stringify({ token: format, ...head, format, attempted: false }), 'abcd'),
  );
  const good = encodeRecord(blockOf('good'), false);
  writeFileSync(join(folder(), '000000000001.seg'), Buffer.concat([...records, ...good]));
  expect(await drain(openSpool())).toEqual(['good']);
  expect(reports.map(({ type }) => type)).toEqual(['spool.corrupt', 'spool.corrupt']);
});

test('what the store refused is kept as text, and is a segment that can be tried again', async () => {
  const spool = openSpool();
  const file = await spool.quarantine(blockOf('r'));
  expect(readFileSync(file, 'latin1')).toContain('7\t0000000001.000000\t0.5\n');
  renameSync(file, join(folder(), 'refused.seg'));
  const again = await openSpool().next();
  expect(again).toMatchObject({ attempted: true, batch: { token: 'r', rows: 1 } });
});

test('after a restart the whole first group may have been sent already', async () => {
  await fill(openSpool(), 'a', 'b', 'c');
  const after = openSpool();
  expect(await after.next(2)).toMatchObject({ attempted: true, batch: { token: 'a', rows: 2 } });
  await after.forget();
  expect(await after.next(2)).toMatchObject({ attempted: false, batch: { token: 'c', rows: 1 } });
});

test('a group ends before damage, which is then skipped and told', async () => {
  const before = openSpool();
  await fill(before, 'a', 'b', 'c');
  await before.close();
  const bytes = readFileSync(segment());
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle);
  writeFileSync(segment(), bytes);
  const after = openSpool();
  expect(await after.next(10)).toMatchObject({ batch: { token: 'a', rows: 1 } });
  await after.forget();
  expect(await after.next(10)).toMatchObject({ batch: { token: 'c', rows: 1 } });
  expect(reports).toMatchObject([{ type: 'spool.corrupt' }]);
});

import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { StoreBatch } from './batch.js';
import { Journal, type JournalEntry } from './journal.js';
import { Spool } from './spool.js';
import { until } from './testing.js';

const root = mkdtempSync(join(tmpdir(), 'earshot-journal-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let nextFolder = 0;
function newFolder(): string {
  const folder = join(root, String(nextFolder++));
  mkdirSync(folder);
  return folder;
}

function batch(token: string, bytes: number): StoreBatch {
  const none = Buffer.alloc(0);
  const text = Buffer.alloc(bytes, 'x');
  return {
    ...{ token, rows: 1, samplesFormat: 'Native', samples: none, text, events: none },
    ...{ dirty: [], unverified: [] },
  };
}

/** Tokens that the next start finds. */
async function found(folder: string): Promise<string[]> {
  const spool = new Spool({ folder, limitBytes: 1e9, report: () => undefined });
  const tokens: string[] = [];
  for (let next = await spool.next(); next !== undefined; next = await spool.next()) {
    expect(next.attempted).toBe(true);
    tokens.push(next.batch.token);
    await spool.forget();
  }
  await spool.close();
  return tokens;
}

test('a start finds every batch that was written and not settled, in any order of both', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('append' as const), bytes: fc.integer({ min: 0, max: 400_000 }) }),
    fc.record({ do: fc.constant('settle' as const), which: fc.nat(20) }),
    fc.record({ do: fc.constant('wait' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const folder = newFolder();
      const journal = new Journal(folder);
      const open = new Map<string, JournalEntry>();
      for (const [i, each] of steps.entries()) {
        if (each.do === 'append') open.set(String(i), journal.append(batch(String(i), each.bytes)));
        if (each.do === 'wait') await [...open.values()].at(-1)?.written;
        if (each.do === 'settle') {
          const token = [...open.keys()][each.which % Math.max(1, open.size)];
          open.get(token ?? '')?.settle();
          open.delete(token ?? '');
        }
      }
      await Promise.all([...open.values()].map(({ written }) => written));
      await journal.close();
      const left = await found(folder);
      expect(left).toEqual(expect.arrayContaining([...open.keys()]));
      if (open.size === 0) expect(left).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('what is settled before its turn is never written', async () => {
  const folder = newFolder();
  const journal = new Journal(folder);
  const first = journal.append(batch('first', 10));
  const second = journal.append(batch('second', 10));
  second.settle();
  await Promise.all([first.written, second.written]);
  await journal.close();
  expect(await found(folder)).toEqual(['first']);
});

test('what is settled at any moment leaves the disk, and not only when more is written', async () => {
  // 2 MB each: a segment of its own. The second is settled while the file of the first is being removed.
  for (let turns = 0; turns < 12; turns++) {
    const folder = newFolder();
    const journal = new Journal(folder);
    const entries = [batch('a', 2_000_000), batch('b', 2_000_000)].map((each) =>
      journal.append(each),
    );
    for (const { written } of entries) await written;
    entries[0]?.settle();
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    entries[1]?.settle();
    await until('the journal is empty', () => readdirSync(folder).length === 0, 5_000);
    expect(journal.bytes).toBe(0);
    await journal.close();
  }
});

test('a file that cannot be removed is left to the next start', async () => {
  const folder = newFolder();
  const journal = new Journal(folder);
  const entry = journal.append(batch('a', 2_000_000));
  await entry.written;
  const file = join(folder, '000000000001.wal');
  rmSync(file);
  mkdirSync(file);
  entry.settle();
  await journal.append(batch('b', 10)).written;
  await journal.close();
  rmSync(file, { recursive: true });
  expect(await found(folder)).toEqual(['b']);
});

test('at its bound, and on a disk that takes nothing, it says so and goes on', async () => {
  const folder = newFolder();
  const journal = new Journal(folder, 100_000);
  const kept = journal.append(batch('kept', 60_000));
  await kept.written;
  await expect(journal.append(batch('over', 60_000)).written).rejects.toMatchObject({
    code: 'spool.full',
  });
  kept.settle();
  await journal.append(batch('room again', 60_000)).written;
  await journal.close();
  const full = newFolder();
  symlinkSync('/dev/full', join(full, '000000000001.wal'));
  const refusing = new Journal(full);
  await expect(refusing.append(batch('none', 10)).written).rejects.toMatchObject({
    code: 'spool.full',
  });
  await refusing.close();
  expect(readdirSync(full)).toEqual([]);
});

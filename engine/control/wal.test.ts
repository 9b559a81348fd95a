import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { SystemClock } from '../clock.js';
import type { EngineError } from '../errors.js';
import { type Control, openControl } from './control.js';
import { createFeedTables, type FeedTables } from './feed-log.js';

interface Tables extends FeedTables {
  readonly things: { id: number; text: string };
}

let folder: string;
let handles: FileHandle;
let count = 0;
let control: Control<Tables>;
let file: string;
let faults: EngineError[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-wal-'));
  const any = await openFile(folder);
  handles = Object.getPrototypeOf(any) as FileHandle;
  await any.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(async () => {
  count += 1;
  file = join(folder, `${count}.db`);
  faults = [];
  control = await openAt();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await control.close();
});

const openAt = (): Promise<Control<Tables>> =>
  openControl<Tables>({
    file,
    clock: new SystemClock(),
    onError: (error) => faults.push(error),
    migrations: [
      {
        number: 1,
        name: 'things',
        up: async (db) => {
          await createFeedTables(db);
          await sql`create table things (id integer primary key, text text not null)`.execute(db);
        },
      },
    ],
  });

const put = (id: number, text = ''): Promise<void> =>
  control.write(async ({ db }) => {
    await db.insertInto('things').values({ id, text }).execute();
  });

const stored = async (): Promise<number> =>
  (await control.read((db) => db.selectFrom('things').select('id').execute())).length;

/** Syncs of the log, each held until it is let go. */
function heldSyncs(): { readonly waiting: (() => void)[]; readonly all: () => number } {
  const real = handles.datasync;
  const waiting: (() => void)[] = [];
  const spy = vi.spyOn(handles, 'datasync').mockImplementation(async function (this: FileHandle) {
    await new Promise<void>((resolve) => waiting.push(resolve));
    await real.call(this);
  });
  return { waiting, all: () => spy.mock.calls.length };
}

const soon = (until: () => boolean): Promise<void> => vi.waitFor(() => expect(until()).toBe(true));

describe('a write to an SQLite store', () => {
  test('is answered when its log is on disk, and seen before', async () => {
    const syncs = heldSyncs();
    let answered = false;
    const done = put(1).then(() => {
      answered = true;
    });
    await soon(() => syncs.waiting.length === 1);
    expect(await stored()).toBe(1);
    expect(answered).toBe(false);
    syncs.waiting[0]?.();
    await done;
  });

  test('shares the next sync with those that came meanwhile, and the writer goes on', async () => {
    const syncs = heldSyncs();
    const first = put(1);
    await soon(() => syncs.waiting.length === 1);
    const others = [2, 3, 4, 5].map((id) => put(id));
    await vi.waitFor(async () => expect(await stored()).toBe(5));
    expect(syncs.all()).toBe(1);
    syncs.waiting[0]?.();
    await first;
    await soon(() => syncs.waiting.length === 2);
    syncs.waiting[1]?.();
    await Promise.all(others);
    expect(syncs.all()).toBe(2);
  });

  test('is refused in words when the disk refuses, and the next one is kept', async () => {
    await put(9, 'x'.repeat(1_000_000));
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(1_000_000);
    vi.spyOn(handles, 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error, fdatasync'));
    await expect(put(1)).rejects.toMatchObject({
      code: 'store.away',
      message: expect.stringContaining('EIO') as string,
    });
    await put(2);
    expect(faults).toEqual([]);
    // The log was moved into the file and begins anew: nothing depends on pages that were not kept.
    expect(statSync(`${file}-wal`).size).toBeLessThan(64 * 1024);
  });
});

describe('the log', () => {
  test('is moved into the file beside the writer, and does not grow with what was ever written', async () => {
    const text = 'x'.repeat(200_000);
    let most = 0;
    for (let id = 0; id < 600; id++) {
      await put(id, text);
      most = Math.max(most, statSync(`${file}-wal`).size);
    }
    expect(statSync(file).size).toBeGreaterThan(50 * 1024 * 1024);
    expect(most).toBeLessThan(80 * 1024 * 1024);
    await control.close();
    control = await openAt();
    expect(await stored()).toBe(600);
    expect(faults).toEqual([]);
  });
});

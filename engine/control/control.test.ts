// Over 400 lines: one suite that runs against both stores, and what only one of them has.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Generated, sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestClock } from '../clock.js';
import { entryUrl } from '../entry.js';
import { EngineError } from '../errors.js';
import { type Control, type ControlOptions, openControl } from './control.js';
import { withoutPassword } from './dialects.js';
import type { Change, FeedEvent } from './feed.js';
import { createFeedTables, type FeedTables } from './feed-log.js';
import type { Migration } from './migrate.js';
import { startPostgres, type ThrowawayPostgres } from './testing/postgres.js';

interface Tables extends FeedTables {
  readonly things: { n: Generated<number>; id: string };
}

const FIRST: Migration = {
  number: 1,
  name: 'things',
  up: async (db) => {
    await createFeedTables(db);
    await sql`create table things (id text not null primary key)`.execute(db);
  },
};

let folder: string;
let postgres: ThrowawayPostgres;
let count = 0;
const opened: Control<Tables>[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-control-'));
  postgres = await startPostgres();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((control) => control.close()));
});
afterAll(async () => {
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
});

type Place = { readonly url: string } | { readonly file: string };

async function emptyPlace(dialect: 'sqlite' | 'postgres'): Promise<Place> {
  count++;
  return dialect === 'sqlite'
    ? { file: join(folder, `c${count}.db`) }
    : { url: await postgres.database() };
}

async function open(place: Place, options: Partial<ControlOptions> = {}): Promise<Control<Tables>> {
  const control = await openControl<Tables>({
    clock: new TestClock(),
    migrations: [FIRST],
    onError: (error) => {
      throw error;
    },
    ...place,
    ...options,
  });
  opened.push(control);
  return control;
}

async function put(control: Control<Tables>, ...ids: readonly string[]): Promise<void> {
  await control.write(async ({ db, changed }) => {
    for (const id of ids) {
      await db.insertInto('things').values({ id }).execute();
      changed('things', id, 'put');
    }
  });
}

function listen(control: Control<Tables>, fromSeq = 0): { events: FeedEvent[]; changes: Change[] } {
  const heard = { events: [] as FeedEvent[], changes: [] as Change[] };
  control.feed.follow(fromSeq, (event) => {
    heard.events.push(event);
    if (event.type === 'changes') heard.changes.push(...event.changes);
  });
  return heard;
}

const seqs = (changes: readonly Change[]) => changes.map((change) => change.seq);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe.each(['sqlite', 'postgres'] as const)('the control store on %s', (dialect) => {
  let place: Place;
  beforeEach(async () => {
    place = await emptyPlace(dialect);
  });

  test('answers a ping with its version', async () => {
    const control = await open(place);
    const { version } = await control.ping();
    expect(version).toMatch(dialect === 'sqlite' ? /^3\./ : /^PostgreSQL/);
    expect(control.dialect).toBe(dialect);
  });

  test('keeps all of a transaction or nothing, and says what was wrong in our own codes', async () => {
    const control = await open(place);
    const heard = listen(control);
    await put(control, 'a');
    await expect(put(control, 'b', 'a')).rejects.toMatchObject({ code: 'conflict' });
    const mine = new EngineError('not-found', 'mine');
    await expect(
      control.write(async (scope) => {
        await scope.db.insertInto('things').values({ id: 'c' }).execute();
        scope.changed('things', 'c', 'put');
        throw mine;
      }),
    ).rejects.toBe(mine);
    await expect(control.read((db) => sql`select nonsense`.execute(db))).rejects.toMatchObject({
      code: 'store.refused',
    });
    const rows = await control.read((db) => db.selectFrom('things').select('id').execute());
    expect(rows).toEqual([{ id: 'a' }]);
    await control.feed.poll();
    expect(seqs(heard.changes)).toEqual([1]);
  });

  test('names the fields that have to be unique as the API does', async () => {
    const control = await open(place);
    await control.write(({ db }) =>
      sql`create table pairs (user_id text, share_hash text, unique (user_id, share_hash))`.execute(
        db,
      ),
    );
    const pair = () =>
      control.write(({ db }) => sql`insert into pairs values ('a (1)=(2)', 'b')`.execute(db));
    await pair();
    await expect(pair()).rejects.toThrow('control store: userId, shareHash: it exists already');
    await put(control, 'a');
    await expect(put(control, 'a')).rejects.toThrow('control store: id: it exists already');
  });

  test('refuses a write inside a write instead of waiting for itself', async () => {
    const control = await open(place);
    await expect(control.write(async () => await put(control, 'a'))).rejects.toThrow(
      'inside a write',
    );
    await put(control, 'a');
  });

  test('notices a write inside a write also late, behind awaits and timers, and when another write has just ended', async () => {
    const control = await open(place);
    const early = Promise.resolve();
    const inside = (begins: () => Promise<unknown>): Promise<unknown> =>
      control.write(async ({ db }) => {
        await db.selectFrom('things').select('id').execute();
        await begins();
        await put(control, 'never');
      });
    const refusals = await Promise.allSettled([
      put(control, 'a'),
      inside(() => early),
      inside(async () => await control.read((db) => sql`select 1`.execute(db))),
      put(control, 'b'),
      inside(() => new Promise((resolve) => setTimeout(resolve, 5))),
      inside(() => new Promise((resolve) => setImmediate(resolve))),
      put(control, 'c'),
    ]);
    const said = refusals.map((one) => (one.status === 'rejected' ? String(one.reason) : ''));
    const no: unknown = expect.stringContaining('inside a write');
    expect(said).toEqual(['', no, no, '', no, no, '']);
    const rows = await control.read((db) => db.selectFrom('things').select('id').execute());
    expect(rows.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c']);
  });

  test('reads do not wait for a write under way, and do not see half of it', async () => {
    const control = await open(place);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const writing = control.write(async ({ db }) => {
      await db.insertInto('things').values({ id: 'slow' }).execute();
      await held;
    });
    expect(await control.read((db) => db.selectFrom('things').select('id').execute())).toEqual([]);
    release();
    await writing;
    expect((await control.read((db) => db.selectFrom('things').selectAll().execute())).length).toBe(
      1,
    );
  });

  test('finishes accepted writes before it closes, and refuses later ones', async () => {
    const control = await open(place);
    const writes = Promise.all(['a', 'b', 'c'].map((id) => put(control, id)));
    const closing = control.close();
    await expect(put(control, 'late')).rejects.toMatchObject({ code: 'server.stopping' });
    await expect(control.ping()).rejects.toMatchObject({ code: 'server.stopping' });
    await writes;
    await closing;
    await control.close();
    const again = await open(place);
    expect((await again.read((db) => db.selectFrom('things').selectAll().execute())).length).toBe(
      3,
    );
  });

  test('refuses more waiting writes than its bound instead of growing', async () => {
    const control = await open(place);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const writes = Array.from({ length: 4_000 }, () => control.write(() => held));
    await expect(put(control, 'x')).rejects.toMatchObject({ code: 'server.busy' });
    release();
    await Promise.all(writes);
    await put(control, 'x');
  });

  describe('feed', () => {
    test('hands changes over in commit order, past and present, each once', async () => {
      const control = await open(place);
      await put(control, 'a', 'b');
      const heard = listen(control);
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          await put(control, `c${index}`);
        }),
      );
      await control.feed.poll();
      expect(seqs(heard.changes)).toEqual(upTo(42));
      const late = listen(control, 40);
      await control.feed.poll();
      expect(seqs(late.changes)).toEqual([41, 42]);
    });

    test('counts the last change of a row in a transaction', async () => {
      const control = await open(place);
      const heard = listen(control);
      await control.write(async ({ changed }) => {
        changed('things', 'a', 'put');
        changed('other', 'a', 'put');
        changed('things', 'a', 'delete');
        await Promise.resolve();
      });
      await control.feed.poll();
      expect(heard.changes.map(({ domain, op }) => [domain, op])).toEqual([
        ['things', 'delete'],
        ['other', 'put'],
      ]);
    });

    test('is pruned, and a follower that is too far behind is told to read everything again', async () => {
      const control = await open(place, { feedKeepRows: 500 });
      await put(control, ...Array.from({ length: 2_500 }, (_, index) => `t${index}`));
      const kept = await control.read((db) => db.selectFrom('changes').select('seq').execute());
      expect(kept.length).toBe(500);
      const behind = listen(control, 10);
      const near = listen(control, 2_400);
      await control.feed.poll();
      expect(behind.events).toEqual([{ type: 'reset', seq: 2_500 }]);
      expect(seqs(near.changes)).toEqual(seqs(near.changes).sort((a, b) => a - b));
      expect(near.changes.length).toBe(100);
      await put(control, 'next');
      expect(seqs(behind.changes)).toEqual([2_501]);
    });

    test('tells a follower from the future to start again: the store was replaced by an older copy', async () => {
      const control = await open(place);
      await put(control, 'a');
      const heard = listen(control, 99);
      await control.feed.poll();
      expect(heard.events).toEqual([{ type: 'reset', seq: 1 }]);
    });

    test('goes on for the others when a listener throws, and reports it', async () => {
      const errors: EngineError[] = [];
      const control = await open(place, { onError: (error) => errors.push(error) });
      control.feed.follow(0, () => {
        throw new Error('mine');
      });
      const heard = listen(control);
      await control.feed.poll();
      await put(control, 'a');
      await put(control, 'b');
      await control.feed.poll();
      expect(seqs(heard.changes)).toEqual([1, 2]);
      expect(errors.map((error) => error.message)).toEqual(['mine', 'mine']);
    });

    test('is quiet after a follower left', async () => {
      const control = await open(place);
      const changes: Change[] = [];
      const leave = control.feed.follow(0, (event) => {
        if (event.type === 'changes') changes.push(...event.changes);
      });
      await put(control, 'a');
      await control.feed.poll();
      leave();
      await put(control, 'b');
      await control.feed.poll();
      expect(seqs(changes)).toEqual([1]);
    });

    test('shows several processes each other’s changes, without a hole, by polling', async () => {
      const clock = new TestClock();
      const one = await open(place);
      const two = await open(place, { clock, feedPollMs: 500 });
      const heard = listen(two);
      await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          await put(index % 2 === 0 ? one : two, `t${index}`);
        }),
      );
      await put(one, 'last');
      clock.advance(500);
      await two.feed.poll();
      expect(seqs(heard.changes)).toEqual(upTo(61));
    });
  });

  describe('schema', () => {
    const second: Migration = {
      number: 2,
      name: 'more',
      up: async (db) => {
        await sql`create table more (id text)`.execute(db);
      },
    };

    test('is brought up to date step by step, each once', async () => {
      const control = await open(place);
      await put(control, 'a');
      const newer = await open(place, { migrations: [FIRST, second] });
      expect(await newer.migrate([FIRST, second])).toEqual([]);
      await newer.read((db) => sql`select * from more`.execute(db));
      expect((await newer.read((db) => db.selectFrom('things').selectAll().execute())).length).toBe(
        1,
      );
    });

    test('is brought up to date once when several start at the same time', async () => {
      const all = await Promise.all(Array.from({ length: 4 }, () => open(place)));
      await put(all[3] ?? (await open(place)), 'a');
      expect(await all[0]?.feed.head()).toBe(1);
    });

    test('stays as it was when a step fails', async () => {
      const broken: Migration = {
        number: 3,
        name: 'broken',
        up: async (db) => {
          await sql`create table half (id text)`.execute(db);
          await sql`create nonsense`.execute(db);
        },
      };
      await open(place);
      await expect(open(place, { migrations: [FIRST, second, broken] })).rejects.toMatchObject({
        code: 'store.refused',
      });
      const control = await open(place);
      for (const table of ['half', 'more']) {
        await expect(
          control.read((db) => sql`select * from ${sql.table(table)}`.execute(db)),
        ).rejects.toMatchObject({ cause: { message: expect.stringContaining(table) as string } });
      }
    });

    test('of a newer release is refused and left alone', async () => {
      await open(place, { migrations: [FIRST, second] });
      await expect(open(place)).rejects.toThrow(
        /written by a newer release \(its schema is 2 "more", this release knows up to 1\)/,
      );
      await open(place, { migrations: [FIRST, second] });
    });

    test('of another program is refused', async () => {
      await open(place);
      await expect(open(place, { migrations: [{ ...FIRST, name: 'else' }] })).rejects.toThrow(
        'another program',
      );
      await expect(open(place, { migrations: [FIRST, { ...second, number: 5 }] })).rejects.toThrow(
        'must have number 2',
      );
    });
  });
});

describe('an SQLite store', () => {
  test('is readable for its owner only, and cannot be written through the reader', async () => {
    const file = join(folder, 'new', 'private.db');
    const control = await open({ file });
    await put(control, 'a');
    for (const name of [file, `${file}-wal`]) expect(statSync(name).mode & 0o077).toBe(0);
    const pragma = async (name: string) =>
      await control.write(async ({ db }) => (await sql.raw(`pragma ${name}`).execute(db)).rows);
    expect(await pragma('journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    // What is not synced by it is synced beside it: `wal.test.ts`.
    expect(await pragma('synchronous')).toEqual([{ synchronous: 1 }]);
    expect(await pragma('foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    await expect(control.read((db) => db.deleteFrom('things').execute())).rejects.toMatchObject({
      code: 'store.refused',
    });
  });

  test('that is another kind of file is refused by name', async () => {
    const file = join(folder, 'text.db');
    writeFileSync(file, 'not a database, but long enough to look at'.repeat(100));
    chmodSync(file, 0o600);
    await expect(open({ file })).rejects.toMatchObject({ code: 'store.refused' });
    await expect(open({ file: join(file, 'below.db') })).rejects.toThrow('below.db');
  });
});

describe('a Postgres store', () => {
  test('that cannot be reached is away, and a refused login is refused', async () => {
    await expect(open({ url: 'postgres://nobody@127.0.0.1:1/x' })).rejects.toMatchObject({
      code: 'store.away',
    });
    const url = (await postgres.database()).replace(/[^/]+$/, 'missing');
    await expect(open({ url })).rejects.toMatchObject({ code: 'store.refused' });
  });

  test('goes on after the server was killed and came back', async () => {
    const errors: EngineError[] = [];
    const control = await open(
      { url: await postgres.database() },
      { onError: (error) => errors.push(error) },
    );
    const heard = listen(control);
    await put(control, 'a');
    await postgres.kill();
    await expect(put(control, 'b')).rejects.toMatchObject({ code: 'store.away' });
    await control.feed.poll();
    await postgres.start();
    await put(control, 'c');
    await control.feed.poll();
    expect(seqs(heard.changes)).toEqual([1, 2]);
    const rows = await control.read((db) =>
      db.selectFrom('things').select('id').orderBy('id').execute(),
    );
    expect(rows).toEqual([{ id: 'a' }, { id: 'c' }]);
    for (const error of errors) expect(error.code).toBe('store.away');
  });

  test('is shown without its password', () => {
    expect(withoutPassword('postgres://ann:secret@db:5432/site?password=x')).toBe(
      'postgres://ann:***@db:5432/site',
    );
  });
});

test('a store without a place is refused', async () => {
  await expect(
    openControl({ clock: new TestClock(), migrations: [], onError: () => undefined }),
  ).rejects.toMatchObject({ code: 'input.invalid' });
});

test('promises cost nothing more once a write is over', () => {
  const file = join(folder, 'hooks.db');
  const modules = ['control', 'feed-log'].map((name) => entryUrl(`engine/control/${name}`).href);
  const clock = entryUrl('engine/clock').href;
  // In a process of its own: test runners watch promises themselves. With a hook each await has an id of its own.
  const script = `
    import { executionAsyncId } from 'node:async_hooks';
    const [{ openControl }, { createFeedTables }, { SystemClock }] = await Promise.all(
      ${JSON.stringify([...modules, clock])}.map((url) => import(url)));
    const control = await openControl({ file: ${JSON.stringify(file)}, clock: new SystemClock(),
      migrations: [{ number: 1, name: 'feed', up: createFeedTables }], onError: (e) => { throw e; } });
    const ids = async () => { const all = new Set(); for (let i = 0; i < 5; i++) { await null; all.add(executionAsyncId()); } return all.size; };
    await control.write(() => ids());
    console.log(await ids());
    await control.close();`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script]);
  expect(output.toString().trim()).toBe('1');
});

import { afterEach, expect, it, vi } from 'vitest';
import { entryUrl } from '../entry.js';
import { ThreadPool, type ThreadPoolOptions } from '../pool.js';
import type { FromMoody, Mood, ToMoody } from '../testing/moody.js';
import type { ThreadRow } from '../thread.types.js';

/** Waits for a condition; the limit is for a machine that is busy with other things. */
const soon = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 15_000 });

type MoodyPool = ThreadPool<ToMoody, FromMoody>;

const pools: MoodyPool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.stop(1_000);
});

function moodyPool(
  mood: Mood,
  options: Partial<ThreadPoolOptions<ToMoody, FromMoody>> = {},
): MoodyPool {
  const pool = new ThreadPool<ToMoody, FromMoody>({
    kind: 'moody',
    size: 1,
    entry: entryUrl('engine/testing/moody.worker'),
    workerData: () => mood,
    wire: () => {},
    heartbeatMs: 50,
    hangMs: 1_000,
    backoffMs: () => 5,
    ...options,
  });
  pools.push(pool);
  return pool;
}

it('hears what a thread says before it is ready', async () => {
  const heard: string[] = [];
  const pool = moodyPool('well', {
    size: 2,
    wire: (link) => link.on('hello', (name) => heard.push(name)),
  });
  await pool.start();
  await soon(() => expect([...heard].sort()).toEqual(['moody-0', 'moody-1']));
  expect(await pool.link(1)?.call('pid', null)).toBe(process.pid);
});

it('shows load, heap and counters of each heartbeat', async () => {
  const pool = moodyPool('well');
  await pool.start();
  await pool.link(0)?.call('spin', { forMs: 200 });
  await soon(() => {
    const [row] = pool.rows();
    expect(row).toMatchObject({ id: 'moody-0', kind: 'moody', state: 'running', actors: 7 });
    expect(row?.heapBytes).toBeGreaterThan(1_000_000);
    expect(pool.counters().get('moody-0')?.['spins']).toBeGreaterThan(0);
  });
});

it('shows in the loop delay that a thread was busy', async () => {
  const busiest: number[] = [];
  const pool = moodyPool('well', { onChange: (row) => busiest.push(row.loopDelayP99Ms) });
  await pool.start();
  await pool.link(0)?.call('spin', { forMs: 300 });
  await soon(() => expect(Math.max(...busiest)).toBeGreaterThan(150));
});

it('does not mistake a busy thread for a hanging one', async () => {
  const pool = moodyPool('well');
  await pool.start();
  expect(await pool.link(0)?.call('spin', { forMs: 600 })).toBe(true);
  expect(pool.rows()[0]?.restarts).toBe(0);
});

it('refuses to start with the reason of the thread that could not', async () => {
  const pool = moodyPool('throws-at-start');
  await expect(pool.start()).rejects.toMatchObject({
    code: 'thread.lost',
    message: 'moody-0 threw: not in the mood',
  });
});

it('gives up on a thread that is never ready', async () => {
  const pool = moodyPool('never-ready', { startMs: 200 });
  await expect(pool.start()).rejects.toMatchObject({ code: 'thread.stuck' });
});

it('rests a slot that fails too often, and tries again after its window', async () => {
  const rows: ThreadRow[] = [];
  const lost = vi.fn();
  const pool = moodyPool('well', {
    intensity: { max: 2, windowMs: 1_500 },
    onChange: (row) => rows.push(row),
    onLost: lost,
  });
  await pool.start();
  for (let n = 1; n <= 3; n += 1) {
    await soon(() => expect(pool.link(0)).toBeDefined());
    await pool.link(0)?.call('end', { code: n });
    await soon(() => expect(lost).toHaveBeenCalledTimes(n));
  }
  expect(pool.rows()[0]).toMatchObject({
    state: 'lost',
    restarts: 2,
    lastError: 'moody-0 ended with code 3',
  });
  await soon(() => expect(pool.rows()[0]?.state).toBe('running'));
  expect(pool.rows()[0]?.restarts).toBe(3);
});

it('gives the replacement of a silent thread twice its time', async () => {
  const silences: number[] = [];
  const pool = moodyPool('well', {
    hangMs: 400,
    onLost: (_slot, error) => {
      silences.push(Number(/for (\d+) ms/.exec(error.message)?.[1]));
    },
  });
  await pool.start();
  for (let n = 1; n <= 2; n += 1) {
    await soon(() => expect(pool.rows()[0]).toMatchObject({ state: 'running', restarts: n - 1 }));
    pool
      .link(0)
      ?.call('spin', { forMs: 3_000 })
      .catch(() => undefined);
    await soon(() => expect(silences).toHaveLength(n));
  }
  expect(silences[0]).toBeGreaterThanOrEqual(400);
  expect(silences[1]).toBeGreaterThanOrEqual(800);
});

it('ends a thread that does not stop when asked, and leaves one that may be in native code', async () => {
  const plain = moodyPool('ignores-stop');
  const native = moodyPool('ignores-stop', { native: true });
  await Promise.all([plain.start(), native.start()]);
  expect(await plain.stop(100)).toBe(0);
  expect(await native.stop(100)).toBe(1);
  expect(native.stuck).toBe(1);
});

it('leaves nothing behind once it is stopped', async () => {
  const ports = (): number =>
    process.getActiveResourcesInfo().filter((name) => /MessagePort|Worker/.test(name)).length;
  const before = ports();
  const pool = moodyPool('well', { size: 3 });
  await pool.start();
  await pool.link(0)?.call('end', { code: 1 });
  await soon(() => expect(pool.rows()[0]?.restarts).toBe(1));
  expect(ports()).toBeGreaterThan(before);
  await pool.stop(2_000);
  await soon(() => expect(ports()).toBe(before));
});

it('rejects calls made while a thread stops with that reason', async () => {
  const pool = moodyPool('well');
  await pool.start();
  const link = pool.link(0);
  await pool.stop(1_000);
  await expect(link?.call('pid', null)).rejects.toMatchObject({ code: 'server.stopping' });
});

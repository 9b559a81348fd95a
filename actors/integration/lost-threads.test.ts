import { afterEach, describe, expect, it, vi } from 'vitest';
import { entryUrl } from '../../engine/entry.js';
import { ShardPool, type ShardPoolOptions } from '../shard-pool.js';
import type { FromLampShard, LampOptions, ToLampShard } from '../testing/lamp.js';

/** Waits for a condition; the limit is for a machine that is busy with other things. */
const soon = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 15_000 });

type LampPool = ShardPool<LampOptions, ToLampShard, FromLampShard>;

const pools: LampPool[] = [];

function lampPool(
  options: Partial<ShardPoolOptions<LampOptions, ToLampShard, FromLampShard>> = {},
): LampPool {
  const pool: LampPool = new ShardPool<LampOptions, ToLampShard, FromLampShard>({
    kind: 'lamp',
    size: 2,
    entry: entryUrl('actors/testing/lamp.worker'),
    options: () => ({ stopTakesMs: 0 }),
    heartbeatMs: 100,
    hangMs: 1_000,
    faults: true,
    backoffMs: () => 10,
    adopt: async ({ link }, ids, snapshots) => {
      await link.call('lamps.adopt', { ids, snapshots });
    },
    ...options,
  });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.stop(2_000);
});

const lamps = Array.from({ length: 40 }, (_, n) => `lamp-${n}`);
const stateOf = (pool: LampPool, id: string): string | undefined => pool.registry.row(id)?.state;

describe('a shard thread that is lost', () => {
  for (const how of ['throw', 'exit', 'hang'] as const) {
    it(`is replaced after a ${how}, and its actors go on from where they were`, async () => {
      const recovered = vi.fn();
      const pool = lampPool({ onRecovered: recovered });
      await pool.start();
      await pool.place(lamps);
      for (const id of lamps) await pool.linkTo(id).call('lamp.press', { id });
      await soon(() => {
        for (const id of lamps) expect(stateOf(pool, id)).toBe('on');
      });

      await pool.breakShard(0, how);
      await soon(() => expect(recovered).toHaveBeenCalledOnce());

      const mine = lamps.filter((id) => pool.ownerOf(id) === 0);
      expect(mine.length).toBeGreaterThan(5);
      expect(recovered).toHaveBeenCalledWith(0, expect.objectContaining({ actors: mine.length }));
      await soon(() => {
        for (const id of lamps) expect(stateOf(pool, id)).toBe('on');
      });
      const rows = pool.shards();
      expect(rows.map((row) => row.restarts)).toEqual([1, 0]);
      expect(rows.map((row) => row.state)).toEqual(['running', 'running']);
      expect(rows[0]?.lastError).toMatch(/lamp-0/);
      expect(pool.stuck).toBe(0);
    });
  }

  it('keeps a parked actor parked', async () => {
    const recovered = vi.fn();
    const pool = lampPool({ size: 1, onRecovered: recovered });
    await pool.start();
    await pool.place(lamps);
    expect(await pool.park('lamp-3')).toBe(true);
    await soon(() => expect(stateOf(pool, 'lamp-3')).toBe('parked'));
    await pool.breakShard(0, 'exit');
    await soon(() => expect(recovered).toHaveBeenCalledOnce());
    await soon(() => {
      expect(stateOf(pool, 'lamp-3')).toBe('parked');
      expect(stateOf(pool, 'lamp-4')).toBe('off');
    });
    expect(await pool.restart('lamp-3')).toBe(true);
    await soon(() => expect(stateOf(pool, 'lamp-3')).toBe('off'));
  });

  it('settles the calls that were in flight with the loss as their reason', async () => {
    const pool = lampPool({ size: 1 });
    await pool.start();
    await pool.breakShard(0, 'hang');
    // Until it hangs it still answers.
    await expect(
      (async () => {
        for (;;) await pool.linkTo('a').call('actors.list', {}, { deadlineMs: 100 });
      })(),
    ).rejects.toMatchObject({ code: 'link.deadline' });
    const calls = Promise.allSettled([
      pool.linkTo('a').call('actors.list', {}, { deadlineMs: 20_000 }),
      pool.linkTo('a').call('actors.list', {}, { deadlineMs: 20_000 }),
    ]);
    for (const outcome of await calls) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'thread.stuck' } });
    }
  });

  it('that holds native code is left behind when it hangs, and counted', async () => {
    const recovered = vi.fn();
    const pool = lampPool({ size: 1, native: true, onRecovered: recovered });
    await pool.start();
    await pool.breakShard(0, 'hang');
    await soon(() => expect(recovered).toHaveBeenCalledOnce());
    expect(pool.stuck).toBe(1);
    expect(await pool.linkTo('a').call('actors.list', {})).toEqual([]);
  });
});

describe('a stop', () => {
  it('ends every thread within its deadline', async () => {
    const pool = lampPool();
    await pool.start();
    await pool.place(lamps);
    expect(await pool.stop(2_000)).toBe(0);
    expect(pool.shards().map((row) => row.state)).toEqual(['stopped', 'stopped']);
    expect(() => pool.linkTo('lamp-1')).toThrow(/being replaced/);
  });

  // A flush that was due when the stop began used to tell the stopped actors as gone for good.
  it('keeps the snapshots of what it stopped, also of a change a moment before', async () => {
    const stored = new Map<string, string | undefined>();
    const pool = lampPool({
      size: 1,
      options: () => ({ stopTakesMs: 300 }),
      onSnapshots: (rows) => {
        for (const { id, snapshot } of rows) stored.set(id, snapshot);
      },
    });
    await pool.start();
    await pool.place(lamps);
    for (const id of lamps) await pool.linkTo(id).call('lamp.press', { id });
    expect(await pool.stop(5_000)).toBe(0);
    expect(stored.size).toBe(lamps.length);
    for (const snapshot of stored.values()) expect(snapshot).toContain('"value":"on"');
  });

  it('by hand leaves a permanent actor listed, until it is restarted', async () => {
    const stored = new Map<string, string | undefined>();
    const pool = lampPool({
      size: 1,
      onSnapshots: (rows) => {
        for (const { id, snapshot } of rows) stored.set(id, snapshot);
      },
    });
    await pool.start();
    await pool.place(['lamp-1', 'lamp-2']);
    await soon(() => expect(stored.get('lamp-1')).toContain('"value":"off"'));
    expect(await pool.stopActor('lamp-1')).toBe(true);
    await soon(() => {
      expect(stateOf(pool, 'lamp-1')).toBe('stopped');
      expect(stateOf(pool, 'lamp-2')).toBe('off');
    });
    expect(await pool.restart('lamp-1')).toBe(true);
    await soon(() => {
      expect(stateOf(pool, 'lamp-1')).toBe('off');
    });
  });

  it('refuses faults unless the pool was made for them', async () => {
    const pool = lampPool({ faults: false });
    await pool.start();
    await expect(pool.breakShard(0, 'exit')).rejects.toMatchObject({ code: 'auth.denied' });
  });
});

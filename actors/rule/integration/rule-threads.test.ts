import { afterEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../../../engine/clock.js';
import { entryUrl } from '../../../engine/entry.js';
import { ShardPool } from '../../shard-pool.js';
import type { RuleEdge } from '../protocol.js';
import type { RuleDefinition } from '../rule.types.js';
import { RulePool } from '../rule-pool.js';
import { above, ruleOf } from '../testing/bench-rules.js';
import type { FromSource, ToSource } from '../testing/source.js';

const clock = new SystemClock();
const soon = <T>(check: () => T): Promise<T> => vi.waitFor(check, { timeout: 45_000 });
const ID = 'rule:1:a/b';

class Site {
  readonly definitions = new Map<string, RuleDefinition>();
  /** As the control store would take them: the same edge once. */
  readonly taken: RuleEdge[] = [];
  readonly #last = new Map<string, number>();
  /** While it is set, edges wait for it. */
  locked: Promise<void> | undefined;
  readonly rules: RulePool;
  readonly sources: ShardPool<Record<string, never>, ToSource, FromSource>;
  // Before the present: a flood begins there.
  #at = clock.nowMs() - 60_000;

  constructor() {
    this.sources = new ShardPool<Record<string, never>, ToSource, FromSource>({
      kind: 'source',
      size: 1,
      entry: entryUrl('actors/rule/testing/source.worker'),
      options: () => ({}),
      faults: true,
      backoffMs: () => 10,
      adopt: () => Promise.resolve(),
    });
    this.rules = new RulePool({
      size: 1,
      series: { url: 'http://127.0.0.1:9', database: 'none' },
      tickMs: 50,
      clock,
      definitionsOf: (ids) =>
        ids.map((id) => this.definitions.get(id)).filter((rule) => rule !== undefined),
      latestOf: () => [],
      onEdges: async (edges) => {
        await this.locked;
        for (const edge of edges) {
          if (edge.edge <= (this.#last.get(edge.id) ?? 0)) continue;
          this.#last.set(edge.id, edge.edge);
          this.taken.push(edge);
        }
      },
      onValues: () => undefined,
      onSnapshots: () => undefined,
      onFault: () => undefined,
      graceMs: 0,
      backoffMs: () => 10,
      // A busy machine starves a thread for long: here that is no loss.
      hangMs: 60_000,
      faults: true,
    });
  }

  async start(...rules: readonly RuleDefinition[]): Promise<void> {
    for (const rule of rules) this.definitions.set(rule.id, rule);
    await Promise.all([this.sources.start(), this.rules.start()]);
    this.rules.addSources(this.sources);
    await this.rules.place(rules.map(({ id }) => id));
    await soon(async () => {
      // A wish is on its way by a port of its own.
      await this.say(0);
      expect((await this.counts()).sent).toBeGreaterThan(0);
    });
  }

  async counts() {
    const link = this.sources.linkAt(0);
    if (link === undefined) throw new Error('the source is being replaced');
    return await link.call('source.counts', {});
  }

  async say(value: number): Promise<void> {
    this.#at += 1;
    const link = this.sources.linkAt(0);
    if (link === undefined) throw new Error('the source is being replaced');
    await link.call('source.say', {
      channel: Uint32Array.of(1),
      atUnixMs: Float64Array.of(this.#at),
      value: Float64Array.of(value),
    });
  }

  states(): string[] {
    return this.taken.map(({ state }) => state);
  }

  async kill(): Promise<void> {
    const before = this.rules.pool.shards()[0]?.restarts ?? 0;
    await this.rules.pool.breakShard(0, 'exit');
    await soon(() => {
      const row = this.rules.pool.shards()[0];
      expect(row?.restarts).toBe(before + 1);
      expect(row?.state).toBe('running');
    });
  }

  async stop(): Promise<void> {
    await this.rules.stop(2_000);
    await this.sources.stop(2_000);
  }
}

const sites: Site[] = [];
function newSite(): Site {
  const site = new Site();
  sites.push(site);
  return site;
}
vi.setConfig({ testTimeout: 120_000 });

afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
});

describe('a rule thread that is killed', () => {
  it('while pending: the hold-off goes on, and it fires once', async () => {
    const site = newSite();
    await site.start(ruleOf(above(10), { holdMs: 3_000 }));
    await site.say(11);
    await soon(() => expect(site.states()).toEqual(['pending']));
    const begunMonoMs = clock.monoMs();
    await site.kill();
    await soon(() => expect(site.states()).toEqual(['pending', 'firing']));
    const tookMs = clock.monoMs() - begunMonoMs;
    expect(tookMs).toBeGreaterThan(2_000);
    expect(site.taken.map(({ edge }) => edge)).toEqual([1, 2]);
  });

  it('at firing, before its edge is stored: it is told again and counts once', async () => {
    const site = newSite();
    await site.start(ruleOf(above(10)));
    let unlock: () => void = () => undefined;
    site.locked = new Promise((resolve) => {
      unlock = resolve;
    });
    await site.say(11);
    await site.kill();
    unlock();
    await soon(() => expect(site.states()).toEqual(['firing']));
    await site.say(9);
    await soon(() => expect(site.states()).toEqual(['firing', 'normal']));
    expect(site.taken.map(({ kind }) => kind)).toEqual(['firing', 'clear']);
  });

  it('while recovering: the keep goes on, and it clears once', async () => {
    const site = newSite();
    await site.start(ruleOf(above(10), { keepMs: 2_000 }));
    await site.say(11);
    await site.say(9);
    await soon(() => expect(site.states()).toEqual(['firing', 'recovering']));
    await site.kill();
    await soon(() => expect(site.states()).toEqual(['firing', 'recovering', 'normal']));
    expect(site.taken.at(-1)?.kind).toBe('clear');
  });

  it('what its sources said meanwhile is heard by the next one, each sample once', async () => {
    const site = newSite();
    await site.start(ruleOf(above(10), { inARow: 50 }));
    for (let i = 0; i < 20; i++) await site.say(11);
    await site.rules.pool.breakShard(0, 'exit');
    for (let i = 0; i < 29; i++) await site.say(11);
    await soon(() => expect(site.rules.pool.shards()[0]?.restarts).toBe(1));
    await soon(() => expect(site.rules.pool.shards()[0]?.state).toBe('running'));
    // 49 so far: were one of them taken twice, it would fire.
    await soon(() =>
      expect(site.rules.pool.counters().get('rule-0')?.['feedRows']).toBeGreaterThan(0),
    );
    expect(site.states()).toEqual([]);
    await site.say(11);
    await soon(() => expect(site.states()).toEqual(['firing']));
    expect((await site.counts()).missed).toBe(0);
  });
});

it('a source thread that is killed is joined again, and its rules go on', async () => {
  const site = newSite();
  await site.start(ruleOf(above(10)));
  await site.say(11);
  await soon(() => expect(site.states()).toEqual(['firing']));
  await site.say(9);
  await site.sources.breakShard(0, 'exit');
  await soon(() => expect(site.states()).toEqual(['firing', 'normal']));
  await soon(() => expect(site.sources.shards()[0]?.restarts).toBe(1));
  await soon(() => expect(site.sources.shards()[0]?.state).toBe('running'));
  await soon(async () => {
    await site.say(12);
    expect(site.states()).toEqual(['firing', 'normal', 'firing']);
  });
});

it('a million samples while no edge is stored: none is missed, little is kept, and the edges come after', async () => {
  const site = newSite();
  const channels = 1_000;
  const rules = Array.from({ length: channels }, (_, i) =>
    ruleOf(above(10), {
      id: `rule:${i}:`,
      ruleId: i,
      channels: { 'a/b': { channel: i + 1, kind: 'number', unit: null } },
    }),
  );
  await site.start(...rules);
  let unlock: () => void = () => undefined;
  site.locked = new Promise((resolve) => {
    unlock = resolve;
  });
  const source = site.sources.linkAt(0);
  const flood = {
    channels,
    rows: 1_000_000,
    batch: 1_000,
    low: 11,
    high: 9,
    ratePerS: 0,
    period: 10,
    staggered: false,
  };
  const sent = await source?.call('source.flood', flood, { deadlineMs: 60_000 });
  expect(sent?.missed).toBe(0);
  const counters = (): Readonly<Record<string, number>> =>
    site.rules.pool.counters().get('rule-0') ?? {};
  await soon(() => expect(counters()['decisions'] ?? 0).toBeGreaterThanOrEqual(1_000_000));
  // A hundred edges of each rule; eight are kept.
  expect(counters()['edges']).toBe(100 * channels);
  expect(counters()['edgesWaiting']).toBeLessThanOrEqual(channels * 8 + 256);
  expect(site.taken).toEqual([]);
  unlock();
  await soon(() => expect(counters()['edgesWaiting']).toBe(0));
  const last = new Map(site.taken.map((edge) => [edge.id, edge]));
  expect(last.size).toBe(channels);
  // The last sample of each was the clearing one, and firing and clear came in turn.
  for (const { kind } of last.values()) expect(kind).toBe('clear');
  expect((await site.counts()).missed).toBe(0);
});

it('a release ends a rule, and a changed one begins anew', async () => {
  const site = newSite();
  await site.start(ruleOf(above(10)));
  await site.say(11);
  await soon(() => expect(site.states()).toEqual(['firing']));
  site.definitions.set(ID, ruleOf(above(20)));
  await site.rules.place([ID]);
  await soon(() => expect(site.states()).toEqual(['firing', 'normal']));
  site.definitions.delete(ID);
  expect(await site.rules.release([ID])).toBe(1);
  await soon(() => expect(site.rules.pool.registry.row(ID)).toBeUndefined());
});

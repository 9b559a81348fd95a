import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TestClock } from '../../engine/clock.js';
import { EdgeOutbox, type UntoldEdge } from './edge-outbox.js';
import { LATE_MS, lateMsOf } from './late-turns.js';
import type { RuleEdge, RuleWaits } from './protocol.js';
import { above, RuleBench, ruleOf } from './testing/bench-rules.js';
import { NO_WAITS } from './wait-book.js';

const ID = 'rule:1:a/b';
const LONG = ruleOf(above(10), { holdMs: 30_000, keepMs: 20_000 });

const HOLD_LATE_MS = lateMsOf(30_000, false);

it('a level that swings about its limit begins no wait', () => {
  const bench = new RuleBench();
  bench.adopt([LONG]);
  for (let i = 0; i < 50; i++) {
    bench.say(11);
    bench.pass(HOLD_LATE_MS - 250);
    bench.say(9);
    bench.pass(LATE_MS / 4);
  }
  bench.pass(60_000);
  expect(bench.told()).toEqual([]);
  expect(bench.state()).toBe('normal');
});

it('a long hold-off is counted from the sample that began it', () => {
  const bench = new RuleBench();
  bench.adopt([LONG]);
  bench.say(11);
  const saidUnixMs = bench.clock.nowMs();
  bench.pass(HOLD_LATE_MS);
  expect(bench.edges.map(({ kind, state, atUnixMs }) => [kind, state, atUnixMs])).toEqual([
    ['state', 'pending', saidUnixMs],
  ]);
  bench.told();
  bench.pass(30_000 - HOLD_LATE_MS - 1);
  expect(bench.told()).toEqual([]);
  bench.pass(2);
  expect(bench.told()).toEqual(['firing:firing']);
  bench.say(9);
  bench.pass(LATE_MS / 2);
  bench.say(11);
  bench.pass(25_000);
  expect(bench.told()).toEqual([]);
  bench.say(9);
  bench.pass(19_998);
  expect(bench.told()).toEqual(['state:recovering']);
  bench.pass(2);
  expect(bench.told()).toEqual(['clear:normal']);
});

it('a wait is shown a second after its begin to whoever looks, before or after', () => {
  const bench = new RuleBench();
  bench.adopt([LONG]);
  bench.say(11);
  bench.pass(3_000);
  expect(bench.told()).toEqual([]);
  bench.rules.watch(new Set([ID]));
  bench.pass(1);
  expect(bench.told()).toEqual(['state:pending']);
  bench.say(9);
  expect(bench.told()).toEqual(['state:normal']);
  bench.say(11);
  bench.pass(LATE_MS - 1);
  expect(bench.told()).toEqual([]);
  bench.pass(1);
  expect(bench.told()).toEqual(['state:pending']);
});

it('a hold-off that is made shorter while it waits ends by the new one', () => {
  const bench = new RuleBench();
  bench.adopt([LONG]);
  bench.say(11);
  bench.pass(5_000);
  bench.adopt([{ ...LONG, holdMs: 6_000 }]);
  bench.pass(1_001);
  expect(bench.told()).toEqual(['state:pending', 'firing:firing']);
  bench.say(9);
  bench.adopt([{ ...LONG, holdMs: 6_000, keepMs: 0 }]);
  bench.pass(1);
  expect(bench.told()).toEqual(['clear:normal']);
});

it('a rule that had no edge yet begins with the hold-off of its newest definition', () => {
  const bench = new RuleBench();
  bench.adopt([LONG]);
  bench.adopt([{ ...LONG, holdMs: 0 }]);
  bench.say(11);
  expect(bench.told()).toEqual(['firing:firing']);
});

/** As the next thread or the next start of the engine knows it. */
function next(first: RuleBench, waits: RuleWaits, value: number): RuleBench {
  const second = new RuleBench(first.clock);
  second.rules.adopt({
    rules: [LONG],
    snapshots: { [ID]: first.rules.persisted(ID) ?? '' },
    latest: [{ channel: 1, atUnixMs: first.clock.nowMs(), value }],
    checkpoint: null,
    waits,
    graceMs: 0,
  });
  return second;
}

it('a wait that is not told yet goes on from its begin after a loss, in both directions', () => {
  const first = new RuleBench();
  first.adopt([LONG]);
  first.say(11);
  first.pass(5_000);
  const { waits } = first.rules.checkpoint();
  expect(first.told()).toEqual([]);
  expect(first.rules.checkpoint().waits).toBeNull();
  first.clock.advance(2_000);
  const second = next(first, waits ?? NO_WAITS, 11);
  second.pass(30_000 - 7_000 - 1);
  expect(second.told()).toEqual(['state:pending']);
  second.pass(1);
  expect(second.told()).toEqual(['firing:firing']);
  second.say(9);
  second.pass(4_000);
  const third = next(second, second.rules.checkpoint().waits ?? NO_WAITS, 9);
  third.pass(20_000 - 4_000 - 1);
  expect(third.told()).toEqual(['state:recovering']);
  third.pass(1);
  expect(third.told()).toEqual(['clear:normal']);
});

it('a wait that was broken off while nobody looked is not gone on with', () => {
  const first = new RuleBench();
  first.adopt([LONG]);
  first.say(11);
  first.pass(5_000);
  const second = next(first, first.rules.checkpoint().waits ?? NO_WAITS, 9);
  second.pass(60_000);
  expect(second.told()).toEqual([]);
  second.say(11);
  second.pass(29_998);
  expect(second.told()).toEqual(['state:pending']);
  second.pass(2);
  expect(second.told()).toEqual(['firing:firing']);
});

it('what is kept of waits and is older than the machine begins nothing', () => {
  const first = new RuleBench();
  first.adopt([LONG]);
  first.say(11);
  first.pass(5_000);
  const { waits } = first.rules.checkpoint();
  first.pass(40_000);
  expect(first.told()).toEqual(['state:pending', 'firing:firing']);
  const second = next(first, waits ?? NO_WAITS, 11);
  second.pass(60_000);
  expect(second.told()).toEqual([]);
  expect(second.state()).toBe('firing');
});

it('a wait of which nothing was kept is found again from the value that is known', () => {
  const first = new RuleBench();
  first.adopt([LONG]);
  first.say(11);
  first.pass(LATE_MS / 2);
  const { columns } = first.rules.checkpoint();
  const second = new RuleBench(first.clock);
  second.rules.adopt({
    rules: [LONG],
    snapshots: { [ID]: first.rules.persisted(ID) ?? '' },
    latest: [{ channel: 1, atUnixMs: first.clock.nowMs() - LATE_MS / 2, value: 11 }],
    checkpoint: columns,
    waits: NO_WAITS,
    graceMs: 0,
  });
  second.pass(30_000);
  expect(second.told()).toEqual(['state:pending', 'firing:firing']);
});

it('what is told late tells firing and clear as what is told at once, whatever the level does', () => {
  const step = fc.record({
    value: fc.constantFrom(9, 11),
    afterMs: fc.integer({ min: 1, max: 9_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const late = new RuleBench();
      late.adopt([ruleOf(above(10), { holdMs: 5_000, keepMs: 5_000 })]);
      let since: { readonly value: number; readonly atMs: number } = { value: 9, atMs: 0 };
      let nowMs = 0;
      const wanted: string[] = [];
      let firing = false;
      const settle = (): void => {
        if (nowMs - since.atMs < 5_000 || firing === since.value > 10) return;
        firing = since.value > 10;
        wanted.push(firing ? 'firing' : 'clear');
      };
      for (const { value, afterMs } of [...steps, { value: 9, afterMs: 0 }]) {
        late.say(value);
        nowMs += 1;
        if (value !== since.value) since = { value, atMs: nowMs };
        late.pass(afterMs);
        nowMs += afterMs;
        settle();
      }
      const told = late.edges.map(({ kind }) => kind).filter((kind) => kind !== 'state');
      expect(told).toEqual(wanted);
    }),
  );
});

const edgeOf = (id: string, edge: number, kind: UntoldEdge['kind']): UntoldEdge => ({
  ...{ id, ruleId: 1, source: id, edge, kind, atUnixMs: edge, value: null },
  ...{ state: kind === 'firing' ? 'firing' : 'pending', from: 'normal' },
});

it('edges that run nothing wait for company, and an urgent one takes those of its rule along', async () => {
  const clock = new TestClock();
  const told: string[][] = [];
  const outbox = new EdgeOutbox({
    clock,
    snapshotOf: () => '',
    onSettled: () => undefined,
    onTrouble: (error) => {
      throw error;
    },
    tell: (edges: readonly RuleEdge[]) => {
      told.push(edges.map(({ id, edge }) => `${id}${edge}`));
      return Promise.resolve();
    },
  });
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  outbox.push(edgeOf('a', 1, 'state'));
  outbox.push(edgeOf('b', 1, 'state'));
  await settle();
  expect(told).toEqual([]);
  outbox.push(edgeOf('b', 2, 'firing'));
  await settle();
  expect(told).toEqual([['b1', 'b2']]);
  outbox.push(edgeOf('c', 1, 'state'));
  clock.advance(249);
  await settle();
  expect(told).toHaveLength(1);
  clock.advance(1);
  await settle();
  expect(told).toEqual([
    ['b1', 'b2'],
    ['a1', 'c1'],
  ]);
  expect(outbox.size).toBe(0);
});

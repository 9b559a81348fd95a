import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TestClock } from '../../engine/clock.js';
import { EdgeOutbox, type UntoldEdge } from './edge-outbox.js';
import { LATE_MS } from './late-turns.js';
import type { RuleEdge } from './protocol.js';
import { above, RuleBench, ruleOf } from './testing/bench-rules.js';

const ID = 'rule:1:a/b';
const LONG = ruleOf(above(10), { holdMs: 30_000, keepMs: 20_000 });

it('a level that swings about its limit begins no wait', () => {
  const bench = new RuleBench();
  bench.adopt([LONG]);
  for (let i = 0; i < 50; i++) {
    bench.say(11);
    bench.pass(LATE_MS / 2);
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
  bench.pass(LATE_MS);
  expect(bench.edges.map(({ kind, state, atUnixMs }) => [kind, state, atUnixMs])).toEqual([
    ['state', 'pending', saidUnixMs],
  ]);
  bench.told();
  bench.pass(30_000 - LATE_MS - 1);
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

it('a wait that is not told yet is found again after a restart, from the value that is known', () => {
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

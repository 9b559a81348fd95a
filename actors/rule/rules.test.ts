import { expect, it } from 'vitest';
import { TestClock } from '../../engine/clock.js';
import { above, RuleBench, ruleOf } from './testing/bench-rules.js';

const ID = 'rule:1:a/b';

it('a rule fires at its threshold and clears at its own clear value', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf(above(10, 8))]);
  for (const value of [9, 10, 11, 9, 8.5]) bench.say(value);
  expect(bench.told()).toEqual(['firing:firing']);
  bench.say(8);
  expect(bench.told()).toEqual(['clear:normal']);
});

it('a hold-off must last, and a keep outlasts a short fall', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf(above(10), { holdMs: 5_000, keepMs: 3_000 })]);
  bench.say(11);
  bench.pass(4_000);
  bench.say(9);
  expect(bench.told()).toEqual(['state:pending', 'state:normal']);
  bench.say(11);
  bench.pass(5_000);
  expect(bench.told()).toEqual(['state:pending', 'firing:firing']);
  bench.say(9);
  bench.pass(1_000);
  bench.say(11);
  expect(bench.told()).toEqual(['state:recovering', 'state:firing']);
  bench.say(9);
  bench.pass(3_000);
  expect(bench.told()).toEqual(['state:recovering', 'clear:normal']);
});

it('it counts times in a row, and late, repeated and unreal samples decide nothing', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf(above(10), { inARow: 3 })]);
  bench.say(11);
  bench.say(11);
  bench.say(9);
  bench.say(11);
  bench.say(11);
  const at = bench.clock.nowMs();
  bench.rules.take(1, at, 12);
  bench.rules.take(1, at - 5_000, 12);
  bench.rules.take(1, at + 1, Number.NaN);
  expect(bench.told()).toEqual([]);
  bench.say(11);
  bench.say(11);
  expect(bench.told()).toEqual(['firing:firing']);
});

it('within the cooldown nobody is told, and after it they are when it still fires', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf(above(10), { cooldownMs: 10_000 })]);
  bench.say(11);
  bench.say(9);
  bench.say(11);
  bench.say(9);
  expect(bench.told()).toEqual(['firing:firing', 'clear:normal', 'cooled:firing', 'state:normal']);
  bench.say(11);
  bench.pass(10_000);
  expect(bench.told()).toEqual(['cooled:firing', 'firing:firing']);
});

it('a rule that repeats is told again by the first sample after each cooldown while it fires', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf(above(10), { cooldownMs: 10_000, repeats: true })]);
  bench.say(11);
  bench.say(12);
  bench.pass(10_000);
  expect(bench.told()).toEqual(['firing:firing']);
  bench.say(13);
  bench.say(14);
  expect(bench.edges.map(({ kind, value }) => [kind, value])).toEqual([['firing', 13]]);
  expect(bench.told()).toEqual(['firing:firing']);
  bench.pass(10_000);
  bench.say(9);
  bench.say(8);
  expect(bench.told()).toEqual(['clear:normal']);
  bench.say(11);
  expect(bench.told()).toEqual(['firing:firing']);
  const quiet = new RuleBench();
  quiet.adopt([ruleOf(above(10), { cooldownMs: 10_000 })]);
  quiet.say(11);
  quiet.pass(10_000);
  quiet.say(12);
  expect(quiet.told()).toEqual(['firing:firing']);
});

it('a rule that thrashes stops as an error with its reason until it is adopted again', () => {
  const bench = new RuleBench();
  const rule = ruleOf(above(10), { maxPerMinute: 2 });
  bench.adopt([rule]);
  for (const value of [11, 9, 11, 9, 11, 9, 11]) bench.say(value);
  expect(bench.state()).toBe('error');
  expect(bench.edges.at(-1)?.error).toMatch(/more than 2 times in a minute/);
  expect(bench.told()).toHaveLength(5);
  bench.adopt([rule]);
  expect(bench.told()).toEqual(['state:normal']);
  bench.say(12);
  expect(bench.told()).toEqual(['firing:firing']);
});

it('silence is no data, or what the rule says of it, and an alarm outlives it', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf(above(10), { noDataAfterMs: 2_000 })]);
  bench.say(11);
  bench.pass(3_000);
  bench.say(12);
  bench.pass(3_000);
  bench.say(1);
  expect(bench.told()).toEqual([
    'firing:firing',
    'state:no-data',
    'state:firing',
    'state:no-data',
    'clear:normal',
  ]);
  const firing = new RuleBench();
  firing.adopt([ruleOf(above(10), { noDataAfterMs: 2_000, noData: 'firing' })]);
  firing.pass(3_000);
  firing.say(1);
  expect(firing.told()).toEqual(['firing:firing', 'clear:normal']);
  const kept = new RuleBench();
  kept.adopt([ruleOf(above(10), { noDataAfterMs: 2_000, noData: 'keep' })]);
  kept.say(11);
  kept.pass(9_000);
  expect(kept.told()).toEqual(['firing:firing']);
  const normal = new RuleBench();
  normal.adopt([ruleOf(above(10), { noDataAfterMs: 2_000, noData: 'normal' })]);
  normal.say(11);
  normal.pass(3_000);
  normal.say(11);
  expect(normal.told()).toEqual(['firing:firing', 'clear:normal', 'firing:firing']);
});

it('every condition decides as it says', () => {
  const channel = 'a/b';
  const run = (condition: Parameters<typeof ruleOf>[0], values: readonly (number | string)[]) => {
    const bench = new RuleBench();
    bench.adopt([ruleOf(condition)]);
    return values.map((value) => {
      bench.say(value);
      bench.pass(999);
      return bench.state() === 'firing' ? 1 : 0;
    });
  };
  expect(run({ type: 'range', channel, low: 1, high: 3, when: 'inside' }, [0, 1, 3, 4])).toEqual([
    0, 1, 1, 0,
  ]);
  expect(
    run(
      { type: 'range', channel, low: 1, high: 3, when: 'outside', hysteresis: 0.5 },
      [2, 4, 2.8, 2.4, 0.9],
    ),
  ).toEqual([0, 1, 1, 0, 1]);
  expect(run({ type: 'equals', channel, value: 5, tolerance: 0.1 }, [5.05, 5.2])).toEqual([1, 0]);
  expect(run({ type: 'equals', channel, value: 'on', negate: true }, ['on', 'off'])).toEqual([
    0, 1,
  ]);
  expect(run({ type: 'equals', channel, value: true }, [0, 1])).toEqual([0, 1]);
  expect(
    run({ type: 'rate', channel, overMs: 2_000, op: '>', perSecond: 1 }, [0, 0, 0, 5, 5, 5, 5]),
  ).toEqual([0, 0, 0, 1, 1, 0, 0]);
  expect(
    run(
      { type: 'aggregate', channel, function: 'avg', windowMs: 3_000, op: '>', value: 2 },
      [0, 6, 6, 0, 0, 0],
    ),
  ).toEqual([0, 1, 1, 1, 0, 0]);
  expect(run({ type: 'expression', text: '[a/b] * 2 > 10 and [a/b] < 8' }, [4, 6, 9])).toEqual([
    0, 1, 0,
  ]);
});

it('a silent channel, a schedule and a variable make a rule hold', () => {
  const silent = new RuleBench();
  silent.adopt([ruleOf({ type: 'no-data', channel: 'a/b', afterMs: 5_000 })]);
  silent.say(1);
  silent.pass(5_000);
  silent.say(1);
  expect(silent.told()).toEqual(['firing:firing', 'clear:normal']);
  const timed = new RuleBench();
  timed.adopt([ruleOf({ type: 'schedule', scheduleId: 4 }, { channels: {} })]);
  timed.open.set(4, true);
  timed.rules.scheduled(new Set([4]));
  timed.open.set(4, false);
  timed.rules.scheduled(new Set([4]));
  expect(timed.told()).toEqual(['firing:firing', 'clear:normal']);
});

it('a bad condition is an error with its reason, and a mended one begins anew', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf({ type: 'expression', text: '[a/b] >' })]);
  expect(bench.state()).toBe('error');
  expect(bench.edges[0]?.error).toBeTruthy();
  bench.adopt([ruleOf(above(1))]);
  bench.say(2);
  expect(bench.told()).toEqual(['state:error', 'state:normal', 'firing:firing']);
  bench.adopt([ruleOf(above(1), { fault: 'a cycle of rules: 1, 2' })]);
  expect(bench.edges.at(-1)).toMatchObject({ state: 'error', error: 'a cycle of rules: 1, 2' });
});

it('a disabled rule hears nothing and its alarm ends; enabled again it begins anew', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf(above(1))]);
  bench.say(2);
  bench.adopt([ruleOf(above(1), { enabled: false })]);
  bench.say(0);
  bench.say(2);
  bench.adopt([ruleOf(above(1))]);
  bench.say(3);
  expect(bench.told()).toEqual([
    'firing:firing',
    'clear:disabled',
    'state:normal',
    'firing:firing',
  ]);
});

it('timers go on to the second in another thread, whatever the wall clock did meanwhile', () => {
  for (const jumpMs of [0, 3_600_000, -3_600_000]) {
    const first = new RuleBench();
    const rule = ruleOf(above(10), { holdMs: 600_000 });
    first.adopt([rule]);
    first.say(11);
    // A jump while it runs changes nothing.
    first.clock.jump(jumpMs);
    first.pass(200_000);
    expect(first.state()).toBe('pending');
    const snapshot = first.rules.persisted(ID) ?? '';
    const second = new RuleBench(new TestClock(first.clock.nowMs() + 10_000));
    second.adopt([rule], { [ID]: snapshot });
    expect(second.state()).toBe('pending');
    second.pass(389_000);
    expect(second.state()).toBe('pending');
    second.pass(1_500);
    expect(second.told()).toEqual(['firing:firing']);
  }
});

it('what was overdue while nothing ran fires at once, and a clock that went back lengthens nothing', () => {
  const first = new RuleBench();
  const rule = ruleOf(above(10), { holdMs: 60_000 });
  first.adopt([rule]);
  first.say(11);
  first.pass(30_000);
  const snapshot = first.rules.persisted(ID) ?? '';
  const late = new RuleBench(new TestClock(first.clock.nowMs() + 3_600_000));
  late.adopt([rule], { [ID]: snapshot });
  late.pass(250);
  expect(late.told()).toEqual(['firing:firing']);
  const back = new RuleBench(new TestClock(first.clock.nowMs() - 3_600_000));
  back.adopt([rule], { [ID]: snapshot });
  back.pass(29_000);
  expect(back.told()).toEqual([]);
  back.pass(1_250);
  expect(back.told()).toEqual(['firing:firing']);
});

it('the number of edges grows over a restart, and what counted is counted on', () => {
  const first = new RuleBench();
  const rule = ruleOf(above(10), { inARow: 3 });
  first.adopt([rule]);
  for (const value of [11, 11, 11, 1, 11, 11]) first.say(value);
  const second = new RuleBench(new TestClock(first.clock.nowMs() + 1_000));
  second.adopt([rule], { [ID]: first.rules.persisted(ID) ?? '' });
  second.say(11);
  expect(second.edges.map(({ edge, kind }) => [edge, kind])).toEqual([[3, 'firing']]);
});

it('a rule that never had an edge is listed and has no actor', () => {
  const bench = new RuleBench();
  bench.adopt([ruleOf(above(10))]);
  for (let i = 0; i < 10; i++) bench.say(i);
  expect(bench.supervisor.info(ID)?.state).toBe('normal');
  expect(bench.supervisor.peek(ID)).toBeUndefined();
  bench.say(11);
  expect(bench.supervisor.info(ID)?.state).toBe('firing');
});

it('several rules watch one channel, and one that is released watches no more', async () => {
  const bench = new RuleBench();
  const ids = ['x', 'y', 'z'];
  bench.adopt(ids.map((id, i) => ruleOf(above(i), { id })));
  bench.say(5);
  expect(bench.told()).toHaveLength(3);
  await bench.rules.release(['y']);
  bench.say(-1);
  expect(bench.edges.map(({ id }) => id)).toEqual(['x', 'z']);
});

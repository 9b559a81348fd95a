import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { RuleBench, ruleOf } from '../../actors/rule/testing/bench-rules.js';
import { Schedules } from './schedules.js';

let home: TestHome;
beforeAll(async () => {
  home = await testHome('sqlite');
});
afterAll(() => home.close());

const at = (text: string): number => Date.parse(text);

/** A rule of a schedule that is open from 01:30 to 03:30 in Berlin each day, on a clock by hand. */
async function scheduled(fromUnixMs: number) {
  await home.renew();
  const store = await home.open();
  const { clock } = store;
  clock.jump(fromUnixMs - clock.nowMs());
  const { id } = await store.automation.schedules.create({
    name: 'night',
    timeZone: 'Europe/Berlin',
    weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '01:30', to: '03:30' }],
    cron: null,
    cronOpenMs: 0,
    days: [],
  });
  const faults: unknown[] = [];
  const schedules = new Schedules({ store, clock, onFault: (error) => faults.push(error) });
  await schedules.start();
  const bench = new RuleBench(clock);
  const told = (changed: readonly { id: number; open: boolean }[]): void => {
    for (const one of changed) bench.open.set(one.id, one.open);
    bench.rules.scheduled(new Set(changed.map((one) => one.id)));
  };
  told(schedules.all());
  schedules.onChange(told);
  bench.adopt([{ ...ruleOf({ type: 'schedule', scheduleId: id }), channels: {} }]);
  const edges = (): string[] =>
    bench.edges
      .splice(0)
      .map(({ kind, atUnixMs }) => `${kind} ${new Date(atUnixMs).toISOString().slice(0, 16)}`);
  const pass = (untilUnixMs: number): void => {
    while (clock.nowMs() < untilUnixMs) bench.pass(60_000);
  };
  return { schedules, clock, edges, pass, faults };
}

test('a rule of a schedule fires for three hours when clocks go back, and for one when they go forward', async () => {
  const autumn = await scheduled(at('2026-10-24T22:00:00Z'));
  autumn.pass(at('2026-10-25T06:00:00Z'));
  expect(autumn.edges()).toEqual(['firing 2026-10-24T23:30', 'clear 2026-10-25T02:30']);
  await autumn.schedules.close();
  const spring = await scheduled(at('2026-03-28T22:00:00Z'));
  spring.pass(at('2026-03-29T06:00:00Z'));
  expect(spring.edges()).toEqual(['firing 2026-03-29T00:30', 'clear 2026-03-29T01:30']);
  await spring.schedules.close();
  expect([...autumn.faults, ...spring.faults]).toEqual([]);
});

test('a clock that is set forward over the opening, and back, leaves the rule as the time then says', async () => {
  const { schedules, clock, edges, pass } = await scheduled(at('2026-06-01T20:00:00Z'));
  pass(at('2026-06-01T21:00:00Z'));
  expect(edges()).toEqual([]);
  // Over an opening as a whole: nothing was open at any moment that there was.
  clock.jump(12 * 3_600_000);
  pass(at('2026-06-02T09:30:00Z'));
  expect(edges()).toEqual([]);
  // Back into it.
  clock.jump(at('2026-06-02T00:00:00Z') - clock.nowMs());
  pass(at('2026-06-02T03:00:00Z'));
  expect(edges()).toEqual(['firing 2026-06-02T00:00', 'clear 2026-06-02T01:30']);
  // Back again: what happens again is told again, once.
  clock.jump(at('2026-06-02T01:00:00Z') - clock.nowMs());
  pass(at('2026-06-02T03:00:00Z'));
  expect(edges()).toEqual(['firing 2026-06-02T01:00', 'clear 2026-06-02T01:30']);
  await schedules.close();
});

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { ruleValues } from './testing/edges.js';
import { serviceOn } from './testing/service.js';

let home: TestHome;
beforeAll(async () => {
  home = await testHome('sqlite');
});
beforeEach(async () => {
  await home.renew();
});
afterAll(async () => {
  await home.close();
});

const MINUTE_MS = 60_000;

test('alarms of a group are told together after its wait, changes after its interval, then the end', async () => {
  const store = await home.open();
  const { tell, pass, target, route, told, service, faults } = await serviceOn(store);
  const { id } = await target('desk');
  await route({ targetIds: [id] });
  await service.tick();
  const rule = await store.automation.rules.create(ruleValues({ text: 'hot {{source}}' }));
  await tell(rule, 'firing', { source: 'a' });
  await pass(20_000);
  await tell(rule, 'firing', { source: 'b' });
  expect(await told()).toEqual([]);
  await pass(11_000);
  expect(await told()).toEqual(['[major] desk (2 firing)']);
  await tell(rule, 'firing', { source: 'c' });
  await pass(4 * MINUTE_MS, 10_000);
  expect(await told()).toHaveLength(1);
  await pass(2 * MINUTE_MS, 10_000);
  expect(await told()).toEqual(['[major] desk (2 firing)', '[major] desk (3 firing)']);
  for (const source of ['a', 'b', 'c']) await tell(rule, 'clear', { source });
  await pass(6 * MINUTE_MS, 10_000);
  expect((await told()).slice(2)).toEqual(['[resolved] desk (3 resolved)']);
  await pass(60 * MINUTE_MS, MINUTE_MS);
  expect(await told()).toHaveLength(3);
  expect(faults).toEqual([]);
});

test('what stays is told again after the repetition, until somebody acknowledges it', async () => {
  const store = await home.open();
  const { tell, pass, target, route, told, desk } = await serviceOn(store);
  const { id } = await target('desk');
  await route({ targetIds: [id], groupWaitMs: 0, repeatMs: 60 * MINUTE_MS });
  await pass(1_000);
  const rule = await store.automation.rules.create(ruleValues({ text: 'hot' }));
  const alarm = await tell(rule, 'firing');
  await pass(125 * MINUTE_MS, MINUTE_MS);
  expect(await told()).toEqual(['[major] hot', '[major] hot', '[major] hot']);
  await desk.move([alarm?.id ?? 0], () => ({
    type: 'acknowledged',
    atUnixMs: store.clock.nowMs(),
    by: 'ada',
  }));
  await pass(180 * MINUTE_MS, MINUTE_MS);
  expect(await told()).toHaveLength(3);
});

test('the first route that matches takes an alarm, its children first, and goOn lets others have it too', async () => {
  const store = await home.open();
  const { tell, pass, target, route, service } = await serviceOn(store);
  const [all, night, tanks, log] = [
    await target('all'),
    await target('night'),
    await target('tanks'),
    await target('log'),
  ];
  await route({ position: 0, name: 'log', targetIds: [log?.id ?? 0], goOn: true, groupWaitMs: 0 });
  const top = await route({ position: 1, targetIds: [all?.id ?? 0], groupWaitMs: 0 });
  await route({
    parentId: top.id,
    name: 'tanks',
    matchers: [{ label: 'source', op: '=~', value: 'tank-[0-9]+/.*' }],
    targetIds: [tanks?.id ?? 0],
    groupWaitMs: 0,
  });
  await route({ position: 2, name: 'never', targetIds: [night?.id ?? 0], groupWaitMs: 0 });
  await service.tick();
  const rule = await store.automation.rules.create(ruleValues());
  await tell(rule, 'firing', { source: 'tank-7/heat' });
  await tell(rule, 'firing', { source: 'pump/heat' });
  await pass(2_000);
  const rows = await store.automation.deliveries.find();
  const of = (id: number | undefined) => rows.filter(({ targetId }) => targetId === id).length;
  expect([of(log?.id), of(all?.id), of(tanks?.id), of(night?.id)]).toEqual([1, 1, 1, 0]);
});

test('a silence holds back what it matches until it is over, and shows so', async () => {
  const store = await home.open();
  const { tell, pass, target, route, told, table } = await serviceOn(store);
  const { id } = await target('desk');
  await route({ targetIds: [id], groupWaitMs: 0 });
  const now = store.clock.nowMs();
  await store.automation.silences.create({
    matchers: [{ label: 'zone', op: '=', value: 'north' }],
    fromUnixMs: now,
    untilUnixMs: now + 10 * MINUTE_MS,
    by: 'ada',
    reason: 'works',
  });
  await pass(1_000);
  const rule = await store.automation.rules.create(ruleValues({ labels: { zone: 'north' } }));
  const alarm = await tell(rule, 'firing');
  await pass(9 * MINUTE_MS, 10_000);
  expect(await told()).toEqual([]);
  expect(table.get(String(alarm?.id))).toMatchObject({ quiet: 'silence' });
  await pass(2 * MINUTE_MS, 10_000);
  expect(await told()).toHaveLength(1);
  expect(table.get(String(alarm?.id))).toMatchObject({ quiet: null });
});

test('nothing is told while a mute schedule is open', async () => {
  const store = await home.open();
  let open = true;
  const { tell, pass, target, route, told, table } = await serviceOn(store, {
    isOpen: (scheduleId) => scheduleId === 4 && open,
  });
  const { id } = await target('desk');
  await route({ targetIds: [id], groupWaitMs: 0, muteScheduleIds: [4] });
  await pass(1_000);
  const rule = await store.automation.rules.create(ruleValues());
  const alarm = await tell(rule, 'firing');
  await pass(5 * MINUTE_MS, 10_000);
  expect(await told()).toEqual([]);
  expect(table.get(String(alarm?.id))).toMatchObject({ quiet: 'schedule' });
  open = false;
  await pass(MINUTE_MS, 10_000);
  expect(await told()).toHaveLength(1);
});

test('alarms of a device that is away are held back until it is there again', async () => {
  const store = await home.open();
  const { tell, pass, target, route, told, table } = await serviceOn(store);
  const { id } = await target('desk');
  await route({ targetIds: [id] });
  await pass(1_000);
  const { rules } = store.automation;
  const away = await rules.create(ruleValues({ labels: { type: 'device_offline' }, text: 'away' }));
  const hot = await rules.create(ruleValues({ text: 'hot' }));
  const child = await tell(hot, 'firing', { deviceId: 'd', source: 'd/heat' });
  await tell(away, 'firing', { deviceId: 'd', source: 'd/online' });
  await pass(5 * MINUTE_MS, 10_000);
  expect(await told()).toEqual(['[major] away']);
  expect(table.get(String(child?.id))).toMatchObject({ quiet: 'parent' });
  await tell(away, 'clear', { deviceId: 'd', source: 'd/online' });
  await pass(6 * MINUTE_MS, 10_000);
  expect(table.get(String(child?.id))).toMatchObject({ quiet: null });
  expect(await told()).toEqual(['[major] away', '[major] desk (1 firing, 1 resolved)']);
});

test('a shelf ends by itself, escalation goes on step by step, and late ones are overdue', async () => {
  const store = await home.open();
  const { tell, pass, target, told, table, desk, noted } = await serviceOn(store);
  const { id } = await target('boss');
  const rule = await store.automation.rules.create(
    ruleValues({
      text: 'hot',
      escalation: [
        { afterMs: 10 * MINUTE_MS, severity: 'critical', targetIds: [id] },
        { afterMs: 20 * MINUTE_MS, targetIds: [id] },
      ],
    }),
  );
  const alarm = await tell(rule, 'firing');
  const key = String(alarm?.id);
  await desk.move([alarm?.id ?? 0], (row) => ({
    type: 'shelved',
    atUnixMs: store.clock.nowMs(),
    by: 'ada',
    untilUnixMs: row.raisedAtUnixMs + 5 * MINUTE_MS,
  }));
  expect(table.get(key)).toMatchObject({ quiet: 'shelved' });
  await pass(6 * MINUTE_MS, 10_000);
  expect(table.get(key)).toMatchObject({ quiet: null, shelvedUntilUnixMs: null });
  await pass(5 * MINUTE_MS, 10_000);
  expect(table.get(key)).toMatchObject({ severity: 'critical', escalated: 1, overdue: false });
  await pass(20 * MINUTE_MS, 10_000);
  expect(table.get(key)).toMatchObject({ severity: 'critical', escalated: 2, overdue: true });
  expect(await told()).toEqual(['[critical] hot', '[critical] hot']);
  expect(noted).toEqual(
    ['raised', 'shelved', 'unshelved', 'escalated', 'escalated'].map((kind) => `${key} ${kind}`),
  );
});

test('a restart in every phase neither loses nor doubles a notification', async () => {
  const store = await home.open();
  let site = await serviceOn(store);
  const again = async () => {
    await site.service.stop();
    site = await serviceOn(store);
  };
  const { id } = await site.target('desk');
  await site.route({ targetIds: [id] });
  await site.pass(1_000);
  const rule = await store.automation.rules.create(ruleValues({ text: 'hot' }));
  await site.tell(rule, 'firing', { edge: 1 });
  // Raised and committed, and killed before anything was gathered.
  await again();
  await site.pass(20_000);
  await again();
  await site.pass(45_000);
  expect(await site.told()).toEqual(['[major] hot']);
  await again();
  await site.pass(20 * MINUTE_MS, 10_000);
  expect(await site.told()).toEqual(['[major] hot']);
  await site.tell(rule, 'clear', { edge: 2 });
  await again();
  await site.pass(10 * MINUTE_MS, 10_000);
  await again();
  await site.pass(10 * MINUTE_MS, 10_000);
  expect(await site.told()).toEqual(['[major] hot', '[resolved] hot']);
  expect(site.faults).toEqual([]);
});

test('alarms of a rule that is removed are over', async () => {
  const store = await home.open();
  const { tell, pass, table, desk } = await serviceOn(store);
  const rule = await store.automation.rules.create(ruleValues());
  const alarm = await tell(rule, 'firing');
  await store.automation.rules.remove(rule.id);
  await pass(1_000);
  expect(table.get(String(alarm?.id))).toMatchObject({ active: false });
  expect(desk.book.activeOfRule(rule.id)).toEqual([]);
});

test('cleared alarms are forgotten after the days that are set, active ones are not', async () => {
  const store = await home.open();
  const { tell, pass } = await serviceOn(store, { keepDays: 1 });
  const rule = await store.automation.rules.create(ruleValues());
  await tell(rule, 'firing', { source: 'a' });
  await tell(rule, 'firing', { source: 'b' });
  await tell(rule, 'clear', { source: 'a' });
  await pass(26 * 60 * MINUTE_MS, 30 * MINUTE_MS);
  expect((await store.automation.alarms.find()).map(({ source }) => source)).toEqual(['b']);
});

test('ten thousand alarms at once are all there, told in one message, and each turn is bounded', async () => {
  const store = await home.open();
  const { desk, table, pass, target, route, told, service } = await serviceOn(store);
  const { id } = await target('desk');
  await route({ targetIds: [id], groupWaitMs: 1_000 });
  await service.tick();
  const rule = await store.automation.rules.create(ruleValues({ text: 'hot' }));
  for (let from = 0; from < 10_000; from += 500) {
    const edges = Array.from({ length: 500 }, (_, index) => {
      const at = from + index;
      const source = `d${at}/heat`;
      const edge = {
        id: `rule:${rule.id}:${source}`,
        ruleId: rule.id,
        source,
        edge: 1,
        state: 'firing' as const,
        from: 'normal' as const,
        atUnixMs: store.clock.nowMs(),
        kind: 'firing' as const,
        value: at,
        snapshot: '{}',
      };
      return { rule, edge, deviceId: `d${at}`, deviceName: null, facts: {} };
    });
    const taken = await store.control.write((scope) => desk.takeManyIn(scope, edges));
    const rows = taken.flatMap((row) => row ?? []);
    desk.committed(rows);
  }
  expect(table.size).toBe(10_000);
  await pass(3_000);
  expect(await told()).toEqual(['[major] desk (10000 firing)']);
  const { done } = await desk.move(
    Array.from({ length: 1_000 }, (_, at) => at + 1),
    () => ({ type: 'acknowledged', atUnixMs: store.clock.nowMs(), by: 'ada' }),
  );
  expect(done).toHaveLength(1_000);
  expect([...table.rows()].filter((row) => row['acknowledged'] === true)).toHaveLength(1_000);
}, 240_000);

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { deskOn, ruleValues } from './testing/edges.js';

describe.each(['sqlite', 'postgres'] as const)('the alarm desk on %s', (dialect) => {
  let home: TestHome;
  beforeAll(async () => {
    home = await testHome(dialect);
  });
  beforeEach(async () => {
    await home.renew();
  });
  afterAll(async () => {
    await home.close();
  });

  test('an alarm is raised once by rule and source, updated by the next firing, and cleared', async () => {
    const store = await home.open();
    const { tell, table, noted } = deskOn(store);
    const rule = await store.automation.rules.create(ruleValues({ text: 'Hot: {{value}}' }));
    const raised = await tell(rule, 'firing', { value: 51 });
    expect(raised).toMatchObject({ severity: 'major', text: 'Hot: 51', repeats: 0, changes: 1 });
    const again = await tell(rule, 'firing', { value: 60 });
    expect(again).toMatchObject({ id: raised?.id, repeats: 1, value: 60, text: 'Hot: 60' });
    await tell(rule, 'firing', { source: 'b/heat', value: 1 });
    expect(table.size).toBe(2);
    const cleared = await tell(rule, 'clear');
    expect(cleared).toMatchObject({ id: raised?.id, activeKey: null });
    const next = await tell(rule, 'firing', { value: 52 });
    expect(next?.id).not.toBe(raised?.id);
    expect(noted.map(({ row }) => row.lastChange)).toEqual([
      'raised',
      'updated',
      'raised',
      'cleared',
      'raised',
    ]);
    expect(table.get(String(raised?.id))).toMatchObject({ active: false, acknowledged: false });
  });

  test('the same edge told again changes nothing, whether it raised, updated or cleared', async () => {
    const store = await home.open();
    const { tell, noted } = deskOn(store);
    const rule = await store.automation.rules.create(ruleValues());
    for (const kind of ['firing', 'firing', 'clear'] as const) {
      const first = await tell(rule, kind, { value: 1 });
      const edge = first?.edge ?? 0;
      expect(await tell(rule, kind, { value: 2, edge })).toEqual(first);
    }
    expect(await store.automation.alarms.count()).toBe(1);
    expect(noted).toHaveLength(3);
  });

  test('a firing within the cooldown goes on with the same alarm, held back from being told', async () => {
    const store = await home.open();
    const { tell } = deskOn(store);
    const rule = await store.automation.rules.create(ruleValues());
    const first = await tell(rule, 'firing');
    await tell(rule, 'clear');
    const cooled = await tell(rule, 'cooled');
    expect(cooled).toMatchObject({ id: first?.id, held: true, clearedAtUnixMs: null, repeats: 1 });
    expect(await tell(rule, 'firing')).toMatchObject({ id: first?.id, held: false });
  });

  test('a rule that is switched off clears its alarm; one without data leaves it', async () => {
    const store = await home.open();
    const { tell } = deskOn(store);
    const rule = await store.automation.rules.create(ruleValues());
    await tell(rule, 'firing');
    expect(await tell(rule, 'state', { state: 'no-data' })).toMatchObject({
      clearedAtUnixMs: null,
    });
    expect(await tell(rule, 'state', { state: 'disabled' })).toMatchObject({ activeKey: null });
    expect(await tell(rule, 'state', { state: 'normal' })).toBeUndefined();
  });

  test('a rule without severity raises none', async () => {
    const store = await home.open();
    const { tell } = deskOn(store);
    const rule = await store.automation.rules.create(ruleValues({ severity: null }));
    expect(await tell(rule, 'firing')).toBeUndefined();
  });

  test('a device that is away is the parent of its other alarms, and a rule names another', async () => {
    const store = await home.open();
    const { tell, table } = deskOn(store);
    const { rules } = store.automation;
    const away = await rules.create(ruleValues({ labels: { type: 'device_offline' } }));
    const power = await rules.create(ruleValues({ labels: { type: 'power' } }));
    const pump = await rules.create(ruleValues({ parentRuleId: power.id }));
    const other = await tell(power, 'firing', { deviceId: 'd2' });
    const parent = await tell(away, 'firing', { deviceId: 'd1' });
    const child = await tell(power, 'firing', { deviceId: 'd1', source: 'd1/power' });
    expect(child?.parentAlarmId).toBe(parent?.id);
    expect(parent?.parentAlarmId).toBeNull();
    const pumped = await tell(pump, 'firing', { deviceId: 'd2', source: 'd2/pump' });
    expect(pumped?.parentAlarmId).toBe(other?.id);
    expect(table.get(String(pumped?.id))).toMatchObject({ parentAlarmId: other?.id });
  });

  test('what is refused is answered with its reason, the others are done', async () => {
    const store = await home.open();
    const { tell, desk, table, noted } = deskOn(store);
    const rule = await store.automation.rules.create(ruleValues());
    const one = await tell(rule, 'firing', { source: 'a' });
    const two = await tell(rule, 'firing', { source: 'b' });
    const ids = [one?.id ?? 0, two?.id ?? 0];
    const acknowledge = () => ({ type: 'acknowledged', atUnixMs: 5, by: 'ada' }) as const;
    await desk.move(ids.slice(0, 1), acknowledge);
    const { done, refused } = await desk.move([...ids, 99], acknowledge, undefined, { why: 'x' });
    expect(done.map(({ id }) => id)).toEqual([two?.id]);
    expect(refused.map(({ id }) => id)).toEqual([one?.id, 99]);
    expect(refused.map(({ reason }) => reason).join(';')).toMatch(
      /acknowledged already.*;there is no alarm 99/,
    );
    expect(noted.at(-1)).toMatchObject({ detail: { why: 'x' } });
    await tell(rule, 'clear', { source: 'a' });
    expect(table.get(String(one?.id))).toBeUndefined();
    expect(table.size).toBe(1);
  });

  test('after a start the desk shows what is active and what was cleared within a day', async () => {
    const store = await home.open();
    const before = deskOn(store);
    const rule = await store.automation.rules.create(ruleValues());
    const old = await before.tell(rule, 'firing', { source: 'a' });
    await before.tell(rule, 'clear', { source: 'a' });
    store.clock.advance(25 * 3_600_000);
    const active = await before.tell(rule, 'firing', { source: 'b' });
    const cleared = await before.tell(rule, 'firing', { source: 'c' });
    await before.tell(rule, 'clear', { source: 'c' });
    const after = deskOn(store);
    await after.desk.load();
    const shown = [...after.table.rows()].map(({ id }) => Number(id));
    expect(shown).toEqual([active?.id, cleared?.id]);
    expect(shown).not.toContain(old?.id);
    expect(after.noted.map(({ row }) => row.id)).toEqual([active?.id, cleared?.id]);
  });
});

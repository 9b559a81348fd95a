import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RuleRow } from '../../actors/automation/automation.types.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { openSecretBox } from '../../actors/inventory/secrets.js';
import { parseMemory } from '../../actors/rule/memory.js';
import type { RuleEdge } from '../../actors/rule/protocol.js';
import { deskOn, ruleValues } from '../alarms/testing/edges.js';
import { Deliveries } from '../notify/deliveries.js';
import { DeliveryTable } from '../notify/delivery-table.js';
import { TargetBook } from '../notify/target-book.js';
import { EdgeTaker } from './edge-taker.js';

describe.each(['sqlite', 'postgres'] as const)('sources that are gone, on %s', (dialect) => {
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

  async function taker() {
    const store = await home.open();
    const { desk, table } = deskOn(store);
    const box = await openSecretBox({ key: '0123456789abcdef', file: '' });
    const targets = await TargetBook.open(store, box, () => undefined);
    const rules = new Map<number, RuleRow>();
    const taking = new EdgeTaker({
      store,
      alarms: desk,
      deliveries: new Deliveries({
        table: new DeliveryTable(store.control),
        targets,
        clock: store.clock,
        wake: () => undefined,
        experiment: () => undefined,
      }),
      rule: (id) => rules.get(id),
      about: () => ({ deviceId: 'tank', deviceName: null, facts: {} }),
      taken: () => undefined,
    });
    const rule = await store.automation.rules.create(
      ruleValues({ actions: [{ type: 'journal', level: 'info', text: 'over', on: 'clear' }] }),
    );
    rules.set(rule.id, rule);
    const source = 'tank/heat';
    const id = `rule:${rule.id}:${source}`;
    const fires = (edge: number): RuleEdge => ({
      ...{ id, ruleId: rule.id, source, edge, state: 'firing', from: 'normal', kind: 'firing' },
      ...{ atUnixMs: store.clock.nowMs(), value: 60, snapshot: '{"edge":1}' },
    });
    const gone = () => taking.forget([{ id, ruleId: rule.id, source }], store.clock.nowMs());
    const active = async () => (await store.automation.alarms.find()).filter((a) => a.activeKey);
    const keys = async () =>
      (await store.automation.deliveries.find()).map(({ publicId }) => publicId);
    return { store, table, taking, rules, rule, id, fires, gone, active, keys };
  }

  test('the alarm of a source that goes is cleared once, and its edges go on when it is back', async () => {
    const { store, table, taking, rule, id, fires, gone, active, keys } = await taker();
    await taking.take([fires(1)]);
    expect(await active()).toHaveLength(1);
    store.clock.advance(1_000);
    const rested = (await gone()).get(id) ?? '';
    expect(await active()).toHaveLength(0);
    expect(table.rows().next().value).toMatchObject({ active: false });
    expect(await keys()).toEqual([`rule:${rule.id}:tank/heat:2:0`]);
    expect(parseMemory(rested)).toMatchObject({ edge: 2, machine: null });
    await gone();
    expect(await keys()).toHaveLength(1);
    const [state] = await store.automation.ruleStates.find();
    expect(state).toMatchObject({ edge: 2, state: 'normal', snapshot: rested });
    // Late edges of before are no news; the next one of the source that is back is.
    await taking.take([fires(2)]);
    expect(await active()).toHaveLength(0);
    await taking.take([fires(3)]);
    expect(await active()).toHaveLength(1);
  });

  test('the alarm of a rule that is removed is cleared, and nobody is told on its behalf', async () => {
    const { store, taking, rules, rule, fires, gone, active, keys } = await taker();
    await taking.take([fires(1)]);
    await store.automation.rules.remove(rule.id);
    rules.delete(rule.id);
    await gone();
    expect(await active()).toHaveLength(0);
    expect(await store.automation.alarms.find()).toHaveLength(1);
    expect(await keys()).toEqual([]);
  });
});

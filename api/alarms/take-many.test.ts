import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AlarmRow, RuleRow } from '../../actors/automation/automation.types.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import type { EdgeOfRule } from '../automation/ports.js';
import { deskOn, ruleValues } from './testing/edges.js';

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

const edgeOf = (
  rule: RuleRow,
  source: string,
  edge: number,
  kind: 'firing' | 'clear' = 'firing',
): EdgeOfRule => ({
  rule,
  edge: {
    id: `rule:${rule.id}:${source}`,
    ruleId: rule.id,
    source,
    edge,
    state: kind === 'firing' ? 'firing' : 'normal',
    from: 'normal',
    atUnixMs: 1_000 + edge,
    kind,
    value: edge,
    snapshot: '{}',
  },
  deviceId: source.split('/')[0] ?? null,
  deviceName: null,
  facts: {},
});

/** What matters, without what differs by chance. */
const plain = (row: AlarmRow | undefined) =>
  row === undefined
    ? undefined
    : { ...row, id: 0, publicId: '', parentAlarmId: row.parentAlarmId !== null };

test('edges taken together become what they become one by one', async () => {
  const answers = [];
  for (const together of [true, false]) {
    await home.renew();
    const store = await home.open();
    const { desk } = deskOn(store);
    const { rules } = store.automation;
    const hot = await rules.create(ruleValues());
    const mute = await rules.create(ruleValues({ severity: null }));
    const away = await rules.create(ruleValues({ labels: { type: 'device_offline' } }));
    const child = await rules.create(ruleValues({ parentRuleId: hot.id }));
    const batches = [
      [edgeOf(hot, 'a/heat', 1), edgeOf(hot, 'b/heat', 1), edgeOf(away, 'c/online', 1)],
      [
        edgeOf(hot, 'a/heat', 1),
        edgeOf(hot, 'a/heat', 2, 'clear'),
        edgeOf(hot, 'a/heat', 3),
        edgeOf(hot, 'b/heat', 2),
        edgeOf(hot, 'c/heat', 1),
        edgeOf(away, 'd/online', 1),
        edgeOf(hot, 'd/heat', 1),
        edgeOf(mute, 'e/heat', 1),
        edgeOf(hot, 'f/heat', 1),
        edgeOf(hot, 'g/heat', 1, 'clear'),
        // Several of one device, alone and where one explains the other.
        edgeOf(hot, 'h/heat', 1),
        edgeOf(hot, 'h/cold', 1),
        edgeOf(hot, 'i/heat', 1),
        edgeOf(child, 'i/heat', 1),
        edgeOf(hot, 'c/cold', 1),
      ],
      [edgeOf(child, 'h/heat', 1), edgeOf(child, 'a/heat', 1), edgeOf(hot, 'c/warm', 1)],
      // Ends: of several at once, one that was told before, one that nobody knows, and one that explains another.
      [
        edgeOf(hot, 'a/heat', 4, 'clear'),
        edgeOf(hot, 'b/heat', 3, 'clear'),
        edgeOf(hot, 'f/heat', 2, 'clear'),
        edgeOf(hot, 'h/cold', 1, 'clear'),
        edgeOf(hot, 'x/heat', 7, 'clear'),
        edgeOf(mute, 'e/heat', 2, 'clear'),
        edgeOf(away, 'c/online', 2, 'clear'),
        edgeOf(hot, 'c/new', 1),
        edgeOf(hot, 'y/heat', 1),
      ],
      [
        edgeOf(hot, 'a/heat', 4, 'clear'),
        edgeOf(hot, 'b/heat', 4),
        edgeOf(hot, 'i/heat', 2, 'clear'),
        edgeOf(hot, 'h/heat', 2, 'clear'),
      ],
    ];
    const rows: unknown[] = [];
    for (const batch of batches) {
      const taken = await store.control.write(async (scope) => {
        if (together) return await desk.takeManyIn(scope, batch);
        const one: (AlarmRow | undefined)[] = [];
        for (const edge of batch) one.push(await desk.takeIn(scope, edge));
        return one;
      });
      rows.push(...taken.map(plain));
    }
    answers.push(rows);
    await store.close();
  }
  expect(answers[0]).toEqual(answers[1]);
});

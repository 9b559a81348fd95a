import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alarmRow } from '../../actors/alarm/testing/alarm-row.js';
import type { RuleRow } from '../../actors/automation/automation.types.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { openSecretBox } from '../../actors/inventory/secrets.js';
import type { RuleEdge } from '../../actors/rule/protocol.js';
import { ruleValues } from '../alarms/testing/edges.js';
import type { EdgeOfRule, NewDelivery } from '../automation/ports.js';
import { Deliveries } from './deliveries.js';
import { DeliveryTable } from './delivery-table.js';
import { messageIn } from './message.js';
import { sealedAbout, TargetBook } from './target-book.js';

const RULE: RuleRow = {
  ...ruleValues({
    publicId: 'rule-7',
    name: 'too warm',
    condition: { type: 'threshold', channel: 'hall/temperature', op: '>', value: 30 },
    severity: null,
  }),
  id: 7,
};
const EDGE: RuleEdge = {
  id: 'rule:7:',
  ruleId: 7,
  source: '',
  edge: 12,
  state: 'firing',
  from: 'normal',
  atUnixMs: 1_800_000_000_000,
  kind: 'firing',
  value: 31.5,
  snapshot: '{}',
};
const about = (rule: Partial<RuleRow>, edge: Partial<RuleEdge> = {}): EdgeOfRule => ({
  rule: { ...RULE, ...rule },
  edge: { ...EDGE, ...edge },
  deviceId: 'hall',
  deviceName: 'Great hall',
  facts: { temperature: 31.5, 'fan <1>': 'off' },
});

for (const dialect of ['sqlite', 'postgres'] as const) {
  describe(`deliveries on ${dialect}`, () => {
    let home: TestHome;
    beforeAll(async () => {
      home = await testHome(dialect);
    });
    afterAll(async () => {
      await home.close();
    });

    async function site() {
      await home.renew();
      const store = await home.open({ feedPollMs: 0 });
      const box = await openSecretBox({ key: '0123456789abcdef', file: '' });
      const errors: Error[] = [];
      const targets = await TargetBook.open(store, box, (error) => errors.push(error));
      const table = new DeliveryTable(store.control);
      let wakes = 0;
      const port = new Deliveries({
        table,
        targets,
        clock: store.clock,
        wake: () => {
          wakes += 1;
        },
        experiment: () => undefined,
      });
      const make = async (name: string, events: readonly string[], enabled = true) => {
        const publicId = `target-${name}`;
        const row = await store.automation.targets.create({
          publicId,
          name,
          kind: 'webhook',
          enabled,
          config: { url: `https://${name}.example/` },
          sealed: box.seal({ key: 'signing key' }, sealedAbout(publicId)),
          events,
          ownerId: null,
          createdAtUnixMs: 0,
        });
        targets.put(row);
        return row;
      };
      return { store, box, targets, table, port, make, wakes: () => wakes };
    }

    const one = (key: string, targetId: number | null = null): NewDelivery => ({
      key,
      kind: 'target',
      targetId,
      event: 'alarm.raised',
      subject: null,
      payload: 'text',
      alarmId: null,
    });

    it('takes the same key once, also when it is told twice in one call', async () => {
      const { store, port, table } = await site();
      await store.control.write((scope) => port.enqueueIn(scope, [one('a'), one('a'), one('b')]));
      await store.control.write((scope) => port.enqueueIn(scope, [one('b'), one('c')]));
      const rows = await table.unfinished(0, 100);
      expect(rows.map(({ publicId, state, attempts }) => [publicId, state, attempts])).toEqual([
        ['a', 'pending', 0],
        ['b', 'pending', 0],
        ['c', 'pending', 0],
      ]);
    });

    it('leaves nothing when the transaction that caused it fails', async () => {
      const { store, port, table } = await site();
      const failing = store.control.write(async (scope) => {
        await port.enqueueIn(scope, [one('a')]);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('the database refused');
      expect(await table.unfinished(0, 100)).toEqual([]);
    });

    it('leaves out what is for a target that is gone, and takes the rest', async () => {
      const { store, port, table, make } = await site();
      const { id } = await make('here', []);
      await store.control.write((scope) =>
        port.enqueueIn(scope, [one('a', id), one('b', id + 1_000)]),
      );
      expect((await table.unfinished(0, 100)).map(({ publicId }) => publicId)).toEqual(['a']);
    });

    it('settles, finds what is due, gives up and forgets', async () => {
      const { store, port, table, make } = await site();
      const { id } = await make('here', []);
      const keys = ['a', 'b', 'c', 'd', 'e'];
      await store.control.write((scope) =>
        port.enqueueIn(
          scope,
          keys.map((key) => one(key, id)),
        ),
      );
      const [a, b, c] = await table.unfinished(0, 3);
      const settled = { attempts: 1, lastError: null, responseCode: 200, deliveredAtUnixMs: 5.5 };
      await table.settle([
        { ...settled, id: a?.id ?? 0, state: 'delivered', nextAtUnixMs: null },
        { ...settled, id: b?.id ?? 0, state: 'failed', nextAtUnixMs: 900, lastError: 'no\0' },
        { ...settled, id: c?.id ?? 0, state: 'failed', nextAtUnixMs: 100.5 },
      ]);
      const due = await table.due({ targetId: id }, 500, 10);
      expect(due.map(({ publicId }) => publicId)).toEqual(['c', 'd', 'e']);
      expect(
        (await table.finished(10)).map((row) => [row.publicId, row.deliveredAtUnixMs]),
      ).toEqual([['a', 5.5]]);
      expect(await table.giveUp(id, 2, 'too many wait')).toBe(2);
      expect((await table.unfinished(0, 10)).map(({ publicId }) => publicId)).toEqual(['d', 'e']);
      expect(await table.forget(1, 0)).toBe(2);
      expect(await table.finished(10)).toHaveLength(1);
      expect(await table.forget(100, Number.MAX_SAFE_INTEGER)).toBe(1);
      expect(await table.unfinished(0, 10)).toHaveLength(2);
    });

    it('makes deliveries of a rule’s actions: templates filled in, keys stable, webhooks spread', async () => {
      const { port, make } = await site();
      const first = await make('first', ['sensor.threshold_exceeded']);
      const second = await make('second', ['sensor.*']);
      await make('other', ['experiment.started']);
      await make('off', ['sensor.*'], false);
      const edge = about({
        actions: [
          { type: 'webhooks', event: 'sensor.threshold_exceeded' },
          {
            type: 'journal',
            level: 'warning',
            text: '{{rule}} in {{device.name}}: {{value}} <{{facts.fan <1>}}>',
          },
          { type: 'journal', level: 'info', text: 'cool again', on: 'clear' },
          { type: 'notify', targetId: first.id, text: '{{device}} {{{facts.temperature}}}' },
        ],
      });
      const made = await port.actionsOf(edge, undefined);
      expect(made.map(({ key, kind, targetId }) => [key, kind, targetId])).toEqual([
        [`rule:7::12:0:${first.id}`, 'target', first.id],
        [`rule:7::12:0:${second.id}`, 'target', second.id],
        ['rule:7::12:1', 'action', null],
        ['rule:7::12:3', 'target', first.id],
      ]);
      expect(messageIn(made[0]?.payload ?? '', '', 0).body).toEqual({
        type: 'sensor.threshold_exceeded',
        time: '2027-01-15T08:00:00.000Z',
        sensor: 'hall/temperature',
        value: 31.5,
        rule: 'too warm',
        operator: 'gt',
        threshold: 30,
      });
      expect(JSON.parse(made[2]?.payload ?? '')).toMatchObject({
        action: { type: 'journal', text: 'too warm in Great hall: 31.5 <off>' },
      });
      expect(messageIn(made[3]?.payload ?? '', '', 0).text).toBe('Great hall 31.5');
      expect(await port.actionsOf(edge, undefined)).toEqual(made);
      const cleared = await port.actionsOf(
        { ...edge, edge: { ...edge.edge, kind: 'clear' } },
        undefined,
      );
      expect(cleared.map(({ key }) => key)).toEqual(['rule:7::12:2']);
      const cooled = { ...edge, edge: { ...edge.edge, kind: 'cooled' as const } };
      expect(await port.actionsOf(cooled, undefined)).toEqual([]);
    });

    it('tells of the alarm in the words of its own events', async () => {
      const { port, make } = await site();
      const { id } = await make('first', []);
      const alarm = alarmRow({
        id: 3,
        publicId: 'alarm-3',
        ruleId: 7,
        ruleName: 'too warm',
        activeKey: '7:',
        deviceId: 'hall',
        severity: 'major',
        text: 'It is warm',
        labels: { room: 'hall' },
        value: 31.5,
        raisedAtUnixMs: 1_800_000_000_000,
      });
      const actions = [
        { type: 'notify', targetId: id, event: 'alarm.raised', subject: '{{alarm.labels.room}}!' },
      ] as const;
      const [made] = await port.actionsOf(about({ actions }), alarm);
      expect(made?.alarmId).toBe(3);
      expect(messageIn(made?.payload ?? '', '', 0)).toMatchObject({
        subject: 'hall!',
        text: 'It is warm',
        severity: 'major',
        body: { type: 'alarm.raised', alarm: { id: 'alarm-3', device: 'Great hall', value: 31.5 } },
      });
    });
  });
}

import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RuleSite } from '../testing/rule-site.js';

const soon = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 30_000, interval: 50 });
const HOT = { type: 'threshold', channel: 'tank/temp', op: '>', value: 50 };

describe('an alarm of a server that is killed', () => {
  let site: RuleSite;
  beforeEach(async () => {
    site = new RuleSite();
    await site.start();
    await site.device('tank');
    await site.send('tank', [{ name: 'temp', value: 10 }]);
  }, 120_000);
  afterEach(() => site.stop());

  const alarms = (id: number) =>
    site.rows(`select id, raised_at_unix_ms as at, cleared_at_unix_ms as cleared
      from automation_alarms where rule_id = ${id}`);
  const keys = (id: number) =>
    site.rows(`select public_id as key from automation_deliveries
      where public_id like 'rule:${id}:%' order by public_id`);

  it.each([
    ['before its hold-off ends', 3_000, 500],
    ['when its hold-off ends', 1_000, 1_000],
    ['when it has fired', 200, 700],
    ['at the sample', 300, 0],
  ])(
    '%s is there once, with one delivery of the same key',
    async (_, holdMs, killAfterMs) => {
      const id = await site.rule({
        name: 'hot',
        condition: HOT,
        holdMs,
        severity: 'major',
        actions: [{ type: 'journal', level: 'info', text: 'hot' }],
      });
      await soon(async () => {
        const { body } = await site.ask<{ items: { state: string }[] }>(
          'GET',
          `rules/${id}/sources`,
        );
        expect(body.items[0]?.state).toBe('normal');
      });
      expect(await site.send('tank', [{ name: 'temp', value: 60 }])).toBeLessThan(300);
      // The moment is the point of the test.
      await new Promise((resolve) => setTimeout(resolve, killAfterMs));
      await site.kill();
      await site.start();
      await soon(() => expect(alarms(id)).toHaveLength(1));
      await soon(() => expect(keys(id)).toHaveLength(1));
      const [key] = keys(id);
      await site.kill();
      await site.start();
      await site.send('tank', [{ name: 'temp', value: 10 }]);
      await soon(() => expect(alarms(id)[0]?.['cleared']).not.toBeNull());
      expect(alarms(id)).toHaveLength(1);
      expect(keys(id)).toEqual([key]);
    },
    120_000,
  );

  it('loses no edge while somebody else holds the control store locked', async () => {
    const id = await site.rule({ name: 'hot', condition: HOT, severity: 'major' });
    await soon(async () => {
      const { body } = await site.ask<{ items: { state: string }[] }>('GET', `rules/${id}/sources`);
      expect(body.items[0]?.state).toBe('normal');
    });
    const other = new Database(join(site.data, 'control.db'));
    other.exec('begin immediate');
    let sent = 0;
    const until = Date.now() + 7_000;
    while (Date.now() < until) {
      const batch = Array.from({ length: 1_000 }, (_, index) => ({
        name: 'temp',
        value: index % 50,
      }));
      expect(await site.send('tank', batch)).toBeLessThan(300);
      sent += batch.length;
      if (sent === 1_000) await site.send('tank', [{ name: 'temp', value: 99 }]);
    }
    expect(alarms(id)).toHaveLength(0);
    other.exec('rollback');
    other.close();
    await soon(() => {
      const [alarm] = alarms(id);
      expect(alarm?.['cleared']).not.toBeNull();
      expect(alarm?.['cleared']).toBeDefined();
    });
    expect(alarms(id)).toHaveLength(1);
  }, 120_000);
});

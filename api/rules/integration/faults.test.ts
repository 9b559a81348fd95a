import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RuleWaits } from '../../../actors/rule/protocol.js';
import { RuleSite } from '../testing/rule-site.js';

/** Other programs may have the machine for themselves for long: a start may take minutes, nothing here is timed. */
const SOON_MS = 120_000;
const START_MS = 240_000;
const TEST_MS = 900_000;
const soon = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: SOON_MS, interval: 20 });
const HOT = { type: 'threshold', channel: 'tank/temp', op: '>', value: 50 };

describe('an alarm of a server that is killed', () => {
  let site: RuleSite;
  const start = () => site.start({ readyWithinMs: START_MS });
  beforeEach(async () => {
    site = new RuleSite();
    await start();
    await site.device('tank');
    await site.send('tank', [{ name: 'temp', value: 10 }]);
  }, START_MS);
  afterEach(() => site.stop(), 60_000);

  const alarms = (id: number) =>
    site.rows(`select id, raised_at_unix_ms as at, cleared_at_unix_ms as cleared
      from automation_alarms where rule_id = ${id}`);
  const keys = (id: number) =>
    site.rows(`select public_id as key from automation_deliveries
      where public_id like 'rule:${id}:%' order by public_id`);
  const runs = (id: number) =>
    soon(async () => {
      const { body } = await site.ask<{ items: { state: string }[] }>('GET', `rules/${id}/sources`);
      expect(body.items[0]?.state).toBe('normal');
    });
  /** When the hold-off that is stored began. */
  const pendingSince = (id: number) =>
    soon(() => {
      const [row] = site.rows(`select state, at_unix_ms as at from automation_rule_states
        where rule_id = ${id}`);
      expect(row?.['state']).toBe('pending');
      return Number(row?.['at']);
    });
  const passed = async (untilUnixMs: number) => {
    await new Promise((resolve) => setTimeout(resolve, untilUnixMs - Date.now()));
  };

  it(
    'in a long hold-off that is told to nobody yet goes on from its begin, to the second',
    async () => {
      const holdMs = 40_000;
      const id = await site.rule({ name: 'long', condition: HOT, holdMs, severity: 'major' });
      await runs(id);
      await site.send('tank', [{ name: 'temp', value: 60 }]);
      const source = `rule:${id}:`;
      const sinceUnixMs = await soon(() => {
        const [row] = site.rows(`select snapshot from actor_snapshots where kind = 'rule-waits'`);
        const waits = JSON.parse(String(row?.['snapshot'])) as RuleWaits;
        const at = waits.id.findIndex((one) => one.startsWith(source));
        expect(at).toBeGreaterThanOrEqual(0);
        return waits.sinceUnixMs[at] ?? 0;
      });
      expect(site.rows(`select id from automation_rule_states where rule_id = ${id}`)).toEqual([]);
      await site.kill();
      await start();
      await pendingSince(id);
      const [row] = site.rows(`select snapshot from automation_rule_states where rule_id = ${id}`);
      const { machine, taken } = JSON.parse(String(row?.['snapshot'])) as {
        readonly machine: { readonly context: { readonly dueMonoMs: number } };
        readonly taken: { readonly unixMs: number; readonly monoMs: number };
      };
      const dueUnixMs = taken.unixMs + machine.context.dueMonoMs - taken.monoMs;
      expect(Math.abs(dueUnixMs - sinceUnixMs - holdMs)).toBeLessThan(1_000);
    },
    TEST_MS,
  );

  it.each<[string, number, (id: number, holdMs: number) => Promise<unknown>]>([
    ['before its hold-off ends', 5_000, (id) => pendingSince(id)],
    [
      'when its hold-off ends',
      2_000,
      async (id, holdMs) => passed((await pendingSince(id)) + holdMs),
    ],
    ['when it has fired', 200, (id) => soon(() => expect(alarms(id)).toHaveLength(1))],
    ['at the sample', 300, () => Promise.resolve()],
  ])(
    '%s is there once, with one delivery of the same key',
    async (_, holdMs, moment) => {
      const id = await site.rule({
        name: 'hot',
        condition: HOT,
        holdMs,
        severity: 'major',
        actions: [{ type: 'journal', level: 'info', text: 'hot' }],
      });
      await runs(id);
      expect(await site.send('tank', [{ name: 'temp', value: 60 }])).toBeLessThan(300);
      await moment(id, holdMs);
      await site.kill();
      await start();
      await soon(() => expect(alarms(id)).toHaveLength(1));
      await soon(() => expect(keys(id)).toHaveLength(1));
      const [key] = keys(id);
      await site.kill();
      await start();
      expect(await site.send('tank', [{ name: 'temp', value: 10 }])).toBeLessThan(300);
      await soon(() => expect(alarms(id)[0]?.['cleared']).not.toBeNull());
      expect(alarms(id)).toHaveLength(1);
      expect(keys(id)).toEqual([key]);
    },
    TEST_MS,
  );

  it(
    'loses no edge while somebody else holds the control store locked',
    async () => {
      const id = await site.rule({ name: 'hot', condition: HOT, severity: 'major' });
      await runs(id);
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
    },
    TEST_MS,
  );
});

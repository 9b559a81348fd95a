import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RuleSite } from '../testing/rule-site.js';

const soon = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 120_000, interval: 50 });

describe('what fires when its reason goes away', () => {
  const site = new RuleSite();
  beforeAll(async () => {
    await site.start({ readyWithinMs: 240_000 });
  }, 240_000);
  afterAll(() => site.stop(), 60_000);

  const active = (id: string) =>
    site.rows(`select id from automation_alarms where cleared_at_unix_ms is null
      and rule_name = '${id}'`);
  const raised = (id: string) =>
    site.rows(`select id from automation_alarms where rule_name = '${id}'`);

  /** A device whose rule fires. */
  async function fires(name: string, each: boolean): Promise<number> {
    await site.device(name);
    await site.send(name, [{ name: 'temp', value: 60 }]);
    const id = await site.rule({
      name,
      ...(each ? { each: [`${name}/*`] } : {}),
      condition: {
        type: 'threshold',
        channel: each ? '@' : `${name}/temp`,
        op: '>',
        value: 50,
      },
      severity: 'major',
      actions: [{ type: 'journal', level: 'info', text: 'over', on: 'clear' }],
    });
    await soon(() => expect(active(name)).toHaveLength(1));
    return id;
  }

  it.each<[string, string, boolean, (id: number, name: string) => Promise<unknown>]>([
    ['a device of several', 'one', true, (_, name) => site.ask('DELETE', `devices/${name}`)],
    ['the device of a rule', 'two', false, (_, name) => site.ask('DELETE', `devices/${name}`)],
    ['a rule for several', 'three', true, (id) => site.ask('DELETE', `rules/${id}`)],
    ['a rule', 'four', false, (id) => site.ask('DELETE', `rules/${id}`)],
    ['a rule that is disabled', 'five', true, (id) => site.ask('POST', `rules/${id}/disable`)],
  ])(
    'clears its alarm, once: %s',
    async (_, name, each, goes) => {
      const id = await fires(name, each);
      await goes(id, name);
      await soon(() => expect(active(name)).toHaveLength(0));
      expect(raised(name)).toHaveLength(1);
    },
    300_000,
  );

  it('clears it at the next start when it went while nobody looked, and fires again when it is back', async () => {
    const id = await fires('six', true);
    await site.ask('DELETE', 'devices/six');
    await site.kill();
    await site.start({ readyWithinMs: 240_000 });
    await soon(() => expect(active('six')).toHaveLength(0));
    await site.device('six');
    await site.send('six', [{ name: 'temp', value: 70 }]);
    await soon(() => expect(active('six')).toHaveLength(1));
    expect(raised('six')).toHaveLength(2);
    const states = site.rows(`select edge from automation_rule_states where rule_id = ${id}`);
    expect(states).toEqual([{ edge: 3 }]);
  }, 600_000);
});

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RuleSite } from '../testing/rule-site.js';

const soon = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 20_000, interval: 50 });

const above = (channel: string, value: number) => ({
  type: 'threshold',
  channel,
  op: '>',
  value,
});
interface Sources {
  readonly total: number;
  readonly items: readonly { source: string; state: string; error: string | null }[];
}

describe('rules of a running server', () => {
  const site = new RuleSite();
  beforeAll(async () => {
    await site.start();
    await site.device('tank');
    await site.send('tank', [{ name: 'temp', value: 10 }]);
  }, 60_000);
  afterAll(() => site.stop());

  const sources = async (id: number) =>
    (await site.ask<Sources>('GET', `rules/${id}/sources`)).body.items;
  const stateOf = async (id: number) => (await sources(id))[0]?.state;

  it('raise one alarm and one delivery of a sample, and clear it', async () => {
    const id = await site.rule({
      name: 'hot',
      condition: above('tank/temp', 50),
      severity: 'major',
      text: '{{rule}} at {{value}}',
      actions: [{ type: 'journal', level: 'warning', text: 'hot' }],
    });
    await soon(async () => expect(await stateOf(id)).toBe('normal'));
    await site.send('tank', [{ name: 'temp', value: 60 }]);
    await soon(() => {
      const [alarm] = site.rows(`select * from automation_alarms where rule_id = ${id}`);
      expect(alarm).toMatchObject({ severity: 'major', text: 'hot at 60', device_id: 'tank' });
    });
    const deliveries = () =>
      site.rows(`select public_id from automation_deliveries where public_id like 'rule:${id}:%'`);
    expect(deliveries()).toHaveLength(1);
    expect(await stateOf(id)).toBe('firing');
    const { body } = await site.ask('GET', `rules/${id}`);
    expect(body['lastTriggeredAtUnixMs']).toBeGreaterThan(0);
    await site.send('tank', [{ name: 'temp', value: 61 }]);
    await site.send('tank', [{ name: 'temp', value: 40 }]);
    await soon(() => {
      const rows = site.rows(`select cleared_at_unix_ms as at from automation_alarms
        where rule_id = ${id}`);
      expect(rows).toHaveLength(1);
      expect(rows[0]?.['at']).toBeGreaterThan(0);
    });
    expect(deliveries()).toHaveLength(1);
  });

  it('run for each channel that comes, and no more for one that goes', async () => {
    const id = await site.rule({
      name: 'each',
      each: ['mic-*/level'],
      condition: above('@', 5),
      severity: 'info',
    });
    await site.device('mic-1');
    await site.send('mic-1', [{ name: 'level', value: 9 }]);
    await site.device('mic-2');
    await site.send('mic-2', [{ name: 'level', value: 1 }]);
    await soon(async () => {
      const states = Object.fromEntries((await sources(id)).map((one) => [one.source, one.state]));
      expect(states).toEqual({ 'mic-1/level': 'firing', 'mic-2/level': 'normal' });
    });
    await site.ask('DELETE', 'devices/mic-2');
    await soon(async () => expect(await sources(id)).toHaveLength(1));
  });

  it('wait for a channel that is not there, and say so', async () => {
    const id = await site.rule({ name: 'later', condition: above('later/x', 1) });
    await soon(async () => {
      const [one] = await sources(id);
      expect(one?.state).toBe('error');
      expect(one?.error).toContain('there is no channel later/x');
    });
    await site.device('later');
    await site.send('later', [{ name: 'x', value: 5 }]);
    await soon(async () => expect(await stateOf(id)).toBe('firing'));
  });

  it('compute with variables, which are channels too', async () => {
    const made = await site.ask('POST', 'variables', { name: 'limit', kind: 'number', value: 100 });
    expect(made.status).toBe(201);
    const id = await site.rule({
      name: 'over the limit',
      condition: { type: 'expression', text: '[tank/temp] > $limit' },
    });
    await site.send('tank', [{ name: 'temp', value: 40 }]);
    await soon(async () => expect(await stateOf(id)).toBe('normal'));
    expect((await site.ask('PUT', 'variables/limit', { value: 30 })).status).toBe(200);
    await soon(async () => expect(await stateOf(id)).toBe('firing'));
    await soon(async () => {
      const { body } = await site.ask('GET', 'devices/site:variables');
      expect(JSON.stringify(body)).toContain('limit');
    });
    expect((await site.ask('PUT', 'variables/limit', { value: 'x' })).status).toBe(400);
  });

  it('refuse what cannot be, naming field and remedy', async () => {
    const refused = async (fields: Record<string, unknown>) => {
      const { status, body } = await site.ask('POST', 'rules', { name: 'bad', ...fields });
      expect(status).toBe(400);
      return JSON.stringify(body);
    };
    const expression = (text: string) => ({ condition: { type: 'expression', text } });
    expect(await refused(expression('[tank/temp] >'))).toContain('body.condition.text');
    expect(await refused(expression('[tank/temp] + 1'))).toContain('compare it');
    expect(await refused({ condition: above('@', 1) })).toContain('body.each');
    expect(await refused({ condition: { ...above('a/b', 1), clear: 2 } })).toContain('clear');
    expect(await refused({ condition: { type: 'schedule', scheduleId: 99 } })).toContain(
      'no schedule 99',
    );
    expect(
      await refused({
        condition: above('tank/temp', 1),
        actions: [{ type: 'variable', name: 'nothing', value: 1 }],
      }),
    ).toContain('there is no variable nothing');
  });

  it('refuse a cycle through variables, and stop those that became one', async () => {
    await site.ask('POST', 'variables', { name: 'a', kind: 'number', value: 0 });
    await site.ask('POST', 'variables', { name: 'b', kind: 'number', value: 0 });
    const one = {
      name: 'one',
      condition: { type: 'expression', text: '$a > 1' },
      actions: [{ type: 'variable', name: 'b', value: 2 }],
    };
    const other = {
      name: 'other',
      condition: { type: 'expression', text: '$b > 1' },
      actions: [{ type: 'variable', name: 'a', value: 2 }],
    };
    await site.rule(one);
    const { status, body } = await site.ask('POST', 'rules', other);
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain('a cycle: rule other → $a → rule one → $b → rule other');
    const asleep = await site.rule({ ...other, enabled: false });
    await site.ask('POST', `rules/${asleep}/enable`);
    await soon(async () => {
      const [stand] = await sources(asleep);
      expect(stand?.state).toBe('error');
      expect(stand?.error).toContain('a cycle');
    });
    await site.ask('DELETE', `rules/${asleep}`);
  });

  it('are tried on stored samples', async () => {
    await site.device('past');
    const now = Date.now();
    const samples = [1, 9, 9, 1, 9].map((value, index) => ({
      name: 'x',
      value,
      atUnixMs: now - 60_000 + index * 1_000,
    }));
    await site.send('past', samples);
    await soon(async () => {
      const { status, body } = await site.ask<{ firings: unknown[]; samples: number }>(
        'POST',
        'rules/test',
        { rule: { condition: above('past/x', 5) }, fromUnixMs: now - 120_000, toUnixMs: now },
      );
      expect(status).toBe(200);
      expect(body.samples).toBe(5);
      expect(body.firings).toHaveLength(2);
    });
  });

  it('say what an expression means', async () => {
    const { body } = await site.ask('POST', 'expressions/check', {
      text: '((avg([tank/temp], 10 min)) > 20)',
    });
    expect(body).toMatchObject({
      ok: true,
      kind: 'boolean',
      text: 'avg([tank/temp], 10 min) > 20',
      channels: ['tank/temp'],
    });
    const wrong = await site.ask('POST', 'expressions/check', { text: '[tank/none] > 1' });
    expect(JSON.stringify(wrong.body)).toContain('there is no channel');
  });

  it('follow schedules, and schedules say when they open', async () => {
    const { body, status } = await site.ask('POST', 'schedules', {
      name: 'always',
      timeZone: 'Europe/Berlin',
      weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
    });
    expect(status).toBe(201);
    const scheduleId = body['id'] as number;
    const id = await site.rule({ name: 'open', condition: { type: 'schedule', scheduleId } });
    await soon(async () => expect(await stateOf(id)).toBe('firing'));
    const next = await site.ask('GET', `schedules/${scheduleId}/next?count=3`);
    expect(next.body['open']).toBe(true);
    await site.ask('PATCH', `schedules/${scheduleId}`, { weekly: [] });
    await soon(async () => expect(await stateOf(id)).toBe('normal'));
    expect((await site.ask('DELETE', `schedules/${scheduleId}`)).status).toBe(409);
    const bad = await site.ask('POST', 'schedules', { name: 'x', timeZone: 'Mars/Base' });
    expect(JSON.stringify(bad.body)).toContain('Europe/Berlin');
  });

  it('have defaults for wireless microphones, made once', async () => {
    const defaults = async () =>
      (await site.ask<{ items: { id: number }[] }>('GET', 'rules?origin=default')).body.items;
    const made = await defaults();
    expect(made).toHaveLength(6);
    await site.ask('DELETE', `rules/${made[0]?.id}`);
    await site.server?.stop();
    await site.start();
    expect(await defaults()).toHaveLength(5);
  });
});

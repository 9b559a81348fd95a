import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { answering, type Receiver, startReceiver } from '../../notify/testing/site.js';
import { RuleSite } from '../../rules/testing/rule-site.js';
import { followLive } from '../testing/live-rows.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const soon = <T>(check: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 30_000, interval: 50 });

interface Shown {
  readonly id: number;
  readonly text: string;
  readonly active: boolean;
  readonly acknowledged: boolean;
  readonly assignedTo: string | null;
  readonly quiet: string | null;
}
interface Told {
  readonly status: string;
  readonly firing: number;
  readonly resolved: number;
  readonly alarms: readonly { readonly text: string }[];
}

const site = new RuleSite();
let receiver: Receiver | undefined;
const PASSWORD = 'quite-a-long-one';

beforeAll(async () => {
  await site.start();
});
afterAll(() => site.stop());
afterEach(async () => {
  await receiver?.stop();
  receiver = undefined;
  for (const path of ['alarm-routes', 'silences', 'targets', 'rules']) {
    const { body } = await site.ask<{ items: { id: number; origin?: string }[] }>('GET', path);
    for (const { id, origin } of body.items) {
      if (origin !== 'default') await site.ask('DELETE', `${path}/${id}`);
    }
  }
});

/** A rule over a channel of a device of its own that is quiet at first. */
async function hot(deviceId: string, fields: Record<string, unknown> = {}): Promise<number> {
  await site.device(deviceId);
  await site.send(deviceId, [{ name: 'temp', value: 10 }]);
  const id = await site.rule({
    name: `hot ${deviceId}`,
    condition: { type: 'threshold', channel: `${deviceId}/temp`, op: '>', value: 50 },
    severity: 'major',
    text: '{{device}} at {{value}}',
    ...fields,
  });
  await soon(async () => {
    const { body } = await site.ask<{ items: { state: string }[] }>('GET', `rules/${id}/sources`);
    expect(body.items[0]?.state).toBe('normal');
  });
  return id;
}

const heat = (deviceId: string, value: number) => site.send(deviceId, [{ name: 'temp', value }]);
const alarms = async (query: string): Promise<readonly Shown[]> =>
  (await site.ask<{ items: Shown[] }>('GET', `alarms?${query}`)).body.items;
const one = (ruleId: number): Promise<Shown> =>
  soon(async () => {
    const found = await alarms(`ruleId=${ruleId}`);
    expect(found).toHaveLength(1);
    return found[0] as Shown;
  });
const act = async (id: number, action: string, more: Record<string, unknown> = {}) => {
  const { status, body } = await site.ask('POST', 'alarms/actions', { ids: [id], action, ...more });
  expect(status).toBe(200);
  expect(body).toEqual({ done: [id], refused: [] });
};

async function made(path: string, fields: Record<string, unknown>): Promise<number> {
  const { status, body } = await site.ask('POST', path, fields);
  expect([status, status === 201 ? '' : JSON.stringify(body)]).toEqual([201, '']);
  return body['id'] as number;
}
async function webhook(to: Receiver): Promise<number> {
  return await made('targets', {
    name: `hook ${to.url}`,
    kind: 'webhook',
    config: { url: to.url, allowPrivate: true, retryMs: 200 },
    secret: { key: 'signing' },
  });
}
/** Sends all alarms of a device's rules to one target. */
async function routeTo(targetId: number, fields: Record<string, unknown> = {}): Promise<number> {
  return await made('alarm-routes', {
    name: 'desk',
    targetIds: [targetId],
    groupWaitMs: 500,
    groupIntervalMs: 500,
    repeatMs: 0,
    ...fields,
  });
}
const told = (to: Receiver): readonly Told[] =>
  to.heard.map(({ body }) => JSON.parse(body) as Told);
const keysOf = (to: Receiver) => to.heard.map(({ headers }) => String(headers['idempotency-key']));

describe('the desk of a running server', () => {
  test('shows an alarm in the list and live, and takes every action of people', async () => {
    const ruleId = await hot('boiler');
    const live = await followLive(site.server?.wsUrl ?? '', site.cookie, {
      resource: 'alarms',
      filter: { field: 'ruleId', op: '==', value: ruleId },
    });
    await heat('boiler', 60);
    const { id, text } = await one(ruleId);
    expect(text).toBe('boiler at 60');
    const shown = () => live.rows.get(String(id));
    await soon(() => expect(shown()).toMatchObject({ active: true, deviceName: 'boiler' }));

    await act(id, 'acknowledge', { comment: 'I look' });
    await soon(() => expect(shown()).toMatchObject({ acknowledged: true, comments: 1 }));
    const twice = await site.ask<{ refused: { reason: string }[] }>('POST', 'alarms/actions', {
      ids: [id],
      action: 'acknowledge',
    });
    expect(twice.body.refused[0]?.reason).toContain('acknowledged already');
    await act(id, 'assign', { to: 'admin' });
    await soon(() => expect(shown()).toMatchObject({ assignedTo: 'admin' }));
    expect((await alarms(`ruleId=${ruleId}&assignedTo=admin`)).map((row) => row.id)).toEqual([id]);
    expect((await site.ask('POST', `alarms/${id}/comments`, { text: 'valve stuck' })).status).toBe(
      201,
    );
    await act(id, 'shelve', { untilUnixMs: Date.now() + 3_600_000 });
    await soon(() => expect(shown()).toMatchObject({ quiet: 'shelved' }));
    await act(id, 'unshelve');
    await soon(() => expect(shown()).toMatchObject({ quiet: null }));
    await act(id, 'clear');
    // Cleared and acknowledged: it leaves the desk, and stays in the list.
    await soon(() => expect(shown()).toBeUndefined());
    expect(await one(ruleId)).toMatchObject({ active: false, acknowledged: true });
    live.stop();

    const { body } = await site.ask<{ comments: { text: string; by: string }[] }>(
      'GET',
      `alarms/${id}`,
    );
    expect(body.comments.map((comment) => `${comment.by}: ${comment.text}`)).toEqual([
      'admin: I look',
      'admin: valve stuck',
    ]);
    await soon(async () => {
      const history = await site.ask<{ items: { kind: string }[] }>('GET', `alarms/${id}/history`);
      expect(history.body.items.map(({ kind }) => kind).toReversed()).toEqual(
        'raised acknowledged assigned commented shelved unshelved cleared'
          .split(' ')
          .map((kind) => `alarm.${kind}`),
      );
    });
  });

  test('lets viewers look, and operators act', async () => {
    const ruleId = await hot('kettle');
    await heat('kettle', 60);
    const { id } = await one(ruleId);
    const as = async (role: string, method: string, path: string, body?: unknown) => {
      const name = `desk-${role}`;
      await site.ask('POST', 'users', { username: name, password: PASSWORD, role });
      const cookie = (await site.server?.signIn(name, PASSWORD)) ?? '';
      const answer = await fetch(`${site.server?.url ?? ''}/v1/${path}`, {
        method,
        headers: { cookie, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return answer.status;
    };
    const acknowledge = { ids: [id], action: 'acknowledge' };
    expect(await as('viewer', 'GET', `alarms/${id}`)).toBe(200);
    expect(await as('viewer', 'POST', 'alarms/actions', acknowledge)).toBe(403);
    expect(await as('viewer', 'POST', `alarms/${id}/comments`, { text: 'x' })).toBe(403);
    expect(await one(ruleId)).toMatchObject({ acknowledged: false });
    expect(await as('operator', 'POST', 'alarms/actions', acknowledge)).toBe(200);
    expect(await one(ruleId)).toMatchObject({ acknowledged: true });
  });
});

test('who wants mail without an address is told what to set', async () => {
  const { status, body } = await site.ask('PUT', 'notification-preferences', { method: 'email' });
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('set your address, or the method page');
});

describe('a route with a webhook', () => {
  test('is told once for a group, again after its repetition, and of the end', async () => {
    receiver = await startReceiver();
    const routeId = await routeTo(await webhook(receiver), {
      groupWaitMs: 2_000,
      repeatMs: 3_000,
      groupBy: ['hall'],
    });
    const labels = { hall: 'north' };
    await hot('oven-1', { labels });
    await hot('oven-2', { labels });
    await heat('oven-1', 60);
    await heat('oven-2', 70);
    const heard = receiver;
    await soon(() => expect(heard.heard.length).toBeGreaterThanOrEqual(2));
    const [first, again] = told(heard);
    expect(first).toMatchObject({ status: 'firing', firing: 2, resolved: 0 });
    expect(first?.alarms.map(({ text }) => text).sort()).toEqual(['oven-1 at 60', 'oven-2 at 70']);
    expect(again).toMatchObject({ status: 'firing', firing: 2 });
    await heat('oven-1', 10);
    await heat('oven-2', 10);
    // Both ends in one message, or in two when the interval lies between them.
    await soon(() => {
      expect(told(heard).at(-1)).toMatchObject({ status: 'resolved', firing: 0 });
      expect(told(heard).reduce((sum, { resolved }) => sum + resolved, 0)).toBe(2);
    });
    const keys = keysOf(heard);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(new RegExp(`^group:${routeId}:`));
  });

  test('hears nothing of what a silence holds back, until the silence is removed', async () => {
    receiver = await startReceiver();
    await routeTo(await webhook(receiver));
    const silence = await made('silences', {
      matchers: [{ label: 'device', op: '=', value: 'press' }],
      fromUnixMs: Date.now() - 1_000,
      untilUnixMs: Date.now() + 3_600_000,
      reason: 'works',
    });
    const ruleId = await hot('press');
    await hot('lathe');
    await heat('press', 60);
    await one(ruleId);
    await heat('lathe', 60);
    const heard = receiver;
    await soon(() => expect(heard.heard).toHaveLength(1));
    expect(told(heard)[0]?.alarms.map(({ text }) => text)).toEqual(['lathe at 60']);
    expect(await one(ruleId)).toMatchObject({ quiet: 'silence' });
    await site.ask('DELETE', `silences/${silence}`);
    await soon(() => expect(heard.heard).toHaveLength(2));
    expect(told(heard)[1]?.alarms.map(({ text }) => text)).toContain('press at 60');
  });

  test.each([
    ['SIGTERM', () => site.server?.stop()],
    ['kill -9', () => site.kill()],
  ] as const)(
    'is told exactly once when the server ends by %s between raising and telling',
    async (name, end) => {
      receiver = await startReceiver();
      await routeTo(await webhook(receiver), { groupWaitMs: 3_000 });
      const deviceId = name === 'SIGTERM' ? 'pump-1' : 'pump-2';
      const ruleId = await hot(deviceId);
      await heat(deviceId, 60);
      const { id } = await one(ruleId);
      expect(receiver.heard).toEqual([]);
      await end();
      await site.start();
      const heard = receiver;
      await soon(() => expect(heard.heard.length).toBeGreaterThan(0));
      expect(told(heard)[0]?.alarms.map(({ text }) => text)).toEqual([`${deviceId} at 60`]);
      expect((await one(ruleId)).id).toBe(id);
      // Another end after telling tells nobody again.
      await end();
      await site.start();
      await heat(deviceId, 10);
      await soon(() => expect(told(heard).at(-1)).toMatchObject({ resolved: 1 }));
      // A kill before the answer is stored sends the same message again, under the same key.
      expect(new Set(keysOf(heard)).size).toBe(2);
      expect((await one(ruleId)).id).toBe(id);
    },
  );

  test('gets the same key again when the server is killed before the answer', async () => {
    receiver = await startReceiver([() => undefined, answering(200)]);
    await routeTo(await webhook(receiver));
    const ruleId = await hot('crane');
    await heat('crane', 60);
    const heard = receiver;
    await soon(() => expect(heard.heard).toHaveLength(1));
    await site.kill();
    await site.start();
    await soon(() => expect(heard.heard).toHaveLength(2));
    expect(new Set(keysOf(heard)).size).toBe(1);
    await soon(async () => {
      const { body } = await site.ask<{ items: { state: string }[] }>('GET', 'deliveries');
      expect(body.items.filter(({ state }) => state !== 'delivered')).toEqual([]);
    });
    await one(ruleId);
  });
});

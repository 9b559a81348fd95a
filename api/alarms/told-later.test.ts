// Who is told after something held it back: schedules in their time zone, silences, users' own wishes.
import { DateTime } from 'luxon';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { NotificationPreferenceRow } from '../../actors/automation/automation.types.js';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { OpeningTimes } from '../rules/opening.js';
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
const ZONE = 'Europe/Berlin';
const at = (text: string): number => DateTime.fromISO(text, { zone: ZONE }).toMillis();

test.each([
  ['forward', '2027-03-28', 3],
  ['back', '2027-10-31', 5],
])(
  'a mute schedule ends on the wall clock of its zone in the night that goes %s',
  async (_, day, hours) => {
    const store = await home.open();
    const schedule = await store.automation.schedules.create({
      name: 'night',
      timeZone: ZONE,
      weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '01:00', to: '05:00' }],
      cron: null,
      cronOpenMs: 0,
      days: [],
    });
    const times = new OpeningTimes(schedule);
    store.clock.advance(at(`${day}T00:50`) - store.clock.nowMs());
    const { tell, pass, target, route, told } = await serviceOn(store, {
      isOpen: (id, atUnixMs) => id === schedule.id && times.isOpen(atUnixMs),
    });
    const { id } = await target('desk');
    await route({ targetIds: [id], groupWaitMs: 0, muteScheduleIds: [schedule.id] });
    await pass(10 * MINUTE_MS, MINUTE_MS);
    const rule = await store.automation.rules.create(ruleValues({ text: 'hot' }));
    await tell(rule, 'firing');
    await pass(hours * 60 * MINUTE_MS - 2 * MINUTE_MS, MINUTE_MS);
    expect(await told()).toEqual([]);
    await pass(3 * MINUTE_MS, MINUTE_MS);
    expect(store.clock.nowMs()).toBe(at(`${day}T05:01`));
    expect(await told()).toEqual(['[major] hot']);
  },
);

test('a group that was quiet for longer than its wait is told at once when it is loud again', async () => {
  const store = await home.open();
  const { tell, pass, target, route, told } = await serviceOn(store);
  const { id } = await target('desk');
  await route({ targetIds: [id], groupWaitMs: 5 * MINUTE_MS });
  const now = store.clock.nowMs();
  await store.automation.silences.create({
    matchers: [{ label: 'rule', op: '=', value: 'Too hot' }],
    fromUnixMs: now,
    untilUnixMs: now + 20 * MINUTE_MS,
    by: 'ada',
    reason: 'works',
  });
  await pass(1_000);
  const rule = await store.automation.rules.create(ruleValues({ text: 'hot' }));
  await tell(rule, 'firing');
  await pass(19 * MINUTE_MS, MINUTE_MS);
  expect(await told()).toEqual([]);
  await pass(2 * MINUTE_MS, MINUTE_MS);
  expect(await told()).toEqual(['[major] hot']);
});

test.each([
  ['email', 1],
  ['both', 1],
  ['page', 0],
  ['none', 0],
] as const)('a user who wants %s gets %i mails of an alarm', async (method, mails) => {
  const store = await home.open();
  await store.users.create({ id: 'ada', username: 'ada', role: 'viewer', passwordHash: 'x' });
  const wishes: Omit<NotificationPreferenceRow, 'id'> = {
    userId: 'ada',
    method,
    email: 'ada@example.org',
    thresholds: {},
    types: ['battery_low'],
    quietFrom: null,
    quietTo: null,
    timeZone: 'UTC',
    minIntervalMs: 0,
    told: {},
  };
  await store.automation.preferences.create(wishes);
  const { tell, pass } = await serviceOn(store);
  const rule = await store.automation.rules.create(ruleValues({ labels: { type: 'battery_low' } }));
  await tell(rule, 'firing', { value: 15 });
  await pass(10_000);
  const told = await store.automation.deliveries.find();
  expect(told).toHaveLength(mails);
  for (const { targetId, payload } of told) {
    expect(targetId).toBeNull();
    expect(JSON.parse(payload)).toMatchObject({ email: ['ada@example.org'] });
  }
});

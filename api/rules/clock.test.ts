import { DateTime } from 'luxon';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestHome, testHome } from '../../actors/control/testing/stores.js';
import { ClockSite } from './testing/clock-site.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const berlin = (text: string): number =>
  DateTime.fromISO(text, { zone: 'Europe/Berlin' }).toMillis();

let home: TestHome;
let site: ClockSite | undefined;
beforeAll(async () => {
  home = await testHome('sqlite');
});
beforeEach(() => home.renew());
afterEach(async () => {
  expect(site?.faults).toEqual([]);
  await site?.stop();
});
afterAll(() => home.close());

async function started(at: string): Promise<ClockSite> {
  site = await ClockSite.start(home, berlin(at));
  return site;
}

test.each([
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
])('a clock that is set %s lengthens no hold-off and shortens none', async (_, jumpMs) => {
  const here = await started('2026-11-20T12:00');
  const id = await here.rule({ holdMs: 2 * MINUTE_MS, keepMs: MINUTE_MS });
  await here.say(60);
  await here.pass(MINUTE_MS);
  await here.set(here.clock.nowMs() + jumpMs);
  await here.pass(MINUTE_MS - 2_000);
  expect(await here.alarms(id)).toEqual([]);
  await here.pass(2_000);
  expect(await here.alarms(id)).toEqual(['active']);
  // It goes on for a minute after the condition ended.
  await here.say(10);
  await here.set(here.clock.nowMs() + jumpMs);
  await here.pass(MINUTE_MS - 2_000);
  expect(await here.alarms(id)).toEqual(['active']);
  await here.pass(2_000);
  expect(await here.alarms(id)).toEqual(['cleared']);
});

test.each([
  ['forward', HOUR_MS],
  ['back', -HOUR_MS],
])('a clock that is set %s ends no cooldown and makes none longer', async (_, jumpMs) => {
  const here = await started('2026-11-20T12:00');
  const id = await here.rule({
    cooldownMs: MINUTE_MS,
    actions: [{ type: 'journal', level: 'info', text: 'hot' }],
  });
  await here.say(60);
  await here.say(10);
  await here.set(here.clock.nowMs() + jumpMs);
  await here.pass(30_000);
  await here.say(60);
  await here.say(10);
  expect(await here.told()).toHaveLength(1);
  expect(await here.alarms(id)).toEqual(['cleared']);
  await here.pass(30_000);
  await here.say(60);
  expect(await here.told()).toHaveLength(2);
});

test('a schedule follows a clock that is set, forward and back', async () => {
  const here = await started('2026-11-20T08:00');
  const { id: scheduleId } = await here.schedule('09:00', '17:00');
  const id = await here.rule({ scheduleId });
  await here.say(60);
  expect(await here.alarms(id)).toEqual([]);
  await here.set(berlin('2026-11-20T09:30'));
  await here.pass(1_000);
  await here.say(61);
  expect(await here.alarms(id)).toEqual(['active']);
  await here.set(berlin('2026-11-20T08:30'));
  await here.pass(1_000);
  expect(await here.alarms(id)).toEqual(['cleared']);
  await here.set(berlin('2026-11-20T16:59:59'));
  await here.pass(500);
  await here.say(62);
  expect(await here.alarms(id)).toEqual(['cleared', 'active']);
  await here.pass(1_000);
  expect(await here.alarms(id)).toEqual(['cleared', 'cleared']);
});

test.each([
  // Half past two is left out, so it opens an hour later; the end is on the clock again.
  ['forward', '2026-03-29T03:29:58+02:00', '2026-03-29T03:59:58+02:00'],
  // Half past two comes twice, and the first opens it; four o'clock comes once.
  ['back', '2026-10-25T02:29:58+02:00', '2026-10-25T03:59:58+01:00'],
])(
  'a schedule opens and closes once in the night in which clocks go %s',
  async (_, opens, closes) => {
    const here = await started(opens);
    const { id: scheduleId } = await here.schedule('02:30', '04:00');
    const id = await here.rule({ condition: { type: 'schedule', scheduleId } });
    await here.pass(1_000);
    expect(await here.alarms(id)).toEqual([]);
    await here.pass(2_000);
    expect(await here.alarms(id)).toEqual(['active']);
    // Through the hour that comes twice nothing happens.
    for (let at = berlin(opens) + 30 * MINUTE_MS; at < berlin(closes); at += 30 * MINUTE_MS) {
      await here.set(at);
      await here.pass(500);
      expect(await here.alarms(id)).toEqual(['active']);
    }
    await here.set(berlin(closes));
    await here.pass(1_000);
    expect(await here.alarms(id)).toEqual(['active']);
    await here.pass(2_000);
    expect(await here.alarms(id)).toEqual(['cleared']);
  },
);

test.each([
  ['forward', '2026-03-28', '2026-03-29'],
  ['back', '2026-10-24', '2026-10-25'],
])(
  'what happens in quiet hours is told at their end in the night in which clocks go %s',
  async (_, before, after) => {
    const here = await started(`${before}T23:00`);
    await here.store.users.create({
      ...{ id: 'ada', username: 'ada', role: 'viewer', passwordHash: 'x' },
    });
    await here.store.automation.preferences.create({
      ...{ userId: 'ada', method: 'email', email: 'ada@example.org', thresholds: {}, told: {} },
      ...{ types: ['threshold'], quietFrom: '22:00', quietTo: '07:00' },
      ...{ timeZone: 'Europe/Berlin', minIntervalMs: 0 },
    });
    const id = await here.rule({});
    await here.say(60);
    expect(await here.alarms(id)).toEqual(['active']);
    for (const time of ['01:59', '03:01', '06:59']) {
      await here.set(berlin(`${after}T${time}`));
      await here.pass(2_000);
      expect(await here.told()).toEqual([]);
    }
    await here.pass(57_000);
    // Set back by an hour at the last moment: it is still quiet.
    await here.set(berlin(`${after}T06:00`));
    await here.pass(61_000);
    expect(await here.told()).toEqual([]);
    await here.set(berlin(`${after}T06:59:58`));
    await here.pass(63_000);
    expect(await here.told()).toHaveLength(1);
  },
);

import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import { alarmRow } from '../../actors/alarm/testing/alarm-row.js';
import type {
  AlarmRow,
  NotificationPreferenceRow,
} from '../../actors/automation/automation.types.js';
import { personalTelling, toldAfter } from './personal.js';

const MINUTE_MS = 60_000;
const ZONE = 'Europe/Berlin';
const at = (text: string): number => DateTime.fromISO(text, { zone: ZONE }).toMillis();
const NOON = at('2026-11-20T12:00');

const wishes = (given: Partial<NotificationPreferenceRow>): NotificationPreferenceRow => ({
  id: 1,
  userId: 'ada',
  method: 'email',
  email: 'ada@example.org',
  thresholds: {},
  types: ['battery_low', 'battery_critical'],
  quietFrom: null,
  quietTo: null,
  timeZone: ZONE,
  minIntervalMs: 0,
  told: {},
  ...given,
});

const low = (given: Partial<AlarmRow> = {}): AlarmRow =>
  alarmRow({
    publicId: 'a',
    ruleName: 'Battery low',
    source: 'mic/battery',
    activeKey: '1:mic/battery',
    deviceId: 'mic',
    type: 'battery_low',
    severity: 'warning',
    value: 18,
    raisedAtUnixMs: NOON,
    updatedAtUnixMs: NOON,
    edgeAtUnixMs: NOON,
    ...given,
  });

/** Types and sources that the user is told of now. */
const told = (preference: NotificationPreferenceRow, rows: readonly AlarmRow[], nowUnixMs = NOON) =>
  personalTelling(preference, rows, (row) => row.value, nowUnixMs);
const keysOf = (...given: Parameters<typeof told>) => told(...given).keys;

test('a narrower threshold of one’s own waits until the value is there', () => {
  const preference = wishes({ thresholds: { battery_low: 15 } });
  const waits = told(preference, [low()]);
  expect(waits.alarms).toEqual([]);
  expect(waits.againAtUnixMs).toBeGreaterThan(NOON);
  expect(keysOf(preference, [low({ value: 15 })])).toEqual(['battery_low:mic/battery']);
});

test('a wider threshold for a critical battery is answered by the alarm of the low one, and told once', () => {
  const preference = wishes({ types: ['battery_critical'], thresholds: { battery_critical: 18 } });
  expect(keysOf(preference, [low({ value: 19 })])).toEqual([]);
  const early = told(preference, [low()]);
  expect(early.keys).toEqual(['battery_critical:mic/battery']);
  const later = { ...preference, told: toldAfter(preference, early, NOON) };
  const critical = low({
    id: 2,
    type: 'battery_critical',
    value: 9,
    raisedAtUnixMs: NOON + MINUTE_MS,
  });
  expect(keysOf(later, [low(), critical], NOON + 2 * MINUTE_MS)).toEqual([]);
  expect(keysOf(preference, [low(), critical], NOON + 2 * MINUTE_MS)).toHaveLength(2);
  // Without a threshold of one's own only the rule's alarm counts.
  expect(keysOf(wishes({ types: ['battery_critical'] }), [low()])).toEqual([]);
});

test('the same alarm is told once, and again when it was raised anew', () => {
  const preference = wishes({});
  const first = told(preference, [low()]);
  const after = { ...preference, told: toldAfter(preference, first, NOON) };
  expect(keysOf(after, [low()], NOON + MINUTE_MS)).toEqual([]);
  expect(keysOf(after, [low({ raisedAtUnixMs: NOON + MINUTE_MS })], NOON + MINUTE_MS)).toHaveLength(
    1,
  );
});

test('two messages keep their interval, and what came meanwhile goes with the next', () => {
  const minIntervalMs = 5 * MINUTE_MS;
  const preference = wishes({ minIntervalMs, told: { '': NOON - MINUTE_MS } });
  const waits = told(preference, [low()]);
  expect([waits.alarms, waits.againAtUnixMs]).toEqual([[], NOON + 4 * MINUTE_MS]);
  expect(keysOf(preference, [low()], NOON + 4 * MINUTE_MS)).toHaveLength(1);
});

test.each([
  ['in a common night', '2026-11-20T23:00', '2026-11-21T07:00', 8],
  ['in the night whose clock goes forward', '2026-03-28T23:00', '2026-03-29T07:00', 7],
  ['in the night whose clock goes back', '2026-10-24T23:00', '2026-10-25T07:00', 9],
])('quiet hours over midnight hold what happens until their end %s', (_, raised, end, hours) => {
  const night = wishes({ quietFrom: '22:00', quietTo: '07:00' });
  const row = low({ raisedAtUnixMs: at(raised) });
  const waits = told(night, [row], at(raised));
  expect([waits.alarms, waits.againAtUnixMs]).toEqual([[], at(end)]);
  expect(at(end) - at(raised)).toBe(hours * 60 * MINUTE_MS);
  expect(keysOf(night, [row], at(end) - 1)).toEqual([]);
  expect(keysOf(night, [row], at(end))).toHaveLength(1);
});

test('nobody is told by method none, of other types, of what is over or held back', () => {
  expect(keysOf(wishes({ method: 'none' }), [low()])).toEqual([]);
  expect(keysOf(wishes({ types: ['signal_loss'] }), [low()])).toEqual([]);
  expect(keysOf(wishes({}), [low({ clearedAtUnixMs: NOON }), low({ held: true })])).toEqual([]);
});

test('what was told is remembered to a bound, the newest first', () => {
  const rows = Array.from({ length: 2_500 }, (_, id) => low({ id, source: `m${id}/battery` }));
  const preference = wishes({ told: { 'battery_low:old': 1 } });
  const after = toldAfter(preference, told(preference, rows), NOON);
  expect(Object.keys(after).length).toBeLessThanOrEqual(2_001);
  expect(after).not.toHaveProperty(['battery_low:old']);
});

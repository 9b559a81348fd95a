import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { type Opening, OpeningTimes, scheduleProblem } from './opening.js';

const at = (text: string, zone = 'Europe/Berlin') => DateTime.fromISO(text, { zone }).toMillis();
const open = (given: Partial<Opening>): OpeningTimes =>
  new OpeningTimes({
    timeZone: 'Europe/Berlin',
    weekly: [],
    cron: null,
    cronOpenMs: 0,
    days: [],
    ...given,
  });
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

describe('opening times', () => {
  it('are open between their times on their days', () => {
    const times = open({ weekly: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' }] });
    expect(times.isOpen(at('2026-11-20T09:00'))).toBe(true);
    expect(times.isOpen(at('2026-11-20T08:59:59.999'))).toBe(false);
    expect(times.isOpen(at('2026-11-20T17:00'))).toBe(false);
    expect(times.isOpen(at('2026-11-21T12:00'))).toBe(false);
    expect(times.nextChange(at('2026-11-20T18:00'))).toBe(at('2026-11-23T09:00'));
    expect(times.nextChange(at('2026-11-23T09:00'))).toBe(at('2026-11-23T17:00'));
  });

  it('go past midnight, and 24:00 ends a day', () => {
    const night = open({ weekly: [{ days: [5], from: '22:00', to: '02:00' }] });
    expect(night.isOpen(at('2026-11-21T01:59'))).toBe(true);
    expect(night.isOpen(at('2026-11-20T01:59'))).toBe(false);
    expect(night.nextChange(at('2026-11-20T23:00'))).toBe(at('2026-11-21T02:00'));
    const whole = open({ weekly: [{ days: EVERY_DAY, from: '00:00', to: '24:00' }] });
    expect(whole.isOpen(at('2026-11-20T23:59:59'))).toBe(true);
    expect(whole.nextChange(at('2026-11-20T12:00'))).toBeUndefined();
  });

  it('follow the clocks forward and back', () => {
    const times = open({ weekly: [{ days: EVERY_DAY, from: '02:30', to: '04:00' }] });
    // 29 March 2026: 02:00 becomes 03:00, so 02:30 is 03:30.
    expect(times.nextChange(at('2026-03-29T00:00'))).toBe(at('2026-03-29T03:30'));
    expect(at('2026-03-29T04:00') - at('2026-03-29T03:30')).toBe(1_800_000);
    // 25 October 2026: 02:30 comes twice, the first counts; it is open for 150 minutes.
    const from = times.nextChange(at('2026-10-25T00:00')) ?? 0;
    const until = times.nextChange(from) ?? 0;
    expect(until).toBe(at('2026-10-25T04:00'));
    expect(until - from).toBe(150 * 60_000);
  });

  it('differ on days of the calendar, each year or once', () => {
    const times = open({
      weekly: [{ days: EVERY_DAY, from: '09:00', to: '17:00' }],
      days: [
        { day: '12-25', times: [] },
        { day: '2026-12-24', times: [{ from: '09:00', to: '12:00' }] },
      ],
    });
    expect(times.isOpen(at('2026-12-24T11:00'))).toBe(true);
    expect(times.isOpen(at('2026-12-24T13:00'))).toBe(false);
    expect(times.isOpen(at('2026-12-25T10:00'))).toBe(false);
    expect(times.isOpen(at('2027-12-25T10:00'))).toBe(false);
    expect(times.nextChange(at('2026-12-24T12:00'))).toBe(at('2026-12-26T09:00'));
  });

  it('open at a cron line, but not on a closed day', () => {
    const times = open({
      cron: '*/30 9-10 * * *',
      cronOpenMs: 600_000,
      days: [{ day: '2026-11-21', times: [] }],
    });
    expect(times.isOpen(at('2026-11-20T09:35'))).toBe(true);
    expect(times.isOpen(at('2026-11-20T09:45'))).toBe(false);
    expect(times.isOpen(at('2026-11-21T09:35'))).toBe(false);
    expect(times.nextChange(at('2026-11-20T10:31'))).toBe(at('2026-11-20T10:40'));
    expect(times.nextChange(at('2026-11-20T10:41'))).toBe(at('2026-11-22T09:00'));
    expect(times.next(at('2026-11-20T10:31'), 2)).toEqual([
      { fromUnixMs: at('2026-11-22T09:00'), toUnixMs: at('2026-11-22T09:10') },
      { fromUnixMs: at('2026-11-22T09:30'), toUnixMs: at('2026-11-22T09:40') },
    ]);
  });

  it.each<[Partial<Opening>, string]>([
    [{ timeZone: 'Mars/Base' }, 'timeZone'],
    [{ cron: 'often', cronOpenMs: 1 }, 'cron'],
    [{ cron: '99 * * * *', cronOpenMs: 1 }, 'cron'],
    [{ cron: '* * * * * *', cronOpenMs: 1 }, 'cron'],
    [{ cron: '* * * * *', cronOpenMs: 0 }, 'cronOpenMs'],
    [{ days: [{ day: '13-45', times: [] }] }, 'days'],
  ])('that cannot be name their field: %j', (given, field) => {
    const whole = {
      timeZone: 'UTC',
      weekly: [],
      cron: null,
      cronOpenMs: 0,
      days: [],
      ...given,
    };
    expect(scheduleProblem(whole)?.[0]).toBe(field);
  });

  const clockTime = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
  const opening: fc.Arbitrary<Opening> = fc.record({
    timeZone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
    weekly: fc.array(
      fc.record({
        days: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        from: clockTime,
        to: clockTime,
      }),
      { maxLength: 3 },
    ),
    cron: fc.constantFrom(null, '15 6 * * *', '0 12 1 * *', '30 2 * * 0'),
    cronOpenMs: fc.constantFrom(60_000, 3_600_000),
    days: fc.array(
      fc.record({
        day: fc.constantFrom('03-29', '2026-10-25', '11-01', '02-29'),
        times: fc.array(fc.record({ from: clockTime, to: clockTime }), { maxLength: 2 }),
      }),
      { maxLength: 2 },
    ),
  });

  it('open next after now, are open then, and were closed right before; closings likewise', () => {
    fc.assert(
      fc.property(
        opening,
        fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
        (given, nowUnixMs) => {
          expect(scheduleProblem(given)).toBeUndefined();
          const times = new OpeningTimes(given);
          const now = times.isOpen(nowUnixMs);
          const change = times.nextChange(nowUnixMs);
          if (change === undefined) return;
          expect(change).toBeGreaterThan(nowUnixMs);
          expect(times.isOpen(change)).toBe(!now);
          expect(times.isOpen(change - 1)).toBe(now);
          const [first] = times.next(nowUnixMs, 1);
          if (first !== undefined) {
            expect(first.fromUnixMs).toBeGreaterThan(nowUnixMs);
            expect(times.isOpen(first.fromUnixMs)).toBe(true);
            expect(times.isOpen(first.fromUnixMs - 1)).toBe(false);
          }
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});

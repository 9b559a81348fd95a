import { describe, expect, it } from 'vitest';
import { dayLines, daysFromLines, weeklyFrom, weeklyLines, weekPieces } from './schedules.js';

describe('weekly times as they are typed', () => {
  it('are read and written back', () => {
    const read = weeklyFrom(['Mon-Fri 08:00-18:00', 'Sat, Sun 22:00–02:00']);
    expect(read).toEqual({
      weekly: [
        { days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' },
        { days: [6, 7], from: '22:00', to: '02:00' },
      ],
    });
    if ('fault' in read) throw new Error(read.fault);
    expect(weeklyFrom(weeklyLines(read.weekly))).toEqual(read);
  });

  it('go over the end of the week', () => {
    expect(weeklyFrom(['Sun-Mon 08:00-09:00'])).toMatchObject({ weekly: [{ days: [1, 7] }] });
  });

  it('say which line is none', () => {
    expect(weeklyFrom(['Mo 8-9'])).toEqual({ fault: expect.stringContaining('“Mo 8-9”') });
  });

  it('are drawn in both days when they go over midnight', () => {
    const week = weekPieces([{ days: [7], from: '18:00', to: '06:00' }]);
    expect(week[6]).toEqual([{ from: 0.75, to: 1 }]);
    expect(week[0]).toEqual([{ from: 0, to: 0.25 }]);
  });
});

describe('days of the calendar as they are typed', () => {
  it('are closed, or open at other times', () => {
    const read = daysFromLines(['12-24 closed Christmas Eve', '2027-05-01 10:00-14:00']);
    expect(read).toEqual({
      days: [
        { day: '12-24', times: [], name: 'Christmas Eve' },
        { day: '2027-05-01', times: [{ from: '10:00', to: '14:00' }] },
      ],
    });
    if ('fault' in read) throw new Error(read.fault);
    expect(daysFromLines(dayLines(read.days))).toEqual(read);
    expect(daysFromLines(['soon'])).toHaveProperty('fault');
  });
});

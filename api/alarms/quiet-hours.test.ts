import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import { quietUntil } from './quiet-hours.js';

const zone = 'Europe/Berlin';
const at = (text: string) => DateTime.fromISO(text, { zone }).toMillis();
const night = { quietFrom: '22:00', quietTo: '07:00' };

test('quiet hours may cross midnight', () => {
  expect(quietUntil(night, zone, at('2026-11-20T21:59'))).toBeUndefined();
  expect(quietUntil(night, zone, at('2026-11-20T22:00'))).toBe(at('2026-11-21T07:00'));
  expect(quietUntil(night, zone, at('2026-11-21T06:59'))).toBe(at('2026-11-21T07:00'));
  expect(quietUntil(night, zone, at('2026-11-21T07:00'))).toBeUndefined();
  expect(quietUntil({ quietFrom: null, quietTo: null }, zone, 0)).toBeUndefined();
});

test('on nights whose clock is set they still end at the time on the wall', () => {
  expect(quietUntil(night, zone, at('2026-03-28T23:00'))).toBe(at('2026-03-29T07:00'));
  expect(at('2026-03-29T07:00') - at('2026-03-28T23:00')).toBe(7 * 3_600_000);
  expect(quietUntil(night, zone, at('2026-10-24T23:00'))).toBe(at('2026-10-25T07:00'));
  expect(at('2026-10-25T07:00') - at('2026-10-24T23:00')).toBe(9 * 3_600_000);
});

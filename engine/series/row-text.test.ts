import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hourKey, splitHourKey } from './batch.js';
import { eachSampleRow, RowText } from './row-text.js';

const channels = fc.integer({ min: 0, max: 4_294_967_295 });
const times = fc.integer({ min: 0, max: 4_294_967_295_999_999 });

test('every finite float reads back as the same float, and times keep their microsecond', () => {
  const values = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.integer({ min: -5_000_000, max: 5_000_000 }).map((n) => n / 1_000),
  );
  fc.assert(
    fc.property(channels, times, values, (channel, atUs, value) => {
      const rows = new RowText(16);
      rows.sample(channel, atUs, value);
      const [id, at = '', number] = rows.take().toString().trimEnd().split('\t');
      expect(Number(id)).toBe(channel);
      expect(at).toMatch(/^\d{10}\.\d{6}$/);
      expect(Number(at.replace('.', ''))).toBe(atUs);
      expect(Number(number)).toBe(value === 0 ? 0 : value);
    }),
  );
});

test('NaN and the infinities are written as the store reads them', () => {
  const rows = new RowText();
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    rows.sample(1, 0, value);
  }
  const written = rows.take().toString().split('\n');
  expect(written.map((line) => line.split('\t')[2]).slice(0, 3)).toEqual(['nan', 'inf', '-inf']);
});

test('rows written are found again by channel and time', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(channels, times), { maxLength: 50 }), (wanted) => {
      const rows = new RowText(8);
      for (const [channel, atUs] of wanted) rows.sample(channel, atUs, -1.25e-7);
      const found: [number, number][] = [];
      eachSampleRow(rows.take(), (channel, atUs) => found.push([channel, atUs]));
      expect(found).toEqual(wanted);
    }),
  );
});

test('a text cell never breaks its row, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const rows = new RowText(8);
      rows.text(7, 1_000_000, text);
      const line = rows.take().toString();
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(line.split('\t')).toHaveLength(3);
    }),
  );
});

test('a channel and its hour survive being one number', () => {
  fc.assert(
    fc.property(channels, times, (channel, atUs) => {
      const hour = Math.floor(atUs / 3_600_000_000);
      expect(splitHourKey(hourKey(channel, atUs))).toEqual({ channel, hour });
    }),
  );
});

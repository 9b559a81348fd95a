import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hourKey, splitHourKey } from './batch.js';
import { eachTextRow, RowText, sampleLine } from './row-text.js';

const channels = fc.integer({ min: 0, max: 4_294_967_295 });
const times = fc.integer({ min: 0, max: 4_294_967_295_999_999 });

test('times of text keep their microsecond', () => {
  fc.assert(
    fc.property(channels, times, (channel, atUs) => {
      const rows = new RowText(16);
      rows.text(channel, atUs, 'on');
      const [id, at = '', value] = rows.take().toString().trimEnd().split('\t');
      expect(Number(id)).toBe(channel);
      expect(at).toMatch(/^\d{10}\.\d{6}$/);
      expect(Number(at.replace('.', ''))).toBe(atUs);
      expect(value).toBe('on');
    }),
  );
});

test('a sample as a line of text is the same sample, its float to the bit', () => {
  fc.assert(
    fc.property(channels, times, fc.double(), (channel, atUs, value) => {
      const line = sampleLine(channel, atUs, value);
      const [id, at = '', number = ''] = line.trimEnd().split('\t');
      expect([Number(id), Number(at.replace('.', ''))]).toEqual([channel, atUs]);
      expect(at).toMatch(/^\d{10}\.\d{6}$/);
      expect(Number(number.replace('inf', 'Infinity').replace('nan', 'NaN'))).toBe(value);
    }),
  );
});

test('rows of earlier versions are found by channel and time, whatever their values look like', () => {
  const row = fc.tuple(channels, times, fc.double());
  fc.assert(
    fc.property(fc.array(row, { maxLength: 50 }), (wanted) => {
      const text = wanted.map((each) => sampleLine(...each)).join('');
      const found: [number, number][] = [];
      eachTextRow(Buffer.from(text), (channel, atUs) => found.push([channel, atUs]));
      expect(found).toEqual(wanted.map(([channel, atUs]) => [channel, atUs]));
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

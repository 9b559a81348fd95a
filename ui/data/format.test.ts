import { describe, expect, it } from 'vitest';
import { learnColumns } from './columns.js';
import { ago, bytes, decimalsOf, duration, nameWords, number, short, span } from './format.js';
import { stateWord, worst } from './states.js';

describe('words and figures', () => {
  it('says a span that was set without rounding it', () => {
    expect([0, 500, 90_000, 7_200_000, 93_784_005].map(span)).toEqual([
      '0 s',
      '0.5 s',
      '1 min 30 s',
      '2 h',
      '1 d 2 h 3 min 4.005 s',
    ]);
  });

  it('says durations as people do', () => {
    expect([0, 12_400, 240_000, 12_000_000, 187_200_000].map(duration)).toEqual([
      '0 s',
      '12 s',
      '4 min',
      '3 h 20 min',
      '2 d 4 h',
    ]);
    expect(duration(-5)).toBe('0 s');
  });

  it('says how long ago', () => {
    expect(ago(1_000, 2_500)).toBe('just now');
    expect(ago(0, 12_000)).toBe('12 s ago');
  });

  it('groups thousands and keeps the digits', () => {
    expect(number(12_345.5, 2)).toBe('12\u202f345.50');
    expect(number(-3.2, 1)).toBe('−3.2');
    expect(number(-0.01, 1)).toBe('0.0');
    expect(number(Number.NaN, 1)).toBe('–');
  });

  it('keeps sizes readable at the edges of units', () => {
    expect([0, 999, 999_600, 42_800_000].map(bytes)).toEqual(['0 B', '999 B', '1.0 MB', '42.8 MB']);
  });

  it('gives short figures enough digits', () => {
    expect([0.417, 12.34, 55, 4_613.9, 12_345_678].map(short)).toEqual([
      '0.42',
      '12.3',
      '55',
      '4614',
      '12.3 M',
    ]);
  });

  it('knows how many digits a figure needs', () => {
    expect([5, 5.5, 5.25, 5.125, 5.12345, Number.NaN].map(decimalsOf)).toEqual([0, 1, 2, 3, 3, 0]);
  });

  it('turns parameter names into words', () => {
    expect(nameWords('power_income')).toBe('Power income');
  });
});

describe('states', () => {
  it('has a word and a tone for each, also for those it does not know', () => {
    expect(stateWord('parked')).toEqual({ tone: 'critical', word: 'Parked' });
    expect(stateWord('linked.silent')).toEqual({ tone: 'attention', word: 'Silent' });
    expect(stateWord('dreaming')).toEqual({ tone: 'unknown', word: 'Dreaming' });
    expect(stateWord('')).toEqual({ tone: 'unknown', word: 'Unknown' });
  });

  it('puts trouble first', () => {
    expect(worst(['good', 'off', 'critical'])).toBe('critical');
    expect(worst(['good', 'good'])).toBe('good');
    expect(worst([])).toBe('unknown');
  });
});

describe('learnColumns', () => {
  it('finds value columns, whether they are figures, and the digits they need', () => {
    const known = learnColumns(new Map(), [
      { id: '1', name: 'x', 'values.power': 5, 'values.country': 'AT', 'values.none': null },
      { id: '2', 'values.power': 5.25 },
    ]);
    expect([...known.values()]).toEqual([
      { field: 'values.power', numeric: true, decimals: 2 },
      { field: 'values.country', numeric: false, decimals: 0 },
    ]);
  });

  it('never takes digits away, and answers the same map when nothing is new', () => {
    const known = learnColumns(new Map(), [{ 'values.power': 5.25 }]);
    expect(learnColumns(known, [{ 'values.power': 7 }])).toBe(known);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  barsToPercent,
  byteToPercent,
  clampPercent,
  dbfsToPercent,
  dbmToPercent,
  frequencyMhz,
  khzToMhz,
  minutesToClock,
  offsetGainDb,
  percentToBars,
  plainPercent,
  plainText,
  psmAudioPercent,
  runtimeMinutes,
  scaleToPercent,
  shureAudioDbfs,
  shureAudioPercent,
  shureQualityPercent,
  shureRfPercent,
  shureRssiDbm,
  switchWord,
  uhfrAudioPercent,
  uhfrRfPercent,
} from './normalise.js';

describe('batteries', () => {
  it('have five bars of 20 % each', () => {
    expect([0, 1, 2, 3, 4, 5].map(barsToPercent)).toEqual([0, 20, 40, 60, 80, 100]);
    expect([255, -1, 6, 2.5, Number.NaN].map(barsToPercent)).toEqual(Array(5).fill(undefined));
  });

  it('show a bar while anything of it is left, and bars come back as they went', () => {
    expect([0, 1, 20, 21, 100].map(percentToBars)).toEqual([0, 1, 1, 2, 5]);
    expect(percentToBars(101)).toBeUndefined();
    for (const bars of [0, 1, 2, 3, 4, 5]) {
      expect(percentToBars(barsToPercent(bars) ?? -1)).toBe(bars);
    }
  });

  it('of one byte are percent, 255 is unknown', () => {
    expect(byteToPercent(0)).toBe(0);
    expect(byteToPercent(128)).toBe(50);
    expect(byteToPercent(254)).toBe(99);
    expect(byteToPercent(255)).toBeUndefined();
    expect(plainPercent(100)).toBe(100);
    expect(plainPercent(255)).toBeUndefined();
  });

  it('run for minutes, the largest words are warnings', () => {
    expect(runtimeMinutes(201)).toBe(201);
    expect([65_533, 65_535, -1, 1.5].map(runtimeMinutes)).toEqual(Array(4).fill(undefined));
    expect([201, 59, 0, undefined].map(minutesToClock)).toEqual(['3:21', '0:59', '0:00', '']);
  });
});

describe('radio', () => {
  it('of each receiver comes to percent', () => {
    expect(shureRfPercent(115)).toBe(100);
    expect(shureRfPercent(23)).toBeCloseTo(20);
    expect(shureRfPercent(255)).toBeUndefined();
    expect(uhfrRfPercent(100)).toBe(0);
    expect(uhfrRfPercent(20)).toBe(100);
    expect(uhfrRfPercent(60)).toBe(50);
    expect(shureQualityPercent(5)).toBe(100);
    expect(shureQualityPercent(255)).toBeUndefined();
  });

  it('power is below zero', () => {
    expect(shureRssiDbm(83)).toBe(-37);
    expect(shureRssiDbm(121)).toBeUndefined();
    expect(dbmToPercent(-70)).toBe(50);
    expect(dbmToPercent(-130)).toBe(0);
  });

  it('frequencies are read in kHz and in MHz', () => {
    expect(frequencyMhz('470125')).toBe(470.125);
    expect(frequencyMhz('0470125')).toBe(470.125);
    expect(frequencyMhz(' 470.125 ')).toBe(470.125);
    expect(frequencyMhz('x')).toBeUndefined();
    expect(frequencyMhz('')).toBeUndefined();
    expect(khzToMhz(0)).toBeUndefined();
  });
});

describe('sound', () => {
  it('of each receiver comes to percent or to dBFS', () => {
    expect(shureAudioPercent(50)).toBe(100);
    expect(shureAudioPercent(10)).toBe(20);
    expect(shureAudioDbfs(102)).toBe(-18);
    expect([0, 1, 4, 8].map(uhfrAudioPercent)).toEqual([0, 13, 50, 100]);
    expect([0, 10_272, 246_259, 9_999_999].map(psmAudioPercent)).toEqual([0, 10, 30, 80]);
    expect(psmAudioPercent(-1)).toBeUndefined();
    expect(dbfsToPercent(-30)).toBe(50);
    expect(offsetGainDb(30, 18)).toBe(12);
    expect(offsetGainDb(255, 18)).toBeUndefined();
  });
});

describe('words', () => {
  it('lose their padding', () => {
    expect(plainText('{Pastor                         }')).toBe('Pastor');
    expect(plainText('  Pastor ')).toBe('Pastor');
    expect(plainText('{}')).toBe('');
  });

  it('switch on and off', () => {
    expect(['ON', 'off', 'true', '0', 'maybe'].map(switchWord)).toEqual([
      true,
      false,
      true,
      false,
      undefined,
    ]);
  });
});

it('never answers a number off the scale, whatever a device sends', () => {
  const scales = [
    barsToPercent,
    byteToPercent,
    plainPercent,
    clampPercent,
    shureRfPercent,
    shureAudioPercent,
    shureQualityPercent,
    uhfrRfPercent,
    uhfrAudioPercent,
    psmAudioPercent,
    (raw: number) => dbmToPercent(raw),
    (raw: number) => dbfsToPercent(raw),
    (raw: number) => scaleToPercent(raw, 3, 7),
  ];
  fc.assert(
    fc.property(fc.double(), fc.constantFrom(...scales), (raw, scale) => {
      const percent = scale(raw);
      return percent === undefined || (percent >= 0 && percent <= 100);
    }),
  );
});

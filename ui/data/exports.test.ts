import { expect, it } from 'vitest';
import { exportWish } from './exports.js';

const range = { fromUnixMs: 1.4, toUnixMs: 9.6 };

it('every value of some channels, or means of all', () => {
  expect(exportWish({ ...range, channels: ['a/b'], format: 'parquet', step: '' })).toEqual({
    channels: ['a/b'],
    fromUnixMs: 1,
    toUnixMs: 10,
    format: 'parquet',
  });
  expect(exportWish({ ...range, channels: 'all', format: 'json', step: '3600000' })).toEqual({
    all: true,
    fromUnixMs: 1,
    toUnixMs: 10,
    format: 'json',
    aggregation: 'avg',
    intervalMs: 3_600_000,
  });
});

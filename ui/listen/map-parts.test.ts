import { expect, test } from 'vitest';
import { freeOf } from './map-parts.js';

const box = (x: number, y: number) => ({ x, y, width: 80, height: 16 });

test('names that would lie on an earlier one are left out, and leave their room to the next', () => {
  expect([...freeOf([box(100, 100), box(150, 105), box(185, 110)])]).toEqual([0, 2]);
});

test('names beside and below each other all stay', () => {
  expect([...freeOf([box(100, 100), box(183, 100), box(100, 119)])]).toEqual([0, 1, 2]);
});

import { expect, test } from 'vitest';
import { convert, kindOf, refusal } from './values.js';

test('the first value decides the kind', () => {
  expect(kindOf(1)).toBe('number');
  expect(kindOf('1')).toBe('text');
  expect(kindOf(false)).toBe('boolean');
  expect(kindOf(null)).toBeUndefined();
  expect(kindOf([1])).toBeUndefined();
});

test('a value of another kind is converted when nothing is lost, else it does not fit', () => {
  expect(convert('number', '12.5')).toBe(12.5);
  expect(convert('number', true)).toBe(1);
  expect(convert('number', 'warm')).toBeUndefined();
  expect(convert('number', ' ')).toBeUndefined();
  expect(convert('number', '1e999')).toBeUndefined();
  expect(convert('text', 5)).toBe('5');
  expect(convert('text', false)).toBe('false');
  expect(convert('boolean', 'TRUE')).toBe(1);
  expect(convert('boolean', 0)).toBe(0);
  expect(convert('boolean', 2)).toBeUndefined();
});

test('values that cannot be kept are refused by the name of their field', () => {
  expect(refusal('battery', 5)).toBeUndefined();
  expect(refusal('battery', Number.POSITIVE_INFINITY)).toContain('"battery"');
  expect(refusal('battery', { a: 1 })).toContain('"battery"');
  expect(refusal('note', 'x'.repeat(4_097))).toContain('"note"');
  expect(refusal('', 1)).toContain('name');
  expect(refusal('n'.repeat(129), 1)).toContain('128');
});

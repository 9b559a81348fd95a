import { expect, test } from 'vitest';
import { changesIn } from './site-admin.js';

test('an entry of the audit log says what became what, and nothing that stayed', () => {
  expect(changesIn({ before: { a: 1, b: 2 }, after: { a: 1, b: 3 } })).toBe('b: 2 → 3');
  expect(changesIn({ before: null, after: { a: 'x' } })).toBe('a: "x"');
  expect(changesIn({ before: { a: 1 }, after: null })).toBe('a: 1 → –');
});

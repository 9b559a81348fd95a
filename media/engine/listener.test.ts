import { expect, test } from 'vitest';
import { listenerOf } from '../testing/definitions.js';
import { movedListener } from './listener.js';

test('a move keeps what it does not say, and null takes a language back', () => {
  const german = listenerOf({ languageId: 2 });
  expect(movedListener(german, { id: 'a', headingDeg: 90 })).toMatchObject({
    languageId: 2,
    headingDeg: 90,
  });
  expect(movedListener(german, { id: 'a', languageId: 1 }).languageId).toBe(1);
  expect(movedListener(german, { id: 'a', languageId: null }).languageId).toBeUndefined();
});

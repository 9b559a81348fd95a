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

test('a place alone keeps tags, a choice of tags alone keeps the place, and edits of others keep both', () => {
  const [here, there] = [
    { latitude: 42.5, longitude: -71.25 },
    { latitude: 42.6, longitude: -71.2 },
  ];
  const begun = listenerOf({ position: here, tagIds: [3, 4], rangeMaxM: 90 });
  const moved = movedListener(begun, { id: 'a', position: there });
  expect(moved).toEqual({ ...begun, position: there });
  const chose = movedListener(moved, { id: 'a', tagIds: [5] });
  expect(chose).toEqual({ ...moved, tagIds: [5] });
  expect(movedListener(chose, { id: 'a', blockedAssetIds: [9] })).toEqual({
    ...chose,
    blockedAssetIds: [9],
  });
});

import { expect, it } from 'vitest';
import type { RuleWaits } from './protocol.js';
import { NO_WAITS, parseWaits, WaitBook } from './wait-book.js';

const waitsOf = (...ids: readonly string[]): RuleWaits => ({
  id: ids,
  held: ids.map(() => true),
  sinceUnixMs: ids.map((_, i) => 1_000 + i),
  atUnixMs: ids.map((_, i) => 900 + i),
  value: ids.map(() => 'x'),
});

it('what a thread says takes the place of what it said, and all threads are kept together', () => {
  const book = new WaitBook(NO_WAITS);
  expect(book.replace(0, waitsOf('a', 'b')).id).toEqual(['a', 'b']);
  expect(book.replace(1, waitsOf('c')).id).toEqual(['a', 'b', 'c']);
  expect(book.replace(0, NO_WAITS).id).toEqual(['c']);
  expect(book.of(['c', 'd'])).toEqual(waitsOf('c'));
  expect(book.of(['a'])).toEqual(NO_WAITS);
});

it('what the engine before kept is known until a thread says something newer of the rule', () => {
  const book = new WaitBook(waitsOf('a', 'b'));
  expect(book.of(['b']).sinceUnixMs).toEqual([1_001]);
  book.replace(0, waitsOf('b'));
  expect(book.of(['b']).sinceUnixMs).toEqual([1_000]);
  expect(book.of(['a']).id).toEqual(['a']);
});

it.each([
  undefined,
  '',
  'null',
  '[]',
  '{"id":["a"]}',
  '{"id":["a"],"held":[],"sinceUnixMs":[1],"atUnixMs":[1],"value":[1]}',
  '{"id":5,"held":5,"sinceUnixMs":5,"atUnixMs":5,"value":5}',
])('a stored text that is none is no wait: %s', (text) => {
  expect(parseWaits(text)).toEqual(NO_WAITS);
});

it('what is stored is read again', () => {
  expect(parseWaits(JSON.stringify(waitsOf('a', 'b')))).toEqual(waitsOf('a', 'b'));
});

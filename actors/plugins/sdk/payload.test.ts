import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineError } from '../../../engine/errors.js';
import { fieldOf, flagOf, JsonPath, numberOf, textOf, timeOf } from './payload.js';

describe('foreign values', () => {
  test.each([
    [12, 12],
    [' -3.5 ', -3.5],
    ['1e3', 1_000],
    ['0x10', undefined],
    ['', undefined],
    ['12 V', undefined],
    [Number.NaN, undefined],
    [null, undefined],
    [true, undefined],
    [{}, undefined],
  ])('the number of %j is %j', (value, number) => {
    expect(numberOf(value)).toBe(number);
  });

  test('texts lose control characters and are cut', () => {
    expect(textOf('Anna\u0000\nB')).toBe('Anna  B');
    expect(textOf('x'.repeat(1_000))).toHaveLength(256);
    expect(textOf({})).toBeUndefined();
  });

  test.each([
    ['ON', true],
    [0, false],
    ['off', false],
    ['maybe', undefined],
    [null, undefined],
  ])('the flag of %j is %j', (value, flag) => {
    expect(flagOf(value)).toBe(flag);
  });

  test('times are seconds, milliseconds or ISO', () => {
    expect(timeOf(1_700_000_000)).toBe(1_700_000_000_000);
    expect(timeOf(1_700_000_000_123)).toBe(1_700_000_000_123);
    expect(timeOf('2026-01-01T00:00:00Z')).toBe(1_767_225_600_000);
    expect(timeOf('soon')).toBeUndefined();
  });

  test('only own fields are fields', () => {
    expect(fieldOf({}, 'constructor')).toBeUndefined();
    expect(fieldOf(JSON.parse('{"__proto__": 1}'), '__proto__')).toBe(1);
  });
});

describe('paths', () => {
  const json = { a: { 'b c': [{ d: 1 }, { d: 2 }] }, list: [5] };
  test.each([
    ['', json],
    ['$', json],
    ['a["b c"][0].d', 1],
    ['$.a["b c"][-1].d', 2],
    ['list[0]', 5],
    ['["list"][0]', 5],
    ['list[7]', undefined],
    ['list.length', undefined],
    ['a.toString', undefined],
  ])('%s is found', (path, value) => {
    expect(new JsonPath(path).read(json)).toEqual(value);
  });

  test.each(['a..b', 'a[', 'a[x]', 'a b', '.a', 'a["x', '[1]a', '.'.repeat(500)])(
    '%s is refused with its place',
    (path) => {
      expect(() => new JsonPath(path)).toThrow(EngineError);
    },
  );

  test('any text is a path or a clear refusal, and reading never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab.[]0-"\\ $') }),
        fc.jsonValue(),
        (path, value) => {
          try {
            new JsonPath(path).read(value);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(EngineError);
          }
        },
      ),
      { numRuns: 2_000, seed: 7 },
    );
  });
});

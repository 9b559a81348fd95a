import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePattern } from './pattern.js';

describe('patterns of matchers', () => {
  test.each([
    ['tank-.*', 'tank-7', true],
    ['tank-.*', 'a tank-7', false],
    ['^(a|bc)+$', 'abcbca', true],
    ['(a|bc)+', '', false],
    ['(?:x?)*', 'xxx', true],
    ['[a-c\\d]+', 'b2', true],
    ['[^a-c]*', 'xay', false],
    ['\\D\\w\\s', 'x_ ', true],
    ['[\\.-9]+', './7', true],
    ['[a\\-z]', 'b', false],
    ['[a-]', '-', true],
    ['a\\.b', 'a.b', true],
    ['a\\.b', 'axb', false],
    ['', '', true],
    ['|b', 'b', true],
    ['\\\\$', '\\', true],
    ['\\$', '$', true],
  ])('%s on %j: %s', (pattern, text, matches) => {
    expect(compilePattern(pattern)(text)).toBe(matches);
  });

  test.each([
    ['('],
    ['a)'],
    ['[a'],
    ['*a'],
    ['a**'],
    ['a{2}'],
    ['\\'],
    ['\\1'],
    ['[z-a]'],
    ['[\\.-(]'],
    ['[a-\\d]'],
    ['[\\w-z]'],
    ['[a-'],
    ['a^b'],
  ])('%s is refused with what is wrong', (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(/^matchers: the pattern/);
  });

  test('a pattern that takes other engines for ever takes a moment', () => {
    const matches = compilePattern('((a*)*)*((a+)+)+b');
    expect(matches('a'.repeat(1_000))).toBe(false);
    expect(compilePattern('a?'.repeat(90) + 'a'.repeat(20))('a'.repeat(100))).toBe(true);
    expect(() => compilePattern('a'.repeat(201))).toThrow('at most 200');
    expect(() => compilePattern('('.repeat(30))).toThrow('deep');
  });

  test('whatever is written is refused or agrees with the language’s own patterns', () => {
    const sign = fc.constantFrom(...'ab.|()*+?[]^-\\dw');
    const pattern = fc.array(sign, { maxLength: 12 }).map((signs) => signs.join(''));
    const text = fc.array(fc.constantFrom('a', 'b', '1', '-'), { maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (written, letters) => {
        let matches: (text: string) => boolean;
        try {
          matches = compilePattern(written);
        } catch (thrown) {
          expect(String(thrown)).toContain('matchers');
          return;
        }
        const joined = letters.join('');
        const stripped = written.replace(/^\^/, '');
        expect(matches(joined)).toBe(new RegExp(`^(?:${stripped})$`, 's').test(joined));
      }),
      { numRuns: 3_000 },
    );
  });
});

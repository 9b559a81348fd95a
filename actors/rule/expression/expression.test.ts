import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../engine/errors.js';
import { checkExpression, compileExpression } from './compile.js';
import type {
  BinaryOp,
  ExpressionFrame,
  ExpressionNode,
  ExpressionScope,
  Value,
} from './expression.types.js';
import { FUNCTION_NAMES } from './function-names.js';
import { parseExpression } from './parse.js';
import { printExpression } from './print.js';
import { unitList } from './units.js';

const CHANNELS: Readonly<
  Record<string, { kind: 'number' | 'text' | 'boolean'; unit: string | null }>
> = {
  'tank/temp': { kind: 'number', unit: '°C' },
  'tank/outside': { kind: 'number', unit: '°F' },
  'tank/level': { kind: 'number', unit: '%' },
  'tank/plain': { kind: 'number', unit: null },
  'tank/flow': { kind: 'number', unit: 'l/min' },
  'tank/name': { kind: 'text', unit: null },
  'tank/on': { kind: 'boolean', unit: null },
  'mic/odd': { kind: 'number', unit: 'bananas' },
  '@': { kind: 'number', unit: 'dBm' },
  '@/battery': { kind: 'number', unit: '%' },
};
const scope: ExpressionScope = {
  channel: (name) => CHANNELS[name],
  variable: (name) =>
    ({
      limit: { kind: 'number' as const, unit: null },
      span: { kind: 'number' as const, unit: 'min' },
      mode: { kind: 'text' as const, unit: null },
    })[name],
};

const frameOf = (
  channels: readonly string[],
  values: Readonly<Record<string, Value>>,
  more: Partial<ExpressionFrame> = {},
): ExpressionFrame => ({
  nowUnixMs: 100_000,
  value: (index) => values[channels[index] ?? ''],
  previous: () => undefined,
  atUnixMs: () => 40_000,
  window: () => undefined,
  variable: (name) => values[`$${name}`],
  ...more,
});

function run(text: string, values: Readonly<Record<string, Value>> = {}, more = {}) {
  const compiled = compileExpression(text, scope);
  return compiled.evaluate(frameOf(compiled.channels, values, more));
}
const problems = (text: string) => checkExpression(text, scope).problems;

describe('an expression', () => {
  it.each<[string, Record<string, Value>, unknown]>([
    ['1 + 2 * 3', {}, 7],
    ['(1 + 2) * 3', {}, 9],
    ['2 ^ 3 ^ 2', {}, 512],
    ['-2 ^ 2', {}, -4],
    ['1 / 0', {}, undefined],
    ['[tank/temp] > 20 °C', { 'tank/temp': 21 }, true],
    ['[tank/temp] > 20', { 'tank/temp': 19 }, false],
    ['[tank/temp] > 68 °F', { 'tank/temp': 20.1 }, true],
    ['[tank/outside] = [tank/temp]', { 'tank/outside': 68, 'tank/temp': 20 }, true],
    ['[tank/temp] - [tank/outside] > 5 K', { 'tank/temp': 30, 'tank/outside': 68 }, true],
    ['[tank/temp] + 5 K', { 'tank/temp': 30 }, 35],
    ['@ < -70 dBm and @/battery <= 20 %', { '@': -71, '@/battery': 20 }, true],
    ['@ - 10 dB < -80', { '@': -71 }, true],
    ['$span = 300 s', { $span: 5 }, true],
    ['[tank/flow] * 10 min > 99 l', { 'tank/flow': 10 }, true],
    ['[tank/level] * 10 l', { 'tank/level': 50 }, 5],
    ['1 km / 1 h', {}, 1000 / 3600],
    ['if([tank/on], "yes", "no")', { 'tank/on': 1 }, 'yes'],
    ['not [tank/on]', { 'tank/on': 0 }, true],
    ['contains([tank/name], "PUMP")', { 'tank/name': 'the pump' }, true],
    ['starts([tank/name], "the") and not ends([tank/name], "x")', { 'tank/name': 'the p' }, true],
    ['[tank/name] + "!"', { 'tank/name': 'a' }, 'a!'],
    ['max(1, 2, $limit)', { $limit: 7 }, 7],
    ['avg([tank/temp], 20 °C, 25 °C)', { 'tank/temp': 15 }, 20],
    ['clamp([tank/plain], 0, 10)', { 'tank/plain': 11 }, 10],
    ['round(2.345, 2)', {}, 2.35],
    ['mod(-1, 5)', {}, 4],
    ['sqrt(16 m²)', {}, 4],
    ['convert([tank/temp], "°F")', { 'tank/temp': 20 }, 68],
    ['number("12.5") + 1', {}, 13.5],
    ['default([tank/plain], 3)', {}, 3],
    ['known([tank/plain])', {}, false],
    ['[tank/plain] > 3', {}, undefined],
    ['[tank/plain] > 3 and false', {}, false],
    ['[tank/plain] > 3 or true', {}, true],
    ['[mic/odd] > 3', { 'mic/odd': 4 }, true],
    ['age([tank/temp]) > 59 s', {}, true],
    ['last([tank/temp], 30 s) > 1', { 'tank/temp': 5 }, undefined],
    ['last([tank/temp], 2 min) > 1', { 'tank/temp': 5 }, true],
    ['0.1 + 0.2 = 0.3', {}, true],
    ['1 ≤ 2 && !(3 ≠ 3)', {}, true],
  ])('gives for %s the right value', (text, values, wanted) => {
    const got = run(text, values);
    if (typeof wanted === 'number') expect(got).toBeCloseTo(wanted, 9);
    else expect(got).toBe(wanted);
  });

  it('keeps functions over a span for whoever runs it', () => {
    const compiled = compileExpression(
      'avg([tank/temp], 10 min) - min([tank/temp], 1 h) > 2 and count([tank/name], 30 s) > 3',
      scope,
    );
    expect(compiled.windows).toEqual([
      { channel: 0, function: 'avg', spanMs: 600_000 },
      { channel: 0, function: 'min', spanMs: 3_600_000 },
      { channel: 1, function: 'count', spanMs: 30_000 },
    ]);
    expect(compiled.timed).toBe(true);
    const at = (values: readonly number[]) =>
      compiled.evaluate(frameOf(compiled.channels, {}, { window: (index) => values[index] }));
    expect(at([25, 20, 4])).toBe(true);
    expect(at([21, 20, 4])).toBe(false);
    expect(compileExpression('[tank/temp] > 3', scope).timed).toBe(false);
  });

  it('knows the value before and whether it changed', () => {
    const more = { previous: () => 4 };
    expect(run('changed([tank/plain])', { 'tank/plain': 5 }, more)).toBe(true);
    expect(run('changed([tank/plain])', { 'tank/plain': 4 }, more)).toBe(false);
    expect(run('[tank/plain] - previous([tank/plain])', { 'tank/plain': 5 }, more)).toBe(1);
  });

  it.each([
    ['', 0, 'empty'],
    ['1 +', 3, 'the end'],
    ['[tank/temp', 0, 'close it with ]'],
    ['[tank]', 0, '[device/parameter]'],
    ['"abc', 0, 'close it with "'],
    ['foo > 1', 0, 'no function'],
    ['max > 1', 0, 'max(…)'],
    ['(1 + 2', 6, 'closes the ( at character 1'],
    ['1 < 2 < 3', 6, 'comparisons do not follow each other'],
    ['1 2', 2, 'does not go on'],
    ['1 # 2', 2, 'begins nothing'],
    ['20 % 3', 5, 'does not go on'],
    ['% 3', 0, 'behind a number'],
    ['[tank/temp] > 3 kg', 12, 'measure different things'],
    ['[tank/temp] + 3 °C', 12, 'have no sum'],
    ['[tank/temp] - [tank/outside] > 5 °C', 29, 'difference in K'],
    ['[tank/temp] * 2', 12, 'their zero is a convention'],
    ['@ + 3 dBm', 2, 'have no sum'],
    ['[tank/none] > 3', 0, 'there is no channel tank/none'],
    ['$none > 3', 0, 'there is no variable none'],
    ['[tank/name] > 3', 0, 'number(…)'],
    ['[tank/on] = 1', 10, 'with true or false'],
    ['[tank/plain] and true', 0, 'compare it'],
    ['abs(1, 2)', 0, 'takes 1 values'],
    ['sum([tank/temp], 3 m)', 4, 'wants a channel and a span'],
    ['avg([tank/temp], 25 h) > 1', 17, '24 h'],
    ['round(1, 11)', 9, '0 to 10'],
    ['2 ^ 3 m', 4, 'exponent has no unit'],
    ['convert(3 m, "kg")', 13, 'is not measured in kg'],
    ['[mic/odd] > 3 m', 10, 'measure different things'],
  ])('says of %s at which character it is wrong and what to do', (text, at, message) => {
    const [problem] = problems(text);
    expect(problem?.message).toContain(message);
    expect(problem?.at).toBe(at);
    expect(() => compileExpression(text, scope)).toThrow(EngineError);
  });

  it('names all problems of meaning at once', () => {
    expect(problems('[a/b] > 1 and [c/d] > 2 and $no')).toHaveLength(3);
  });

  it('refuses what is too long, too large or too deep, and stays upright', () => {
    expect(problems('1'.repeat(2_001))[0]?.message).toContain('at most 2000');
    expect(problems(`${'('.repeat(900)}1${')'.repeat(900)}`)[0]?.message).toContain('150');
    expect(problems(`${'not '.repeat(60)}true`)[0]?.message).toContain('deep');
    expect(problems(`1${' + 1'.repeat(300)}`)[0]?.message).toContain('50');
    expect(problems(`max(${'1, '.repeat(600)}1)`)[0]?.message).toContain('500');
    expect(problems(`${'-'.repeat(1_990)}1`)[0]?.message).toContain('150');
    const windows = Array.from({ length: 17 }, (_, n) => `avg([tank/plain], ${n + 1} s) > 1`);
    expect(problems(windows.join(' or '))[0]?.message).toContain('16');
  });

  it('says what kind it must give', () => {
    expect(() => compileExpression('1 + 1', scope, 'boolean')).toThrow('compare it');
  });
});

const pieces = fc.constantFrom(
  ...FUNCTION_NAMES.map((name) => `${name}(`),
  ...unitList().flatMap(({ symbols }) => symbols),
  ...Object.keys(CHANNELS).map((name) => (name.startsWith('@') ? name : `[${name}]`)),
  ...[
    'and',
    'or',
    'not',
    'true',
    'false',
    '$limit',
    '$span',
    '$mode',
    '$',
    '[',
    ']',
    '(',
    ')',
    ',',
  ],
  ...[
    '+',
    '-',
    '*',
    '/',
    '^',
    '<',
    '<=',
    '>',
    '>=',
    '=',
    '!=',
    '==',
    '&&',
    '||',
    '!',
    '%',
    '"',
    "'",
  ],
  ...[
    '1',
    '20',
    '-70 dBm',
    '0.5',
    '1e308',
    '1e999',
    '10 min',
    '"text"',
    '\\',
    '@',
    '@/',
    '__proto__',
  ],
  ...['constructor(', 'toString', '[__proto__/x]', '$constructor', '\u0000', '🎛', '½'],
);
const texts = fc.oneof(
  { weight: 6, arbitrary: fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join(' ')) },
  { weight: 2, arbitrary: fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);

const symbols = unitList().flatMap((one) => one.symbols);
const leaf: fc.Arbitrary<ExpressionNode> = fc.oneof(
  fc.record({
    type: fc.constant('number' as const),
    at: fc.constant(0),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0),
    unit: fc.option(fc.constantFrom(...symbols)),
  }),
  fc.record({ type: fc.constant('text' as const), at: fc.constant(0), value: fc.string() }),
  fc.record({ type: fc.constant('flag' as const), at: fc.constant(0), value: fc.boolean() }),
  fc.record({
    type: fc.constant('channel' as const),
    at: fc.constant(0),
    name: fc.constantFrom('a/b', '@', '@/x.y', '@/rf-1', 'dé/pa ra/meter', 'x/a*b'),
  }),
  fc.record({
    type: fc.constant('variable' as const),
    at: fc.constant(0),
    name: fc.constantFrom('a', 'b.c', 'd-1'),
  }),
);
const OPS: readonly BinaryOp[] = [
  'or',
  'and',
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '^',
];
const trees = fc.letrec<{ node: ExpressionNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({
      type: fc.constantFrom('not' as const, 'negative' as const),
      at: fc.constant(0),
      of: tie('node'),
    }),
    fc.record({
      type: fc.constant('binary' as const),
      at: fc.constant(0),
      op: fc.constantFrom(...OPS),
      left: tie('node'),
      right: tie('node'),
    }),
    fc.record({
      type: fc.constant('call' as const),
      at: fc.constant(0),
      name: fc.constantFrom(...FUNCTION_NAMES),
      args: fc.array(tie('node'), { maxLength: 3 }),
    }),
  ),
})).node;

const withoutPlaces = (node: ExpressionNode): unknown =>
  JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'at' ? undefined : value)));

describe('any text', () => {
  it('is either understood and runs, or refused with a place and a remedy; nothing else is thrown', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const checked = checkExpression(text, scope);
        for (const { at, message } of checked.problems) {
          expect(at).toBeGreaterThanOrEqual(0);
          expect(at).toBeLessThanOrEqual(text.length);
          expect(message.length).toBeGreaterThan(5);
        }
        expect(checked.compiled === undefined).toBe(checked.problems.length > 0);
        if (checked.compiled === undefined) return;
        const { compiled } = checked;
        for (const values of [{}, { 'tank/temp': 20, 'tank/name': 'x', 'tank/on': 1, '@': -70 }]) {
          const value = compiled.evaluate(frameOf(compiled.channels, values));
          if (value === undefined) continue;
          expect(typeof value).toBe(compiled.kind === 'text' ? 'string' : compiled.kind);
        }
        const printed = printExpression(parseExpression(text));
        expect(withoutPlaces(parseExpression(printed))).toEqual(
          withoutPlaces(parseExpression(text)),
        );
      }),
      { numRuns: 120_000 },
    );
  }, 120_000);

  it('that is printed from a tree is read as the same tree', () => {
    fc.assert(
      fc.property(trees, (tree) => {
        let text = '';
        try {
          text = printExpression(tree);
          expect(withoutPlaces(parseExpression(text))).toEqual(withoutPlaces(tree));
        } catch (thrown) {
          // Trees beyond the limits are refused as texts are.
          if (!(thrown instanceof EngineError)) throw thrown;
          expect(thrown.message).toMatch(/at most|more than|deeper/);
        }
      }),
      { numRuns: 20_000 },
    );
  }, 120_000);
});

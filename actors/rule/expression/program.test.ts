import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileExpression } from './compile.js';
import type { ExpressionScope, Value } from './expression.types.js';
import { MISSING, Program, UNANSWERED } from './program.js';

const NUMBERS: Readonly<Record<string, string | null>> = {
  '@': 'dBm',
  'a/plain': null,
  'a/warm': '°C',
  'a/cold': '°F',
  'a/share': '%',
};
const FLAGS = ['a/on', 'a/off'];
const CHANNELS = [...Object.keys(NUMBERS), ...FLAGS];
const scope: ExpressionScope = {
  channel: (name) =>
    FLAGS.includes(name)
      ? { kind: 'boolean', unit: null }
      : name in NUMBERS
        ? { kind: 'number', unit: NUMBERS[name] ?? null }
        : undefined,
  variable: () => undefined,
};

const { number, flag } = fc.letrec<{ number: string; flag: string }>((tie) => {
  const [one, yes] = [tie('number'), tie('flag')];
  const two = (ops: readonly string[], left: fc.Arbitrary<string>, right: fc.Arbitrary<string>) =>
    fc.tuple(fc.constantFrom(...ops), left, right).map(([op, a, b]) => `(${a} ${op} ${b})`);
  const call = (name: string, ...args: readonly fc.Arbitrary<string>[]) =>
    fc.tuple(...args).map((texts) => `${name}(${texts.join(', ')})`);
  return {
    number: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...Object.keys(NUMBERS)).map((name) => `[${name}]`),
      fc.constantFrom('0', '-80', '20 °C', '68 °F', '0.5', '10 dB', '1000000', '20 %'),
      two(['+', '-', '*', '/'], one, one),
      call('max', one, one),
      call('min', one, one),
      call('abs', one),
      call('number', one),
      call('default', one, one),
      call('clamp', one, one, one),
      one.map((text) => `-${text}`),
    ),
    flag: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      two(['<', '<=', '>', '>=', '=', '!='], one, one),
      fc.constantFrom('true', 'false', '[a/on]', '[a/off]'),
      two(['and', 'or'], yes, yes),
      two(['=', '!='], yes, yes),
      yes.map((text) => `not ${text}`),
      call('default', yes, yes),
      call('known', fc.oneof(one, yes)),
    ),
  };
});
const values = fc.array(
  fc.option(fc.constantFrom(-80, -79.999, -1, 0, 0.5, 1, 2, 20, 68, 1e300, -1e300, 1e-300), {
    nil: undefined,
  }),
  { minLength: CHANNELS.length, maxLength: CHANNELS.length },
);

function walked(text: string, known: readonly (number | undefined)[]): number {
  const { channels, evaluate } = compileExpression(text, scope, 'boolean');
  let missing = false;
  const answer = evaluate({
    nowUnixMs: 0,
    value: (index): Value | undefined => {
      const value = known[CHANNELS.indexOf(channels[index] ?? '')];
      if (value === undefined) missing = true;
      return value;
    },
    previous: () => undefined,
    atUnixMs: () => undefined,
    window: () => undefined,
    variable: () => undefined,
  });
  if (answer === undefined) return missing ? MISSING : UNANSWERED;
  return answer === true ? 1 : 0;
}

it('a program says of any numbers what the expression says that it was made of', () => {
  let programs = 0;
  fc.assert(
    fc.property(flag, fc.array(values, { minLength: 4, maxLength: 4 }), (text, rows) => {
      let compiled: ReturnType<typeof compileExpression>;
      try {
        compiled = compileExpression(text, scope, 'boolean');
      } catch {
        // Units that do not go together.
        return;
      }
      if (compiled.steps === undefined) return;
      const placeOf = compiled.channels.map((name) => CHANNELS.indexOf(name));
      const program = Program.of(compiled.steps, placeOf);
      if (program === undefined) return;
      programs += 1;
      for (const known of rows) {
        const columns = Float64Array.of(Number.NaN, 7, ...known.map((one) => one ?? Number.NaN));
        expect(program.run(columns, 2)).toBe(walked(text, known));
      }
    }),
    { numRuns: 30_000 },
  );
  expect(programs).toBeGreaterThan(3_000);
  expect(fc.sample(number, 1)).toHaveLength(1);
}, 60_000);

it('what needs texts, times or the past has no program, and neither has what needs a deep stack', () => {
  const steps = (text: string) => compileExpression(text, scope, 'boolean').steps;
  expect(steps('text([@]) = "5"')).toBeUndefined();
  expect(steps('age([@]) > 5 s')).toBeUndefined();
  expect(steps('avg([@], 5 s) > 5')).toBeUndefined();
  expect(steps('previous([@]) > 5 and [a/on]')).toBeUndefined();
  let deep = '[@]';
  for (let i = 0; i < 45; i++) deep = `max(0, ${deep})`;
  expect(Program.of(steps(`${deep} > 0`) ?? [], [0])?.run(Float64Array.of(3), 0)).toBe(1);
});

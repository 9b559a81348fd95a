import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CompiledCondition, compileCondition, holdsPlain, type Plain } from './conditions.js';
import { ExpressionTexts } from './expression-texts.js';
import type { Condition, RuleDefinition } from './rule.types.js';
import { RuleTable } from './rule-table.js';
import { ruleOf } from './testing/bench-rules.js';

const WORLD = { variable: () => undefined, scheduleOpen: () => undefined };
const CHANNELS: RuleDefinition['channels'] = {
  '@': { channel: 1, kind: 'number', unit: null },
  '@/on': { channel: 2, kind: 'boolean', unit: null },
  '@/other': { channel: 3, kind: 'number', unit: null },
};

/** The same condition the long way: an evaluator is asked at each sample. */
function slowly(compiled: CompiledCondition): CompiledCondition {
  const { plain, fallback } = compiled;
  const code = 0;
  return {
    ...compiled,
    programs: undefined,
    fallback: undefined,
    plain: { ...plain, code },
    evaluator: fallback?.() ?? evaluatorOf(plain),
  };
}

function evaluatorOf({ code, a, b, clearA, clearB }: Plain): CompiledCondition['evaluator'] {
  let latest: number | string | undefined;
  return {
    timed: false,
    historyMs: 0,
    shown: undefined,
    take: (_, __, value) => {
      latest = value;
    },
    holds: (held) =>
      typeof latest === 'number' ? holdsPlain(code, a, b, clearA, clearB, held, latest) : undefined,
  };
}

class Twin {
  readonly told: unknown[] = [];
  readonly table = new RuleTable({
    onTurn: (_, turn, atUnixMs, value) => void this.told.push([turn, atUnixMs, value]),
  });
  readonly rule: number;

  constructor(definition: RuleDefinition, compiled: CompiledCondition) {
    this.rule = this.table.add(definition, compiled, 0);
  }

  say(channel: number, atUnixMs: number, value: number | string, monoMs: number): void {
    const many = typeof value === 'number' ? 1 : 0;
    this.table.take(
      {
        type: 'samples',
        sequence: 0,
        channel: new Uint32Array(many).fill(channel),
        atUnixMs: new Float64Array(many).fill(atUnixMs),
        value: new Float64Array(many).fill(Number(value)),
        text: typeof value === 'string' ? [{ channel, atUnixMs, value }] : [],
      },
      monoMs,
    );
  }

  /** What can be seen of it. `counts`: also how often in a row its condition held. */
  seen(counts: boolean): unknown {
    const { table, rule } = this;
    const { on, count, seen } = table.stand(rule);
    const changed = [...table.takeChanged()];
    return [
      this.told,
      on,
      seen,
      table.holds(rule),
      table.shown(rule),
      table.decisions,
      counts ? [count, changed] : [],
    ];
  }
}

const LIMITS = [0, 9.5, 10, -3];
const near = [10, 9.5, 0, -0, -3, 20, Number.MIN_VALUE, 10.000000000000002, 9.999999999999998];
const limit = fc.constantFrom(...LIMITS);
const comparison = fc.constantFrom('>' as const, '>=' as const, '<' as const, '<=' as const);
const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    type: fc.constant('threshold' as const),
    channel: fc.constant('@'),
    op: comparison,
    value: limit,
    clear: fc.option(limit, { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('range' as const),
    channel: fc.constant('@'),
    when: fc.constantFrom('inside' as const, 'outside' as const),
    low: fc.constantFrom(-3, 0),
    high: fc.constantFrom(9.5, 10),
    hysteresis: fc.constantFrom(0, 1, 20),
  }),
  fc.record({
    type: fc.constant('equals' as const),
    channel: fc.constant('@'),
    value: limit,
    negate: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('expression' as const),
    text: fc.constantFrom(
      '@ < 10 and default(@/on, true)',
      'max(@, default(@/other, @)) >= 9.5 or @/on',
      '1 / @ > 0.1',
      '@/other = @',
    ),
    clear: fc.constantFrom(undefined, '@ > 12 or not @/on', '1 / @/other < 0'),
  }),
);
const steps = fc.array(
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({
        type: fc.constant('say' as const),
        channel: fc.constantFrom(1, 1, 1, 2, 3),
        laterMs: fc.constantFrom(1, 1, 1, 50, 0, -5),
        value: fc.constantFrom<(number | string)[]>(...near, Number.NaN, 1),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ type: fc.constant('word' as const), channel: fc.constantFrom(1, 3) }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constantFrom('reset' as const, 'ask' as const, 'look' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('quiet' as const),
        state: fc.constantFrom('no-data' as const, 'error' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('restore' as const),
        on: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('tune' as const),
        inARow: fc.constantFrom(1, 2, 3),
      }),
    },
  ),
  { maxLength: 60 },
);

it('samples that are left out of sight, and programs, turn a rule exactly as one that looks at all of them', () => {
  fc.assert(
    fc.property(
      conditions,
      fc.record({
        inARow: fc.constantFrom(1, 3),
        noDataAfterMs: fc.constantFrom(0, 1_000),
        noData: fc.constantFrom('no-data' as const, 'firing' as const, 'normal' as const),
        onError: fc.constantFrom('error' as const, 'firing' as const, 'keep' as const),
      }),
      steps,
      (condition, more, path) => {
        const used = condition.type === 'expression' ? CHANNELS : { '@': ruleChannel() };
        const definition = ruleOf(condition, { ...more, channels: used });
        const compiled = compileCondition(definition, WORLD, new ExpressionTexts());
        const { programs } = compiled;
        const twins = [
          new Twin(definition, compiled),
          new Twin(definition, slowly(compileCondition(definition, WORLD, new ExpressionTexts()))),
        ];
        let [atUnixMs, monoMs] = [1_000, 1_000];
        for (const step of path) {
          if (step.type === 'say' || step.type === 'word')
            atUnixMs += 'laterMs' in step ? step.laterMs : 1;
          if (step.type === 'pass') monoMs += 700;
          for (const twin of twins) {
            const { table, rule } = twin;
            switch (step.type) {
              case 'say':
                twin.say(step.channel, atUnixMs, step.value, monoMs);
                break;
              case 'word':
                twin.say(step.channel, atUnixMs, 'odd', monoMs);
                break;
              case 'pass':
                table.sweep(atUnixMs, monoMs, true);
                break;
              case 'reset':
                table.reset(rule);
                break;
              case 'ask':
                // Conditions by numbers are not asked without a sample.
                if (programs !== undefined) table.ask(rule, atUnixMs);
                break;
              case 'look':
                if (programs !== undefined) table.look(rule, atUnixMs);
                break;
              case 'quiet':
                table.quiet(rule, step.state);
                break;
              case 'restore':
                table.restore(rule, { on: step.on, count: step.on ? 3 : 0, seen: [] });
                break;
              case 'tune':
                table.tune(rule, { ...definition, inARow: step.inARow });
            }
          }
          const [quick, slow] = twins;
          // What more is counted than a rule has to hold in a row need not be noted by a condition by numbers.
          const counts = programs !== undefined;
          expect(quick?.seen(counts)).toEqual(slow?.seen(counts));
        }
      },
    ),
    { numRuns: 3_000 },
  );
}, 60_000);

const ruleChannel = (): RuleDefinition['channels'][string] => ({
  channel: 1,
  kind: 'number',
  unit: null,
});

import { compileExpression } from './expression/compile.js';
import type { CompiledExpression } from './expression/expression.types.js';
import { Program } from './expression/program.js';
import { scopeOf } from './expression/scope.js';
import type { Condition, RuleDefinition } from './rule.types.js';

/** Texts kept at most; then all are let go, and rules keep theirs. */
const MOST = 1_000;

/** An expression over columns: what makes it hold, and what ends that; undefined: the other way round. */
export interface Programs {
  readonly held: Program;
  readonly clear: Program | undefined;
}

/** What the texts of a condition mean. Shared by all rules that say the same of channels of the same names and kinds. */
export interface ExpressionText {
  readonly held: CompiledExpression;
  readonly clear: CompiledExpression | undefined;
  /** Channels by their place in the rule. Undefined: an `Evaluator` of its own decides. */
  readonly programs: Programs | undefined;
}

type Expression = Extract<Condition, { readonly type: 'expression' }>;

/** Expressions of a thread: a rule for each of a thousand devices has its text compiled once. */
export class ExpressionTexts {
  readonly #byKey = new Map<string, ExpressionText>();

  /** @throws EngineError `input.invalid` with what is wrong in the text, and where. */
  of(condition: Expression, definition: RuleDefinition): ExpressionText {
    const key = keyOf(condition, definition);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const scope = scopeOf(definition);
    const held = compileExpression(condition.text, scope, 'boolean');
    const clear =
      condition.clear === undefined
        ? undefined
        : compileExpression(condition.clear, scope, 'boolean');
    const text = { held, clear, programs: programsOf(held, clear, definition) };
    if (this.#byKey.size >= MOST) this.#byKey.clear();
    this.#byKey.set(key, text);
    return text;
  }
}

/** All that a text's meaning depends on. */
function keyOf({ text, clear }: Expression, definition: RuleDefinition): string {
  const { channels, variables = {}, variableUnits = {} } = definition;
  return JSON.stringify([
    text,
    clear,
    Object.entries(channels).map(([name, { kind, unit }]) => [name, kind, unit]),
    Object.entries(variables).map(([name, value]) => [name, typeof value, variableUnits[name]]),
  ]);
}

function programsOf(
  held: CompiledExpression,
  clear: CompiledExpression | undefined,
  definition: RuleDefinition,
): Programs | undefined {
  const names = Object.keys(definition.channels);
  const programOf = ({ steps, channels }: CompiledExpression): Program | undefined =>
    steps === undefined
      ? undefined
      : Program.of(
          steps,
          channels.map((name) => names.indexOf(name)),
        );
  const one = programOf(held);
  const other = clear === undefined ? undefined : programOf(clear);
  if (one === undefined || (clear !== undefined && other === undefined)) return undefined;
  return { held: one, clear: other };
}

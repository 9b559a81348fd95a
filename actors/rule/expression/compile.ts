import { EngineError } from '../../../engine/errors.js';
import type { ChannelName } from '../rule.types.js';
import {
  type CompiledExpression,
  EXPRESSION_LIMITS,
  type ExpressionNode,
  type ExpressionProblem,
  type ExpressionScope,
  type ExpressionWindow,
  type ValueKind,
  type WindowFunction,
} from './expression.types.js';
import { compileCall } from './functions.js';
import { compileBinary, compileNegative } from './operators.js';
import { parseExpression } from './parse.js';
import { stepsOf } from './steps.js';
import { type Compiling, flag, number, type Typed, wants, withSteps, words } from './typed.js';
import { unitNamed } from './units.js';

/** What a text means, as far as it means something. */
export interface CheckedExpression {
  readonly problems: readonly ExpressionProblem[];
  /** Undefined when there are problems. */
  readonly compiled: CompiledExpression | undefined;
  /** All it names, also when there are problems of meaning. */
  readonly channels: readonly ChannelName[];
  readonly variables: readonly string[];
}

/** Says all that is wrong with an expression. Never throws. */
export function checkExpression(text: string, scope: ExpressionScope): CheckedExpression {
  let tree: ExpressionNode;
  try {
    tree = parseExpression(text);
  } catch (thrown) {
    const { message, context } = EngineError.from(thrown);
    const problem = {
      at: Number(context['at'] ?? 0),
      message: String(context['reason'] ?? message),
    };
    return { problems: [problem], compiled: undefined, channels: [], variables: [] };
  }
  const compiler = new Compiler(scope);
  const typed = compiler.compile(tree);
  const { problems, channels, variables, windows } = compiler;
  if (problems.length > 0 || typed.kind === 'unknown') {
    return { problems, compiled: undefined, channels, variables };
  }
  const compiled: CompiledExpression = {
    kind: typed.kind,
    unit: typed.unit?.symbol ?? null,
    channels,
    variables,
    windows,
    timed: compiler.isTimed || windows.length > 0,
    evaluate: typed.get,
    steps: typed.get.steps,
  };
  return { problems, compiled, channels, variables };
}

/**
 * Text → something to run. `kind`: what it must give, `boolean` for a condition.
 * @throws EngineError `input.invalid`: the first thing that is wrong, where, and the remedy; `context.problems` has all.
 */
export function compileExpression(
  text: string,
  scope: ExpressionScope,
  kind?: ValueKind,
): CompiledExpression {
  const { compiled, problems } = checkExpression(text, scope);
  const [first] = problems;
  if (compiled === undefined || first !== undefined) {
    const { at, message } = first ?? { at: 0, message: 'the expression means nothing' };
    throw new EngineError('input.invalid', `${message} (character ${at + 1})`, {
      context: { at, problems },
    });
  }
  if (kind !== undefined && compiled.kind !== kind) {
    const message =
      kind === 'boolean'
        ? `the expression gives a ${compiled.kind}, not true or false: compare it, as in … > 20`
        : `the expression gives a ${compiled.kind}, not a ${kind}`;
    throw new EngineError('input.invalid', `${message} (character 1)`, {
      context: { at: 0, problems: [{ at: 0, message }] },
    });
  }
  return compiled;
}

class Compiler implements Compiling {
  readonly problems: ExpressionProblem[] = [];
  readonly channels: ChannelName[] = [];
  readonly variables: string[] = [];
  readonly windows: ExpressionWindow[] = [];
  isTimed = false;
  readonly #scope: ExpressionScope;

  constructor(scope: ExpressionScope) {
    this.#scope = scope;
  }

  problem(at: number, message: string): Typed {
    this.problems.push({ at, message });
    return { kind: 'unknown', unit: null, get: () => undefined };
  }

  timed(): void {
    this.isTimed = true;
  }

  compile(node: ExpressionNode): Typed {
    switch (node.type) {
      case 'number': {
        const { value } = node;
        const get = withSteps(() => value, [{ op: 'constant', value }]);
        return number(unitNamed(node.unit), get);
      }
      case 'text': {
        const { value } = node;
        return words(() => value);
      }
      case 'flag': {
        const { value } = node;
        return flag(withSteps(() => value, [{ op: 'constant', value: value ? 1 : 0 }]));
      }
      case 'channel':
        return this.channel(node)?.typed ?? unknown;
      case 'variable':
        return this.#variable(node.name, node.at);
      case 'not':
        return this.#not(node);
      case 'negative':
        return compileNegative(this, node);
      case 'binary':
        return compileBinary(this, node);
      case 'call':
        return compileCall(this, node);
    }
  }

  channel(node: ExpressionNode): { readonly index: number; readonly typed: Typed } | undefined {
    if (node.type !== 'channel') {
      this.problem(node.at, 'a channel is wanted here, as in [device/parameter]');
      return undefined;
    }
    const index = indexIn(this.channels, node.name);
    const found = this.#scope.channel(node.name);
    if (found === undefined) {
      const remedy = node.name.startsWith('@')
        ? '@ stands for the channel of a rule that runs for each of several: give the rule `each`'
        : 'look its name up under devices, and write it as [device/parameter]';
      this.problem(node.at, `there is no channel ${node.name}: ${remedy}`);
      return undefined;
    }
    const get =
      found.kind === 'boolean'
        ? withSteps(
            (frame) => {
              const value = frame.value(index);
              return value === undefined ? undefined : value === true || value === 1;
            },
            [{ op: 'flag', channel: index }],
          )
        : withSteps(
            (frame) => frame.value(index),
            found.kind === 'number' ? [{ op: 'number', channel: index }] : undefined,
          );
    const unit = found.kind === 'number' ? unitNamed(found.unit) : null;
    return { index, typed: { kind: found.kind, unit, get } };
  }

  window(at: number, channel: number, name: WindowFunction, spanMs: number): number | undefined {
    const known = this.windows.findIndex(
      (one) => one.channel === channel && one.function === name && one.spanMs === spanMs,
    );
    if (known !== -1) return known;
    if (this.windows.length >= EXPRESSION_LIMITS.windows) {
      const most = EXPRESSION_LIMITS.windows;
      this.problem(at, `more than ${most} functions over a span: split the rule in two`);
      return undefined;
    }
    return this.windows.push({ channel, function: name, spanMs }) - 1;
  }

  #variable(name: string, at: number): Typed {
    indexIn(this.variables, name);
    const found = this.#scope.variable(name);
    if (found === undefined) {
      return this.problem(at, `there is no variable ${name}: make it under variables first`);
    }
    const { kind } = found;
    const unit = kind === 'number' ? unitNamed(found.unit) : null;
    return { kind, unit, get: (frame) => frame.variable(name) };
  }

  #not(node: Extract<ExpressionNode, { readonly type: 'not' | 'negative' }>): Typed {
    const of = this.compile(node.of);
    if (!wants(this, of, 'boolean', node.of.at, 'not')) return unknown;
    return flag(
      withSteps(
        (frame) => {
          const value = of.get(frame);
          return value === undefined ? undefined : value !== true;
        },
        stepsOf([of.get.steps], { op: 'not' }),
      ),
    );
  }
}

const unknown: Typed = { kind: 'unknown', unit: null, get: () => undefined };

function indexIn(names: string[], name: string): number {
  const known = names.indexOf(name);
  return known === -1 ? names.push(name) - 1 : known;
}

import type { ConditionWorld, Evaluator } from './conditions.js';
import type { CompiledExpression, ExpressionFrame, Value } from './expression/expression.types.js';
import type { ExpressionText } from './expression-texts.js';
import type { RuleDefinition } from './rule.types.js';
import { SlidingWindow } from './window.js';

export const NO_ANSWER =
  'the expression has no answer although all values are there: look for a division by zero';

/** An expression with the latest values and the windows that it reads. */
class ExpressionEvaluator implements Evaluator {
  readonly timed: boolean;
  readonly historyMs: number;
  readonly shown = undefined;
  readonly #held: Side;
  readonly #clear: Side | undefined;

  constructor(held: Side, clear: Side | undefined) {
    this.#held = held;
    this.#clear = clear;
    this.timed = held.timed || clear?.timed === true;
    this.historyMs = Math.max(held.historyMs, clear?.historyMs ?? 0);
  }

  take(channel: number, atUnixMs: number, value: number | string): void {
    this.#held.take(channel, atUnixMs, value);
    this.#clear?.take(channel, atUnixMs, value);
  }

  holds(held: boolean, nowUnixMs: number): boolean | undefined | string {
    if (!held || this.#clear === undefined) return this.#held.answer(nowUnixMs);
    const cleared = this.#clear.answer(nowUnixMs);
    return typeof cleared === 'boolean' ? !cleared : cleared;
  }
}

/** One text of a condition with its memory. Its channels are told by their place in the rule and asked for by their place in the text. */
class Side implements ExpressionFrame {
  readonly timed: boolean;
  readonly historyMs: number;
  nowUnixMs = 0;
  readonly #expression: CompiledExpression;
  readonly #variable: (name: string) => Value | undefined;
  /** Place in the text by place in the rule. */
  readonly #placeOf: readonly number[];
  readonly #values: (number | string | undefined)[] = [];
  readonly #previous: (number | string | undefined)[] = [];
  readonly #ats: (number | undefined)[] = [];
  readonly #windows: readonly SlidingWindow[];
  /** By place in the text; undefined where a channel has none. */
  readonly #windowsOf: (readonly SlidingWindow[] | undefined)[] = [];
  #missing = false;

  constructor(expression: CompiledExpression, definition: RuleDefinition, world: ConditionWorld) {
    this.#expression = expression;
    const { channels, windows, timed } = expression;
    this.#variable = (name) => world.variable(name) ?? definition.variables?.[name];
    this.#placeOf = Object.keys(definition.channels).map((name) => channels.indexOf(name));
    this.#windows = windows.map(({ spanMs }) => new SlidingWindow(spanMs));
    for (const { channel } of windows) {
      this.#windowsOf[channel] = this.#windows.filter((_, i) => windows[i]?.channel === channel);
    }
    this.timed = timed;
    this.historyMs = Math.max(0, ...windows.map(({ spanMs }) => spanMs));
  }

  take(channel: number, atUnixMs: number, value: number | string): void {
    const place = this.#placeOf[channel] ?? -1;
    if (place < 0) return;
    this.#previous[place] = this.#values[place];
    this.#values[place] = value;
    this.#ats[place] = atUnixMs;
    if (typeof value !== 'number') return;
    const windows = this.#windowsOf[place];
    if (windows === undefined) return;
    for (let i = 0; i < windows.length; i++) windows[i]?.add(atUnixMs, value);
  }

  answer(nowUnixMs: number): boolean | undefined | string {
    this.nowUnixMs = nowUnixMs;
    this.#missing = false;
    const answer = this.#expression.evaluate(this);
    if (answer !== undefined) return answer === true;
    return this.#missing ? undefined : NO_ANSWER;
  }

  value(channel: number): Value | undefined {
    return this.#noted(this.#values[channel]);
  }

  previous(channel: number): Value | undefined {
    return this.#noted(this.#previous[channel]);
  }

  atUnixMs(channel: number): number | undefined {
    return this.#noted(this.#ats[channel]);
  }

  window(index: number): number | undefined {
    const window = this.#windows[index];
    const what = this.#expression.windows[index]?.function;
    if (window === undefined || what === undefined) return undefined;
    window.slide(this.nowUnixMs);
    const result = window.result(what);
    return this.#noted(Number.isNaN(result) ? undefined : result);
  }

  variable(name: string): Value | undefined {
    return this.#noted(this.#variable(name));
  }

  #noted<T>(value: T | undefined): T | undefined {
    if (value === undefined) this.#missing = true;
    return value;
  }
}

/** Of one rule: it remembers what the texts ask for. */
export function evaluatorOf(
  { held, clear }: ExpressionText,
  definition: RuleDefinition,
  world: ConditionWorld,
): Evaluator {
  return new ExpressionEvaluator(
    new Side(held, definition, world),
    clear === undefined ? undefined : new Side(clear, definition, world),
  );
}

import { EngineError } from '../../engine/errors.js';
import { evaluatorOf } from './expression-evaluator.js';
import type { ExpressionTexts, Programs } from './expression-texts.js';
import type { Comparison, Condition, RuleDefinition } from './rule.types.js';
import { SlidingWindow } from './window.js';

/** Codes of the conditions that need one value and no memory but whether they held. */
export const CODE = {
  /** Not by value alone: an `Evaluator` decides. */
  evaluator: 0,
  above: 1,
  atLeast: 2,
  below: 3,
  atMost: 4,
  inside: 5,
  outside: 6,
  near: 7,
  notNear: 8,
  /** Nothing is decided: disabled or at fault. */
  off: 9,
  /** Holds while its channel is silent. */
  silence: 10,
  /** An expression over the latest numbers and flags of its channels. */
  program: 11,
} as const;

const CODE_OF: Readonly<Record<Comparison, number>> = {
  '>': CODE.above,
  '>=': CODE.atLeast,
  '<': CODE.below,
  '<=': CODE.atMost,
};

/** A condition as numbers: `a`, `b` to begin to hold, `clearA`, `clearB` to go on. */
export interface Plain {
  readonly code: number;
  readonly a: number;
  readonly b: number;
  readonly clearA: number;
  readonly clearB: number;
}

/** @returns whether a condition by numbers holds, given that it held before or not. `value` is finite. */
export function holdsPlain(
  code: number,
  a: number,
  b: number,
  clearA: number,
  clearB: number,
  held: boolean,
  value: number,
): boolean {
  switch (code) {
    case CODE.above:
      return value > (held ? clearA : a);
    case CODE.atLeast:
      return value >= (held ? clearA : a);
    case CODE.below:
      return value < (held ? clearA : a);
    case CODE.atMost:
      return value <= (held ? clearA : a);
    case CODE.inside:
      return held ? value >= clearA && value <= clearB : value >= a && value <= b;
    case CODE.outside:
      return held ? value < clearA || value > clearB : value < a || value > b;
    case CODE.near:
      return Math.abs(value - a) <= b;
    case CODE.notNear:
      return Math.abs(value - a) > b;
    default:
      return false;
  }
}

/**
 * A condition that needs more than one value. Samples of a channel come in order of time; channels are indices in the order of
 * `channelsOf`. Nothing of it throws.
 */
export interface Evaluator {
  /** What it says may change without a sample: it is asked each second too. */
  readonly timed: boolean;
  take(channel: number, atUnixMs: number, value: number | string): void;
  /** Undefined: it cannot be said yet. A text: why it cannot be said at all. */
  holds(held: boolean, nowUnixMs: number): boolean | undefined | string;
  /** What it compares, for whoever looks; undefined: the latest sample. */
  readonly shown: number | string | null | undefined;
  /** Where its windows want to be filled from the past. */
  readonly historyMs: number;
}

/** What else a condition needs to be compiled. */
export interface ConditionWorld {
  variable(name: string): number | string | boolean | undefined;
  scheduleOpen(id: number): boolean | undefined;
}

export interface CompiledCondition {
  readonly plain: Plain;
  readonly evaluator: Evaluator | undefined;
  /** With the code `program`. */
  readonly programs: Programs | undefined;
  /** Takes the place of the programs when a channel of numbers says a text. */
  readonly fallback: (() => Evaluator) | undefined;
  /** Channels in order, by number. */
  readonly channels: readonly number[];
  /** Silence for so long makes the condition hold: a condition of type `no-data`. 0: another one. */
  readonly silentMs: number;
  readonly scheduleId: number | undefined;
}

const NOTHING: Plain = { code: CODE.evaluator, a: 0, b: 0, clearA: 0, clearB: 0 };

const [BUFFER, BITS] = (() => {
  const numbers = new Float64Array(1);
  return [numbers, new BigInt64Array(numbers.buffer)] as const;
})();

/** The next larger number of a finite one. */
function above(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  BUFFER[0] = value;
  BITS[0] = (BITS[0] ?? 0n) + (value > 0 ? 1n : -1n);
  return BUFFER[0];
}
const below = (value: number): number => -above(-value);

/** No number is in it. */
export const NOWHERE: readonly [low: number, high: number] = [
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** Values, both ends with them, that leave a condition by numbers as it is: some of them, of most conditions all. */
export function stayOf(
  code: number,
  a: number,
  b: number,
  clearA: number,
  clearB: number,
  held: boolean,
): readonly [low: number, high: number] {
  switch (code) {
    case CODE.above:
      return held ? [above(clearA), Number.POSITIVE_INFINITY] : [Number.NEGATIVE_INFINITY, a];
    case CODE.atLeast:
      return held ? [clearA, Number.POSITIVE_INFINITY] : [Number.NEGATIVE_INFINITY, below(a)];
    case CODE.below:
      return held ? [Number.NEGATIVE_INFINITY, below(clearA)] : [a, Number.POSITIVE_INFINITY];
    case CODE.atMost:
      return held ? [Number.NEGATIVE_INFINITY, clearA] : [above(a), Number.POSITIVE_INFINITY];
    case CODE.inside:
      return held ? [clearA, clearB] : NOWHERE;
    case CODE.outside:
      return held ? NOWHERE : [a, b];
    default:
      return NOWHERE;
  }
}

function comparison(op: Comparison, value: number, clear: number | undefined): Plain {
  // A clear value on the wrong side would make it flap on every sample.
  const rising = op === '>' || op === '>=';
  const clearA =
    clear === undefined ? value : rising ? Math.min(clear, value) : Math.max(clear, value);
  return { code: CODE_OF[op], a: value, b: 0, clearA, clearB: 0 };
}

/** @throws EngineError `input.invalid` naming the field of the condition. */
export function compileCondition(
  definition: RuleDefinition,
  world: ConditionWorld,
  texts: ExpressionTexts,
): CompiledCondition {
  const { condition } = definition;
  const none = {
    evaluator: undefined,
    programs: undefined,
    fallback: undefined,
    silentMs: 0,
    scheduleId: undefined,
  };
  switch (condition.type) {
    case 'threshold':
      return {
        ...none,
        plain: comparison(
          condition.op,
          finite('value', condition.value),
          optional('clear', condition.clear),
        ),
        channels: [channelOf(definition, condition.channel)],
      };
    case 'range': {
      const low = finite('low', condition.low);
      const high = finite('high', condition.high);
      if (low > high) throw new EngineError('input.invalid', 'condition.low must not exceed high');
      const by = Math.max(0, optional('hysteresis', condition.hysteresis) ?? 0);
      const inside = condition.when === 'inside';
      return {
        ...none,
        plain: {
          code: inside ? CODE.inside : CODE.outside,
          a: low,
          b: high,
          // Harder to leave than to enter, whichever side it is about.
          clearA: inside ? low - by : low + by,
          clearB: inside ? high + by : high - by,
        },
        channels: [channelOf(definition, condition.channel)],
      };
    }
    case 'equals':
      return {
        ...none,
        ...equals(condition),
        channels: [channelOf(definition, condition.channel)],
      };
    case 'rate':
      return {
        ...none,
        plain: NOTHING,
        evaluator: new RateEvaluator(
          span('overMs', condition.overMs),
          comparison(
            condition.op,
            finite('perSecond', condition.perSecond),
            optional('clear', condition.clear),
          ),
        ),
        channels: [channelOf(definition, condition.channel)],
      };
    case 'aggregate':
      return {
        ...none,
        plain: NOTHING,
        evaluator: new AggregateEvaluator(
          condition.function,
          span('windowMs', condition.windowMs),
          comparison(
            condition.op,
            finite('value', condition.value),
            optional('clear', condition.clear),
          ),
        ),
        channels: [channelOf(definition, condition.channel)],
      };
    case 'no-data':
      return {
        ...none,
        plain: NOTHING,
        channels: [channelOf(definition, condition.channel)],
        silentMs: span('afterMs', condition.afterMs),
      };
    case 'schedule': {
      const id = condition.scheduleId;
      return {
        ...none,
        plain: NOTHING,
        evaluator: {
          timed: true,
          historyMs: 0,
          shown: null,
          take: () => undefined,
          holds: () => world.scheduleOpen(id),
        },
        channels: [],
        scheduleId: id,
      };
    }
    case 'expression': {
      const text = texts.of(condition, definition);
      const { programs } = text;
      const channels = Object.values(definition.channels).map(({ channel }) => channel);
      const fallback = (): Evaluator => evaluatorOf(text, definition, world);
      if (programs === undefined)
        return { ...none, plain: NOTHING, evaluator: fallback(), channels };
      return { ...none, plain: { ...NOTHING, code: CODE.program }, programs, fallback, channels };
    }
  }
}

function equals(condition: Extract<Condition, { readonly type: 'equals' }>): {
  readonly plain: Plain;
  readonly evaluator: Evaluator | undefined;
} {
  const negate = condition.negate === true;
  if (typeof condition.value !== 'string') {
    const a = Number(condition.value);
    const b = Math.max(0, optional('tolerance', condition.tolerance) ?? 1e-9);
    const code = negate ? CODE.notNear : CODE.near;
    return { plain: { code, a, b, clearA: 0, clearB: 0 }, evaluator: undefined };
  }
  const wanted = condition.value;
  let latest: string | undefined;
  return {
    plain: NOTHING,
    evaluator: {
      timed: false,
      historyMs: 0,
      shown: undefined,
      take: (_, __, value) => {
        latest = String(value);
      },
      holds: () => (latest === undefined ? undefined : (latest === wanted) !== negate),
    },
  };
}

/** Change between the oldest and the newest sample of a span, in units a second. */
class RateEvaluator implements Evaluator {
  readonly timed = false;
  readonly historyMs: number;
  shown: number | null = null;
  readonly #plain: Plain;
  readonly #ats: number[] = [];
  readonly #values: number[] = [];

  constructor(overMs: number, plain: Plain) {
    this.historyMs = overMs;
    this.#plain = plain;
  }

  take(_: number, atUnixMs: number, value: number | string): void {
    if (typeof value !== 'number') return;
    const ats = this.#ats;
    ats.push(atUnixMs);
    this.#values.push(value);
    // The newest one that is at least the span old is what the change counts from.
    let drop = 0;
    while (drop + 1 < ats.length && atUnixMs - (ats[drop + 1] ?? 0) >= this.historyMs) drop += 1;
    // Bounded: of a channel that is faster than that, every second sample between the ends is let go.
    if (ats.length - drop > MOST_OF_A_RATE) {
      const last = ats.length - 1;
      const kept = [...ats.keys()].filter(
        (i) => i === drop || i === last || (i > drop && i % 2 === 0),
      );
      ats.splice(0, ats.length, ...kept.map((i) => ats[i] ?? 0));
      this.#values.splice(0, this.#values.length, ...kept.map((i) => this.#values[i] ?? 0));
      drop = 0;
    }
    if (drop === 0) return;
    ats.splice(0, drop);
    this.#values.splice(0, drop);
  }

  holds(held: boolean): boolean | undefined {
    const last = this.#ats.length - 1;
    const overMs = (this.#ats[last] ?? 0) - (this.#ats[0] ?? 0);
    // Shorter than the span: a jump at the first two samples would be read as a steep rise.
    if (last < 1 || overMs < this.historyMs) return undefined;
    const change = (this.#values[last] ?? 0) - (this.#values[0] ?? 0);
    this.shown = (change / overMs) * 1_000;
    return compare(this.#plain, held, this.shown);
  }
}

const MOST_OF_A_RATE = 1_024;

class AggregateEvaluator implements Evaluator {
  readonly timed = true;
  readonly historyMs: number;
  shown: number | null = null;
  readonly #function: Aggregate;
  readonly #plain: Plain;
  readonly #window: SlidingWindow;

  constructor(what: Aggregate, windowMs: number, plain: Plain) {
    this.historyMs = windowMs;
    this.#function = what;
    this.#plain = plain;
    this.#window = new SlidingWindow(windowMs);
  }

  take(_: number, atUnixMs: number, value: number | string): void {
    if (typeof value === 'number') this.#window.add(atUnixMs, value);
  }

  holds(held: boolean, nowUnixMs: number): boolean | undefined {
    this.#window.slide(nowUnixMs);
    const result = this.#window.result(this.#function);
    this.shown = Number.isNaN(result) ? null : result;
    return Number.isNaN(result) ? undefined : compare(this.#plain, held, result);
  }
}

type Aggregate = Extract<Condition, { readonly type: 'aggregate' }>['function'];

function compare({ code, a, b, clearA, clearB }: Plain, held: boolean, value: number): boolean {
  return holdsPlain(code, a, b, clearA, clearB, held, value);
}

function channelOf(definition: RuleDefinition, name: string): number {
  const channel = definition.channels[name];
  if (channel !== undefined) return channel.channel;
  throw new EngineError('input.invalid', `condition.channel: there is no channel ${name}`);
}

function finite(field: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new EngineError('input.invalid', `condition.${field} must be a number`);
}

function optional(field: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : finite(field, value);
}

function span(field: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new EngineError('input.invalid', `condition.${field} must be more than 0 ms`);
}

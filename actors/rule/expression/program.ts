import { same } from './operators.js';
import type { Step } from './steps.js';

/** Numbers on the stack at most; a text that needs more is evaluated the other way. */
const DEEPEST = 64;
/** Of the program that runs: none is left when it ends. */
const STACK = new Float64Array(DEEPEST);

const OP = {
  constant: 0,
  number: 1,
  flag: 2,
  '< constant': 3,
  '<= constant': 4,
  '> constant': 5,
  '>= constant': 6,
  '<': 7,
  '<=': 8,
  '>': 9,
  '>=': 10,
  same: 11,
  notSame: 12,
  and: 13,
  or: 14,
  not: 15,
  known: 16,
  otherwise: 17,
  max: 18,
  min: 19,
  work: 20,
  workOne: 21,
  skipIfFalse: 22,
  skipIfTrue: 23,
  skipIfKnown: 24,
} as const satisfies Readonly<Record<Step['op'], number>>;

/** What a program says when it has no answer: a value is missing, or all are there and it still has none. */
export const MISSING = -1;
export const UNANSWERED = -2;

const truth = (one: number, other: number, holds: boolean): number =>
  Number.isNaN(one) || Number.isNaN(other) ? Number.NaN : holds ? 1 : 0;
const finite = (value: number): number => (Number.isFinite(value) ? value : Number.NaN);

/** Steps ready to run over columns of numbers; of many rules with one text there is one. Keeps nothing between two runs. */
export class Program {
  readonly #ops: Uint8Array;
  /** A step's number: constant, place of a channel, steps to leave out, or place of a function. */
  readonly #numbers: Float64Array;
  readonly #ones: ((value: number) => number)[] = [];
  readonly #twos: ((left: number, right: number) => number)[] = [];

  private constructor(steps: readonly Step[], placeOf: readonly number[]) {
    this.#ops = Uint8Array.from(steps, ({ op }) => OP[op]);
    this.#numbers = Float64Array.from(steps, (step) => {
      if ('value' in step) return step.value;
      if ('channel' in step) return placeOf[step.channel] ?? 0;
      if ('skip' in step) return step.skip;
      if (step.op === 'workOne') return this.#ones.push(step.work) - 1;
      return step.op === 'work' ? this.#twos.push(step.work) - 1 : 0;
    });
  }

  /** `placeOf`: place in the rule of each channel of the text. Undefined: the stack is too small for it. */
  static of(steps: readonly Step[], placeOf: readonly number[]): Program | undefined {
    return deepest(steps) > DEEPEST ? undefined : new Program(steps, placeOf);
  }

  /**
   * Over `values` from `first` on, NaN where a channel has none.
   * @returns 1, 0, `MISSING` or `UNANSWERED`
   */
  run(values: Float64Array, first: number): number {
    const ops = this.#ops;
    const numbers = this.#numbers;
    const stack = STACK;
    let missing = false;
    /** The top is kept out of the stack: most steps only change it. */
    let top = Number.NaN;
    let under = -1;
    for (let at = 0; at < ops.length; at++) {
      const number = numbers[at] ?? 0;
      switch (ops[at]) {
        case OP.number:
          if (at > 0) stack[++under] = top;
          top = values[first + number] ?? Number.NaN;
          if (Number.isNaN(top)) missing = true;
          break;
        case OP['< constant']:
          if (!Number.isNaN(top)) top = top < number ? 1 : 0;
          break;
        case OP['> constant']:
          if (!Number.isNaN(top)) top = top > number ? 1 : 0;
          break;
        case OP['<= constant']:
          if (!Number.isNaN(top)) top = top <= number ? 1 : 0;
          break;
        case OP['>= constant']:
          if (!Number.isNaN(top)) top = top >= number ? 1 : 0;
          break;
        case OP.max:
          top = finite(Math.max(stack[under--] ?? 0, top));
          break;
        case OP.min:
          top = finite(Math.min(stack[under--] ?? 0, top));
          break;
        case OP.flag:
          if (at > 0) stack[++under] = top;
          top = values[first + number] ?? Number.NaN;
          if (Number.isNaN(top)) missing = true;
          else top = top === 1 ? 1 : 0;
          break;
        case OP.skipIfFalse:
          if (top === 0) at += number;
          break;
        case OP.skipIfTrue:
          if (top === 1) at += number;
          break;
        case OP.skipIfKnown:
          if (!Number.isNaN(top)) at += number;
          break;
        case OP.and: {
          const one = stack[under--] ?? 0;
          top = top === 0 ? 0 : truth(one, top, true);
          break;
        }
        case OP.or: {
          const one = stack[under--] ?? 0;
          top = top === 1 ? 1 : truth(one, top, false);
          break;
        }
        case OP.otherwise:
          // The one below has no value, or this would have been left out.
          under -= 1;
          break;
        case OP.not:
          if (!Number.isNaN(top)) top = 1 - top;
          break;
        case OP.constant:
          if (at > 0) stack[++under] = top;
          top = number;
          break;
        case OP.known:
          top = Number.isNaN(top) ? 0 : 1;
          break;
        case OP.workOne:
          if (!Number.isNaN(top)) top = finite(this.#ones[number]?.(top) ?? Number.NaN);
          break;
        case OP.work: {
          const one = stack[under--] ?? 0;
          if (!Number.isNaN(one) && !Number.isNaN(top))
            top = finite(this.#twos[number]?.(one, top) ?? Number.NaN);
          else top = Number.NaN;
          break;
        }
        default: {
          const one = stack[under--] ?? 0;
          top = truth(one, top, compares(ops[at] ?? 0, one, top));
        }
      }
    }
    if (!Number.isNaN(top)) return top;
    return missing ? MISSING : UNANSWERED;
  }
}

function compares(op: number, one: number, other: number): boolean {
  switch (op) {
    case OP['<']:
      return one < other;
    case OP['<=']:
      return one <= other;
    case OP['>']:
      return one > other;
    case OP['>=']:
      return one >= other;
    case OP.same:
      return same(one, other);
    default:
      return !same(one, other);
  }
}

/** Numbers on the stack at most, whatever is left out. */
function deepest(steps: readonly Step[]): number {
  let depth = 0;
  let most = 0;
  for (const { op } of steps) {
    if (op === 'constant' || op === 'number' || op === 'flag') depth += 1;
    else if (OF_TWO.has(op)) depth -= 1;
    most = Math.max(most, depth);
  }
  return most;
}

const OF_TWO: ReadonlySet<Step['op']> = new Set<Step['op']>([
  '<',
  '<=',
  '>',
  '>=',
  'same',
  'notSame',
  'and',
  'or',
  'otherwise',
  'max',
  'min',
  'work',
]);

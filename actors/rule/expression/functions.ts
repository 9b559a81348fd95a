import {
  EXPRESSION_LIMITS,
  type ExpressionNode,
  type ValueKind,
  type WindowFunction,
} from './expression.types.js';
import { FUNCTIONS, type FunctionName } from './function-names.js';
import { stepsOf, stepsUnless } from './steps.js';
import {
  alike,
  type Compiling,
  converted,
  finite,
  flag,
  type Get,
  number,
  ofNumber,
  ofNumbers,
  type Typed,
  unitText,
  wants,
  withSteps,
  words,
} from './typed.js';
import { powerOf, stepOf, unitNamed } from './units.js';

type Call = Extract<ExpressionNode, { readonly type: 'call' }>;

const WINDOWS: readonly string[] = ['avg', 'min', 'max', 'sum', 'count', 'stddev', 'range'];
/** Arguments: least and most. Over a span: two. */
const ARGUMENTS: Readonly<Record<FunctionName, readonly [least: number, most: number]>> = {
  if: [3, 3],
  min: [2, 20],
  max: [2, 20],
  avg: [2, 20],
  sum: [2, 2],
  count: [2, 2],
  stddev: [2, 2],
  range: [2, 2],
  last: [2, 2],
  age: [1, 1],
  changed: [1, 1],
  previous: [1, 1],
  known: [1, 1],
  default: [2, 2],
  abs: [1, 1],
  round: [1, 2],
  floor: [1, 1],
  ceil: [1, 1],
  clamp: [3, 3],
  sqrt: [1, 1],
  mod: [2, 2],
  number: [1, 1],
  text: [1, 1],
  convert: [2, 2],
  contains: [2, 2],
  starts: [2, 2],
  ends: [2, 2],
  lower: [1, 1],
  upper: [1, 1],
  trim: [1, 1],
  length: [1, 1],
};

/** A call of a function; what is wrong with it is noted. */
export function compileCall(compiling: Compiling, call: Call): Typed {
  const name = call.name as FunctionName;
  const [least, most] = ARGUMENTS[name];
  if (call.args.length < least || call.args.length > most) {
    const wanted = least === most ? String(least) : `${least} to ${most}`;
    return compiling.problem(
      call.at,
      `${name} takes ${wanted} values, not ${call.args.length}: ${FUNCTIONS[name]}`,
    );
  }
  if (isWindow(call)) return windowOf(compiling, call);
  const onChannel = CHANNEL_FUNCTIONS[name];
  if (onChannel !== undefined) return onChannel(compiling, call);
  const args = call.args.map((arg) => compiling.compile(arg));
  if (args.some(({ kind }) => kind === 'unknown')) return unknown;
  const at = (index: number) => call.args[index]?.at ?? call.at;
  return (PLAIN[name] ?? noPlain)({ compiling, call, name, args, at });
}

const unknown: Typed = { kind: 'unknown', unit: null, get: () => undefined };

/** `f([channel], 10 min)`; a time that is calculated, or a channel behind it, is one more value. */
function isWindow({ name, args }: Call): boolean {
  if (!WINDOWS.includes(name) || args.length !== 2) return false;
  const [of, span] = args;
  return of?.type === 'channel' && span?.type === 'number' && spanMsOf(span) !== undefined;
}

const spanMsOf = (node: ExpressionNode | undefined): number | undefined => {
  if (node?.type !== 'number') return undefined;
  const unit = unitNamed(node.unit);
  return unit?.dimension === 's' ? node.value * unit.factor * 1_000 : undefined;
};

function spanIn(compiling: Compiling, call: Call): number | undefined {
  const node = call.args[1];
  const spanMs = spanMsOf(node);
  const at = node?.at ?? call.at;
  if (spanMs === undefined) {
    compiling.problem(at, `${call.name} wants a span here, as in 10 min: ${usage(call.name)}`);
  } else if (spanMs < 1 || spanMs > EXPRESSION_LIMITS.spanMs) {
    compiling.problem(at, 'a span is from 1 ms to 24 h: choose a shorter one');
    return undefined;
  }
  return spanMs;
}

const usage = (name: string): string => FUNCTIONS[name as FunctionName];

function windowOf(compiling: Compiling, call: Call): Typed {
  const name = call.name as WindowFunction;
  const of = compiling.channel(call.args[0] ?? call);
  const spanMs = spanIn(compiling, call);
  if (of === undefined || spanMs === undefined) return unknown;
  const { kind, unit } = of.typed;
  if (kind === 'text' && name !== 'count') {
    return compiling.problem(call.at, `${name} over a span wants a channel of numbers`);
  }
  const index = compiling.window(call.at, of.index, name, spanMs);
  if (index === undefined) return unknown;
  const get: Get = (frame) => finite(frame.window(index) ?? Number.NaN);
  if (name === 'count') return number(null, (frame) => finite(frame.window(index) ?? 0));
  const difference = name === 'stddev' || name === 'range';
  return number(unit !== null && difference && unit.scale === 'point' ? stepOf(unit) : unit, get);
}

type OnChannel = (compiling: Compiling, call: Call) => Typed;
const channelOf = (compiling: Compiling, call: Call) => compiling.channel(call.args[0] ?? call);

const CHANNEL_FUNCTIONS: Partial<Record<FunctionName, OnChannel>> = {
  age: (compiling, call) => {
    const of = channelOf(compiling, call);
    if (of === undefined) return unknown;
    compiling.timed();
    return number(unitNamed('s'), (frame) => {
      const at = frame.atUnixMs(of.index);
      // A device whose clock is ahead sends values of the future: they are new.
      return at === undefined ? undefined : Math.max(0, (frame.nowUnixMs - at) / 1_000);
    });
  },
  changed: (compiling, call) => {
    const of = channelOf(compiling, call);
    if (of === undefined) return unknown;
    return flag((frame) => {
      const before = frame.previous(of.index);
      const now = frame.value(of.index);
      return before === undefined || now === undefined ? false : now !== before;
    });
  },
  previous: (compiling, call) => {
    const of = channelOf(compiling, call);
    if (of === undefined) return unknown;
    const isFlag = of.typed.kind === 'boolean';
    return {
      ...of.typed,
      get: (frame) => {
        const before = frame.previous(of.index);
        return isFlag && before !== undefined ? before === true || before === 1 : before;
      },
    };
  },
  last: (compiling, call) => {
    const of = channelOf(compiling, call);
    const spanMs = spanIn(compiling, call);
    if (of === undefined || spanMs === undefined) return unknown;
    compiling.timed();
    return {
      ...of.typed,
      get: (frame) => {
        const at = frame.atUnixMs(of.index);
        if (at === undefined || frame.nowUnixMs - at > spanMs) return undefined;
        return of.typed.get(frame);
      },
    };
  },
};

interface PlainCall {
  readonly compiling: Compiling;
  readonly call: Call;
  readonly name: FunctionName;
  readonly args: readonly Typed[];
  /** Where an argument stands. */
  readonly at: (index: number) => number;
}
type Plain = (call: PlainCall) => Typed;

const noPlain: Plain = ({ compiling, call, name }) =>
  compiling.problem(
    call.args[0]?.at ?? call.at,
    `${name} wants a channel and a span: ${FUNCTIONS[name]}`,
  );

const all = ({ compiling, args, at, name }: PlainCall, kind: ValueKind): boolean =>
  args.every((arg, index) => wants(compiling, arg, kind, at(index), name));

/** Numbers in one unit: that of the first that has one. */
function together(plain: PlainCall): { unit: Typed['unit']; gets: Get[] } | undefined {
  if (!all(plain, 'number')) return undefined;
  const unit = plain.args.find((arg) => arg.unit !== null)?.unit ?? null;
  const gets: Get[] = [];
  for (const [index, arg] of plain.args.entries()) {
    const get = converted(arg, unit);
    if (get === undefined) {
      plain.compiling.problem(
        plain.at(index),
        `${plain.name} wants values of one kind: ${unitText(unit)} and ${unitText(arg.unit)} measure different things`,
      );
      return undefined;
    }
    gets.push(get);
  }
  return { unit, gets };
}

/** `ofTwo`: the same of two values, which is the usual call. */
const fold =
  (
    work: (values: readonly number[]) => number,
    ofTwo?: (left: number, right: number) => number,
  ): Plain =>
  (plain) => {
    const same = together(plain);
    if (same === undefined) return unknown;
    const [left, right] = same.gets;
    if (ofTwo !== undefined && left !== undefined && right !== undefined && same.gets.length === 2)
      return number(same.unit, ofNumbers(left, right, ofTwo));
    return number(same.unit, (frame) => {
      const values: number[] = [];
      for (const get of same.gets) {
        const value = get(frame);
        if (typeof value !== 'number') return undefined;
        values.push(value);
      }
      return finite(work(values));
    });
  };

const oneNumber =
  (work: (value: number) => number): Plain =>
  (plain) => {
    const [of] = plain.args;
    if (of === undefined || !all(plain, 'number')) return unknown;
    return number(of.unit, ofNumber(of.get, work));
  };

const oneText =
  (work: (value: string) => string): Plain =>
  (plain) => {
    const [of] = plain.args;
    if (of === undefined || !all(plain, 'text')) return unknown;
    return words((frame) => {
      const value = of.get(frame);
      return typeof value === 'string' ? work(value) : undefined;
    });
  };

const twoTexts =
  (work: (whole: string, part: string) => boolean): Plain =>
  (plain) => {
    const [whole, part] = plain.args;
    if (whole === undefined || part === undefined || !all(plain, 'text')) return unknown;
    return flag((frame) => {
      const one = whole.get(frame);
      const other = part.get(frame);
      if (typeof one !== 'string' || typeof other !== 'string') return undefined;
      return work(one.toLowerCase(), other.toLowerCase());
    });
  };

/** Two that give one: of one kind and in one unit. */
function eitherOf(
  plain: PlainCall,
  first: number,
): { typed: Typed; left: Get; right: Get } | undefined {
  const left = plain.args[first];
  const right = plain.args[first + 1];
  if (left === undefined || right === undefined) return undefined;
  if (left.kind !== right.kind) {
    plain.compiling.problem(
      plain.at(first + 1),
      `${plain.name} wants values of one kind: ${left.kind} and ${right.kind} are two`,
    );
    return undefined;
  }
  if (left.kind !== 'number') return { typed: left, left: left.get, right: right.get };
  const same = alike(plain.compiling, plain.at(first + 1), left, right);
  if (same === undefined) return undefined;
  return { typed: number(same.unit, same.left), left: same.left, right: same.right };
}

const rounded = (value: number, digits: number): number => {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
};

const PLAIN: Partial<Record<FunctionName, Plain>> = {
  if: (plain) => {
    const [condition] = plain.args;
    if (condition === undefined) return unknown;
    const holds = wants(plain.compiling, condition, 'boolean', plain.at(0), 'if');
    const either = eitherOf(plain, 1);
    if (!holds || either === undefined) return unknown;
    const get: Get = (frame) => {
      const value = condition.get(frame);
      if (value === undefined) return undefined;
      return value === true ? either.left(frame) : either.right(frame);
    };
    return { ...either.typed, get };
  },
  default: (plain) => {
    const either = eitherOf(plain, 0);
    if (either === undefined) return unknown;
    const { left, right } = either;
    const steps = stepsUnless(left.steps, 'skipIfKnown', right.steps, { op: 'otherwise' });
    return { ...either.typed, get: withSteps((frame) => left(frame) ?? right(frame), steps) };
  },
  known: ({ args: [of] }) =>
    flag(
      withSteps((frame) => of?.get(frame) !== undefined, stepsOf([of?.get.steps], { op: 'known' })),
    ),
  min: fold((values) => Math.min(...values), Math.min),
  max: fold((values) => Math.max(...values), Math.max),
  avg: fold((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
  clamp: fold(([x = 0, low = 0, high = 0]) => Math.max(low, Math.min(high, x))),
  abs: oneNumber(Math.abs),
  floor: oneNumber(Math.floor),
  ceil: oneNumber(Math.ceil),
  round: (plain) => {
    const { call, compiling, args } = plain;
    const [of] = args;
    if (of === undefined || !all(plain, 'number')) return unknown;
    const digits = call.args[1];
    const places = digits === undefined ? 0 : digits.type === 'number' ? digits.value : -1;
    if (!Number.isInteger(places) || places < 0 || places > 10) {
      return compiling.problem(plain.at(1), 'the digits of round are a whole number from 0 to 10');
    }
    return number(
      of.unit,
      ofNumber(of.get, (value) => rounded(value, places)),
    );
  },
  sqrt: (plain) => {
    const [of] = plain.args;
    if (of === undefined || !all(plain, 'number')) return unknown;
    if (of.unit === null) return number(null, ofNumber(of.get, Math.sqrt));
    const unit = of.unit.scale === 'ratio' ? powerOf(of.unit, 0.5) : undefined;
    if (unit === undefined) {
      return plain.compiling.problem(
        plain.at(0),
        `there is no square root of ${of.unit.symbol}: take number(…) of it`,
      );
    }
    const { factor } = of.unit;
    return number(
      unit,
      ofNumber(of.get, (value) => Math.sqrt(value * factor)),
    );
  },
  mod: (plain) => {
    const same = together(plain);
    const [left, right] = same?.gets ?? [];
    if (same === undefined || left === undefined || right === undefined) return unknown;
    return number(
      same.unit,
      ofNumbers(left, right, (x, y) => x - y * Math.floor(x / y)),
    );
  },
  number: ({ args: [of] }) =>
    number(null, (frame) => {
      const value = of?.get(frame);
      if (typeof value !== 'string') return value === undefined ? undefined : Number(value);
      return value.trim() === '' ? undefined : finite(Number(value));
    }),
  text: ({ args: [of] }) =>
    words((frame) => {
      const value = of?.get(frame);
      return value === undefined ? undefined : String(value);
    }),
  convert: ({ compiling, args: [of], call, at }) => {
    const name = call.args[1];
    if (of === undefined || name?.type !== 'text') {
      return compiling.problem(at(1), 'the unit stands in quotes: convert(x, "°F")');
    }
    if (!wants(compiling, of, 'number', at(0), 'convert')) return unknown;
    const unit = unitNamed(name.value);
    const get = converted(of, unit);
    if (get !== undefined) return number(unit, get);
    return compiling.problem(at(1), `${unitText(of.unit)} is not measured in ${unitText(unit)}`);
  },
  contains: twoTexts((whole, part) => whole.includes(part)),
  starts: twoTexts((whole, part) => whole.startsWith(part)),
  ends: twoTexts((whole, part) => whole.endsWith(part)),
  lower: oneText((value) => value.toLowerCase()),
  upper: oneText((value) => value.toUpperCase()),
  trim: oneText((value) => value.trim()),
  length: (plain) => {
    const [of] = plain.args;
    if (of === undefined || !all(plain, 'text')) return unknown;
    return number(null, (frame) => {
      const value = of.get(frame);
      return typeof value === 'string' ? value.length : undefined;
    });
  },
};

import type { ExpressionNode } from './expression.types.js';
import { comparing, type Steps, stepsOf, stepsUnless } from './steps.js';
import {
  alike,
  type Compiling,
  converted,
  flag,
  type Get,
  number,
  ofNumber,
  ofNumbers,
  type Typed,
  wants,
  withSteps,
} from './typed.js';
import { powerOf, productOf, stepOf, type Unit } from './units.js';

type Binary = Extract<ExpressionNode, { readonly type: 'binary' }>;
type Negative = Extract<ExpressionNode, { readonly type: 'not' | 'negative' }>;

const unknown: Typed = { kind: 'unknown', unit: null, get: () => undefined };

export function compileNegative(compiling: Compiling, node: Negative): Typed {
  const of = compiling.compile(node.of);
  if (!wants(compiling, of, 'number', node.of.at, '-')) return unknown;
  return number(
    of.unit,
    ofNumber(of.get, (value) => -value),
  );
}

export function compileBinary(compiling: Compiling, node: Binary): Typed {
  const left = compiling.compile(node.left);
  const right = compiling.compile(node.right);
  if (left.kind === 'unknown' || right.kind === 'unknown') return unknown;
  switch (node.op) {
    case 'and':
    case 'or':
      return logic(compiling, node, left, right);
    case '=':
    case '!=':
      return equality(compiling, node, left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return order(compiling, node, left, right);
    case '+':
      if (left.kind === 'text' && right.kind === 'text') return joined(left.get, right.get);
      return sum(compiling, node, left, right);
    case '-':
      return sum(compiling, node, left, right);
    case '*':
    case '/':
      return product(compiling, node, left, right);
    case '^':
      return power(compiling, node, left, right);
  }
}

/** What decides alone needs no other: false and ? is false, true or ? is true. */
function logic(compiling: Compiling, node: Binary, left: Typed, right: Typed): Typed {
  const one = wants(compiling, left, 'boolean', node.left.at, node.op);
  const other = wants(compiling, right, 'boolean', node.right.at, node.op);
  if (!one || !other) return unknown;
  const decides = node.op === 'or';
  const get: Get = (frame) => {
    const first = left.get(frame);
    if (first === decides) return decides;
    const second = right.get(frame);
    if (second === decides) return decides;
    return first === undefined || second === undefined ? undefined : !decides;
  };
  const skip = decides ? 'skipIfTrue' : 'skipIfFalse';
  const last = { op: decides ? 'or' : 'and' } as const;
  return flag(withSteps(get, stepsUnless(left.get.steps, skip, right.get.steps, last)));
}

/** Numbers that came by different ways to the same value differ in their last digits. */
export const same = (left: number, right: number): boolean =>
  Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left), Math.abs(right));

function equality(compiling: Compiling, node: Binary, left: Typed, right: Typed): Typed {
  const wanted = node.op === '=';
  if (left.kind !== right.kind) {
    return compiling.problem(
      node.at,
      `a ${left.kind} and a ${right.kind} are never equal: compare ${remedyFor(left, right)}`,
    );
  }
  if (left.kind !== 'number') {
    return flag((frame) => {
      const one = left.get(frame);
      const other = right.get(frame);
      return one === undefined || other === undefined ? undefined : (one === other) === wanted;
    });
  }
  const holds = (one: number, other: number) => same(one, other) === wanted;
  return compared(compiling, node, left, right, holds, (one, other) =>
    stepsOf([one, other], { op: wanted ? 'same' : 'notSame' }),
  );
}

function remedyFor(left: Typed, right: Typed): string {
  const kinds = [left.kind, right.kind];
  if (kinds.includes('boolean')) return 'with true or false, or number(…) with 0 or 1';
  return 'text(…) of the number, or number(…) of the text';
}

const ORDERS = {
  '<': (left: number, right: number) => left < right,
  '<=': (left: number, right: number) => left <= right,
  '>': (left: number, right: number) => left > right,
  '>=': (left: number, right: number) => left >= right,
};

function order(compiling: Compiling, node: Binary, left: Typed, right: Typed): Typed {
  if (!numbers(compiling, node, left, right)) return unknown;
  const op = node.op as keyof typeof ORDERS;
  return compared(compiling, node, left, right, ORDERS[op], (one, other) =>
    comparing(op, one, other),
  );
}

function compared(
  compiling: Compiling,
  node: Binary,
  left: Typed,
  right: Typed,
  holds: (left: number, right: number) => boolean,
  steps: (left: Steps, right: Steps) => Steps,
): Typed {
  const both = alike(compiling, node.at, left, right);
  if (both === undefined) return unknown;
  const get: Get = (frame) => {
    const one = both.left(frame);
    const other = both.right(frame);
    return typeof one === 'number' && typeof other === 'number' ? holds(one, other) : undefined;
  };
  return flag(withSteps(get, steps(both.left.steps, both.right.steps)));
}

function numbers(compiling: Compiling, node: Binary, left: Typed, right: Typed): boolean {
  const one = wants(compiling, left, 'number', node.left.at, node.op);
  return wants(compiling, right, 'number', node.right.at, node.op) && one;
}

const joined = (left: Get, right: Get): Typed => ({
  kind: 'text',
  unit: null,
  get: (frame) => {
    const one = left(frame);
    const other = right(frame);
    if (one === undefined || other === undefined) return undefined;
    const whole = `${String(one)}${String(other)}`;
    return whole.length > LONGEST ? whole.slice(0, LONGEST) : whole;
  },
});
const LONGEST = 10_000;

const isPoint = (unit: Unit | null): boolean => unit?.scale === 'point';

/** Points of a scale: point ± step is a point, point − point is a step, point + point is nothing. */
function sum(compiling: Compiling, node: Binary, left: Typed, right: Typed): Typed {
  if (!numbers(compiling, node, left, right)) return unknown;
  const work = node.op === '+' ? (a: number, b: number) => a + b : (a: number, b: number) => a - b;
  const [one, other] = [left.unit, right.unit];
  if (one !== null && other !== null && (isPoint(one) || isPoint(other))) {
    return sumOfPoints(compiling, node, left, right, work);
  }
  const both = alike(compiling, node.at, left, right);
  if (both === undefined) return unknown;
  return number(both.unit, ofNumbers(both.left, both.right, work));
}

function sumOfPoints(
  compiling: Compiling,
  node: Binary,
  left: Typed,
  right: Typed,
  work: (left: number, right: number) => number,
): Typed {
  if (isPoint(left.unit) && isPoint(right.unit)) {
    if (node.op === '+') {
      return compiling.problem(
        node.at,
        `two values in ${left.unit?.symbol} have no sum: avg(a, b) gives their mean, number(…) drops the unit`,
      );
    }
    const both = alike(compiling, node.at, left, right);
    if (both === undefined || both.unit === null) return unknown;
    const step = stepOf(both.unit);
    const factor = both.unit.factor / step.factor;
    return number(
      step,
      ofNumbers(both.left, both.right, (a, b) => (a - b) * factor),
    );
  }
  const [point, step] = isPoint(left.unit) ? [left, right] : [right, left];
  if (point === right && node.op === '-') {
    return compiling.problem(
      node.at,
      `a difference less a value in ${point.unit?.symbol} is nothing: turn them round`,
    );
  }
  if (point.unit === null || step.unit === null) return unknown;
  const wanted = stepOf(point.unit);
  const change = converted({ ...step, unit: { ...step.unit, scale: 'step' } }, wanted);
  if (change === undefined) {
    return compiling.problem(
      node.at,
      `to a value in ${point.unit.symbol} goes a difference in ${wanted.symbol}, not in ${step.unit.symbol}`,
    );
  }
  const factor = wanted.factor / point.unit.factor;
  const inUnit = ofNumber(change, (value) => value * factor);
  return point === left
    ? number(point.unit, ofNumbers(left.get, inUnit, work))
    : number(point.unit, ofNumbers(inUnit, right.get, work));
}

function product(compiling: Compiling, node: Binary, left: Typed, right: Typed): Typed {
  if (!numbers(compiling, node, left, right)) return unknown;
  const times = node.op === '*';
  const work = times ? (a: number, b: number) => a * b : (a: number, b: number) => a / b;
  const [one, other] = [left.unit, right.unit];
  if (isPoint(one) || isPoint(other)) {
    const unit = isPoint(one) ? one : other;
    return compiling.problem(
      node.at,
      `values in ${unit?.symbol} are not multiplied or divided, their zero is a convention: take number(…) of it`,
    );
  }
  if (other === null) return number(one, ofNumbers(left.get, right.get, work));
  if (one === null && (times || other.dimension === '')) {
    const factor = times ? 1 : 1 / other.factor;
    const unit = times ? other : null;
    return number(
      unit,
      ofNumbers(left.get, right.get, (a, b) => work(a, b) * factor),
    );
  }
  if (one !== null && other.dimension === '') {
    const { factor } = other;
    return number(
      one,
      ofNumbers(left.get, right.get, (a, b) => work(a, b * factor)),
    );
  }
  if (one?.dimension === '' && times) {
    const { factor } = one;
    return number(
      other,
      ofNumbers(left.get, right.get, (a, b) => a * factor * b),
    );
  }
  const plain: Unit = one ?? { symbol: '', dimension: '', factor: 1, offset: 0, scale: 'ratio' };
  const factor = times ? plain.factor * other.factor : plain.factor / other.factor;
  return number(
    productOf(plain, other, times ? 1 : -1),
    ofNumbers(left.get, right.get, (a, b) => work(a, b) * factor),
  );
}

function power(compiling: Compiling, node: Binary, left: Typed, right: Typed): Typed {
  if (!numbers(compiling, node, left, right)) return unknown;
  if (right.unit !== null) {
    return compiling.problem(node.right.at, 'an exponent has no unit: take number(…) of it');
  }
  const { unit } = left;
  if (unit === null)
    return number(
      null,
      ofNumbers(left.get, right.get, (a, b) => a ** b),
    );
  const exponent = node.right.type === 'number' ? node.right.value : Number.NaN;
  const result = unit.scale === 'ratio' ? powerOf(unit, exponent) : undefined;
  if (result === undefined) {
    return compiling.problem(
      node.at,
      `${unit.symbol} is raised to a written number that gives whole powers only: take number(…) of it`,
    );
  }
  return number(
    result,
    ofNumber(left.get, (value) => (value * unit.factor) ** exponent),
  );
}

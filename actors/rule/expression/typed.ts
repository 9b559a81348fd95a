import type {
  ExpressionFrame,
  ExpressionNode,
  Value,
  ValueKind,
  WindowFunction,
} from './expression.types.js';
import { type Steps, stepsOf, working } from './steps.js';
import { conversion, type Unit } from './units.js';

/** Undefined: there is no value. */
export interface Get {
  (frame: ExpressionFrame): Value | undefined;
  /** The same for numbers and flags, where it can be said in steps. */
  readonly steps?: Steps;
}

export const withSteps = (get: (frame: ExpressionFrame) => Value | undefined, steps: Steps): Get =>
  steps === undefined ? get : Object.assign(get, { steps });

/** A part of an expression that is understood. `unknown`: a problem was noted, say no more of it. */
export interface Typed {
  readonly kind: ValueKind | 'unknown';
  readonly unit: Unit | null;
  readonly get: Get;
}

/** What parts of the compiler share. */
export interface Compiling {
  problem(at: number, message: string): Typed;
  compile(node: ExpressionNode): Typed;
  /** Number of a channel in the frame; undefined with a problem noted when there is none. */
  channel(node: ExpressionNode): { readonly index: number; readonly typed: Typed } | undefined;
  window(at: number, channel: number, name: WindowFunction, spanMs: number): number | undefined;
  timed(): void;
}

export const number = (unit: Unit | null, get: Get): Typed => ({ kind: 'number', unit, get });
export const flag = (get: Get): Typed => ({ kind: 'boolean', unit: null, get });
export const words = (get: Get): Typed => ({ kind: 'text', unit: null, get });

/** What is not finite is no value. */
export const finite = (value: number): number | undefined =>
  Number.isFinite(value) ? value : undefined;

export const ofNumber = (get: Get, work: (value: number) => number): Get =>
  withSteps(
    (frame) => {
      const value = get(frame);
      return typeof value === 'number' ? finite(work(value)) : undefined;
    },
    stepsOf([get.steps], { op: 'workOne', work }),
  );

export const ofNumbers = (
  left: Get,
  right: Get,
  work: (left: number, right: number) => number,
): Get =>
  withSteps(
    (frame) => {
      const one = left(frame);
      const other = right(frame);
      return typeof one === 'number' && typeof other === 'number'
        ? finite(work(one, other))
        : undefined;
    },
    working(left.steps, right.steps, work),
  );

/** In the unit `to`. Undefined: it cannot be. A plain number takes the unit as it is. */
export function converted(typed: Typed, to: Unit | null): Get | undefined {
  if (typed.unit === null || to === null) return typed.get;
  const change = conversion(typed.unit, to);
  if (change === undefined) return undefined;
  const { factor, offset } = change;
  if (factor === 1 && offset === 0) return typed.get;
  return ofNumber(typed.get, (value) => value * factor + offset);
}

/** Both in one unit: that of the left one, or of the right one when the left is plain. */
export function alike(
  compiling: Compiling,
  at: number,
  left: Typed,
  right: Typed,
): { readonly unit: Unit | null; readonly left: Get; readonly right: Get } | undefined {
  const unit = left.unit ?? right.unit;
  const one = converted(left, unit);
  const other = converted(right, unit);
  if (one !== undefined && other !== undefined) return { unit, left: one, right: other };
  compiling.problem(at, mismatch(left.unit, right.unit));
  return undefined;
}

function mismatch(left: Unit | null, right: Unit | null): string {
  if (left !== null && right !== null && left.dimension === right.dimension) {
    const step = left.scale === 'point' ? right : left;
    const point = step === right ? left : right;
    return `a difference in ${step.symbol} and a value in ${point.symbol} do not go together: write the difference in ${step.symbol}`;
  }
  return `${unitText(left)} and ${unitText(right)} measure different things: give both a unit of one kind, or drop it with number(…)`;
}

export const unitText = (unit: Unit | null): string =>
  unit === null ? 'a plain number' : unit.symbol;

const KINDS = { number: 'a number', text: 'a text', boolean: 'a condition (true or false)' };

/** Notes a problem unless it is of that kind. */
export function wants(
  compiling: Compiling,
  typed: Typed,
  kind: ValueKind,
  at: number,
  of: string,
): boolean {
  if (typed.kind === kind) return true;
  if (typed.kind === 'unknown') return false;
  const remedy =
    kind === 'boolean'
      ? typed.kind === 'number'
        ? ': compare it, as in … > 0'
        : ': compare it, as in … = "on"'
      : kind === 'number' && typed.kind === 'text'
        ? ': number(…) reads a text as a number'
        : kind === 'text'
          ? ': text(…) makes one'
          : ': number(…) makes 0 or 1 of it';
  compiling.problem(at, `${of} wants ${KINDS[kind]}, this is ${KINDS[typed.kind]}${remedy}`);
  return false;
}

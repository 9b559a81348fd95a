/**
 * What a part of an expression does, when it needs nothing but the latest numbers and flags of channels: steps of a machine with a stack of
 * numbers. No value is NaN, false is 0 and true is 1. Of many rules with one text all share the steps and each has a few numbers.
 */
export type Step =
  | { readonly op: 'constant'; readonly value: number }
  /** `channel`: index in `CompiledExpression.channels`. A flag is true when the channel says 1. */
  | { readonly op: 'number' | 'flag'; readonly channel: number }
  /** The top compared with a number. */
  | { readonly op: ComparedTo; readonly value: number }
  /** Of the two on top one: no value if one has none or the result is not finite. */
  | { readonly op: 'work'; readonly work: (left: number, right: number) => number }
  | { readonly op: 'workOne'; readonly work: (value: number) => number }
  /** Leaves out the next `skip` steps when the top is so; they would take it and leave one in its place. */
  | { readonly op: 'skipIfFalse' | 'skipIfTrue' | 'skipIfKnown'; readonly skip: number }
  | { readonly op: PlainOp };

export type Order = '<' | '<=' | '>' | '>=';
type ComparedTo = `${Order} constant`;
type PlainOp =
  | Order
  | 'same'
  | 'notSame'
  | 'and'
  | 'or'
  | 'not'
  | 'known'
  | 'otherwise'
  | 'max'
  | 'min';

/** Undefined: it needs more than steps can do. */
export type Steps = readonly Step[] | undefined;

/** `made` of all parts, unless one of them needs more. */
export function stepsOf(parts: readonly Steps[], ...made: readonly Step[]): Steps {
  const steps: Step[] = [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    steps.push(...part);
  }
  return [...steps, ...made];
}

/** `first`, and only if it does not decide by itself `second`, then `last` of both. */
export function stepsUnless(
  first: Steps,
  decides: 'skipIfFalse' | 'skipIfTrue' | 'skipIfKnown',
  second: Steps,
  last: Step,
): Steps {
  if (first === undefined || second === undefined) return undefined;
  return [...first, { op: decides, skip: second.length + 1 }, ...second, last];
}

/** Two numbers compared; with a written one in one step. */
export function comparing(op: Order, left: Steps, right: Steps): Steps {
  const [only, ...more] = right ?? [];
  if (only?.op === 'constant' && more.length === 0) {
    return stepsOf([left], { op: `${op} constant`, value: only.value });
  }
  return stepsOf([left, right], { op });
}

/** A function of two numbers in one step. */
export function working(
  left: Steps,
  right: Steps,
  work: (left: number, right: number) => number,
): Steps {
  if (work === Math.max) return stepsOf([left, right], { op: 'max' });
  if (work === Math.min) return stepsOf([left, right], { op: 'min' });
  return stepsOf([left, right], { op: 'work', work });
}

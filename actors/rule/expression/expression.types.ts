import type { ChannelName } from '../rule.types.js';
import type { Steps } from './steps.js';

export type ValueKind = 'number' | 'text' | 'boolean';
export type Value = number | string | boolean;

/** Most of everything, so that no text costs more than a moment. */
export const EXPRESSION_LIMITS = {
  characters: 2_000,
  nodes: 500,
  depth: 50,
  windows: 16,
  /** Of a span of `avg` and its like: a day. */
  spanMs: 24 * 3_600_000,
} as const;

/** What stands at one place of an expression. `at`: index of its first character, from 0. */
export type ExpressionNode =
  | {
      readonly type: 'number';
      readonly at: number;
      readonly value: number;
      readonly unit: string | null;
    }
  | { readonly type: 'text'; readonly at: number; readonly value: string }
  | { readonly type: 'flag'; readonly at: number; readonly value: boolean }
  | { readonly type: 'channel'; readonly at: number; readonly name: ChannelName }
  | { readonly type: 'variable'; readonly at: number; readonly name: string }
  | {
      readonly type: 'negative' | 'not';
      readonly at: number;
      readonly of: ExpressionNode;
    }
  | {
      readonly type: 'binary';
      readonly at: number;
      readonly op: BinaryOp;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
  | {
      readonly type: 'call';
      readonly at: number;
      readonly name: string;
      readonly args: readonly ExpressionNode[];
    };

export type BinaryOp =
  | 'or'
  | 'and'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '^';

/** What is wrong, with the remedy, and the index of the character where. */
export interface ExpressionProblem {
  readonly at: number;
  readonly message: string;
}

/** What the names in an expression mean. Undefined: there is none of that name. */
export interface ExpressionScope {
  channel(
    name: ChannelName,
  ): { readonly kind: ValueKind; readonly unit: string | null } | undefined;
  variable(name: string): { readonly kind: ValueKind; readonly unit: string | null } | undefined;
}

export type WindowFunction = 'avg' | 'min' | 'max' | 'sum' | 'count' | 'stddev' | 'range';

/** A function over the samples of a channel in the last `spanMs`; whoever runs the expression keeps it. */
export interface ExpressionWindow {
  /** Index in `channels`. */
  readonly channel: number;
  readonly function: WindowFunction;
  readonly spanMs: number;
}

/**
 * What an expression sees when it is evaluated. Channels are indices in `CompiledExpression.channels`. Flags of channels may
 * be 0 and 1.
 */
export interface ExpressionFrame {
  readonly nowUnixMs: number;
  /** Latest value; undefined: none yet. */
  value(channel: number): Value | undefined;
  /** The value before the latest. */
  previous(channel: number): Value | undefined;
  /** Time of the latest value; undefined: none yet. */
  atUnixMs(channel: number): number | undefined;
  /** Of `CompiledExpression.windows`, in the unit of the channel; undefined or NaN: no samples. */
  window(window: number): number | undefined;
  variable(name: string): Value | undefined;
}

/** Ready to run. Belongs to whoever compiled it; holds nothing to close. */
export interface CompiledExpression {
  readonly kind: ValueKind;
  /** Of a number: as a channel would name it; null: plain. */
  readonly unit: string | null;
  /** Names as they stand in the text, each once, in order. */
  readonly channels: readonly ChannelName[];
  readonly variables: readonly string[];
  readonly windows: readonly ExpressionWindow[];
  /** Its value may change without a sample (`age`, `last`, functions over a span): ask again each second. */
  readonly timed: boolean;
  /** Never throws. Undefined: something it needs has no value yet, or a division by zero. */
  evaluate(frame: ExpressionFrame): Value | undefined;
  /** The same, where the latest numbers and flags of its channels are all it needs. */
  readonly steps: Steps;
}

import type { ExpressionNode } from '../../actors/rule/expression/expression.types.js';
import { parseExpression } from '../../actors/rule/expression/parse.js';
import type { ChannelName, Condition } from '../../actors/rule/rule.types.js';
import { EngineError } from '../../engine/errors.js';

const PART = '@/*.';

/** What a condition names, as it stands in it. */
export interface Named {
  readonly channels: readonly ChannelName[];
  readonly variables: readonly string[];
  /** Of an expression that cannot be read: why. */
  readonly fault: string | undefined;
}

export function namesOf(condition: Condition): Named {
  if (condition.type === 'schedule') return { channels: [], variables: [], fault: undefined };
  if (condition.type !== 'expression') {
    return { channels: [condition.channel], variables: [], fault: undefined };
  }
  const channels = new Set<string>();
  const variables = new Set<string>();
  let fault: string | undefined;
  for (const text of [condition.text, condition.clear]) {
    if (text === undefined) continue;
    try {
      namesIn(parseExpression(text), channels, variables);
    } catch (thrown) {
      fault ??= `the expression cannot be read: ${EngineError.from(thrown).message}`;
    }
  }
  return { channels: [...channels], variables: [...variables], fault };
}

function namesIn(node: ExpressionNode, channels: Set<string>, variables: Set<string>): void {
  switch (node.type) {
    case 'channel':
      channels.add(node.name);
      return;
    case 'variable':
      variables.add(node.name);
      return;
    case 'not':
    case 'negative':
      namesIn(node.of, channels, variables);
      return;
    case 'binary':
      namesIn(node.left, channels, variables);
      namesIn(node.right, channels, variables);
      return;
    case 'call':
      for (const arg of node.args) namesIn(arg, channels, variables);
      return;
    default:
  }
}

/**
 * The channel that a name means for a source; undefined: `@` without a source. `@/*.x` is the parameter x of the same part of the
 * device: for `rx/2.rssi_a` it is `rx/2.x`.
 */
export function fullName(name: ChannelName, source: string): string | undefined {
  if (!name.startsWith('@')) return name;
  if (source === '') return undefined;
  if (name === '@') return source;
  if (name.startsWith(PART)) {
    const dot = source.lastIndexOf('.');
    const part = dot > source.indexOf('/') ? source.slice(0, dot + 1) : `${deviceOf(source)}/`;
    return `${part}${name.slice(PART.length)}`;
  }
  return `${deviceOf(source)}${name.slice(1)}`;
}

/** Of a channel name. Ids of devices hold no slash. */
export const deviceOf = (channel: string): string => {
  const slash = channel.indexOf('/');
  return slash === -1 ? channel : channel.slice(0, slash);
};

/** A pattern of channel names. */
export interface Glob {
  test(name: string): boolean;
}

/** `*` is any text without a slash; everything else stands for itself. */
export function globOf(glob: string): Glob {
  const parts = glob.split('*');
  const escaped = parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  const whole = new RegExp(`^${escaped.join('[^/]*')}$`);
  // Most names of a site end otherwise, and need no look at the whole.
  const tail = parts.at(-1) ?? '';
  return { test: (name) => name.endsWith(tail) && whole.test(name) };
}

export const matchesAny = (globs: readonly Glob[], name: string): boolean =>
  globs.some((glob) => glob.test(name));

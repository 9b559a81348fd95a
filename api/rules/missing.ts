import type { ExpressionNode } from '../../actors/rule/expression/expression.types.js';
import { parseExpression } from '../../actors/rule/expression/parse.js';
import { printExpression } from '../../actors/rule/expression/print.js';
import type { ChannelName, Condition } from '../../actors/rule/rule.types.js';

/**
 * A condition for a source without some of its channels: `default(x, y)` is y and `known(x)` is false where x is a channel that is
 * not there. Other conditions, and texts that cannot be read, stay as they are.
 */
export function withoutMissing(condition: Condition, missing: ReadonlySet<ChannelName>): Condition {
  if (condition.type !== 'expression' || missing.size === 0) return condition;
  const { text, clear } = condition;
  const rewritten = (one: string): string =>
    printExpression(rewrite(parseExpression(one), missing));
  return {
    ...condition,
    text: rewritten(text),
    ...(clear === undefined ? {} : { clear: rewritten(clear) }),
  };
}

function rewrite(node: ExpressionNode, missing: ReadonlySet<ChannelName>): ExpressionNode {
  switch (node.type) {
    case 'negative':
    case 'not':
      return { ...node, of: rewrite(node.of, missing) };
    case 'binary':
      return { ...node, left: rewrite(node.left, missing), right: rewrite(node.right, missing) };
    case 'call': {
      const [first, second] = node.args;
      if (first?.type === 'channel' && missing.has(first.name)) {
        if (node.name === 'known') return { type: 'flag', at: node.at, value: false };
        if (node.name === 'default' && second !== undefined) return rewrite(second, missing);
      }
      return { ...node, args: node.args.map((one) => rewrite(one, missing)) };
    }
    default:
      return node;
  }
}

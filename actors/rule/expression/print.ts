import type { ExpressionNode } from './expression.types.js';

/** How tightly an operator binds; as the parser reads it. */
const BINDS: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  not: 3,
  '=': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  negative: 7,
  '^': 8,
};
const COMPARISON = 4;
const VALUE = 9;

const bindsOf = (node: ExpressionNode): number => {
  if (node.type === 'binary') return BINDS[node.op] ?? VALUE;
  // Written with its sign, which stands like one before anything else.
  if (node.type === 'number' && (node.value < 0 || Object.is(node.value, -0))) return 7;
  return BINDS[node.type] ?? VALUE;
};

/** Tree → text that is read as the same tree, with no more parentheses than it needs. */
export function printExpression(node: ExpressionNode): string {
  const within = (inner: ExpressionNode, least: number): string =>
    bindsOf(inner) < least ? `(${printExpression(inner)})` : printExpression(inner);
  switch (node.type) {
    case 'number':
      return node.unit === null ? String(node.value) : `${node.value} ${node.unit}`;
    case 'text':
      return printText(node.value);
    case 'flag':
      return String(node.value);
    case 'channel':
      return /^@(\/[A-Za-z_][A-Za-z0-9_.]*)?$/.test(node.name) ? node.name : `[${node.name}]`;
    case 'variable':
      return `$${node.name}`;
    case 'not':
      return `not ${within(node.of, 3)}`;
    case 'negative':
      // A number behind the sign would be read as a negative number.
      return node.of.type === 'number'
        ? `-(${printExpression(node.of)})`
        : `-${within(node.of, 7)}`;
    case 'call':
      return `${node.name}(${node.args.map((arg) => printExpression(arg)).join(', ')})`;
    case 'binary': {
      const binds = BINDS[node.op] ?? VALUE;
      const chained = binds !== COMPARISON && node.op !== '^';
      const left = within(node.left, chained ? binds : binds + 1);
      const right = within(node.right, node.op === '^' ? 7 : binds + 1);
      return `${left} ${node.op} ${right}`;
    }
  }
}

const printText = (value: string): string =>
  `"${value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r')}"`;

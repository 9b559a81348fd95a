import { type BinaryOp, EXPRESSION_LIMITS, type ExpressionNode } from './expression.types.js';
import { FUNCTION_NAMES } from './function-names.js';
import { refuse, type Token, tokensOf } from './tokens.js';

/** Three for each level of a tree that is deep enough to be refused. */
const NESTED = 3 * EXPRESSION_LIMITS.depth;
const COMPARISONS: readonly string[] = ['=', '!=', '<', '<=', '>', '>='];

/** Trees that are kept: a rule that runs for each of thousands of channels has one text. The oldest goes first. */
const MAX_KEPT = 256;
const kept = new Map<string, ExpressionNode>();

/**
 * Text → tree. Needs no knowledge of channels. Bounded by `EXPRESSION_LIMITS`.
 * @returns a tree that others may have too.
 * @throws EngineError `input.invalid`: what is wrong, the remedy, and in `context.at` the index of the character.
 */
export function parseExpression(text: string): ExpressionNode {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const tree = new Parser(tokensOf(text)).whole();
  if (kept.size >= MAX_KEPT) {
    for (const oldest of kept.keys()) {
      kept.delete(oldest);
      break;
    }
  }
  kept.set(text, tree);
  return tree;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  /** Depth of the tree below each node. */
  readonly #depths = new Map<ExpressionNode, number>();
  #nested = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): ExpressionNode {
    const first = this.#peek();
    if (first.type === 'end') {
      refuse(0, 'the expression is empty: write something like [device/parameter] > 20 °C');
    }
    const node = this.#or();
    const rest = this.#peek();
    if (rest.type !== 'end') {
      refuse(
        rest.at,
        `${shown(rest)} does not go on what stands before it: put and, or, a comparison or an operator between`,
      );
    }
    return node;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { type: 'end', at: 0 };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #word(text: string): boolean {
    const token = this.#peek();
    return token.type === 'word' && token.text.toLowerCase() === text;
  }

  #sign(...texts: readonly string[]): string | undefined {
    const token = this.#peek();
    return token.type === 'sign' && texts.includes(token.text) ? token.text : undefined;
  }

  #made(node: ExpressionNode, ...parts: readonly ExpressionNode[]): ExpressionNode {
    const below = parts.map((part) => this.#depths.get(part) ?? 0);
    const depth = 1 + Math.max(0, ...below);
    this.#depths.set(node, depth);
    if (this.#depths.size > EXPRESSION_LIMITS.nodes) {
      refuse(node.at, `more than ${EXPRESSION_LIMITS.nodes} parts: split the rule in two`);
    }
    if (depth > EXPRESSION_LIMITS.depth) {
      refuse(
        node.at,
        `deeper than ${EXPRESSION_LIMITS.depth} operators in each other or in a row: split the rule in two`,
      );
    }
    return node;
  }

  /** Parentheses that say nothing count too: each is a call on the stack. */
  #deeper<T>(work: () => T): T {
    this.#nested += 1;
    if (this.#nested > NESTED) {
      refuse(this.#peek().at, `more than ${NESTED} parentheses in each other: leave some out`);
    }
    const result = work();
    this.#nested -= 1;
    return result;
  }

  #chain(op: () => BinaryOp | undefined, operand: () => ExpressionNode): ExpressionNode {
    let left = operand();
    for (let found = op(); found !== undefined; found = op()) {
      const { at } = this.#take();
      const right = operand();
      left = this.#made({ type: 'binary', at, op: found, left, right }, left, right);
    }
    return left;
  }

  #or(): ExpressionNode {
    return this.#chain(
      () => (this.#word('or') ? 'or' : undefined),
      () => this.#and(),
    );
  }

  #and(): ExpressionNode {
    return this.#chain(
      () => (this.#word('and') ? 'and' : undefined),
      () => this.#not(),
    );
  }

  #not(): ExpressionNode {
    if (!this.#word('not')) return this.#comparison();
    const { at } = this.#take();
    const of = this.#deeper(() => this.#not());
    return this.#made({ type: 'not', at, of }, of);
  }

  #comparison(): ExpressionNode {
    const left = this.#sum();
    const op = this.#sign(...COMPARISONS);
    if (op === undefined) return left;
    const { at } = this.#take();
    const right = this.#deeper(() => this.#sum());
    const more = this.#sign(...COMPARISONS);
    if (more !== undefined) {
      refuse(
        this.#peek().at,
        'comparisons do not follow each other: write a < b and b < c, or parentheses',
      );
    }
    return this.#made({ type: 'binary', at, op: op as BinaryOp, left, right }, left, right);
  }

  #sum(): ExpressionNode {
    return this.#chain(
      () => this.#sign('+', '-') as BinaryOp | undefined,
      () => this.#product(),
    );
  }

  #product(): ExpressionNode {
    return this.#chain(
      () => this.#sign('*', '/') as BinaryOp | undefined,
      () => this.#unary(),
    );
  }

  #unary(): ExpressionNode {
    if (this.#sign('-') === undefined) return this.#power();
    const { at } = this.#take();
    const token = this.#peek();
    // A negative number is one thing, so that -70 dBm is a level and not the negative of one.
    if (token.type === 'number' && !this.#powerAfterNumber()) {
      this.#take();
      return this.#made({ type: 'number', at, value: -token.value || 0, unit: token.unit });
    }
    const of = this.#deeper(() => this.#unary());
    return this.#made({ type: 'negative', at, of }, of);
  }

  #powerAfterNumber(): boolean {
    const after = this.#tokens[this.#next + 1];
    return after?.type === 'sign' && after.text === '^';
  }

  #power(): ExpressionNode {
    const left = this.#primary();
    if (this.#sign('^') === undefined) return left;
    const { at } = this.#take();
    const right = this.#deeper(() => this.#unary());
    return this.#made({ type: 'binary', at, op: '^', left, right }, left, right);
  }

  #primary(): ExpressionNode {
    const token = this.#take();
    const { at } = token;
    switch (token.type) {
      case 'number':
        return this.#made({ type: 'number', at, value: token.value, unit: token.unit });
      case 'text':
        return this.#made({ type: 'text', at, value: token.text });
      case 'channel':
        return this.#made({ type: 'channel', at, name: token.text });
      case 'variable':
        return this.#made({ type: 'variable', at, name: token.text });
      case 'word':
        return this.#named(token.text, at);
      case 'sign':
        if (token.text !== '(') break;
        return this.#deeper(() => {
          const inner = this.#or();
          this.#close(at);
          return inner;
        });
      case 'end':
        break;
    }
    return refuse(
      at,
      `${shown(token)} stands where a value is wanted: a number, "text", [device/parameter], $variable or a function`,
    );
  }

  #named(word: string, at: number): ExpressionNode {
    const name = word.toLowerCase();
    if (name === 'true' || name === 'false') {
      return this.#made({ type: 'flag', at, value: name === 'true' });
    }
    if (!FUNCTION_NAMES.includes(name)) {
      refuse(
        at,
        `${word} is no function: channels stand in brackets, as in [device/${word}], texts in quotes; functions are ${FUNCTION_NAMES.join(', ')}`,
      );
    }
    if (this.#sign('(') === undefined) refuse(at, `${name} is a function: write ${name}(…)`);
    const { at: openAt } = this.#take();
    const args: ExpressionNode[] = [];
    if (this.#sign(')') === undefined) {
      do {
        args.push(this.#deeper(() => this.#or()));
      } while (this.#comma());
    }
    this.#close(openAt);
    return this.#made({ type: 'call', at, name, args }, ...args);
  }

  #comma(): boolean {
    if (this.#sign(',') === undefined) return false;
    this.#take();
    return true;
  }

  #close(openAt: number): void {
    if (this.#sign(')') === undefined) {
      const token = this.#peek();
      refuse(
        token.at,
        `${shown(token)} stands where ) is wanted: it closes the ( at character ${openAt + 1}`,
      );
    }
    this.#take();
  }
}

function shown(token: Token): string {
  switch (token.type) {
    case 'end':
      return 'the end';
    case 'number':
      return String(token.value);
    default:
      return JSON.stringify(token.text);
  }
}

import { EngineError } from '../../engine/errors.js';

type Test = (code: number) => boolean;
type Step =
  | { readonly at: 'sign'; readonly test: Test }
  | { readonly at: 'split'; readonly to: readonly number[] }
  | { readonly at: 'end' };

const MOST_PATTERN = 200;
const MOST_TEXT = 1_000;
const MOST_DEPTH = 20;

/**
 * A pattern that a whole text must match: letters, `.`, `[a-z]`, `[^…]`, `\d \w \s`, `* + ?`, `|` and brackets. It is run
 * over all its ways at once, so that no text makes it slow: at most length of pattern × length of text steps.
 * @throws EngineError `input.invalid` that says where it cannot be read.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  if (pattern.length > MOST_PATTERN) {
    throw refused(
      pattern,
      0,
      `has ${pattern.length} characters; at most ${MOST_PATTERN} are allowed`,
    );
  }
  const steps = new PatternReader(pattern).read();
  return (text) => runs(steps, text.slice(0, MOST_TEXT));
}

function runs(steps: readonly Step[], text: string): boolean {
  const seen = new Int32Array(steps.length).fill(-1);
  const follow = (start: number, position: number, into: number[]): void => {
    const waiting = [start];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (seen[at] === position) continue;
      seen[at] = position;
      const step = steps[at];
      if (step?.at === 'split') waiting.push(...step.to);
      else into.push(at);
    }
  };
  let now: number[] = [];
  follow(0, 0, now);
  for (let i = 0; i < text.length && now.length > 0; i++) {
    const code = text.charCodeAt(i);
    const next: number[] = [];
    for (const at of now) {
      const step = steps[at];
      if (step?.at === 'sign' && step.test(code)) follow(at + 1, i + 1, next);
    }
    now = next;
  }
  return now.some((at) => steps[at]?.at === 'end');
}

/** Steps with jumps that are relative while they are put together. */
type Piece = readonly (
  | { readonly at: 'sign'; readonly test: Test }
  | { readonly at: 'split'; readonly by: readonly number[] }
)[];

class PatternReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    const open = pattern.startsWith('^') ? 1 : 0;
    const close = /(?:^|[^\\])(?:\\\\)*\$$/.test(pattern) ? pattern.length - 1 : pattern.length;
    this.#text = pattern.slice(open, close);
  }

  read(): Step[] {
    const piece = this.#either();
    if (this.#at < this.#text.length) throw this.#wrong('closes a bracket that is not open');
    const steps = piece.map(
      (step, at): Step =>
        step.at === 'sign' ? step : { at: 'split', to: step.by.map((by) => at + by) },
    );
    return [...steps, { at: 'end' }];
  }

  #either(): Piece {
    let piece = this.#row();
    while (this.#text[this.#at] === '|') {
      this.#at += 1;
      const other = this.#row();
      piece = [
        { at: 'split', by: [1, piece.length + 2] },
        ...piece,
        { at: 'split', by: [other.length + 1] },
        ...other,
      ];
    }
    return piece;
  }

  #row(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at] ?? '')) {
      pieces.push(this.#repeated(this.#one()));
    }
    return pieces.flat();
  }

  #repeated(one: Piece): Piece {
    const sign = this.#text[this.#at];
    const { length } = one;
    if (sign !== '*' && sign !== '+' && sign !== '?') return one;
    this.#at += 1;
    if ('*+?'.includes(this.#text[this.#at] ?? ' ')) {
      throw this.#wrong('repeats a repetition: put brackets round the inner one');
    }
    if (sign === '?') return [{ at: 'split', by: [1, length + 1] }, ...one];
    if (sign === '+') return [...one, { at: 'split', by: [-length, 1] }];
    return [{ at: 'split', by: [1, length + 2] }, ...one, { at: 'split', by: [-length - 1] }];
  }

  #one(): Piece {
    const sign = this.#text[this.#at] ?? '';
    this.#at += 1;
    switch (sign) {
      case '(': {
        this.#depth += 1;
        if (this.#depth > MOST_DEPTH) throw this.#wrong(`is more than ${MOST_DEPTH} brackets deep`);
        if (this.#text.startsWith('?:', this.#at)) this.#at += 2;
        const inner = this.#either();
        if (this.#text[this.#at] !== ')') throw this.#wrong('has a bracket that is not closed');
        this.#at += 1;
        this.#depth -= 1;
        return inner;
      }
      case '[':
        return [{ at: 'sign', test: this.#set() }];
      case '.':
        return [{ at: 'sign', test: () => true }];
      case '\\':
        return [{ at: 'sign', test: this.#escaped() }];
      case '*':
      case '+':
      case '?':
        throw this.#wrong(`has a ${sign} with nothing before it`);
      case '{':
      case '}':
      case '^':
      case '$':
        throw this.#wrong(
          `uses ${sign}, which is not known here: write \\${sign} for the sign itself`,
        );
      default: {
        const code = sign.charCodeAt(0);
        return [{ at: 'sign', test: (other) => other === code }];
      }
    }
  }

  #escaped(): Test {
    const member = this.#escapedMember();
    return typeof member === 'number' ? (code) => code === member : member;
  }

  /** What a `\\` begins: a class, or the code of the sign itself. */
  #escapedMember(): Test | number {
    const sign = this.#text[this.#at];
    if (sign === undefined) throw this.#wrong('ends in a \\');
    this.#at += 1;
    const known = CLASSES[sign.toLowerCase()];
    if (known !== undefined) {
      return sign === sign.toLowerCase() ? known : (code) => !known(code);
    }
    if (/[A-Za-z0-9]/.test(sign)) throw this.#wrong(`uses \\${sign}, which is not known here`);
    return sign.charCodeAt(0);
  }

  #set(): Test {
    const not = this.#text[this.#at] === '^';
    if (not) this.#at += 1;
    const tests: Test[] = [];
    while (this.#next() !== ']') tests.push(this.#span());
    this.#at += 1;
    return (code) => tests.some((test) => test(code)) !== not;
  }

  /** A member of a set, or a range from one to another. */
  #span(): Test {
    const start = this.#at;
    const low = this.#member();
    const ranges = this.#text[this.#at] === '-' && this.#text[this.#at + 1] !== ']';
    if (ranges) this.#at += 1;
    const high = ranges ? this.#member() : low;
    if (typeof low === 'number' && typeof high === 'number') {
      if (low <= high) return (code) => code >= low && code <= high;
      throw this.#wrong(`has a range ${this.#text.slice(start, this.#at)} that runs backwards`);
    }
    if (!ranges && typeof low !== 'number') return low;
    throw this.#wrong('has a range with a class in it: write \\- for the sign itself');
  }

  #next(): string {
    const sign = this.#text[this.#at];
    if (sign === undefined) throw this.#wrong('has a [ that is not closed');
    return sign;
  }

  #member(): Test | number {
    const sign = this.#next();
    this.#at += 1;
    return sign === '\\' ? this.#escapedMember() : sign.charCodeAt(0);
  }

  #wrong(what: string): EngineError {
    return refused(this.#text, this.#at, what);
  }
}

const CLASSES: Readonly<Record<string, Test>> = {
  d: (code) => code >= 48 && code <= 57,
  w: (code) =>
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95,
  s: (code) => code === 32 || (code >= 9 && code <= 13) || code === 160,
};

const refused = (pattern: string, at: number, what: string): EngineError =>
  new EngineError(
    'input.invalid',
    `matchers: the pattern "${pattern.slice(0, 60)}" ${what} (sign ${at})`,
    {
      context: { field: 'matchers', at },
    },
  );

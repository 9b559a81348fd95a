import { EngineError } from '../../../engine/errors.js';
import { EXPRESSION_LIMITS } from './expression.types.js';
import { symbolOf, UNIT_NAMES } from './units.js';

export type Token =
  | {
      readonly type: 'number';
      readonly at: number;
      readonly value: number;
      readonly unit: string | null;
    }
  | {
      readonly type: 'text' | 'channel' | 'variable' | 'word' | 'sign';
      readonly at: number;
      readonly text: string;
    }
  | { readonly type: 'end'; readonly at: number };

/** @throws always: EngineError `input.invalid` whose context holds `at`, the index of the character. */
export function refuse(at: number, message: string): never {
  throw new EngineError('input.invalid', `${message} (character ${at + 1})`, {
    context: { at, reason: message },
  });
}

const NUMBER = /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const SPACE = /[\s\u00a0]+/y;
const SIGN = /<=|>=|!=|<>|==|&&|\|\||[<>=!+\-*/^(),−×÷≤≥≠]/y;
const VARIABLE = /\$([A-Za-z_][A-Za-z0-9_.-]*)/y;
const PARAMETER = /@(\/[A-Za-z_][A-Za-z0-9_.]*)?/y;
const NAME_PART = /[\p{L}\p{N}_]/u;

const SAME_SIGN: Readonly<Record<string, string>> = {
  '−': '-',
  '×': '*',
  '÷': '/',
  '≤': '<=',
  '≥': '>=',
  '≠': '!=',
  '<>': '!=',
  '==': '=',
  '&&': 'and',
  '||': 'or',
  '!': 'not',
};

/** @throws EngineError `input.invalid` at the first character that begins nothing known. */
export function tokensOf(text: string): readonly Token[] {
  if (text.length > EXPRESSION_LIMITS.characters) {
    refuse(
      EXPRESSION_LIMITS.characters,
      `the expression has ${text.length} characters: at most ${EXPRESSION_LIMITS.characters} are taken, split the rule in two`,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const { token, length } = tokenAt(text, at, match);
    tokens.push(token);
    at += length;
  }
  tokens.push({ type: 'end', at: text.length });
  return tokens;
}

type Read = { readonly token: Token; readonly length: number };

function tokenAt(text: string, at: number, match: (pattern: RegExp) => string | undefined): Read {
  const first = text[at] ?? '';
  if (first === '"' || first === "'") return quoted(text, at, first);
  if (first === '[') return bracketed(text, at);
  const number = match(NUMBER);
  if (number !== undefined) return numberAt(text, at, number);
  const variable = match(VARIABLE);
  if (variable !== undefined) {
    return { token: { type: 'variable', at, text: variable.slice(1) }, length: variable.length };
  }
  if (first === '$') refuse(at, 'after $ comes the name of a variable, as in $limit');
  const parameter = match(PARAMETER);
  if (parameter !== undefined) {
    return { token: { type: 'channel', at, text: parameter }, length: parameter.length };
  }
  const word = match(WORD);
  if (word !== undefined) return { token: { type: 'word', at, text: word }, length: word.length };
  const sign = match(SIGN);
  if (sign !== undefined) {
    const same = SAME_SIGN[sign] ?? sign;
    const type = /^[a-z]/.test(same) ? ('word' as const) : ('sign' as const);
    return { token: { type, at, text: same }, length: sign.length };
  }
  if (first === '%') refuse(at, '% is a unit and stands behind a number, as in 20 %');
  const shown = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return refuse(
    at,
    `${JSON.stringify(shown)} begins nothing: write a number, "text", [device/parameter], $variable or a function`,
  );
}

function numberAt(text: string, at: number, number: string): Read {
  const value = Number(number);
  if (!Number.isFinite(value)) refuse(at, `${number} is too large for a number`);
  let end = at + number.length;
  let from = end;
  while (text[from] === ' ' || text[from] === '\u00a0') from += 1;
  const name = UNIT_NAMES.find(
    (one) =>
      text.startsWith(one, from) &&
      // `5 minutes`, `5 max(…)`: the beginning of a longer word is no unit.
      !(NAME_PART.test(one.at(-1) ?? '') && NAME_PART.test(text[from + one.length] ?? '')),
  );
  const unit = name === undefined ? null : (symbolOf(name) ?? null);
  if (name !== undefined) end = from + name.length;
  return { token: { type: 'number', at, value, unit }, length: end - at };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function quoted(text: string, at: number, quote: string): Read {
  let value = '';
  for (let index = at + 1; index < text.length; index += 1) {
    const char = text[index] ?? '';
    if (char === quote) {
      return { token: { type: 'text', at, text: value }, length: index + 1 - at };
    }
    if (char === '\\') {
      index += 1;
      const escaped = text[index] ?? '';
      value += ESCAPES[escaped] ?? escaped;
    } else {
      value += char;
    }
  }
  return refuse(at, `the text that begins here has no end: close it with ${quote}`);
}

function bracketed(text: string, at: number): Read {
  const end = text.indexOf(']', at);
  if (end === -1) refuse(at, 'the channel that begins here has no end: close it with ]');
  const name = text.slice(at + 1, end).trim();
  const slash = name.indexOf('/');
  if (name !== '@' && (slash < 1 || slash === name.length - 1)) {
    refuse(at, `[${name}] names no channel: write [device/parameter], [@] or [@/parameter]`);
  }
  return { token: { type: 'channel', at, text: name }, length: end + 1 - at };
}

import { EngineError } from '../../../engine/errors.js';

/** An object of foreign JSON; undefined for anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

/** A list of foreign JSON, at most `max` of it; anything else is an empty list. */
export function listOf(value: unknown, max = 10_000): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, max) : [];
}

/** A field that is the object's own: `__proto__` and its like are not there. */
export function fieldOf(value: unknown, name: string): unknown {
  const record = recordOf(value);
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** The first of several names that is there and not null. */
export function anyFieldOf(value: unknown, names: readonly string[]): unknown {
  for (const name of names) {
    const found = fieldOf(value, name);
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

/** A finite number, also from a text that is one and nothing else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > 64) return undefined;
  if (!/^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?\s*$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** Text of a text, number or boolean, without control characters, cut to `maxChars`. */
export function textOf(value: unknown, maxChars = 256): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return undefined;
  // Line ends and the like have no place in names.
  return value
    .slice(0, maxChars)
    .replace(/\p{Cc}/gu, ' ')
    .trim();
}

const YES = new Set(['true', 'on', 'yes', 'enabled', 'active', '1']);
const NO = new Set(['false', 'off', 'no', 'none', 'disabled', 'inactive', '0']);

/** A boolean, also as a number or one of the usual words. */
export function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value !== 0 : undefined;
  if (typeof value !== 'string' || value.length > 16) return undefined;
  const word = value.trim().toLowerCase();
  if (YES.has(word)) return true;
  return NO.has(word) ? false : undefined;
}

/** Unix time, ms, of an ISO text, or of seconds or milliseconds since 1970. */
export function timeOf(value: unknown): number | undefined {
  const number = numberOf(value);
  // Milliseconds reached 1e11 in 1973; seconds will in the year 5138.
  if (number !== undefined) return Math.abs(number) < 1e11 ? number * 1_000 : number;
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const unixMs = Date.parse(value);
  return Number.isNaN(unixMs) ? undefined : unixMs;
}

const MAX_PATH_CHARS = 256;
const MAX_STEPS = 32;

/** Where something is in foreign JSON: `battery.cells[0].volts`, `values["rf level"]`, `[2]`; empty: the whole. */
export class JsonPath {
  readonly source: string;
  readonly #steps: readonly (string | number)[];

  /** @throws EngineError `input.invalid`, telling where the path goes wrong. */
  constructor(source: string) {
    this.source = source;
    this.#steps = stepsOf(source);
  }

  /** Undefined when it is not there. Only own fields are followed; a negative index counts from the end. */
  read(value: unknown): unknown {
    let here = value;
    for (const step of this.#steps) {
      here =
        typeof step === 'number'
          ? Array.isArray(here)
            ? here.at(step)
            : undefined
          : fieldOf(here, step);
      if (here === undefined) return undefined;
    }
    return here;
  }
}

function stepsOf(source: string): readonly (string | number)[] {
  if (source.length > MAX_PATH_CHARS) {
    throw new EngineError('input.invalid', `a path has at most ${MAX_PATH_CHARS} characters`);
  }
  const steps: (string | number)[] = [];
  const step = /\[(-?\d{1,9})\]|\["((?:[^"\\]|\\["\\])*)"\]|(\.?)([^.[\]"\s]+)/y;
  step.lastIndex = source.startsWith('$') ? 1 : 0;
  while (step.lastIndex < source.length) {
    const at = step.lastIndex;
    const found = step.exec(source);
    const [, index, quoted, dot, plain] = found ?? [];
    const first = steps.length === 0 && at === 0;
    if (found === null || (plain !== undefined && (dot === '') !== first)) {
      throw new EngineError(
        'input.invalid',
        `the path "${source}" cannot be read from character ${at + 1}: write names with dots between, list places as [0], odd names as ["my name"]`,
      );
    }
    if (index !== undefined) steps.push(Number(index));
    else steps.push(quoted === undefined ? (plain ?? '') : quoted.replace(/\\(["\\])/g, '$1'));
    if (steps.length > MAX_STEPS) {
      throw new EngineError('input.invalid', `a path has at most ${MAX_STEPS} steps`);
    }
  }
  return steps;
}

import { EngineError } from '../../engine/errors.js';

interface Pattern<T> {
  readonly segments: readonly string[];
  /** Name of the parameter at this place, or undefined for a fixed word. */
  readonly names: readonly (string | undefined)[];
  /** The last segment is `{name...}`: it takes all that follows. */
  readonly rest: boolean;
  readonly methods: Map<string, T>;
}

export type Match<T> =
  | {
      readonly kind: 'found';
      readonly target: T;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'method'; readonly allow: readonly string[] }
  | { readonly kind: 'none' };

const PARAMETER = /^\{([A-Za-z][A-Za-z0-9]*)(\.\.\.)?\}$/;

/**
 * Finds what was registered for a method and a path. Fixed words win over parameters; a parameter is one
 * percent-decoded segment, so that an id may carry `%2F`; `{name...}` at the end takes the rest, slashes included.
 */
export class Router<T> {
  readonly #exact = new Map<string, Pattern<T>>();
  readonly #patterns: Pattern<T>[] = [];

  /**
   * `method` may be `ANY`: all that have no target of their own.
   * @throws EngineError `internal` when the same method and path are added twice, or the path is malformed.
   */
  add(method: string, path: string, target: T): void {
    if (!path.startsWith('/'))
      throw new EngineError('internal', `route "${path}" must start with /`);
    const pattern = this.#pattern(path);
    if (pattern.methods.has(method)) {
      throw new EngineError('internal', `route ${method} ${path} is registered twice`);
    }
    pattern.methods.set(method, target);
  }

  /** @throws EngineError `input.invalid` when the path's percent-encoding is broken. */
  find(method: string, path: string): Match<T> {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return pick(exact, method, {});
    const segments = path.split('/').slice(1);
    let other: Pattern<T> | undefined;
    for (const pattern of this.#patterns) {
      if (!fits(pattern, segments)) continue;
      if (answers(pattern, method)) return pick(pattern, method, parameters(pattern, segments));
      other ??= pattern;
    }
    return other === undefined ? { kind: 'none' } : pick(other, method, {});
  }

  #pattern(path: string): Pattern<T> {
    const segments = path.split('/').slice(1);
    const parts = segments.map((segment) => PARAMETER.exec(segment));
    const names = parts.map((part) => part?.[1]);
    const rest = parts.at(-1)?.[2] !== undefined;
    const shape = segments.map((s, i) => (names[i] === undefined ? s : '{}')).join('/');
    if (names.every((name) => name === undefined)) {
      const known = this.#exact.get(path);
      if (known !== undefined) return known;
      const made: Pattern<T> = { segments, names, rest: false, methods: new Map() };
      this.#exact.set(path, made);
      return made;
    }
    const known = this.#patterns.find(
      (p) => p.rest === rest && p.segments.join('/') === shape && p.names.join() === names.join(),
    );
    if (known !== undefined) return known;
    const made: Pattern<T> = { segments: shape.split('/'), names, rest, methods: new Map() };
    this.#patterns.push(made);
    this.#patterns.sort(bySpecificity);
    return made;
  }
}

function bySpecificity<T>(a: Pattern<T>, b: Pattern<T>): number {
  if (a.rest !== b.rest) return a.rest ? 1 : -1;
  const length = Math.max(a.names.length, b.names.length);
  for (let i = 0; i < length; i++) {
    const fixedA = a.names[i] === undefined;
    const fixedB = b.names[i] === undefined;
    if (fixedA !== fixedB) return fixedA ? -1 : 1;
  }
  return b.names.length - a.names.length;
}

function fits<T>(pattern: Pattern<T>, segments: readonly string[]): boolean {
  const { names } = pattern;
  if (pattern.rest ? segments.length < names.length : segments.length !== names.length)
    return false;
  for (let i = 0; i < names.length; i++) {
    const segment = segments[i];
    if (names[i] === undefined ? segment !== pattern.segments[i] : segment === '') return false;
  }
  return true;
}

function answers<T>(pattern: Pattern<T>, method: string): boolean {
  return targetOf(pattern, method) !== undefined;
}

function targetOf<T>(pattern: Pattern<T>, method: string): T | undefined {
  const { methods } = pattern;
  const own = methods.get(method) ?? (method === 'HEAD' ? methods.get('GET') : undefined);
  return own ?? methods.get('ANY');
}

function pick<T>(
  pattern: Pattern<T>,
  method: string,
  params: Readonly<Record<string, string>>,
): Match<T> {
  const target = targetOf(pattern, method);
  if (target !== undefined) return { kind: 'found', target, params };
  const allow = [...pattern.methods.keys()];
  if (allow.includes('GET') && !allow.includes('HEAD')) allow.push('HEAD');
  return { kind: 'method', allow: [...allow, 'OPTIONS'] };
}

function parameters<T>(
  pattern: Pattern<T>,
  segments: readonly string[],
): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  pattern.names.forEach((name, i) => {
    if (name === undefined) return;
    const last = pattern.rest && i === pattern.names.length - 1;
    const raw = last ? segments.slice(i).join('/') : (segments[i] ?? '');
    params[name] = decodePart(raw, `path parameter "${name}"`);
  });
  return params;
}

/** Percent-decodes one part of a URL. @throws EngineError `input.invalid` naming `what`. */
export function decodePart(raw: string, what: string): string {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch (cause) {
    throw new EngineError('input.invalid', `the percent-encoding of the ${what} is broken`, {
      cause,
    });
  }
}

import type { FieldError } from '../http/problem.js';

type Config = Readonly<Record<string, unknown>>;

/** Turns secrets into a text that only this site can read, and back. `about`: the plugin's code. */
export interface Sealing {
  seal(secrets: Config, about: string): string;
  /** @throws EngineError when it was sealed with another key, or altered. */
  open(sealed: string, about: string): Config;
}

/** A configuration in two parts: what may be shown, and what may not. Secrets are by path with dots. */
export interface SplitConfig {
  readonly config: Config;
  readonly secrets: Config;
}

const MAX_DEPTH = 6;

/** Paths (`auth.password`) of the secret fields of a JSON Schema. */
export function secretPaths(schema: Config): readonly string[] {
  const found: string[] = [];
  const look = (node: unknown, path: readonly string[]): void => {
    if (!isObject(node) || path.length > MAX_DEPTH) return;
    if (node['secret'] === true && path.length > 0) {
      found.push(path.join('.'));
      return;
    }
    const properties = node['properties'];
    if (isObject(properties)) {
      for (const [name, inner] of Object.entries(properties)) look(inner, [...path, name]);
    }
    for (const key of ['anyOf', 'oneOf', 'allOf']) {
      const several = node[key];
      if (Array.isArray(several)) for (const inner of several) look(inner, path);
    }
  };
  look(schema, []);
  return [...new Set(found)];
}

/**
 * Takes the secrets out of a given configuration. One that is absent stays as it was, null clears it, and
 * `{"env": "NAME"}` stays in the open part: it is a name, no secret.
 */
export function splitConfig(
  given: Config,
  paths: readonly string[],
  before: SplitConfig,
): SplitConfig {
  const config = structuredClone(given) as Record<string, unknown>;
  const secrets: Record<string, unknown> = {};
  for (const path of paths) {
    const value = take(config, path);
    const known = before.secrets[path];
    const named = read(before.config, path);
    if (value === undefined) {
      if (known !== undefined) secrets[path] = known;
      else if (isEnvName(named)) write(config, path, named);
    } else if (isEnvName(value)) write(config, path, value);
    else if (value !== null) secrets[path] = value;
  }
  return { config, secrets };
}

/** The configuration with its secrets, as a plugin gets it, and what is missing in the environment. */
export function wholeConfig(
  { config, secrets }: SplitConfig,
  paths: readonly string[],
  environment: (name: string) => string | undefined,
): { readonly config: Config; readonly problems: readonly FieldError[] } {
  const whole = structuredClone(config) as Record<string, unknown>;
  const problems: FieldError[] = [];
  for (const path of paths) {
    const named = read(whole, path);
    if (isEnvName(named)) {
      const value = environment(named.env);
      take(whole, path);
      if (value !== undefined) write(whole, path, value);
      else problems.push({ field: path, message: `the environment has no ${named.env}` });
    } else if (secrets[path] !== undefined) write(whole, path, secrets[path]);
  }
  return { config: whole, problems };
}

/** Paths at which a configuration says a secret itself, and not where it is: no file may hold one. */
export const secretsSaid = (config: Config, paths: readonly string[]): readonly string[] =>
  paths.filter((path) => {
    const value = read(config, path);
    return value !== undefined && !isEnvName(value);
  });

/** Secrets that are set, by path. */
export function secretsSet(
  { config, secrets }: SplitConfig,
  paths: readonly string[],
): readonly string[] {
  return paths.filter((path) => secrets[path] !== undefined || isEnvName(read(config, path)));
}

function isEnvName(value: unknown): value is { readonly env: string } {
  return (
    isObject(value) && Object.keys(value).length === 1 && /^\w{1,200}$/.test(String(value['env']))
  );
}

function read(from: Config, path: string): unknown {
  let value: unknown = from;
  for (const name of path.split('.')) value = isObject(value) ? value[name] : undefined;
  return value;
}

function take(from: Record<string, unknown>, path: string): unknown {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at: unknown = from;
  for (const name of names) at = isObject(at) ? at[name] : undefined;
  if (!isObject(at)) return undefined;
  const value = at[last];
  delete at[last];
  return value;
}

function write(into: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at = into;
  for (const name of names) {
    const inner = at[name];
    const next = isObject(inner) ? inner : {};
    at[name] = next;
    at = next;
  }
  at[last] = value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

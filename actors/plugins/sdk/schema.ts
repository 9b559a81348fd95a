import { z } from 'zod';
import { EngineError } from '../../../engine/errors.js';
import { plainText } from './plain.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A field that does not fit; `field` is a path with dots. */
export interface ConfigProblem {
  readonly field: string;
  readonly message: string;
}

/**
 * JSON Schema (2020-12) of what an operator may send; secrets carry `secret: true`. Plain JSON of at most 256 Ki
 * characters; titles and descriptions are one line, and cut at 200 and 2,000 characters.
 * @throws EngineError `input.invalid` when it is not a schema of zod 4, cannot be told as JSON or is too large.
 */
export function configSchema(schema: unknown, what: string): JsonObject {
  if (!isSchema(schema)) {
    throw new EngineError(
      'input.invalid',
      `${what} is not a schema of zod 4: export an object made with the "z" that the plugin is given`,
    );
  }
  let json: string;
  try {
    json = JSON.stringify(z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }), labels);
  } catch (thrown) {
    throw new EngineError(
      'input.invalid',
      `${what} cannot be shown as a form: ${EngineError.from(thrown).message}`,
      { cause: thrown },
    );
  }
  if (json.length > MAX_SCHEMA_CHARS) {
    throw new EngineError(
      'input.invalid',
      `${what} is too large for a form: ${json.length} characters as JSON Schema, ${MAX_SCHEMA_CHARS} are the most`,
    );
  }
  return JSON.parse(json) as JsonObject;
}

const MAX_SCHEMA_CHARS = 262_144;
const LABEL_CHARS: ReadonlyMap<string, number> = new Map([
  ['title', 200],
  ['description', 2_000],
]);

/** Of `JSON.stringify`. A property may have the name of a label; it is an object then. */
function labels(key: string, value: unknown): unknown {
  const max = LABEL_CHARS.get(key);
  return max !== undefined && typeof value === 'string' ? plainText(value, max) : value;
}

/** Paths, with dots, of the fields that are kept encrypted: all with `secret: true`, also in nested objects. */
export function secretFields(schema: JsonObject): readonly string[] {
  const found: string[] = [];
  const walk = (node: unknown, path: string): void => {
    if (!isObject(node)) return;
    if (node['secret'] === true && path !== '') found.push(path);
    const properties = node['properties'];
    if (!isObject(properties)) return;
    for (const [name, child] of Object.entries(properties)) {
      walk(child, path === '' ? name : `${path}.${name}`);
    }
  };
  walk(schema, '');
  return found;
}

const DATA_KEYS: ReadonlySet<string> = new Set(['default', 'examples', 'const', 'enum']);
/** As deep as the store takes secrets out of a configuration. */
const MAX_SECRET_DEPTH = 6;

/**
 * Places of secrets that cannot be kept encrypted: in arrays, records, unions, intersections, behind references,
 * below six names or under a name with a dot. Only a field of an object, or of objects in it, can.
 */
export function unkeptSecrets(schema: JsonObject): readonly string[] {
  const found: string[] = [];
  const walk = (node: unknown, path: readonly string[], plain: boolean): void => {
    if (Array.isArray(node)) {
      for (const child of node) walk(child, path, false);
      return;
    }
    if (!isObject(node)) return;
    if (node['secret'] === true) {
      const kept = plain && path.length > 0 && path.length <= MAX_SECRET_DEPTH;
      if (!kept || path.some((name) => name.includes('.'))) found.push(path.join('.'));
      return;
    }
    for (const [key, child] of Object.entries(node)) {
      if (DATA_KEYS.has(key)) continue;
      if (key === 'properties' && isObject(child)) {
        for (const [name, field] of Object.entries(child)) walk(field, [...path, name], plain);
      } else walk(child, key === 'items' ? [...path, '[]'] : path, false);
    }
  };
  walk(schema, [], true);
  return [...new Set(found)];
}

/** Texts of a configuration that must not be shown. */
export function secretValues(schema: JsonObject, config: JsonObject): readonly string[] {
  return secretFields(schema).flatMap((path) => {
    let value: unknown = config;
    for (const name of path.split('.')) value = isObject(value) ? value[name] : undefined;
    return texts(value);
  });
}

/** A configuration with its defaults filled in, or what is wrong with it. */
export function parseConfig<T>(
  schema: z.ZodType<T>,
  config: JsonObject,
):
  | { readonly ok: true; readonly config: T }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] } {
  const parsed = schema.safeParse(config);
  if (parsed.success) return { ok: true, config: parsed.data };
  return {
    ok: false,
    problems: parsed.error.issues.map((issue) => ({
      field: issue.path.map(String).join('.'),
      message: issue.message,
    })),
  };
}

/** As an error for one who cannot show a list. */
export function problemsError(problems: readonly ConfigProblem[]): EngineError {
  const text = problems
    .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
    .join('; ');
  return new EngineError('input.invalid', `the configuration does not fit: ${text}`);
}

function isSchema(value: unknown): value is z.ZodType {
  return (
    typeof value === 'object' &&
    value !== null &&
    '_zod' in value &&
    'safeParse' in value &&
    typeof value.safeParse === 'function'
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (Array.isArray(value)) return value.flatMap(texts);
  return isObject(value) ? Object.values(value).flatMap(texts) : [];
}

import { nameWords } from './format.js';

/** The part of JSON Schema (2020-12) that forms are made of; `secret` marks what is never shown again. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly secret?: boolean;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

/** What one part of a form is. `empty` of texts and numbers: may be left out. */
export type FormNode =
  | {
      readonly kind: 'text';
      readonly maxLength: number | undefined;
      readonly minLength: number;
      readonly pattern: RegExp | undefined;
      readonly format: string | undefined;
    }
  | { readonly kind: 'secret' }
  | {
      readonly kind: 'number';
      readonly min: number;
      readonly max: number;
      readonly integer: boolean;
    }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly options: readonly (string | number | boolean)[] }
  | {
      readonly kind: 'list';
      readonly item: FormNode;
      readonly least: number;
      readonly most: number;
    }
  | { readonly kind: 'object'; readonly fields: readonly FormField[] }
  /** One of several shapes, told apart by the constant field `tag`. */
  | {
      readonly kind: 'variant';
      readonly tag: string;
      readonly options: readonly { readonly value: string; readonly node: FormNode }[];
    }
  | { readonly kind: 'table'; readonly item: FormNode }
  /** A shape that no form is known for: typed as JSON. */
  | { readonly kind: 'json' };

export interface FormField {
  readonly key: string;
  readonly label: string;
  readonly hint: string | undefined;
  readonly required: boolean;
  readonly nullable: boolean;
  readonly initial: unknown;
  readonly node: FormNode;
}

const MOST_LIST = 1_000;
const DEEPEST = 12;

/** The form of a schema. What it cannot draw becomes a JSON field, so that nothing is out of reach. */
export function formOf(schema: JsonSchema, root: JsonSchema = schema, depth = 0): FormNode {
  if (depth > DEEPEST) return { kind: 'json' };
  const own = resolve(schema, root);
  if (own.secret === true) return { kind: 'secret' };
  const choices = choicesOf(own, root);
  if (choices !== undefined) return { kind: 'choice', options: choices };
  const branches = (own.anyOf ?? own.oneOf)?.map((one) => resolve(one, root));
  if (branches !== undefined) {
    const real = branches.filter((one) => one.type !== 'null');
    const [only] = real;
    if (only !== undefined && real.length === 1) return formOf(only, root, depth + 1);
    return variantOf(real, root, depth);
  }
  switch (typeOf(own)) {
    case 'string':
      return {
        kind: 'text',
        maxLength: own.maxLength,
        minLength: own.minLength ?? 0,
        pattern: patternOf(own),
        format: own.format,
      };
    case 'integer':
    case 'number':
      return numberOf(own);
    case 'boolean':
      return { kind: 'flag' };
    case 'array':
      return {
        kind: 'list',
        item: own.items === undefined ? { kind: 'json' } : formOf(own.items, root, depth + 1),
        least: own.minItems ?? 0,
        most: own.maxItems ?? MOST_LIST,
      };
    case 'object':
      return objectOf(own, root, depth);
    default:
      return { kind: 'json' };
  }
}

function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '')?.[1];
  const found = name === undefined ? undefined : root.$defs?.[name];
  return found === undefined ? schema : { ...found, ...schema };
}

function typeOf(schema: JsonSchema): string | undefined {
  if (typeof schema.type === 'string') return schema.type;
  const real = schema.type?.filter((one) => one !== 'null') ?? [];
  if (real.length === 1) return real[0];
  return schema.properties === undefined ? undefined : 'object';
}

const isChoice = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

function choicesOf(
  schema: JsonSchema,
  root: JsonSchema,
): readonly (string | number | boolean)[] | undefined {
  if (schema.enum !== undefined) return schema.enum.filter(isChoice);
  if (isChoice(schema.const)) return [schema.const];
  const branches = (schema.anyOf ?? schema.oneOf)?.map((one) => resolve(one, root));
  const constants = branches?.map((one) => one.const);
  return constants?.every(isChoice) && constants.length > 1 ? constants : undefined;
}

function patternOf({ pattern }: JsonSchema): RegExp | undefined {
  if (pattern === undefined) return undefined;
  try {
    return new RegExp(pattern, 'u');
  } catch (thrown) {
    // The server checks it again; a pattern that this browser cannot read only checks later.
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

function numberOf(schema: JsonSchema): FormNode {
  const integer = typeOf(schema) === 'integer';
  const step = integer ? 1 : 0;
  const min = schema.minimum ?? (schema.exclusiveMinimum ?? Number.NEGATIVE_INFINITY) + step;
  const max = schema.maximum ?? (schema.exclusiveMaximum ?? Number.POSITIVE_INFINITY) - step;
  // Bounds that only say "fits into a number" are no help to who types.
  return {
    kind: 'number',
    min: Math.max(min, Number.MIN_SAFE_INTEGER),
    max: Math.min(max, Number.MAX_SAFE_INTEGER),
    integer,
  };
}

function objectOf(schema: JsonSchema, root: JsonSchema, depth: number): FormNode {
  if (schema.properties === undefined) {
    const rest = schema.additionalProperties;
    return typeof rest === 'object'
      ? { kind: 'table', item: formOf(rest, root, depth + 1) }
      : { kind: 'json' };
  }
  const fields = Object.entries(schema.properties).map(([key, raw]): FormField => {
    const own = resolve(raw, root);
    const branches = own.anyOf ?? own.oneOf ?? [];
    return {
      key,
      label: own.title ?? wordsOfKey(key),
      hint: own.description,
      // A default is filled in by the server, though its output schema demands the field.
      required: own.default === undefined && (schema.required?.includes(key) ?? false),
      nullable:
        (Array.isArray(own.type) && own.type.includes('null')) ||
        branches.some((one) => resolve(one, root).type === 'null'),
      initial: own.default,
      node: formOf(own, root, depth + 1),
    };
  });
  return { kind: 'object', fields };
}

function variantOf(branches: readonly JsonSchema[], root: JsonSchema, depth: number): FormNode {
  const tag = Object.keys(branches[0]?.properties ?? {}).find((key) =>
    branches.every((one) => typeof one.properties?.[key]?.const === 'string'),
  );
  if (tag === undefined) return { kind: 'json' };
  return {
    kind: 'variant',
    tag,
    options: branches.map((one) => {
      const { [tag]: named, ...properties } = one.properties ?? {};
      return {
        value: String(named?.const),
        node: objectOf({ ...one, properties }, root, depth + 1),
      };
    }),
  };
}

/** `pollEveryMs` → `Poll every ms`. */
function wordsOfKey(key: string): string {
  return nameWords(key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase());
}

/** What a new part of a form holds: its defaults. Undefined: nothing yet. */
export function blankOf(node: FormNode): unknown {
  switch (node.kind) {
    case 'object': {
      const made: Record<string, unknown> = {};
      for (const field of node.fields) {
        const value = field.initial ?? (field.required ? blankOf(field.node) : undefined);
        if (value !== undefined) made[field.key] = value;
      }
      return made;
    }
    case 'variant': {
      const [first] = node.options;
      if (first === undefined) return undefined;
      return { [node.tag]: first.value, ...(blankOf(first.node) as object) };
    }
    case 'list':
      return [];
    case 'table':
      return {};
    case 'flag':
      return false;
    case 'choice':
      return node.options[0];
    default:
      return undefined;
  }
}

/** A value as an object to look into; anything else is empty. */
export function entriesOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

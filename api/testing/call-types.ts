import type { ApiDocument, ApiOperation, JsonSchema } from '../routes/openapi.types.js';

/** What goes to the server may be read-only; what comes from it belongs to whoever asked. */
type Way = 'to' | 'from';

const WIDTH = 110;
/** Types longer than this that stand in several places get a name. */
const NAMED_FROM = 160;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** The text of `api/client/calls.gen.ts`: types of every call of the document. */
export function callTypes(document: ApiDocument): string {
  const printer = new Printer(document);
  const methods = METHODS.map((method) => {
    const calls = operations(document)
      .filter((one) => one.method === method)
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ path, operation }) => {
        const parts = printer.call(operation);
        return `    '${path}': ${parts.length === 0 ? 'Nothing' : block(parts, '    ')};`;
      });
    return `  ${method.toUpperCase()}: {\n${calls.join('\n')}\n  };`;
  });
  return [
    '// Made from the server’s own description by `npm run client`; a test compares both. Not edited by hand.',
    '',
    "import type { Upload } from './calls.types.js';",
    '',
    'type Nothing = Record<never, never>;',
    '',
    '/** Method → path → what the call takes, and what it answers. Numbers in a path may be given as text. */',
    'export interface Calls {',
    ...methods,
    '}',
    '',
    ...printer.named(),
  ].join('\n');
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
}

function operations(document: ApiDocument): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

const block = (lines: readonly string[], indent: string): string =>
  `{\n${lines.map((line) => `${indent}  ${line};\n`).join('')}${indent}}`;

const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name));

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replace(/['\\]/g, '\\$&')}'` : JSON.stringify(value);

const pascal = (text: string): string =>
  text.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, first: string) => first.toUpperCase());

/** Prints schemas; first all of them once to count, so that what stands in several places gets a name. */
class Printer {
  #mode: 'count' | 'flat' | 'named' = 'count';
  readonly #document: ApiDocument;
  readonly #seen = new Map<string, number>();
  /** Text of a type → its name; in the order of their first places. */
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #texts = new Map<string, string>();

  constructor(document: ApiDocument) {
    this.#document = document;
    for (const one of operations(document)) this.call(one.operation);
    this.#mode = 'named';
  }

  /** `name: type` of everything that a call takes and answers. */
  call(operation: ApiOperation): readonly string[] {
    const id = pascal(operation.operationId);
    const parts: string[] = [];
    for (const place of ['path', 'query'] as const) {
      const given = operation.parameters.filter((parameter) => parameter.in === place);
      if (given.length === 0) continue;
      const fields = given.map(
        ({ name, required, schema }) =>
          `${key(name)}${required ? '' : '?'}: ${this.#parameter(schema, place, id)}${required ? '' : ' | undefined'}`,
      );
      const text = `{ ${fields.join('; ')} }`;
      const name = place === 'path' ? 'params' : 'query';
      parts.push(`${name}: ${text.length < WIDTH ? text : block(fields, '      ')}`);
    }
    const body = operation.requestBody?.content;
    if (body !== undefined) {
      const json = body['application/json'];
      parts.push(
        json === undefined
          ? 'upload: Upload'
          : `body: ${this.#type(json.schema, 'to', `${id}Body`, '      ')}`,
      );
    }
    const [status, success] =
      Object.entries(operation.responses).find(([code]) => code.startsWith('2')) ?? [];
    const answer = success?.content?.['application/json'];
    if (status === '204') parts.push('answer: undefined');
    else if (answer !== undefined)
      parts.push(`answer: ${this.#type(answer.schema, 'from', `${id}Answer`, '      ')}`);
    return parts;
  }

  /** Declarations of the types that got a name. */
  named(): readonly string[] {
    const lines: string[] = [];
    // Printing one may name further ones, which the map then goes on with.
    for (const [text, name] of this.#names) {
      lines.push(`type ${name} = ${this.#texts.get(text) ?? text};`, '');
    }
    return lines;
  }

  #parameter(schema: JsonSchema, place: 'path' | 'query', id: string): string {
    const text = this.#type(schema, 'to', `${id}Query`, '        ');
    if (place === 'path') return text === 'number' ? 'number | string' : text;
    // Text that is read as a flag.
    const flag =
      schema.pattern?.startsWith('^(true|false') === true ||
      /^'(true|false)' \| '(true|false)'$/.test(text);
    return flag ? `${text} | boolean` : text;
  }

  #type(schema: JsonSchema, way: Way, name: string, indent: string): string {
    if (schema.$ref !== undefined) return this.#referred(schema.$ref, way);
    if (schema.const !== undefined) return literal(schema.const);
    if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ');
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) {
      return [...new Set(choices.map((one) => this.#type(one, way, name, indent)))].join(' | ');
    }
    if (schema.allOf !== undefined) {
      return schema.allOf.map((one) => `(${this.#type(one, way, name, indent)})`).join(' & ');
    }
    if (typeof schema.type === 'object') {
      const parts = schema.type.map((type) => this.#type({ ...schema, type }, way, name, indent));
      return parts.join(' | ');
    }
    switch (schema.type) {
      case 'object':
        return this.#object(schema, way, name, indent);
      case 'array':
        return this.#array(schema, way, name, indent);
      case 'number':
      case 'integer':
        return 'number';
      case 'string':
      case 'boolean':
      case 'null':
        return schema.type;
      default:
        return 'unknown';
    }
  }

  #array(schema: JsonSchema, way: Way, name: string, indent: string): string {
    const readonly = way === 'to' ? 'readonly ' : '';
    const rest =
      schema.items === undefined || schema.items === false
        ? undefined
        : this.#type(schema.items, way, `${name}One`, indent);
    if (schema.prefixItems !== undefined) {
      const parts = schema.prefixItems.map((one) => this.#type(one, way, name, indent));
      return `${readonly}[${[...parts, ...(rest === undefined ? [] : [`...(${rest})[]`])].join(', ')}]`;
    }
    const item = rest ?? 'unknown';
    const whole = /^\w+$/.test(item) || (schema.items !== false && schema.items?.type === 'object');
    return `${readonly}${whole ? item : `(${item})`}[]`;
  }

  #object(schema: JsonSchema, way: Way, name: string, indent: string): string {
    const properties = Object.entries(schema.properties ?? {});
    const more = schema.additionalProperties;
    if (properties.length === 0) {
      const value =
        typeof more === 'object' ? this.#type(more, way, `${name}Value`, indent) : 'unknown';
      // An interface is no record of unknowns, but may be sent as one.
      if (way === 'to')
        return value === 'unknown' ? 'object' : `Readonly<Record<string, ${value}>>`;
      return `Record<string, ${value}>`;
    }
    const fields = (deeper: string): readonly string[] => {
      const lines = properties.map(([field, inner]) => {
        const optional = schema.required?.includes(field) !== true;
        const text = this.#type(inner, way, name + pascal(field), deeper);
        if (way === 'from') return `${key(field)}${optional ? '?' : ''}: ${text}`;
        return `readonly ${key(field)}${optional ? '?' : ''}: ${text}${optional ? ' | undefined' : ''}`;
      });
      // What comes may hold more than is known; what goes is not asked for more.
      const open = way === 'from' && typeof more === 'object' && Object.keys(more).length === 0;
      return open ? [...lines, '[more: string]: unknown'] : lines;
    };
    if (this.#mode === 'flat') return `{ ${fields('').join('; ')} }`;
    const flat = this.#flat(schema, way);
    if (this.#mode === 'count') {
      this.#seen.set(flat, (this.#seen.get(flat) ?? 0) + 1);
      fields('');
      return flat;
    }
    const known = this.#names.get(flat);
    if (known !== undefined) return known;
    const often = flat.length > NAMED_FROM && (this.#seen.get(flat) ?? 0) > 1;
    if (!often) return this.#wrapped(fields, indent);
    const given = this.#free(name);
    this.#names.set(flat, given);
    this.#texts.set(flat, this.#wrapped(fields, ''));
    return given;
  }

  #wrapped(fields: (deeper: string) => readonly string[], indent: string): string {
    const line = `{ ${fields(indent).join('; ')} }`;
    const fits = indent.length + line.length < WIDTH && !line.includes('\n');
    return fits ? line : block(fields(`${indent}  `), indent);
  }

  /** The whole type in one line, without names: equal types have equal texts. */
  #flat(schema: JsonSchema, way: Way): string {
    const before = this.#mode;
    this.#mode = 'flat';
    const text = this.#type(schema, way, '', '');
    this.#mode = before;
    return text;
  }

  #free(name: string): string {
    let free = name;
    for (let n = 2; this.#taken.has(free); n += 1) free = `${name}${n}`;
    this.#taken.add(free);
    return free;
  }

  /** Of the document's own parts; they may hold themselves. */
  #referred(ref: string, way: Way): string {
    const part = ref.split('/').at(-1) ?? '';
    const name = pascal(part) + (way === 'to' ? 'Given' : '');
    if (this.#mode !== 'named' || this.#taken.has(name)) return name;
    const schema = this.#document.components.schemas[part];
    this.#taken.add(name);
    this.#names.set(`$ref ${name}`, name);
    this.#texts.set(
      `$ref ${name}`,
      schema === undefined ? 'unknown' : this.#type(schema, way, name, ''),
    );
    return name;
  }
}

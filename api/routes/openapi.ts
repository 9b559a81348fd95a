import { z } from 'zod';
import { problem } from '../contract/rest.js';
import { Reply, type Route, route } from '../http/route.types.js';
import type { SocketEndpoint } from '../http/socket.types.js';
import { docsPage } from './docs-page.js';
import { EXAMPLES } from './examples.gen.js';
import type {
  ApiDocument,
  ApiOperation,
  ApiParameter,
  Example,
  JsonSchema,
} from './openapi.types.js';

export interface OpenApiInfo {
  readonly version: string;
  /** WebSocket addresses, and the lowest role that may connect. */
  readonly sockets?: readonly Pick<SocketEndpoint, 'path' | 'access'>[];
}

/** The API's document and its page: `/v1/openapi.json` and `/docs`. They list `routes` and themselves. */
export function openapiRoutes(routes: readonly Route[], info: OpenApiInfo): readonly Route[] {
  let document: ApiDocument | undefined;
  let page: string | undefined;
  const made = (): ApiDocument => {
    document ??= openapiDocument([...routes, ...own], info);
    return document;
  };
  const own: readonly Route[] = [
    route({
      method: 'GET',
      path: '/v1/openapi.json',
      summary: 'This description, OpenAPI 3.1',
      tag: 'documentation',
      access: 'open',
      handler: made,
    }),
    route({
      method: 'GET',
      path: '/docs',
      summary: 'This description as a page',
      tag: 'documentation',
      access: 'open',
      handler: () => {
        page ??= docsPage(made());
        return new Reply({ headers: { 'content-type': 'text/html; charset=utf-8' }, body: page });
      },
    }),
  ];
  return own;
}

/** Makes the document from the schemas that also check the requests. */
export function openapiDocument(routes: readonly Route[], info: OpenApiInfo): ApiDocument {
  const schemas: Record<string, JsonSchema> = {};
  const paths: Record<string, Record<string, ApiOperation>> = {};
  schemas['Problem'] = toSchema(problem, 'output', 'Problem', schemas);
  for (const one of routes) {
    const path = one.path.replace('...}', '}');
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operation(one, schemas) };
  }
  const sockets = (info.sockets ?? []).map(({ path, access }) => ({ path, access }));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Earshot',
      version: info.version,
      description: [
        'One engine for a sounding site. Errors are RFC 9457 problems: `detail` names the field and the remedy.',
        ...(sockets.length === 0 ? [] : ['', 'WebSocket addresses:']),
        ...sockets.map(({ path }) => `- \`${path}\``),
      ].join('\n'),
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map((one) => one.tag))].map((name) => ({ name })),
    paths,
    'x-sockets': sockets,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API token' },
        session: { type: 'apiKey', in: 'cookie', name: 'earshot', description: 'A login' },
      },
    },
  };
}

const PROBLEM = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
};
const failed = (description: string) => ({ description, content: PROBLEM });

function operation(one: Route, schemas: Record<string, JsonSchema>): ApiOperation {
  const id = operationId(one);
  const open = one.access === 'open';
  const example = EXAMPLES[`${one.method} ${one.path.replace('...}', '}')}`] ?? {};
  const checked = one.params ?? one.query ?? one.body;
  const success =
    one.response === undefined
      ? { description: one.status === 204 ? 'Done' : 'The answer' }
      : {
          description: 'The answer',
          content: {
            'application/json': {
              schema: toSchema(one.response, 'output', `${id}Answer`, schemas),
              ...(example.answer === undefined ? {} : { example: example.answer }),
            },
          },
        };
  return {
    operationId: id,
    summary: one.summary,
    tags: [one.tag],
    ...(open
      ? { security: [] }
      : {
          description: `Needs the role \`${one.access}\`.`,
          security: [{ bearer: [] }, { session: [] }],
        }),
    parameters: [
      ...parameters(one, 'path', schemas, example),
      ...parameters(one, 'query', schemas, example),
    ],
    ...(one.body === undefined && (one.bodyType ?? 'json') === 'json'
      ? {}
      : { requestBody: { required: true, content: bodyContent(one, schemas, id, example) } }),
    responses: {
      [String(one.status ?? 200)]: success,
      ...(checked === undefined ? {} : { '400': failed('A field is wrong') }),
      ...(open ? {} : { '401': failed('No valid login'), '403': failed('The role is too low') }),
      ...(one.path.includes('{') ? { '404': failed('No such thing') } : {}),
      ...(one.method === 'GET' ? {} : { '413': failed('The body is too large') }),
      '429': failed('Too many requests; see Retry-After'),
      default: failed('Any other failure'),
    },
  };
}

function bodyContent(
  one: Route,
  schemas: Record<string, JsonSchema>,
  id: string,
  { body }: Example,
) {
  if (one.body === undefined) return { 'application/octet-stream': { schema: {} } };
  const schema = toSchema(one.body, 'input', `${id}Body`, schemas);
  return { 'application/json': { schema, ...(body === undefined ? {} : { example: body }) } };
}

/** Unique, since method and path are: `GET /v1/devices/{id}` → `getDevicesId`. */
function operationId(one: Pick<Route, 'method' | 'path'>): string {
  const words = one.path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return one.method.toLowerCase() + (one.path.startsWith('/v1/') ? name : `Root${name}`);
}

function parameters(
  one: Route,
  place: 'path' | 'query',
  schemas: Record<string, JsonSchema>,
  example: Example,
): readonly ApiParameter[] {
  const schema = place === 'path' ? one.params : one.query;
  const given = (place === 'path' ? example.params : example.query) ?? {};
  const name = `${operationId(one)}${place}`;
  const known = schema === undefined ? {} : toSchema(schema, 'input', name, schemas);
  const properties = known.properties ?? {};
  const names =
    place === 'path'
      ? [...one.path.matchAll(/\{(\w+)(\.\.\.)?\}/g)].map((match) => match[1] ?? '')
      : Object.keys(properties);
  return names.map((field) => ({
    name: field,
    in: place,
    required: place === 'path' || (known.required ?? []).includes(field),
    schema: properties[field] ?? { type: 'string' },
    ...(given[field] === undefined ? {} : { example: given[field] }),
  }));
}

/**
 * JSON Schema of a zod schema. Parts that a recursive schema refers to are moved to the document's components,
 * since their references would point nowhere from inside it.
 */
function toSchema(
  schema: z.ZodType,
  io: 'input' | 'output',
  name: string,
  schemas: Record<string, JsonSchema>,
): JsonSchema {
  const raw = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
  const { $schema: _, $defs: parts = {}, ...root } = raw;
  const moved = (ref: string): string => {
    if (ref === '#') return `#/components/schemas/${name}`;
    return ref.replace(/^#\/\$defs\//, `#/components/schemas/${name}_`);
  };
  const rewritten = rewrite(root, moved);
  for (const [part, value] of Object.entries(parts)) {
    schemas[`${name}_${part}`] = rewrite(value, moved);
  }
  if (JSON.stringify(root).includes('"$ref":"#"')) {
    schemas[name] = rewritten;
    return { $ref: `#/components/schemas/${name}` };
  }
  return rewritten;
}

function rewrite<T>(value: T, moved: (ref: string) => string): T {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      key === '$ref' && typeof inner === 'string' ? moved(inner) : inner,
    ),
  ) as T;
}

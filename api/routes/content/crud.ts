import { z } from 'zod';
import { SPECS } from '../../../actors/content/specs.js';
import type {
  Condition,
  ContentStore,
  ContentTable,
  Find,
} from '../../../actors/content/store.types.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { mediaUsedBy } from '../../content/removal.js';
import { CONTENT, type ContentResource } from '../../contract/content.js';
import { InvalidRequest } from '../../http/problem.js';
import { type Route, route } from '../../http/route.types.js';
import { openOnly, readable } from './open-reads.js';
import { RULES, shown, targetOf } from './resources.js';

interface AnyRow {
  readonly id: number;
}
type Values = Record<string, unknown>;

export interface ContentRoutesOptions {
  readonly content: ContentStore;
  readonly clock: Clock;
  readonly media: {
    exists(mediaId: string): Promise<boolean>;
    /** Called when a recording, a speaker or a project went: files go with it that nothing else uses. */
    removeUnused(mediaIds: Iterable<string>): Promise<void>;
  };
}

/** A project's shapes may be large. */
const MAX_BODY_BYTES = 4_194_304;
const NOT_FIELDS = new Set([
  'offset',
  'limit',
  'order',
  'tagIds',
  'tagIdsAny',
  'text',
  'userText',
  'minLengthS',
  'maxLengthS',
]);

/** `/v1/<resource>` for everything a sounding site is made of: list, read, make, change, remove. */
export function contentRoutes(options: ContentRoutesOptions): readonly Route[] {
  return (Object.keys(CONTENT) as ContentResource[]).flatMap((resource) =>
    resourceRoutes(resource, options),
  );
}

function resourceRoutes(resource: ContentResource, options: ContentRoutesOptions): Route[] {
  const { content, clock, media } = options;
  const { path, singular } = CONTENT[resource];
  const input: z.ZodRawShape = CONTENT[resource].input;
  const server: z.ZodRawShape = CONTENT[resource].server;
  const rules = RULES[resource];
  const table = content[resource] as unknown as ContentTable<AnyRow>;
  const row = z.object({ id: z.int(), ...input, ...server });
  const body = z.strictObject(input);
  const patch = z
    .strictObject(optionalFields(input))
    .refine((given) => Object.keys(given).length > 0, 'give at least one field to change');
  const params = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
  const at = `/v1/${path}`;
  const missing = (id: number) => new EngineError('not-found', `${at}/${id}: there is none`);
  const checked = async (values: Values, whole: Values) => {
    await requireTargets(content, resource, values);
    const { mediaId } = values;
    if (typeof mediaId === 'string' && !(await media.exists(mediaId))) {
      throw invalid('mediaId', `there is no media "${mediaId}": bring the file first`);
    }
    const wrong = rules.check?.(whole);
    if (wrong !== undefined) throw invalid(wrong[0], wrong[1]);
  };
  return [
    route({
      method: 'GET',
      path: at,
      summary: `List, ${singular} each: any plain field filters, order=-field sorts`,
      tag: 'content',
      access: rules.read,
      query: listQuery(resource),
      response: z.object({
        total: z.int(),
        offset: z.int(),
        limit: z.int(),
        items: z.array(row),
      }),
      handler: async ({ query, principal }) => {
        const asked = findOf(resource, query);
        const only = await openOnly(content, resource, principal);
        const find = { ...asked, where: [...(asked.where ?? []), ...only] };
        const [items, total] = await Promise.all([table.find(find), table.count(find)]);
        const { offset, limit } = query;
        return {
          total,
          offset,
          limit,
          items: items.map((item) => shown(readable(item, principal))),
        };
      },
    }),
    route({
      method: 'GET',
      path: `${at}/{id}`,
      summary: `Read ${singular}`,
      tag: 'content',
      access: rules.read,
      params,
      response: row,
      handler: async ({ params: { id }, principal }) => {
        const only = await openOnly(content, resource, principal);
        const found = await table.first({ where: [{ field: 'id', op: '=', value: id }, ...only] });
        if (found === undefined) throw missing(id);
        return shown(readable(found, principal));
      },
    }),
    route({
      method: 'POST',
      path: at,
      summary: `Make ${singular}`,
      tag: 'content',
      access: rules.write,
      body,
      maxBodyBytes: MAX_BODY_BYTES,
      response: row,
      status: 201,
      handler: async ({ body: given }) => {
        const values = { ...rules.made(clock.nowMs()), ...given };
        await checked(given, values);
        return shown(await table.create(values));
      },
    }),
    route({
      method: 'PATCH',
      path: `${at}/{id}`,
      summary: `Change ${singular}; heard and seen at once`,
      tag: 'content',
      access: rules.write,
      params,
      body: patch,
      maxBodyBytes: MAX_BODY_BYTES,
      response: row,
      handler: async ({ params: { id }, body: given }) => {
        const before = await table.get(id);
        if (before === undefined) throw missing(id);
        await checked(given, { ...before, ...given });
        const after = await table.update(id, { ...given, ...rules.touched?.(clock.nowMs()) });
        if (after === undefined) throw missing(id);
        return shown(after);
      },
    }),
    route({
      method: 'DELETE',
      path: `${at}/{id}`,
      summary: `Remove ${singular} with everything that belongs to it`,
      tag: 'content',
      access: rules.write,
      params,
      status: 204,
      handler: async ({ params: { id } }) => {
        const played = await mediaUsedBy(content, resource, id);
        if (!(await table.remove(id))) throw missing(id);
        // Whoever deletes a recording does not want it to be heard any more, by its address either.
        await media.removeUnused(played);
      },
    }),
  ];
}

/** Without defaults: what a change leaves out stays as it is. */
function optionalFields(input: z.ZodRawShape): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(input).map(([field, schema]) => {
      const plain = schema instanceof z.ZodDefault ? schema.unwrap() : schema;
      return [field, z.optional(plain)];
    }),
  );
}

const flag = z
  .string()
  .regex(/^(true|false|1|0)$/i, 'must be true or false')
  .transform((text) => /^(true|1)$/i.test(text));
const idList = z
  .string()
  .regex(/^\d{1,15}(,\d{1,15})*$/, 'must be ids with commas between them')
  .transform((text) => text.split(',').map(Number));

interface ListQuery {
  readonly offset: number;
  readonly limit: number;
  readonly order?: string | undefined;
}

function listQuery(resource: ContentResource): z.ZodType<ListQuery & Values> {
  const { columns } = SPECS[resource];
  const fields: Record<string, z.ZodType> = {};
  for (const [field, kind] of Object.entries(columns)) {
    if (field === 'tokenHash') continue;
    if (kind === 'int' || kind === 'real') fields[field] = z.coerce.number().optional();
    else if (kind === 'flag') fields[field] = flag.optional();
    else if (kind === 'text') fields[field] = z.string().max(1_000).optional();
  }
  const order = Object.keys(fields).concat('id');
  return z.strictObject({
    ...fields,
    ...(resource === 'assets'
      ? {
          tagIds: idList.optional(),
          tagIdsAny: idList.optional(),
          text: z.string().max(200).optional(),
          userText: z.string().max(200).optional(),
          minLengthS: z.coerce.number().optional(),
          maxLengthS: z.coerce.number().optional(),
        }
      : {}),
    offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    order: z
      .string()
      .refine(
        (text) => order.includes(text.replace(/^-/, '')),
        `must be one of ${order.join(', ')}, with - in front for descending`,
      )
      .optional(),
  }) as unknown as z.ZodType<ListQuery & Values>;
}

function findOf(resource: ContentResource, query: ListQuery & Values): Find<AnyRow> {
  const where: Condition<AnyRow>[] = [];
  for (const [field, value] of Object.entries(query)) {
    if (value === undefined || NOT_FIELDS.has(field)) continue;
    where.push({ field: field as 'id', op: '=', value: value as string | number | boolean });
  }
  for (const [name, op] of [
    ['minLengthS', '>='],
    ['maxLengthS', '<='],
  ] as const) {
    const value = query[name];
    if (typeof value === 'number') where.push({ field: 'lengthS' as 'id', op, value });
  }
  const { offset, limit, order } = query;
  return {
    where,
    offset,
    limit,
    ...(order === undefined
      ? {}
      : {
          order: {
            by: order.replace(/^-/, '') as 'id',
            direction: order.startsWith('-') ? ('desc' as const) : ('asc' as const),
          },
        }),
    ...(resource !== 'assets'
      ? {}
      : {
          tagIdsAll: query['tagIds'],
          tagIdsAny: query['tagIdsAny'],
          text: query['text'],
          userText: query['userText'],
        }),
  };
}

const invalid = (field: string, message: string) =>
  new InvalidRequest([{ field: `body.${field}`, message }]);

/** @throws EngineError `input.invalid` naming the field that refers to nothing. */
async function requireTargets(
  content: ContentStore,
  resource: ContentResource,
  values: Values,
): Promise<void> {
  for (const [field, value] of Object.entries(values)) {
    const target = targetOf(resource, field);
    if (target === undefined || value === null || value === undefined) continue;
    const ids = [...new Set(Array.isArray(value) ? (value as number[]) : [value as number])];
    if (ids.length === 0) continue;
    const found = await (content[target] as unknown as ContentTable<AnyRow>).many(ids);
    const known = new Set(found.map(({ id }) => id));
    const lost = ids.find((id) => !known.has(id));
    if (lost !== undefined) {
      throw invalid(field, `there is no ${lost} in /v1/${CONTENT[target].path}`);
    }
  }
}

import { z } from 'zod';
import type { Columns } from '../../actors/content/columns.js';
import type { Condition, ContentTable, Find } from '../../actors/content/store.types.js';
import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Role } from '../contract/rest.js';
import { InvalidRequest } from '../http/problem.js';
import { type Principal, type Route, route } from '../http/route.types.js';

export interface AnyRow {
  readonly id: number;
}
export type Values = Record<string, unknown>;

/** What of a resource is not in its schema. */
export interface TableRules {
  readonly read: 'open' | Role;
  readonly write: Role;
  /** Fields of a new row that only the server writes. */
  readonly made: (nowUnixMs: number, principal: Principal) => Readonly<Values>;
  /** The same at each change. */
  readonly touched?: (nowUnixMs: number) => Readonly<Values>;
  /** What fields must say to each other. @returns `[field, what is wrong]`. */
  readonly check?: (row: Readonly<Values>) => readonly [field: string, message: string] | undefined;
}

/** A table as `/v1/<path>`. */
export interface TableRoutes {
  readonly path: string;
  readonly singular: string;
  readonly tag: string;
  readonly input: z.ZodRawShape;
  readonly server: z.ZodRawShape;
  readonly rules: TableRules;
  readonly table: ContentTable<AnyRow>;
  readonly columns: Columns<AnyRow>;
  readonly clock: Clock;
  /** What callers may do beside reading and changing. Default: both. */
  readonly can?: { readonly make: boolean; readonly remove: boolean };
  /** Columns that are never shown, nor found by. */
  readonly secret?: readonly string[];
  readonly maxBodyBytes?: number;
  /** Further fields of the list's query, and what they mean. */
  readonly finding?: {
    readonly query: z.ZodRawShape;
    readonly find: (query: Readonly<Values>) => Find<AnyRow>;
  };
  /** Rows that this caller may see. */
  readonly only?: (principal: Principal) => Promise<readonly Condition<AnyRow>[]>;
  readonly shown: (row: AnyRow, principal: Principal) => unknown;
  /** Before a row is made (`before` undefined) or changed. @throws EngineError `input.invalid`, `conflict` */
  readonly checked?: (given: Values, whole: Values, before: AnyRow | undefined) => Promise<void>;
  /** Further values of a change. */
  readonly changing?: (given: Values, before: AnyRow) => Readonly<Values>;
  /** After it is done. */
  readonly changed?: (after: AnyRow, before: AnyRow | undefined) => Promise<void>;
  /** Before a row goes. @returns what is done after it went. */
  readonly removing?: (id: number) => Promise<() => Promise<void>>;
}

/** List, read, make, change and remove rows of a table; any plain field filters and sorts. */
export function tableRoutes(options: TableRoutes): Route[] {
  const { path, singular, tag, input, server, rules, table, clock } = options;
  const { can = { make: true, remove: true }, maxBodyBytes } = options;
  const row = z.object({ id: z.int(), ...input, ...server });
  const body = z.strictObject(input);
  const patch = z
    .strictObject(optionalFields(input))
    .refine((given) => Object.keys(given).length > 0, 'give at least one field to change');
  const params = z.object({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });
  const at = `/v1/${path}`;
  const size = maxBodyBytes === undefined ? {} : { maxBodyBytes };
  const missing = (id: number) => new EngineError('not-found', `${at}/${id}: there is none`);
  const checked = async (given: Values, whole: Values, before: AnyRow | undefined) => {
    await options.checked?.(given, whole, before);
    const wrong = rules.check?.(whole);
    if (wrong !== undefined) throw invalid(wrong[0], wrong[1]);
  };
  const visible = async (principal: Principal) => (await options.only?.(principal)) ?? [];
  const routes = [
    route({
      method: 'GET',
      path: at,
      summary: `List, ${singular} each: any plain field filters, order=-field sorts`,
      tag,
      access: rules.read,
      query: listQuery(options),
      response: z.object({
        total: z.int(),
        offset: z.int(),
        limit: z.int(),
        items: z.array(row),
      }),
      handler: async ({ query, principal }) => {
        const asked = findOf(options, query);
        const find = { ...asked, where: [...(asked.where ?? []), ...(await visible(principal))] };
        const [items, total] = await Promise.all([table.find(find), table.count(find)]);
        const { offset, limit } = query;
        return { total, offset, limit, items: items.map((item) => options.shown(item, principal)) };
      },
    }),
    route({
      method: 'GET',
      path: `${at}/{id}`,
      summary: `Read ${singular}`,
      tag,
      access: rules.read,
      params,
      response: row,
      handler: async ({ params: { id }, principal }) => {
        const only = await visible(principal);
        const found = await table.first({ where: [{ field: 'id', op: '=', value: id }, ...only] });
        if (found === undefined) throw missing(id);
        return options.shown(found, principal);
      },
    }),
    route({
      method: 'POST',
      path: at,
      summary: `Make ${singular}`,
      tag,
      access: rules.write,
      body,
      ...size,
      response: row,
      status: 201,
      handler: async ({ body: given, principal, audit }) => {
        const values = { ...rules.made(clock.nowMs(), principal), ...given };
        await checked(given, values, undefined);
        const made = await table.create(values);
        await options.changed?.(made, undefined);
        const shown = options.shown(made, principal);
        audit({ subject: `${path}/${made.id}`, after: shown });
        return shown;
      },
    }),
    route({
      method: 'PATCH',
      path: `${at}/{id}`,
      summary: `Change ${singular}; heard and seen at once`,
      tag,
      access: rules.write,
      params,
      body: patch,
      ...size,
      response: row,
      handler: async ({ params: { id }, body: given, principal, audit }) => {
        const before = await table.get(id);
        if (before === undefined) throw missing(id);
        await checked(given, { ...before, ...given }, before);
        const more = { ...options.changing?.(given, before), ...rules.touched?.(clock.nowMs()) };
        const after = await table.update(id, { ...given, ...more });
        if (after === undefined) throw missing(id);
        await options.changed?.(after, before);
        const shown = options.shown(after, principal);
        audit({ subject: `${path}/${id}`, before: options.shown(before, principal), after: shown });
        return shown;
      },
    }),
    route({
      method: 'DELETE',
      path: `${at}/{id}`,
      summary: `Remove ${singular} with everything that belongs to it`,
      tag,
      access: rules.write,
      params,
      status: 204,
      handler: async ({ params: { id }, principal, audit }) => {
        const before = await table.get(id);
        const afterwards = await options.removing?.(id);
        if (!(await table.remove(id))) throw missing(id);
        await afterwards?.();
        if (before !== undefined) {
          audit({ subject: `${path}/${id}`, before: options.shown(before, principal) });
        }
      },
    }),
  ];
  return routes.filter(
    ({ method }) => (method !== 'POST' || can.make) && (method !== 'DELETE' || can.remove),
  );
}

/** A field of a body that cannot be taken. */
export const invalid = (field: string, message: string): InvalidRequest =>
  new InvalidRequest([{ field: `body.${field}`, message }]);

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

interface ListQuery {
  readonly offset: number;
  readonly limit: number;
  readonly order?: string | undefined;
}

function listQuery({ columns, secret, finding }: TableRoutes): z.ZodType<ListQuery & Values> {
  const fields: Record<string, z.ZodType> = {};
  for (const [field, kind] of Object.entries(columns) as [string, string][]) {
    if (secret?.includes(field) === true) continue;
    if (kind === 'int' || kind === 'real') fields[field] = z.coerce.number().optional();
    else if (kind === 'flag') fields[field] = flag.optional();
    else if (kind === 'text') fields[field] = z.string().max(1_000).optional();
  }
  const order = Object.keys(fields).concat('id');
  return z.strictObject({
    ...fields,
    ...finding?.query,
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

function findOf({ finding }: TableRoutes, query: ListQuery & Values): Find<AnyRow> {
  const more = finding?.find(query) ?? {};
  const where: Condition<AnyRow>[] = [...(more.where ?? [])];
  for (const [field, value] of Object.entries(query)) {
    if (value === undefined || field === 'offset' || field === 'limit' || field === 'order')
      continue;
    if (finding !== undefined && field in finding.query) continue;
    where.push({ field: field as 'id', op: '=', value: value as string | number | boolean });
  }
  const { offset, limit, order } = query;
  return {
    ...more,
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
  };
}

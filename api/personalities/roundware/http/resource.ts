import type { Condition, ContentTable, Find } from '../../../../actors/content/store.types.js';
import { type Access, Answer, type Ask, type Call, NOTHING, pathId } from './ask.js';
import type { Codec } from './codecs.js';
import { type Inputs, readInputs } from './inputs.js';
import { notFound } from './refusal.js';

/** One parameter that narrows a list. */
export interface Filter<T> {
  readonly names: readonly string[];
  readonly read: Codec<unknown>;
  /** Conditions on the row's own fields. */
  conditions(value: never): readonly Condition<T>[];
}

type Plain = string | number | boolean | readonly (string | number)[];

/** `names` compared with `field` by `op`. */
export function by<T, V extends Plain>(
  names: string | readonly string[],
  read: Codec<V>,
  field: Condition<T>['field'],
  op: Condition<T>['op'] = '=',
): Filter<T> {
  return where(names, read, (value: V) => [{ field, op, value }]);
}

/** `names` turned into conditions of any kind. */
export function where<T, V>(
  names: string | readonly string[],
  read: Codec<V>,
  conditions: (value: V) => readonly Condition<T>[],
): Filter<T> {
  return { names: typeof names === 'string' ? [names] : names, read, conditions };
}

/** A resource with list, item, creation, change and removal. */
export interface Resource<T extends { readonly id: number }> {
  readonly path: string;
  readonly table: ContentTable<T>;
  readonly read: Access;
  readonly write: Access;
  readonly inputs: Inputs<T>;
  readonly filters: readonly Filter<T>[];
  /** Default: by id. */
  readonly order?: NonNullable<Find<T>['order']>;
  /** Rows as the wire has them, in the same order. */
  show(rows: readonly T[], ask: Ask): Promise<readonly object[]>;
  /** Conditions that need a look at other tables; undefined: nothing can match. */
  also?(ask: Ask): Promise<readonly Condition<T>[] | undefined>;
  /** The whole new row, from what the body said. @throws Refusal. */
  fresh(values: Partial<T>, ask: Ask): Promise<Omit<T, 'id'>>;
  /** Checks and completes a change. @throws Refusal. */
  change?(values: Partial<T>, before: T, ask: Ask): Promise<Partial<T>>;
  /** @throws Refusal 403. */
  allow?(row: T, ask: Ask): Promise<void>;
  /** After the row is gone. */
  removed?(row: T, ask: Ask): Promise<void>;
}

/** Conditions that a request's parameters make. @throws Refusal 400 naming the parameter. */
export function conditionsOf<T>(ask: Ask, filters: readonly Filter<T>[]): readonly Condition<T>[] {
  return filters.flatMap((filter) => {
    const value = ask.query.read(filter.read, ...filter.names);
    return value === undefined ? [] : filter.conditions(value as never);
  });
}

/** Rows in pieces, so that a long list neither fills the memory nor keeps others waiting. */
const PIECE_ROWS = 250;

/** All rows in an order other than by id, in pieces. */
export async function* ordered<T extends { readonly id: number }, F extends Find<T>>(
  table: ContentTable<T, F>,
  find: F,
): AsyncIterable<readonly T[]> {
  const limit = 2_000;
  for (let offset = 0; ; offset += limit) {
    const rows = await table.find({ ...find, offset, limit });
    for (let at = 0; at < rows.length; at += PIECE_ROWS) {
      yield rows.slice(at, at + PIECE_ROWS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (rows.length < limit) return;
  }
}

/** Each piece as the wire has it. */
export async function* shown<T>(
  pieces: AsyncIterable<readonly T[]>,
  show: (rows: readonly T[]) => Promise<readonly object[]>,
): AsyncIterable<readonly object[]> {
  for await (const rows of pieces) yield await show(rows);
}

/** @throws Refusal 404. */
export async function rowOf<T extends { readonly id: number }>(
  table: Pick<ContentTable<T>, 'get'>,
  ask: Ask,
): Promise<T> {
  const row = await table.get(pathId(ask));
  if (row === undefined) throw notFound();
  return row;
}

/** The one object of a list of one. */
export async function showOne<T>(
  row: T,
  show: (rows: readonly T[]) => Promise<readonly object[]>,
): Promise<object> {
  const [object] = await show([row]);
  return object ?? {};
}

export async function listOf<T extends { readonly id: number }>(
  resource: Resource<T>,
  ask: Ask,
): Promise<Answer> {
  const more = await (resource.also?.(ask) ?? Promise.resolve([]));
  if (more === undefined) return new Answer({ body: [] });
  const find = { where: [...conditionsOf(ask, resource.filters), ...more] };
  const rows =
    resource.order === undefined
      ? resource.table.each(find, PIECE_ROWS)
      : ordered(resource.table, { ...find, order: resource.order });
  return new Answer({ pieces: shown(rows, (some) => resource.show(some, ask)) });
}

/** The five calls of a resource. */
export function callsOf<T extends { readonly id: number }>(resource: Resource<T>): readonly Call[] {
  const { path, table, read, write } = resource;
  const show = (row: T, ask: Ask): Promise<object> =>
    showOne(row, (rows) => resource.show(rows, ask));
  const look = async (ask: Ask): Promise<object> => await show(await rowOf(table, ask), ask);
  return [
    { method: 'GET', path, access: read, run: (ask) => listOf(resource, ask) },
    {
      method: 'GET',
      path: `${path}/{id}`,
      access: read,
      run: look,
    },
    {
      method: 'POST',
      path,
      access: write,
      run: async (ask) => {
        const values = readInputs(await ask.form(), resource.inputs, true);
        return await show(await table.create(await resource.fresh(values, ask)), ask);
      },
    },
    {
      method: 'PATCH',
      path: `${path}/{id}`,
      access: write,
      look,
      run: async (ask) => {
        const before = await rowOf(table, ask);
        await resource.allow?.(before, ask);
        const given = readInputs(await ask.form(), resource.inputs, false);
        const values = (await resource.change?.(given, before, ask)) ?? given;
        const after = await table.update(before.id, values as Partial<Omit<T, 'id'>>);
        if (after === undefined) throw notFound();
        return await show(after, ask);
      },
    },
    {
      method: 'DELETE',
      path: `${path}/{id}`,
      access: write,
      look,
      run: async (ask) => {
        const row = await rowOf(table, ask);
        await resource.allow?.(row, ask);
        if (!(await table.remove(row.id))) throw notFound();
        await resource.removed?.(row, ask);
        return NOTHING;
      },
    },
  ];
}

import { z } from 'zod';
import type { Condition, ContentTable } from '../../../actors/content/store.types.js';
import { type Ask, checked, notFound } from './ask.js';

const pageQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  page_size: z.coerce.number().int().min(1).max(100).default(25),
});

export interface Page {
  readonly page: number;
  readonly pageSize: number;
  readonly offset: number;
}

/** `page` and `page_size` of a list. @throws Refusal 422. */
export function pageOf({ query }: Pick<Ask, 'query'>): Page {
  const given = Object.fromEntries(
    ['page', 'page_size'].flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const { page, page_size: pageSize } = checked(pageQuery, given, 'query');
  return { page, pageSize, offset: (page - 1) * pageSize };
}

export function envelope({ page, pageSize }: Page, total: number, data: readonly unknown[]) {
  return { page, page_size: pageSize, total, data };
}

/** One page of a table. */
export async function listed<T extends { readonly id: number }>(
  ask: Ask,
  table: ContentTable<T>,
  shown: (row: T) => unknown,
  options: {
    readonly where?: readonly Condition<T>[];
    readonly order?: { readonly by: Extract<keyof T, string>; readonly direction: 'asc' | 'desc' };
  } = {},
): Promise<object> {
  const page = pageOf(ask);
  const where = options.where ?? [];
  const order = options.order ?? { by: 'id' as Extract<keyof T, string>, direction: 'asc' };
  const [rows, total] = await Promise.all([
    table.find({ where, order, offset: page.offset, limit: page.pageSize }),
    table.count({ where }),
  ]);
  return envelope(page, total, await Promise.all(rows.map(shown)));
}

/** The row that a path names by its public id. @throws Refusal 404. */
export async function rowOf<T extends { readonly id: number; readonly publicId: string }>(
  table: ContentTable<T>,
  publicId: string,
  what: string,
): Promise<T> {
  const field = 'publicId' as Extract<keyof T, string>;
  const row = await table.first({ where: [{ field, op: '=', value: publicId.toLowerCase() }] });
  if (row === undefined) throw notFound(what, publicId);
  return row;
}

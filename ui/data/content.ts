import { call } from './api.js';
import type { ContentRows, NewRow, Resource, RowPatch } from './content.types.js';

export type * from './content.types.js';

export interface PageOf<T> {
  /** All that match, in and outside of the page. */
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly T[];
}

/** Filters by equality, and `offset`, `limit`, `order` (`-weight`: highest first). Undefined ones are left out. */
export type ContentQuery = Readonly<Record<string, string | number | boolean | undefined>>;

const path = (resource: Resource, id?: number): string =>
  `/v1/${resource}${id === undefined ? '' : `/${id}`}`;

function plain(query: ContentQuery): Record<string, string | number | undefined> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? String(value) : value,
    ]),
  );
}

/** One page of rows. Rejects with `ApiError`. */
export function listRows<R extends Resource>(
  resource: R,
  query: ContentQuery = {},
  signal?: AbortSignal,
): Promise<PageOf<ContentRows[R]>> {
  return call<PageOf<ContentRows[R]>>('GET', path(resource), { query: plain(query), signal });
}

const PIECE = 1_000;
const PIECES_AT_ONCE = 4;

/** All that match, at most `most` (default 5,000); read in pieces, some at a time once it is known how many there are. */
export async function allRows<R extends Resource>(
  resource: R,
  query: ContentQuery = {},
  options: { readonly signal?: AbortSignal | undefined; readonly most?: number } = {},
): Promise<readonly ContentRows[R][]> {
  const most = options.most ?? 5_000;
  const piece = (offset: number): Promise<PageOf<ContentRows[R]>> =>
    listRows(resource, { ...query, offset, limit: Math.min(PIECE, most - offset) }, options.signal);
  const first = await piece(0);
  const rows = [...first.items];
  const end = Math.min(most, first.total);
  for (let from = PIECE; from < end; from += PIECE * PIECES_AT_ONCE) {
    const offsets = Array.from({ length: PIECES_AT_ONCE }, (_, index) => from + index * PIECE);
    const pages = await Promise.all(offsets.filter((offset) => offset < end).map(piece));
    for (const page of pages) rows.push(...page.items);
  }
  return rows;
}

export function getRow<R extends Resource>(
  resource: R,
  id: number,
  signal?: AbortSignal,
): Promise<ContentRows[R]> {
  return call<ContentRows[R]>('GET', path(resource, id), { signal });
}

export function createRow<R extends Resource>(
  resource: R,
  values: NewRow<R> | RowPatch<R>,
): Promise<ContentRows[R]> {
  return call<ContentRows[R]>('POST', path(resource), { body: values });
}

export function patchRow<R extends Resource>(
  resource: R,
  id: number,
  patch: RowPatch<R>,
): Promise<ContentRows[R]> {
  return call<ContentRows[R]>('PATCH', path(resource, id), { body: patch });
}

export function removeRow(resource: Resource, id: number): Promise<unknown> {
  return call('DELETE', path(resource, id));
}

import type { AnyGiven, Method } from '../../api/client/calls.types.js';
import { callAny } from './api.js';
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

/** `ContentRows` is made of what the contract says of each resource, so the answer of any is a row of it. */
const rowCall = <R extends Resource>(
  method: Method,
  resource: R,
  id: number | undefined,
  given: AnyGiven,
): Promise<ContentRows[R]> =>
  callAny(method, `/v1/${resource}${id === undefined ? '' : `/${id}`}`, given) as Promise<
    ContentRows[R]
  >;

/** One page of rows. Rejects with `ApiError`. */
export function listRows<R extends Resource>(
  resource: R,
  query: ContentQuery = {},
  signal?: AbortSignal,
): Promise<PageOf<ContentRows[R]>> {
  // A list’s path is the same as that of a new row; what it answers is a page of rows.
  return callAny('GET', `/v1/${resource}`, { query, signal }) as Promise<PageOf<ContentRows[R]>>;
}

const PIECE = 1_000;

/** All that match, at most `most`; read in pieces. */
export async function allRows<R extends Resource>(
  resource: R,
  query: ContentQuery = {},
  options: { readonly signal?: AbortSignal | undefined; readonly most?: number } = {},
): Promise<readonly ContentRows[R][]> {
  const most = options.most ?? 5_000;
  const rows: ContentRows[R][] = [];
  for (;;) {
    const limit = Math.min(PIECE, most - rows.length);
    if (limit <= 0) return rows;
    const page = await listRows(resource, { ...query, offset: rows.length, limit }, options.signal);
    rows.push(...page.items);
    if (page.items.length === 0 || rows.length >= page.total) return rows;
  }
}

export function getRow<R extends Resource>(
  resource: R,
  id: number,
  signal?: AbortSignal,
): Promise<ContentRows[R]> {
  return rowCall('GET', resource, id, { signal });
}

export function createRow<R extends Resource>(
  resource: R,
  values: NewRow<R> | RowPatch<R>,
): Promise<ContentRows[R]> {
  return rowCall('POST', resource, undefined, { body: values });
}

export function patchRow<R extends Resource>(
  resource: R,
  id: number,
  patch: RowPatch<R>,
): Promise<ContentRows[R]> {
  return rowCall('PATCH', resource, id, { body: patch });
}

export function removeRow(resource: Resource, id: number): Promise<unknown> {
  return callAny('DELETE', `/v1/${resource}/${id}`);
}

import type { z } from 'zod';
import { EngineError } from '../../engine/errors.js';
import { type LiveResource, liveQuery, type Row } from '../contract/live.js';
import { compileFilter } from '../live/filter.js';
import { compileOrder } from '../live/order.js';
import { canonicalQuery, requireShort } from '../live/query.js';
import type { MemoryTable } from '../live/table.js';

export interface ListQuery {
  readonly filter?: string | undefined;
  readonly sort?: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

export interface ListPage {
  /** Rows that match, on this and other pages. */
  readonly total: number;
  readonly offset: number;
  readonly limit: number;
  readonly items: readonly Row[];
}

const MAX_FILTER_NODES = 100;

/** A page of a live table by the filter and sort of a live query. @throws EngineError `input.invalid`. */
export function listRows(table: MemoryTable, resource: LiveResource, list: ListQuery): ListPage {
  const { offset, limit } = list;
  const parsed = liveQuery.safeParse({
    resource,
    ...(list.filter === undefined ? {} : { filter: jsonOf('filter', list.filter) }),
    ...(list.sort === undefined ? {} : { sort: jsonOf('sort', list.sort) }),
    window: { offset, limit },
  });
  if (!parsed.success) throw invalid(parsed.error);
  requireShort(parsed.data.filter, MAX_FILTER_NODES);
  const { query } = canonicalQuery(parsed.data);
  const accepts = compileFilter(query.filter);
  const found = [...table.records()].filter((record) => accepts(record.row));
  found.sort(compileOrder(query.sort));
  const items = found.slice(offset, offset + limit).map((record) => ({ ...record.row }));
  return { total: found.length, offset, limit, items };
}

function jsonOf(field: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError('input.invalid', `${field} must be JSON`, { cause });
  }
}

function invalid(error: z.ZodError): EngineError {
  const lines = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  return new EngineError('input.invalid', lines.join('; '));
}

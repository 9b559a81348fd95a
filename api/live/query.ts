import { EngineError } from '../../engine/errors.js';
import type { Filter, LiveQuery } from '../contract/live.js';
import { canonicalFilter, countNodes } from './filter.js';

/** A query in the form by which equal ones are found. */
export interface CanonicalQuery {
  readonly query: LiveQuery;
  /** Filter and order. */
  readonly viewKey: string;
  /** Columns. */
  readonly fieldsKey: string;
  /** The whole query. */
  readonly key: string;
}

/** @throws EngineError `input.invalid` when the filter has too many nodes. */
export function requireShort(filter: Filter | undefined, maxNodes: number): void {
  if (filter !== undefined && countNodes(filter) > maxNodes) {
    throw new EngineError(
      'input.invalid',
      `the filter has more than ${String(maxNodes)} nodes: make it shorter`,
    );
  }
}

export function canonicalQuery(query: LiveQuery): CanonicalQuery {
  const { filter, window } = query;
  const fields =
    query.fields === undefined
      ? undefined
      : [...new Set(query.fields)].filter((field) => field !== 'id').sort();
  // What follows `id` never decides: ids are unique.
  const end = query.sort.findIndex((key) => key.field === 'id');
  const sort = end < 0 ? query.sort : query.sort.slice(0, end + 1);
  const order = sort.map((key) => [key.field, key.direction]);
  const filterText = filter === undefined ? 'all' : canonicalFilter(filter);
  const viewKey = `${query.resource} ${filterText} ${JSON.stringify(order)}`;
  const fieldsKey = fields === undefined ? '*' : JSON.stringify(fields);
  return {
    query: {
      resource: query.resource,
      ...(filter === undefined ? {} : { filter }),
      sort,
      window,
      ...(fields === undefined ? {} : { fields }),
    },
    viewKey,
    fieldsKey,
    key: `${viewKey} ${String(window.offset)}+${String(window.limit)} ${fieldsKey}`,
  };
}

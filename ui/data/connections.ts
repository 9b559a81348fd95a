import type { Filter, LiveQueryInput, SortKey } from '../../api/contract/live.js';
import type { ConnectionRow } from '../../api/contract/rows.js';

export type { ConnectionRow };

/** What of all connections is shown: one state, or all that are in trouble. */
export type ConnectionShow = 'all' | 'trouble' | ConnectionRow['state'];

export const CONNECTION_STATES = [
  'error',
  'disconnected',
  'connecting',
  'connected',
  'stopped',
] as const satisfies readonly ConnectionRow['state'][];

/** Not connected though it should be. */
const TROUBLE: Filter = {
  or: [
    { field: 'state', op: '==', value: 'error' },
    { field: 'state', op: '==', value: 'disconnected' },
    { field: 'state', op: '==', value: 'connecting' },
    { field: 'held', op: '==', value: true },
  ],
};

export interface ConnectionWish {
  readonly show: ConnectionShow;
  /** Id of a vendor's instance. */
  readonly instanceId: number | undefined;
  /** Part of a name, an address, an id or an error. */
  readonly text: string;
}

/** The filter of a wish; undefined: all. */
export function connectionFilter(wish: ConnectionWish): Filter | undefined {
  const terms: Filter[] = [];
  if (wish.show === 'trouble') terms.push(TROUBLE);
  else if (wish.show !== 'all') terms.push({ field: 'state', op: '==', value: wish.show });
  if (wish.instanceId !== undefined) {
    terms.push({ field: 'instanceId', op: '==', value: wish.instanceId });
  }
  const text = wish.text.trim();
  if (text !== '') terms.push(textFilter(['deviceName', 'id', 'address', 'errorMessage'], text));
  return both(terms);
}

/** Rows that hold `text` in one of `fields`. */
export function textFilter(fields: readonly string[], text: string): Filter {
  return { or: fields.map((field) => ({ field, op: 'contains', value: text })) };
}

export function both(terms: readonly Filter[]): Filter | undefined {
  const [only] = terms;
  return terms.length > 1 ? { and: terms } : only;
}

/** How many rows match, kept up to date: no rows but the first are sent. */
export function countQuery(
  resource: LiveQueryInput['resource'],
  filter: Filter | undefined,
): LiveQueryInput {
  return {
    resource,
    ...(filter ? { filter } : {}),
    window: { offset: 0, limit: 1 },
    fields: ['state'],
  };
}

/**
 * Trouble first, then what is well: two queries, because the server sorts by words. `troubles`: rows of the first.
 * Both are asked for a whole page, so that a change of `troubles` does not ask the first page anew.
 */
export function troubleFirst(options: {
  readonly filter: Filter | undefined;
  readonly page: number;
  readonly size: number;
  readonly troubles: number;
}): readonly [trouble: LiveQueryInput, calm: LiveQueryInput] {
  const { filter, size, troubles } = options;
  const from = (options.page - 1) * size;
  const own = filter === undefined ? [] : [filter];
  const name: SortKey = { field: 'deviceName', direction: 'asc' };
  return [
    {
      resource: 'connections',
      filter: both([...own, TROUBLE]) ?? TROUBLE,
      sort: [{ field: 'state', direction: 'desc' }, name],
      window: { offset: from, limit: size },
    },
    {
      resource: 'connections',
      filter: both([...own, { not: TROUBLE }]) ?? { not: TROUBLE },
      sort: [{ field: 'state', direction: 'asc' }, name],
      window: { offset: Math.max(0, from - troubles), limit: size },
    },
  ];
}

/** `12.5` of 100 as whole percent; never 0 for some nor 100 for not all. */
export function percentOf(part: number, whole: number): number {
  if (whole === 0 || part === 0) return 0;
  if (part === whole) return 100;
  return Math.min(99, Math.max(1, Math.round((part / whole) * 100)));
}

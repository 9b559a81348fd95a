import type { Filter, LiveQuery, LiveResource } from '../contract/live.js';

/** Somebody without a login who may see a part. */
export interface LiveGuest {
  readonly resources: ReadonlySet<LiveResource>;
  /**
   * Rows of what is asked for that may be seen; undefined: all of them. Asked often; another object means that it
   * changed, and what is subscribed to follows. May have any number of nodes, unlike what clients send.
   * @throws EngineError `auth.denied` for columns that may not be seen.
   */
  within(query: LiveQuery): Filter | undefined;
  /** Asked often; false: the socket is closed. */
  valid(): boolean;
}

/** A query with the part of the rows that its guest may see. */
export interface Narrowed {
  readonly asked: LiveQuery;
  readonly within: Filter | undefined;
}

/** The query that finds only what is asked for and may be seen. */
export function narrowedQuery({ asked, within }: Narrowed): LiveQuery {
  if (within === undefined) return asked;
  const filter = asked.filter === undefined ? within : { and: [asked.filter, within] };
  return { ...asked, filter };
}

/** Rows whose number in `field` is one of these: an `or` of ranges, exactly them and as short as can be. */
export function oneOf(field: string, numbers: readonly number[]): Filter {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: { from: number; to: number }[] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last.to + 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return {
    or: ranges.map(({ from, to }): Filter => {
      if (from === to) return { field, op: '==', value: from };
      return {
        and: [
          { field, op: '>=', value: from },
          { field, op: '<=', value: to },
        ],
      };
    }),
  };
}

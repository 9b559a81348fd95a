import { groupBy } from './group-by.js';

/** The server takes 100 names of together 4,000 characters. */
const MOST_CHANNELS = 60;
const MOST_CHARACTERS = 3_500;
const MOST_POINTS = 48_000;
/** A part of a channel's history, in at most so many points. */
export interface HistoryWish {
  readonly channel: string;
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  readonly points: number;
}

/** Names in groups that one request can ask for. */
export function inRequests(channels: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  let length = 0;
  for (const channel of new Set(channels)) {
    const last = groups.at(-1);
    if (
      last === undefined ||
      last.length >= MOST_CHANNELS ||
      length + channel.length + 1 > MOST_CHARACTERS
    ) {
      groups.push([channel]);
      length = channel.length;
    } else {
      last.push(channel);
      length += channel.length + 1;
    }
  }
  return groups;
}

/** Query string of `GET /v1/series` for these channels, the lowest and highest of each step. */
export interface SeriesQuery {
  readonly channel: string;
  readonly from: number;
  readonly to: number;
  readonly aggregation: 'minmax';
  readonly maxPoints: number;
}

/** One request that answers some wishes. */
interface HistoryRequest<W extends HistoryWish> {
  readonly names: readonly string[];
  readonly wishes: readonly W[];
}

/** As few requests as can be: wishes for the same time go together. */
export function requestsOf<W extends HistoryWish>(
  wishes: readonly W[],
): readonly HistoryRequest<W>[] {
  const ranges = groupBy(wishes, (wish) => `${wish.fromUnixMs} ${wish.toUnixMs}`);
  return [...ranges.values()].flatMap((some) =>
    inRequests(some.map(({ channel }) => channel)).map((names) => {
      const group = new Set(names);
      return { names, wishes: some.filter(({ channel }) => group.has(channel)) };
    }),
  );
}

/** Undefined: nothing is asked for. */
export function seriesQuery({
  names,
  wishes,
}: HistoryRequest<HistoryWish>): SeriesQuery | undefined {
  const [first] = wishes;
  if (first === undefined) return undefined;
  const points = Math.max(...wishes.map((wish) => wish.points));
  return {
    channel: names.join(','),
    from: Math.round(first.fromUnixMs),
    to: Math.round(first.toUnixMs),
    aggregation: 'minmax',
    maxPoints: Math.max(200, Math.min(points, Math.floor(MOST_POINTS / names.length))),
  };
}

/** The address that a call with this query has. */
export function seriesAddress(query: SeriesQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return `/v1/series?${search.toString()}`;
}

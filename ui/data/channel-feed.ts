import type { LiveQueryInput } from '../../api/contract/live.js';
import type { ChannelRow } from '../../api/contract/rows.js';
import { watch } from './live.svelte.js';

/** The server takes filters of a hundred comparisons; fewer, larger subscriptions are kinder to both sides. */
const CHANNELS_PER_QUERY = 50;
const FIELDS = ['deviceId', 'name', 'kind', 'unit', 'value', 'atUnixMs'] as const;

type Listener = (row: ChannelRow | undefined) => void;

/** Live queries for these channels, as few as can be. */
export function feedQueries(channels: readonly string[]): readonly LiveQueryInput[] {
  const sorted = [...new Set(channels)].toSorted();
  const queries: LiveQueryInput[] = [];
  for (let at = 0; at < sorted.length; at += CHANNELS_PER_QUERY) {
    const some = sorted.slice(at, at + CHANNELS_PER_QUERY);
    queries.push({
      resource: 'channels',
      filter: { or: some.map((id) => ({ field: 'id', op: '==' as const, value: id })) },
      sort: [{ field: 'id' }],
      window: { offset: 0, limit: CHANNELS_PER_QUERY },
      fields: [...FIELDS],
    });
  }
  return queries;
}

/** All channels of a page in a few subscriptions of its one socket; each widget hears its own. */
export class ChannelFeed {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #latest = new Map<string, ChannelRow>();
  #stops: (() => void)[] = [];
  #known = '';
  #settled = false;

  /** Hears the channel's row now and whenever it changes; undefined while there is none. The answer stops it. */
  follow(channel: string, listener: Listener): () => void {
    const all = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, all);
    all.add(listener);
    if (this.#settled) listener(this.#latest.get(channel));
    return () => {
      all.delete(listener);
      if (all.size === 0) this.#listeners.delete(channel);
    };
  }

  latest(channel: string): ChannelRow | undefined {
    return this.#latest.get(channel);
  }

  /** Which channels there are to hear; the same ones again change nothing. */
  want(channels: readonly string[]): void {
    const queries = feedQueries(channels);
    const key = JSON.stringify(queries);
    if (key === this.#known) return;
    this.#known = key;
    this.#settled = false;
    const before = this.#stops;
    const wanted = new Set(channels);
    for (const id of this.#latest.keys()) if (!wanted.has(id)) this.#latest.delete(id);
    this.#stops = queries.map((query) =>
      watch(query, (view) => {
        if (view.status === 'loading' && view.rows.length === 0) return;
        this.#settled = true;
        for (const row of view.rows as unknown as readonly ChannelRow[]) this.#take(row);
      }),
    );
    for (const stop of before) stop();
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#known = '';
  }

  #take(row: ChannelRow): void {
    if (this.#latest.get(row.id) === row) return;
    this.#latest.set(row.id, row);
    const listeners = this.#listeners.get(row.id);
    if (listeners) for (const listener of listeners) listener(row);
  }
}

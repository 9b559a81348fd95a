import { getContext, setContext } from 'svelte';
import type { ChannelRow } from '../../../api/contract/rows.js';
import { ChannelFeed } from '../../data/channel-feed.js';
import { SeriesBatch } from '../../data/series-batch.js';
import type { Span } from './history-wishes.js';

/** What the widgets of one page share: one feed, one batch of history, one range, one choice of variables. */
export class DashboardContext {
  readonly feed = new ChannelFeed();
  readonly series: SeriesBatch;
  /** Somebody with a link: shows, and does not act. */
  readonly guest: boolean;
  values = $state.raw<ReadonlyMap<string, string>>(new Map());
  span = $state.raw<Span>({ rangeMs: 900_000, live: true, fromUnixMs: 0, toUnixMs: 0 });
  /** After a drag over a chart; undefined: the range cannot be chosen. */
  onzoom: ((fromUnixMs: number, toUnixMs: number) => void) | undefined;
  onreset: (() => void) | undefined;

  /** @param series of the link that shows it; absent: of who is signed in. */
  constructor(guest: boolean, series = new SeriesBatch()) {
    this.guest = guest;
    this.series = series;
  }
}

const KEY = Symbol('dashboard');

export function provideDashboard(context: DashboardContext): DashboardContext {
  return setContext(KEY, context);
}

export function useDashboard(): DashboardContext {
  return getContext<DashboardContext>(KEY);
}

/** The row of a channel as it is now. Call it while a component is set up. */
export function liveChannel(channel: () => string | undefined): {
  readonly row: ChannelRow | undefined;
} {
  const { feed } = useDashboard();
  let row = $state.raw<ChannelRow | undefined>(undefined);
  const name = $derived(channel());
  $effect(() => {
    row = undefined;
    if (name === undefined) return;
    return feed.follow(name, (next) => {
      row = next;
    });
  });
  return {
    get row() {
      return row;
    },
  };
}

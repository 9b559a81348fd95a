import { getContext, setContext } from 'svelte';
import type { ChannelRow } from '../../../api/contract/rows.js';
import { ChannelFeed } from '../../data/channel-feed.js';
import {
  channelsOf,
  figureOf,
  pointsFor,
  showsHistory,
  variableValues,
  type WidgetDraft,
} from '../../data/dashboard-model.js';
import type { DashboardVariable } from '../../data/dashboards.js';
import { type HistoryWish, SeriesBatch } from '../../data/series-batch.js';
import { spanFrom } from './ranges.js';

export interface Span {
  /** Width of time, ms. */
  readonly rangeMs: number;
  /** Ends now and moves on. False: `fromUnixMs` to `toUnixMs`. */
  readonly live: boolean;
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
}

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

  /** @param secret of the link that shows it; absent: of who is signed in. */
  constructor(guest: boolean, secret?: string) {
    this.guest = guest;
    this.series = new SeriesBatch(secret);
  }

  /** Asks for the history of these widgets before they are made, as they will ask for it. */
  ahead(
    shown: {
      readonly widgets: readonly WidgetDraft[];
      readonly variables: readonly DashboardVariable[];
      readonly rangeMs: number;
    },
    query: URLSearchParams,
  ): void {
    const values = variableValues(shown.variables, query);
    const span = spanFrom(query, shown.rangeMs);
    this.series.ahead(
      shown.widgets.filter(showsHistory).flatMap((widget) => historyOf(widget, span, values)),
    );
  }
}

/** What is asked for of a widget's history. */
export function historyOf(
  widget: WidgetDraft,
  span: Span,
  values: ReadonlyMap<string, string>,
): readonly HistoryWish[] {
  const { fromUnixMs, toUnixMs } = extentOf(spanOf(widget, span));
  const points = pointsFor(widget, window.innerWidth);
  return channelsOf(widget, values).map(({ channel }) => ({
    channel,
    fromUnixMs,
    toUnixMs,
    points,
  }));
}

/** A chart may have a range of its own, while nobody looks closer. */
export function spanOf({ type, config }: WidgetDraft, span: Span): Span {
  const rangeMs = type === 'line_chart' ? figureOf(config, 'rangeMs') : undefined;
  return rangeMs === undefined || !span.live
    ? span
    : { rangeMs, live: true, fromUnixMs: 0, toUnixMs: 0 };
}

/** From when to when a range is at present; what is live ends with this second. */
function extentOf({ live, rangeMs, fromUnixMs, toUnixMs }: Span) {
  const until = live ? Math.ceil(Date.now() / 1_000) * 1_000 : toUnixMs;
  return { fromUnixMs: live ? until - rangeMs : fromUnixMs, toUnixMs: until };
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

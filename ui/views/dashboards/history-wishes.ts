import type { WidgetDraft } from '../../data/dashboard-model.js';
import type { DashboardVariable } from '../../data/dashboards.js';
import type { HistoryWish } from '../../data/series-requests.js';
import {
  channelsOf,
  figureOf,
  pointsFor,
  showsHistory,
  variableValues,
} from '../../data/widget-channels.js';
import { spanFrom } from './ranges.js';

export interface Span {
  /** Width of time, ms. */
  readonly rangeMs: number;
  /** Ends now and moves on. False: `fromUnixMs` to `toUnixMs`. */
  readonly live: boolean;
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
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

interface Shown {
  readonly widgets: readonly WidgetDraft[];
  readonly variables: readonly DashboardVariable[];
  readonly rangeMs: number;
}

/** The history of all widgets, as each of them asks for it. */
export function historyOfAll(
  { widgets, variables, rangeMs }: Shown,
  query: URLSearchParams,
): readonly HistoryWish[] {
  const values = variableValues(variables, query);
  const span = spanFrom(query, rangeMs);
  return widgets.filter(showsHistory).flatMap((widget) => historyOf(widget, span, values));
}

import type { DashboardVariable, Widget } from '../../api/contract/dashboards.js';
import type { WidgetDraft } from './dashboard-model.js';

/** Columns of a dashboard. */
export const COLUMNS = 12;

/** `$name` becomes the value of the variable; longer names first, so `$place` is not `$p` and `lace`. */
export function fillIn(text: string, values: ReadonlyMap<string, string>): string {
  if (!text.includes('$')) return text;
  const names = [...values.keys()].toSorted((a, b) => b.length - a.length);
  return names.reduce((all, name) => all.replaceAll(`$${name}`, values.get(name) ?? ''), text);
}

export const QUERY_PREFIX = 'var-';

/** Values of variables: the address says them, or the dashboard; one that may not be chosen is not taken. */
export function variableValues(
  variables: readonly DashboardVariable[],
  query: URLSearchParams,
): ReadonlyMap<string, string> {
  return new Map(
    variables.map(({ name, value, options }) => {
      const asked = query.get(`${QUERY_PREFIX}${name}`);
      const may = asked !== null && (options === undefined || options.includes(asked));
      return [name, may ? asked : value];
    }),
  );
}

export interface ShownChannel {
  readonly channel: string;
  readonly label: string;
}

/** Empty when it is none. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Channels that a widget shows, with the variables filled in; none twice. */
export function channelsOf(
  widget: Pick<WidgetDraft, 'config' | 'signalChannel' | 'title'>,
  values: ReadonlyMap<string, string>,
): readonly ShownChannel[] {
  const { config, signalChannel } = widget;
  const several: readonly unknown[] = Array.isArray(config['channels']) ? config['channels'] : [];
  const named = several.flatMap((entry): ShownChannel[] => {
    if (typeof entry === 'string') return [{ channel: entry, label: '' }];
    if (typeof entry !== 'object' || entry === null) return [];
    return [
      { channel: text(Reflect.get(entry, 'channel')), label: text(Reflect.get(entry, 'label')) },
    ];
  });
  const one = { channel: text(config['channel']), label: text(config['label']) };
  const all = [one, ...named].filter(({ channel }) => channel !== '');
  if (all.length === 0 && signalChannel !== null) {
    all.push({ channel: signalChannel, label: widget.title });
  }
  const seen = new Map<string, ShownChannel>();
  for (const entry of all) {
    const channel = fillIn(entry.channel, values);
    if (!seen.has(channel)) seen.set(channel, { channel, label: fillIn(entry.label, values) });
  }
  return [...seen.values()];
}

/** Below this width the widgets stand one below the other, CSS pixels. */
const NARROW_PX = 700;
const FEWEST_POINTS = 200;
const MOST_POINTS = 1_200;

/** How many points a line of a widget needs on a page of this width: as many as it is wide, in steps. */
export function pointsFor(widget: Pick<WidgetDraft, 'w'>, pagePx: number): number {
  const widePx = pagePx <= NARROW_PX ? pagePx : (pagePx * widget.w) / COLUMNS;
  return Math.max(FEWEST_POINTS, Math.min(MOST_POINTS, Math.ceil(widePx / 100) * 100));
}

/** A stat shows its trend unless it is told not to, and what it rose by if it is told so. */
export const showsTrend = (config: Widget['config']): boolean => config['sparkline'] !== false;
export const showsDelta = (config: Widget['config']): boolean => config['delta'] === true;

/** Whether a widget of this kind, set up like this, shows what was. */
export function showsHistory({ type, config }: Pick<WidgetDraft, 'type' | 'config'>): boolean {
  if (type === 'stat_card') return showsTrend(config) || showsDelta(config);
  return type === 'line_chart' || type === 'state_timeline';
}

export function figureOf(config: Widget['config'], key: string): number | undefined {
  const value = config[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

import type { DashboardVariable, Widget, WidgetType } from '../../api/contract/dashboards.js';
import type { Tone } from './states.js';

/** A widget as it is edited: those that were not saved yet have an id below zero. */
export interface WidgetDraft {
  readonly id: number;
  readonly type: WidgetType;
  readonly title: string;
  readonly signalId: number | null;
  readonly signalChannel: string | null;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly config: Widget['config'];
}

export const COLUMNS = 12;

/** What a kind of widget is called, what it is for, and how large it begins. */
export const KINDS: readonly {
  readonly type: WidgetType;
  readonly word: string;
  readonly hint: string;
  readonly w: number;
  readonly h: number;
}[] = [
  { type: 'line_chart', word: 'Line chart', hint: 'Values over time, live', w: 6, h: 4 },
  { type: 'gauge', word: 'Gauge', hint: 'One value on its scale', w: 3, h: 3 },
  { type: 'stat_card', word: 'Figure', hint: 'One value, large, with its trend', w: 3, h: 2 },
  { type: 'table', word: 'Table', hint: 'Rows of devices, channels or alarms', w: 6, h: 4 },
  { type: 'state_timeline', word: 'State timeline', hint: 'Which state held when', w: 6, h: 3 },
  { type: 'alarm_list', word: 'Alarms', hint: 'What needs somebody', w: 4, h: 4 },
  { type: 'map', word: 'Map', hint: 'The site with its speakers and listeners', w: 6, h: 5 },
  { type: 'actuator_toggle', word: 'Switch', hint: 'Turns something on and off', w: 2, h: 2 },
  { type: 'actuator_slider', word: 'Slider', hint: 'Sets a value', w: 3, h: 2 },
  { type: 'text', word: 'Text', hint: 'Headings, notes, links', w: 4, h: 2 },
  { type: 'image', word: 'Picture', hint: 'A plan or a logo of this site', w: 3, h: 3 },
];

export const kindOf = (type: WidgetType) => KINDS.find((kind) => kind.type === type);

/** `$name` becomes the value of the variable; longer names first, so `$place` is not `$p` and `lace`. */
export function fillIn(text: string, values: ReadonlyMap<string, string>): string {
  if (!text.includes('$')) return text;
  const names = [...values.keys()].toSorted((a, b) => b.length - a.length);
  return names.reduce((all, name) => all.replaceAll(`$${name}`, values.get(name) ?? ''), text);
}

const QUERY_PREFIX = 'var-';

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

export const queryOfVariable = (name: string): string => `${QUERY_PREFIX}${name}`;

export interface ShownChannel {
  readonly channel: string;
  readonly label: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

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

export interface Threshold {
  readonly value: number;
  readonly tone: Tone;
  readonly label: string;
}

const TONES: ReadonlySet<unknown> = new Set(['good', 'attention', 'critical', 'unknown', 'off']);

/** By value, the lowest first; what is no threshold is left out. */
export function thresholdsOf(config: Widget['config']): readonly Threshold[] {
  const all: readonly unknown[] = Array.isArray(config['thresholds']) ? config['thresholds'] : [];
  return all
    .flatMap((entry): Threshold[] => {
      if (typeof entry !== 'object' || entry === null) return [];
      const value: unknown = Reflect.get(entry, 'value');
      const tone: unknown = Reflect.get(entry, 'tone');
      if (typeof value !== 'number' || !TONES.has(tone)) return [];
      return [{ value, tone: tone as Tone, label: text(Reflect.get(entry, 'label')) }];
    })
    .toSorted((a, b) => a.value - b.value);
}

/** The highest threshold that the value reached; undefined below all of them. */
export function reached(
  value: number | null | undefined,
  thresholds: readonly Threshold[],
): Threshold | undefined {
  if (value === null || value === undefined) return undefined;
  return thresholds.findLast((one) => value >= one.value);
}

export function figureOf(config: Widget['config'], key: string): number | undefined {
  const value = config[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** Where a widget of this width fits below everything else. */
export function below(widgets: readonly Pick<WidgetDraft, 'y' | 'h'>[]): number {
  return widgets.reduce((low, { y, h }) => Math.max(low, y + h), 0);
}

/** In the order in which they are read: by rows, then by columns. */
export function readingOrder<T extends { readonly x: number; readonly y: number }>(
  widgets: readonly T[],
): readonly T[] {
  return widgets.toSorted((a, b) => a.y - b.y || a.x - b.x);
}

/** Moves or resizes by whole cells and stays on the grid. */
export function shifted(
  widget: WidgetDraft,
  by: { readonly x?: number; readonly y?: number; readonly w?: number; readonly h?: number },
): WidgetDraft {
  const w = Math.max(1, Math.min(COLUMNS, widget.w + (by.w ?? 0)));
  const h = Math.max(1, Math.min(50, widget.h + (by.h ?? 0)));
  const x = Math.max(0, Math.min(COLUMNS - w, widget.x + (by.x ?? 0)));
  const y = Math.max(0, widget.y + (by.y ?? 0));
  return { ...widget, x, y, w, h };
}

const overlap = (a: WidgetDraft, b: WidgetDraft): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** What lies under the widget of `id` gives way downwards; nothing lies on anything else afterwards. */
export function settled(widgets: readonly WidgetDraft[], id: number): readonly WidgetDraft[] {
  const fixed = widgets.filter((one) => one.id === id);
  for (const one of readingOrder(widgets.filter((other) => other.id !== id))) {
    let next = one;
    for (let hit = fixed.find((other) => overlap(other, next)); hit; ) {
      next = { ...next, y: hit.y + hit.h };
      hit = fixed.find((other) => overlap(other, next));
    }
    fixed.push(next);
  }
  const places = new Map(fixed.map((one) => [one.id, one]));
  return widgets.map((one) => places.get(one.id) ?? one);
}

/** What is stored of a widget: without what the server says itself. */
export function storedOf({ signalChannel: _told, id, ...widget }: WidgetDraft) {
  return id > 0 ? { id, ...widget } : widget;
}

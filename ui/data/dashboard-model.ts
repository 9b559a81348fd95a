import type { Widget, WidgetType } from '../../api/contract/dashboards.js';
import type { Tone } from './states.js';
import { COLUMNS, QUERY_PREFIX, text } from './widget-channels.js';

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

export const queryOfVariable = (name: string): string => `${QUERY_PREFIX}${name}`;

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

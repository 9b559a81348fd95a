import { z } from 'zod';
import { liveQuery } from './live.js';
import { seriesQuery } from './rest.js';

/**
 * Dashboards as `/v1/dashboards` takes and answers them. A widget lies on a grid of 12 columns; what it shows is in its
 * `config`, by its type. Where a channel is named, `$name` stands for the value of a variable of the dashboard.
 */
export const WIDGET_TYPES = [
  'line_chart',
  'gauge',
  'stat_card',
  'table',
  'state_timeline',
  'alarm_list',
  'map',
  'actuator_toggle',
  'actuator_slider',
  'text',
  'image',
] as const;
export const widgetType = z.enum(WIDGET_TYPES);
export type WidgetType = z.infer<typeof widgetType>;

/** Widgets of one dashboard, at most. */
export const MAX_WIDGETS = 100;
const MAX_CONFIG_CHARACTERS = 16_384;

/** `<device>/<parameter>`, with variables or without. */
const channel = z.string().min(1).max(300);
const label = z.string().max(200);
/** Colour means state: from this value on. */
const threshold = z.looseObject({
  value: z.number(),
  tone: z.enum(['good', 'attention', 'critical', 'unknown', 'off']),
  label: label.optional(),
});
const scale = {
  min: z.number().nullable().optional(),
  max: z.number().nullable().optional(),
  decimals: z.int().min(0).max(6).nullable().optional(),
  thresholds: z.array(threshold).max(10).optional(),
};
const one = { channel: channel.optional(), label: label.optional() };
const several = {
  channels: z
    .array(z.looseObject({ channel, label: label.optional() }))
    .max(20)
    .optional(),
  /** Other than the dashboard's range. */
  rangeMs: z.number().min(10_000).max(31_622_400_000).nullable().optional(),
};
const setting = z.union([z.number(), z.string().max(200), z.boolean()]);

/** What each type says; other fields are kept as they are. A widget without a channel waits for one. */
const CONFIGS = {
  line_chart: z.looseObject({ ...several, ...scale, annotations: z.boolean().optional() }),
  gauge: z.looseObject({ ...one, ...scale }),
  stat_card: z.looseObject({
    ...one,
    ...scale,
    sparkline: z.boolean().optional(),
    delta: z.boolean().optional(),
  }),
  table: z.looseObject({ query: liveQuery.optional() }),
  state_timeline: z.looseObject(several),
  alarm_list: z.looseObject({
    severity: z.enum(['critical', 'major', 'minor', 'warning', 'info']).nullable().optional(),
    device: z.string().max(128).optional(),
    limit: z.int().min(1).max(200).optional(),
  }),
  map: z.looseObject({ projectId: z.int().min(1).nullable().optional() }),
  actuator_toggle: z.looseObject({ ...one, on: setting.optional(), off: setting.optional() }),
  actuator_slider: z.looseObject({ ...one, ...scale, step: z.number().positive().optional() }),
  text: z.looseObject({ text: z.string().max(10_000).optional() }),
  image: z.looseObject({
    /** Of this site. */
    url: z
      .string()
      .max(1_000)
      .regex(/^(\/(?![/\\])|$)/, 'must be a path of this site, such as /media/plan.png')
      .optional(),
    alt: label.optional(),
  }),
} as const satisfies Record<WidgetType, z.ZodType>;

/** What is wrong with a widget's config, or undefined. */
export function configFault(
  type: WidgetType,
  config: Readonly<Record<string, unknown>>,
): { readonly field: string; readonly message: string } | undefined {
  if (JSON.stringify(config).length > MAX_CONFIG_CHARACTERS) {
    return { field: 'config', message: `at most ${MAX_CONFIG_CHARACTERS} characters as JSON` };
  }
  const issue = CONFIGS[type].safeParse(config).error?.issues[0];
  if (issue === undefined) return undefined;
  return { field: ['config', ...issue.path.map(String)].join('.'), message: issue.message };
}

export const dashboardVariable = z.strictObject({
  /** `$name` in widgets. */
  name: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'small letters, digits and _, a letter first'),
  label: label.default(''),
  kind: z.enum(['device', 'channel', 'text']),
  value: z.string().max(300).default(''),
  /** What may be chosen; absent: any device or channel, or any text. */
  options: z.array(z.string().max(300)).max(100).optional(),
});
export type DashboardVariable = z.infer<typeof dashboardVariable>;

const place = {
  x: z.int().min(0).max(11),
  y: z.int().min(0).max(10_000),
  w: z.int().min(1).max(12),
  h: z.int().min(1).max(50),
};
const config = z.record(z.string().max(100), z.unknown());

export const widgetInput = {
  type: widgetType,
  title: z.string().max(200).default(''),
  signalId: z.int().min(1).nullable().default(null),
  x: place.x.default(0),
  y: place.y.default(0),
  w: place.w.default(4),
  h: place.h.default(3),
  config: config.default({}),
};
export const widgetCreate = z.strictObject(widgetInput);
export const widgetPatch = z
  .strictObject({
    type: widgetType.optional(),
    title: z.string().max(200).optional(),
    signalId: z.int().min(1).nullable().optional(),
    x: place.x.optional(),
    y: place.y.optional(),
    w: place.w.optional(),
    h: place.h.optional(),
    config: config.optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'give at least one field to change');

export const widget = z.object({
  id: z.int(),
  publicId: z.string(),
  dashboardId: z.int(),
  type: widgetType,
  title: z.string(),
  signalId: z.int().nullable(),
  /** Channel of the signal, or null: what it shows unless its config names a channel. */
  signalChannel: z.string().nullable(),
  x: z.int(),
  y: z.int(),
  w: z.int(),
  h: z.int(),
  config,
});
export type Widget = z.infer<typeof widget>;

const dashboardInput = {
  name: z.string().min(1).max(200),
  /** Every user sees it, every operator may change it. */
  shared: z.boolean().default(false),
  variables: z
    .array(dashboardVariable)
    .max(20)
    .refine(
      (all) => new Set(all.map(({ name }) => name)).size === all.length,
      'two variables have the same name',
    )
    .default([]),
  /** What charts show at first, ms. */
  rangeMs: z.number().min(10_000).max(31_622_400_000).default(900_000),
};
export const dashboardCreate = z.strictObject(dashboardInput);
export const dashboardPatch = z
  .strictObject({
    name: dashboardInput.name.optional(),
    shared: z.boolean().optional(),
    variables: dashboardInput.variables.unwrap().optional(),
    rangeMs: dashboardInput.rangeMs.unwrap().optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'give at least one field to change');
/** The whole dashboard in one step. Widgets without an `id` are new; those that are not named go. */
export const dashboardPut = z.strictObject({
  ...dashboardInput,
  widgets: z
    .array(z.strictObject({ id: z.int().min(1).optional(), ...widgetInput }))
    .max(MAX_WIDGETS),
  /** `updatedAtUnixMs` as it was read: a change that somebody else made meanwhile is a conflict. */
  basedOn: z.number().optional(),
});

export const dashboard = z.object({
  id: z.int(),
  publicId: z.string(),
  name: z.string(),
  shared: z.boolean(),
  variables: z.array(dashboardVariable),
  rangeMs: z.number(),
  /** A link opens it without a login. */
  linked: z.boolean(),
  own: z.boolean(),
  mayChange: z.boolean(),
  createdAtUnixMs: z.number(),
  updatedAtUnixMs: z.number(),
});
export type Dashboard = z.infer<typeof dashboard>;
export const dashboardEntry = dashboard.extend({ widgetCount: z.int() });
export type DashboardEntry = z.infer<typeof dashboardEntry>;
export const dashboardWhole = dashboard.extend({ widgets: z.array(widget) });
export type DashboardWhole = z.infer<typeof dashboardWhole>;

/** What a share link shows. */
export const sharedDashboard = z.object({
  name: z.string(),
  variables: z.array(dashboardVariable),
  rangeMs: z.number(),
  widgets: z.array(widget),
});
export type SharedDashboard = z.infer<typeof sharedDashboard>;
export const sharedSeriesQuery = seriesQuery;

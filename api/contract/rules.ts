import { z } from 'zod';

/** Rules, schedules and variables as `/v1/rules`, `/v1/schedules` and `/v1/variables` take and answer them. Spans are ms. */

const DAY_MS = 86_400_000;
const spanMs = z
  .number()
  .min(0)
  .max(31 * DAY_MS);
const id = z.int().min(1);
const maybe = <T extends z.ZodType>(schema: T) => schema.nullable().default(null as never);
const scalar = z.union([z.number(), z.string().max(1_000), z.boolean()]);
const channel = z
  .string()
  .min(1)
  .max(400)
  .regex(
    /^(@|@\/[^/].*|[^/@][^/]*\/.+)$/,
    'must be a channel: device/parameter, or @ and @/parameter in a rule with each',
  );
const comparison = z.enum(['>', '>=', '<', '<=']);
const text = (most: number) => z.string().max(most);
const finite = z.number();

export const ruleCondition = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('threshold'),
    channel,
    op: comparison,
    value: finite,
    clear: finite.optional(),
  }),
  z.strictObject({
    type: z.literal('range'),
    channel,
    low: finite,
    high: finite,
    when: z.enum(['inside', 'outside']),
    hysteresis: finite.min(0).optional(),
  }),
  z.strictObject({
    type: z.literal('equals'),
    channel,
    value: scalar,
    tolerance: finite.min(0).optional(),
    negate: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal('rate'),
    channel,
    overMs: z.number().min(100).max(DAY_MS),
    op: comparison,
    perSecond: finite,
    clear: finite.optional(),
  }),
  z.strictObject({
    type: z.literal('no-data'),
    channel,
    afterMs: z
      .number()
      .min(100)
      .max(31 * DAY_MS),
  }),
  z.strictObject({
    type: z.literal('aggregate'),
    channel,
    function: z.enum(['avg', 'min', 'max', 'sum', 'count', 'stddev', 'range']),
    windowMs: z.number().min(100).max(DAY_MS),
    op: comparison,
    value: finite,
    clear: finite.optional(),
  }),
  z.strictObject({
    type: z.literal('expression'),
    text: text(2_000).min(1),
    clear: text(2_000).min(1).optional(),
  }),
  z.strictObject({ type: z.literal('schedule'), scheduleId: id }),
]);

const on = { on: z.enum(['firing', 'clear', 'both']).optional() };
const audio = { type: z.literal('audio'), ...on };

export const ruleAction = z.union([
  z.strictObject({
    type: z.literal('notify'),
    ...on,
    targetId: id,
    subject: text(1_000).optional(),
    text: text(10_000).optional(),
    event: text(100).min(1).optional(),
  }),
  z.strictObject({ type: z.literal('webhooks'), ...on, event: text(100).min(1) }),
  z.strictObject({
    type: z.literal('journal'),
    ...on,
    level: z.enum(['error', 'warning', 'info']),
    text: text(4_000).min(1),
  }),
  z.strictObject({
    type: z.literal('command'),
    ...on,
    deviceId: text(128).min(1),
    parameter: text(256).min(1),
    value: scalar,
  }),
  z.strictObject({
    type: z.literal('variable'),
    ...on,
    name: text(100).min(1),
    value: scalar,
  }),
  z.strictObject({
    type: z.literal('experiment'),
    ...on,
    do: z.enum(['start', 'stop']),
    name: text(200).min(1),
  }),
  z.strictObject({
    ...audio,
    do: z.literal('speaker-volume'),
    speakerId: id,
    volume: z.number().min(0).max(1),
  }),
  z.strictObject({ ...audio, do: z.enum(['mute', 'unmute']), speakerId: id }),
  z.strictObject({
    ...audio,
    do: z.literal('play'),
    projectId: id,
    assetId: id,
    place: z
      .strictObject({
        latitude: z.number().min(-90).max(90),
        longitude: z.number().min(-180).max(180),
        radiusM: z.number().min(0).max(1_000_000),
      })
      .optional(),
  }),
  z.strictObject({
    ...audio,
    do: z.literal('tags'),
    projectId: id,
    tagIds: z.array(id).max(1_000),
  }),
  z.strictObject({ ...audio, do: z.enum(['pause', 'resume']), projectId: id }),
  z.strictObject({ ...audio, do: z.literal('text'), projectId: id, text: text(1_000).min(1) }),
]);

const severity = z.enum(['critical', 'major', 'minor', 'warning', 'info']);

/** Fields of a rule that are written. */
export const ruleInput = {
  name: text(200).min(1),
  description: text(10_000).default(''),
  enabled: z.boolean().default(true),
  condition: ruleCondition,
  each: maybe(z.array(text(400).min(1)).min(1).max(100)),
  holdMs: spanMs.default(0),
  keepMs: spanMs.default(0),
  cooldownMs: spanMs.default(0),
  inARow: z.int().min(1).max(10_000).default(1),
  noData: z.enum(['no-data', 'normal', 'firing', 'keep']).default('no-data'),
  noDataAfterMs: spanMs.default(0),
  onError: z.enum(['error', 'normal', 'firing', 'keep']).default('error'),
  maxPerMinute: z.int().min(0).max(1_000).default(30),
  scheduleId: maybe(id),
  severity: maybe(severity),
  labels: z.record(text(100).min(1), text(1_000)).default({}),
  text: text(10_000).default(''),
  actions: z.array(ruleAction).max(50).default([]),
  parentRuleId: maybe(id),
  escalation: z
    .array(
      z.strictObject({
        afterMs: spanMs,
        severity: severity.optional(),
        targetIds: z.array(id).max(100),
      }),
    )
    .max(20)
    .default([]),
} as const satisfies z.ZodRawShape;

export const ruleServer = {
  publicId: z.string(),
  origin: z.enum(['native', 'default', 'webmacs']),
  ownerId: z.string().nullable(),
  lastTriggeredAtUnixMs: z.number().nullable(),
  createdAtUnixMs: z.number(),
  updatedAtUnixMs: z.number(),
  /** What may be meant otherwise, as names in its templates that nothing fills; it runs all the same. */
  warnings: z.array(z.string()),
} as const satisfies z.ZodRawShape;

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be HH:MM');
const startTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM, before 24:00');

export const scheduleInput = {
  name: text(200).min(1),
  timeZone: text(100).min(1),
  weekly: z
    .array(
      z.strictObject({
        days: z.array(z.int().min(1).max(7)).min(1).max(7),
        from: startTime,
        to: time,
      }),
    )
    .max(100)
    .default([]),
  cron: maybe(text(200).min(1)),
  cronOpenMs: z.number().min(0).max(DAY_MS).default(0),
  days: z
    .array(
      z.strictObject({
        day: z.string().regex(/^(\d{4}-)?\d{2}-\d{2}$/, 'must be YYYY-MM-DD or MM-DD'),
        name: text(200).optional(),
        times: z.array(z.strictObject({ from: startTime, to: time })).max(20),
      }),
    )
    .max(1_000)
    .default([]),
} as const satisfies z.ZodRawShape;

export const variableName = z
  .string()
  .max(100)
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.-]*$/,
    'must begin with a letter and hold letters, digits, _ . and - only',
  );
export const variableInput = {
  name: variableName,
  kind: z.enum(['number', 'text', 'boolean']),
  value: scalar,
  unit: maybe(text(40).min(1)),
  description: text(10_000).default(''),
} as const satisfies z.ZodRawShape;
export const variableServer = {
  updatedAtUnixMs: z.number(),
  updatedBy: z.string(),
} as const satisfies z.ZodRawShape;
export const variableValue = z.strictObject({ value: scalar });
export const variableRow = z.object({ id, ...variableInput, ...variableServer });

export const ruleRow = z.object({ id, ...ruleInput, ...ruleServer });

/** Wanted of a rule that is only tried: what a rule has, or the least that runs. */
export const ruleTest = z.strictObject({
  rule: z.strictObject({ ...ruleInput, name: text(200).default('test') }),
  /** Of a rule with `each`: the channel it is tried on; absent: the first. */
  source: text(400).optional(),
  fromUnixMs: z.number().min(0),
  toUnixMs: z.number().min(0),
});
const value = z.union([z.number(), z.string(), z.null()]);
const state = z.enum(['disabled', 'normal', 'pending', 'firing', 'recovering', 'no-data', 'error']);
export const ruleTestAnswer = z.object({
  source: z.string(),
  samples: z.int(),
  firings: z.array(z.object({ fromUnixMs: z.number(), toUnixMs: z.number().nullable(), value })),
  states: z.array(z.object({ atUnixMs: z.number(), state })),
});
export const ruleSources = z.object({
  total: z.int(),
  items: z.array(
    z.object({
      id: z.string(),
      source: z.string(),
      state,
      value,
      sinceUnixMs: z.number().nullable(),
      error: z.string().nullable(),
    }),
  ),
});
export const expressionCheck = z.strictObject({
  text: text(4_000),
  /** What `@` stands for. */
  source: text(400).optional(),
});
export const expressionAnswer = z.object({
  ok: z.boolean(),
  kind: z.enum(['number', 'text', 'boolean']).nullable(),
  unit: z.string().nullable(),
  /** As it is read, with no more parentheses than it needs. */
  text: z.string().nullable(),
  channels: z.array(z.string()),
  variables: z.array(z.string()),
  problems: z.array(z.object({ at: z.int(), message: z.string() })),
});
export const openings = z.object({
  open: z.boolean(),
  items: z.array(z.object({ fromUnixMs: z.number(), toUnixMs: z.number().nullable() })),
});

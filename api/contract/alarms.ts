import { z } from 'zod';

export const severity = z.enum(['critical', 'major', 'minor', 'warning', 'info']);
const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
const unixMs = z.number().min(0).max(8.64e15);
const spanMs = z
  .number()
  .min(0)
  .max(31 * 86_400_000);
const label = z.string().regex(/^[A-Za-z_][\w.-]{0,63}$/, 'must begin with a letter');

/** All of a list hold together. Patterns match the whole value; see `docs/alarms.md` for what they may hold. */
export const matcher = z.strictObject({
  /** A label of the rule, or `rule`, `device`, `source`, `severity`, `type`. */
  label,
  op: z.enum(['=', '!=', '=~', '!~']),
  value: z.string().max(200),
});
const matchers = z.array(matcher).max(20);

export const alarm = z.object({
  id: z.int(),
  publicId: z.string(),
  ruleId: z.int().nullable(),
  ruleName: z.string(),
  source: z.string(),
  deviceId: z.string().nullable(),
  type: z.string(),
  severity,
  text: z.string(),
  labels: z.record(z.string(), z.string()),
  value: z.union([z.number(), z.string()]).nullable(),
  active: z.boolean(),
  acknowledged: z.boolean(),
  raisedAtUnixMs: z.number(),
  updatedAtUnixMs: z.number(),
  clearedAtUnixMs: z.number().nullable(),
  acknowledgedAtUnixMs: z.number().nullable(),
  acknowledgedBy: z.string().nullable(),
  assignedTo: z.string().nullable(),
  shelvedUntilUnixMs: z.number().nullable(),
  shelvedBy: z.string().nullable(),
  /** Active for 30 min, and nobody acknowledged it. */
  overdue: z.boolean(),
  quiet: z.enum(['silence', 'schedule', 'parent', 'shelved']).nullable(),
  repeats: z.int(),
  escalated: z.int(),
  parentAlarmId: z.int().nullable(),
  comments: z.int(),
  facts: z.record(z.string(), z.unknown()),
});

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const alarmQuery = z.strictObject({
  active: flag.optional(),
  acknowledged: flag.optional(),
  overdue: flag.optional(),
  /** Those that the caller wants to be told of, by the own notification preferences. */
  mine: flag.optional(),
  severity: severity.optional(),
  type: z.string().max(64).optional(),
  ruleId: z.coerce.number().int().min(1).optional(),
  deviceId: z.string().max(128).optional(),
  assignedTo: z.string().max(128).optional(),
  /** Part of the alarm's text, any letter case. */
  text: z.string().max(200).optional(),
  /** Raised at or after. */
  from: z.coerce.number().min(0).optional(),
  /** Raised before. */
  to: z.coerce.number().min(0).optional(),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export const alarmComment = z.object({
  id: z.int(),
  atUnixMs: z.number(),
  by: z.string(),
  text: z.string(),
});

const text = z.string().trim().min(1).max(4_000);
export const commentMake = z.strictObject({ text });

export const alarmActions = z.strictObject({
  ids: z.array(id).min(1).max(1_000),
  action: z.enum(['acknowledge', 'unacknowledge', 'assign', 'shelve', 'unshelve', 'clear']),
  /** Of `assign`: a user's name; null: to nobody. */
  to: z.string().min(1).max(128).nullable().optional(),
  /** Of `shelve`. */
  untilUnixMs: unixMs.optional(),
  comment: text.optional(),
});

export const alarmActionsResult = z.object({
  done: z.array(z.int()),
  refused: z.array(z.object({ id: z.int(), reason: z.string() })),
});

export const alarmEvent = z.object({
  atUnixMs: z.number(),
  kind: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

export const SILENCE_INPUT = {
  matchers: matchers.min(1),
  fromUnixMs: unixMs,
  untilUnixMs: unixMs,
  reason: z.string().trim().min(1).max(1_000),
} as const;
export const SILENCE_SERVER = { by: z.string() } as const;

export const ROUTE_INPUT = {
  /** Null: at the top. */
  parentId: id.nullable().default(null),
  position: z.int().min(0).max(1_000_000).default(0),
  name: z.string().trim().min(1).max(200),
  /** None: it takes everything. */
  matchers: matchers.default([]),
  /** None: nobody is told. */
  targetIds: z.array(id).max(50).default([]),
  groupBy: z.array(label).max(10).default([]),
  groupWaitMs: spanMs.default(30_000),
  groupIntervalMs: spanMs.default(300_000),
  /** 0: told once. */
  repeatMs: spanMs.default(14_400_000),
  goOn: z.boolean().default(false),
  muteScheduleIds: z.array(id).max(20).default([]),
} as const;

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');

export const ALARM_TYPES = [
  'battery_low',
  'battery_critical',
  'signal_loss',
  'audio_low',
  'device_offline',
  'hardware_offline',
  'device_online',
] as const;

export const notificationPreference = z.strictObject({
  method: z.enum(['email', 'page', 'both', 'none']).default('page'),
  email: z.email().max(254).nullable().default(null),
  /** Told only when the value is at or below; of the types with a level. */
  thresholds: z
    .partialRecord(
      z.enum(['battery_low', 'battery_critical', 'signal_loss', 'audio_low']),
      z.number().min(-200).max(100),
    )
    .default({}),
  types: z
    .array(z.string().min(1).max(64))
    .max(50)
    .default([...ALARM_TYPES]),
  quietFrom: clockTime.nullable().default(null),
  quietTo: clockTime.nullable().default(null),
  timeZone: z.string().min(1).max(64).default('UTC'),
  minIntervalMs: z.number().min(0).max(86_400_000).default(300_000),
});
export type NotificationPreference = z.infer<typeof notificationPreference>;

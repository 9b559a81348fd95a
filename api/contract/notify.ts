import { z } from 'zod';

/** Who is told, and what became of it. */

export const TARGET_KINDS = ['webhook', 'email', 'chat', 'mqtt', 'syslog'] as const;

const text = (most: number) => z.string().min(1).max(most);
const header = z
  .string()
  .max(2_000)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be one line of Latin text');
const headers = z
  .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is no name of a header'), header)
  .refine((given) => Object.keys(given).length <= 20, 'has more than 20 headers');
const httpUrl = z.url({ protocol: /^https?$/ }).max(2_000);
const host = text(255).regex(/^[^\s/@]+$/, 'is a name or an address, without scheme and path');

/** How often and when a target is tried. */
const delivery = {
  /** Tries of a delivery, the first included. */
  attempts: z.int().min(1).max(20).default(3),
  /** Wait before the second try; each further one is twice as long, at most an hour. */
  retryMs: z.int().min(100).max(3_600_000).default(2_000),
  /** Of one try. */
  timeoutMs: z.int().min(100).max(60_000).default(10_000),
};
const reach = {
  /** Loopback, private and link-local addresses may be called, also behind a name. */
  allowPrivate: z.boolean().default(false),
};

/** `config` of a target by its kind. */
export const TARGET_CONFIGS = {
  webhook: z.strictObject({
    url: httpUrl,
    /** Sent with each call. Those that are secret belong into `secret.headers`. */
    headers: headers.default({}),
    ...reach,
    ...delivery,
  }),
  email: z.strictObject({
    to: z.array(z.email().max(320)).min(1).max(50),
    ...delivery,
  }),
  /** The address is a secret: `secret.url`. */
  chat: z.strictObject({
    channel: text(200).optional(),
    username: text(200).optional(),
    ...reach,
    ...delivery,
  }),
  mqtt: z.strictObject({
    /** Absent: the embedded broker. */
    url: z
      .string()
      .max(2_000)
      .regex(/^(mqtts?|wss?):\/\/[^/\s@]+/, 'starts with mqtt://, mqtts://, ws:// or wss://')
      .optional(),
    user: text(200).optional(),
    topic: text(500).regex(/^[^#+\0]+$/, 'must be without # and +'),
    qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(1),
    retain: z.boolean().default(false),
    verifyTls: z.boolean().default(true),
    ...reach,
    ...delivery,
  }),
  syslog: z.strictObject({
    host,
    port: z.int().min(1).max(65_535).default(514),
    protocol: z.enum(['udp', 'tcp', 'tls']).default('udp'),
    /** 16 is local0. */
    facility: z.int().min(0).max(23).default(16),
    verifyTls: z.boolean().default(true),
    ...reach,
    ...delivery,
  }),
} as const;

/** Write-only. Which of it a kind uses: webhook `key` and `headers`, chat `url`, MQTT `password`. */
export const targetSecret = z.strictObject({
  /** Signs webhooks. */
  key: text(1_000).optional(),
  headers: headers.optional(),
  url: httpUrl.optional(),
  password: text(1_000).optional(),
});
export type TargetSecret = z.output<typeof targetSecret>;

const name = z.string().trim().min(1).max(200);
const events = z.array(z.string().regex(/^[a-z0-9_.*-]{1,100}$/, 'is no name of an event')).max(50);
const configOf = z.record(z.string(), z.unknown());

export const targetCreate = z.strictObject({
  name,
  kind: z.enum(TARGET_KINDS),
  enabled: z.boolean().default(true),
  config: configOf,
  secret: targetSecret.optional(),
  events: events.default([]),
});

export const targetPatch = z
  .strictObject({
    name: name.optional(),
    enabled: z.boolean().optional(),
    config: configOf.optional(),
    /** Replaces the secrets; null removes them. */
    secret: targetSecret.nullable().optional(),
    events: events.optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'give at least one field to change');

export const targetAnswer = z.object({
  id: z.int(),
  publicId: z.string(),
  name: z.string(),
  kind: z.enum(TARGET_KINDS),
  enabled: z.boolean(),
  config: configOf,
  /** Which secrets are set; what they are is never told. */
  secrets: z.array(z.string()),
  events: z.array(z.string()),
  /** `open`: it failed so often that it is left alone for a while. */
  circuit: z.enum(['closed', 'open', 'half-open']),
  createdAtUnixMs: z.number(),
});
export const targetList = z.object({ items: z.array(targetAnswer) });

export const DELIVERY_STATES = ['pending', 'delivered', 'failed', 'dead'] as const;

export const deliveryAnswer = z.object({
  id: z.int(),
  /** Stable over tries and restarts; sent as `Idempotency-Key`. */
  key: z.string(),
  kind: z.enum(['target', 'action']),
  targetId: z.int().nullable(),
  targetName: z.string().nullable(),
  event: z.string(),
  subject: z.string().nullable(),
  payload: z.string(),
  alarmId: z.int().nullable(),
  /** `failed`: tried without success, and tried again at `nextAtUnixMs`; `dead`: given up. */
  state: z.enum(DELIVERY_STATES),
  attempts: z.int(),
  nextAtUnixMs: z.number().nullable(),
  lastError: z.string().nullable(),
  responseCode: z.int().nullable(),
  createdAtUnixMs: z.number(),
  deliveredAtUnixMs: z.number().nullable(),
});

export const deliveryList = z.object({
  total: z.int(),
  offset: z.int(),
  limit: z.int(),
  items: z.array(deliveryAnswer),
});

export const deliveryQuery = z.strictObject({
  targetId: z.coerce.number().int().optional(),
  alarmId: z.coerce.number().int().optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  kind: z.enum(['target', 'action']).optional(),
  event: z.string().max(200).optional(),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

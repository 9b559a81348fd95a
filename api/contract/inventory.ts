import { z } from 'zod';

/**
 * The device inventory as `/v1/<resource>` takes and answers it. `input` says what may be written and what a new row
 * has by itself; the answer is the same with `id` and `server` fields, which only the server writes. Times are Unix ms.
 */

const id = z.int().min(1);
const maybe = <T extends z.ZodType>(schema: T) => schema.nullable().default(null as never);
const text = (most: number) => z.string().max(most);
const notes = text(10_000).default('');
const time = z.number().min(0);

const lifecycleState = z.enum([
  'discovered',
  'provisioning',
  'online',
  'degraded',
  'offline',
  'maintenance',
  'retired',
]);

interface Resource {
  /** `/v1/<path>`. */
  readonly path: string;
  /** One of them, for people. */
  readonly singular: string;
  readonly input: z.ZodRawShape;
  readonly server: z.ZodRawShape;
}

const records = {
  path: 'device-records',
  singular: 'the record of a device of a plugin',
  input: {
    givenName: maybe(text(200).min(1)),
    address: maybe(text(255).min(1)),
    port: maybe(z.int().min(1).max(65_535)),
    enabled: z.boolean().default(true),
    locationId: maybe(id),
    config: z.record(z.string().max(100), z.unknown()).default({}),
    notes,
  },
  server: {
    deviceId: z.string(),
    instanceId: id,
    externalId: z.string(),
    role: z.string(),
    serial: z.string().nullable(),
    mac: z.string().nullable(),
    model: z.string().nullable(),
    firmware: z.string().nullable(),
    reportedName: z.string().nullable(),
    lifecycle: lifecycleState,
    lifecycleSinceUnixMs: time,
    lifecycleReason: z.string().nullable(),
    createdAtUnixMs: time,
    updatedAtUnixMs: time,
  },
} as const satisfies Resource;

const rfChannels = {
  path: 'rf-channels',
  singular: 'a radio channel',
  input: {
    slot: maybe(z.int().min(1).max(99_999)),
    resource: z.enum(['free', 'reserved', 'active', 'degraded', 'disabled']).default('free'),
    givenId: maybe(text(32)),
    givenName: maybe(text(200)),
    unitId: maybe(id),
    notes,
  },
  server: {
    deviceId: z.string(),
    number: z.int(),
    direction: z.enum(['receive', 'send', 'bidirectional']),
    reportedName: z.string().nullable(),
  },
} as const satisfies Resource;

const units = {
  path: 'units',
  singular: 'a transmitter or pack',
  input: {
    name: text(200).min(1),
    kind: z.enum(['bodypack', 'handheld', 'plug-on', 'in-ear', 'other']).default('bodypack'),
    model: maybe(text(200)),
    serial: maybe(text(200)),
    notes,
  },
  server: {},
} as const satisfies Resource;

const performers = {
  path: 'performers',
  singular: 'a performer',
  input: {
    name: text(200).min(1),
    photoMediaId: maybe(text(200)),
    backgroundMediaId: maybe(text(200)),
    notes,
  },
  server: {
    /** Where they can be seen; null: there is none, or it is not there any more. */
    photoUrl: z.string().nullable(),
    backgroundUrl: z.string().nullable(),
  },
} as const satisfies Resource;

const assignments = {
  path: 'assignments',
  singular: 'who uses a channel',
  input: {
    performerId: id,
    rfChannelId: id,
    priority: z.enum(['low', 'normal', 'high', 'critical']).default('normal'),
    userId: maybe(text(128)),
    alertOnBattery: z.boolean().default(true),
    alertOnSignal: z.boolean().default(true),
    alertOnAudio: z.boolean().default(false),
    alertOnOffline: z.boolean().default(true),
    fromUnixMs: maybe(time),
    toUnixMs: maybe(time),
    notes,
  },
  server: {},
} as const satisfies Resource;

const groups = {
  path: 'board-groups',
  singular: 'a board',
  input: {
    /** 1 to 9 are chosen by that key. */
    number: z.int().min(1).max(9_999),
    title: text(200).default(''),
    /** In order; 0 is a blank. */
    slots: z.array(z.int().min(0).max(99_999)).max(2_000).default([]),
    hideCharts: z.boolean().default(false),
  },
  server: {},
} as const satisfies Resource;

const locations = {
  path: 'locations',
  singular: 'a site, building or room',
  input: {
    parentId: maybe(id),
    kind: z.enum(['site', 'building', 'room']).default('room'),
    name: text(200).min(1),
  },
  server: {},
} as const satisfies Resource;

const overrides = {
  path: 'setting-overrides',
  singular: 'a setting of the site, an instance or a device',
  input: {
    scope: z.enum(['site', 'instance', 'device']),
    /** Empty for the site; the number of an instance; the id of a device. */
    scopeId: text(128).default(''),
    key: text(100),
    value: z.union([z.number(), z.string().max(1_000), z.boolean(), z.null()]),
  },
  server: {},
} as const satisfies Resource;

/** By the names of the inventory's tables. */
export const INVENTORY = {
  records,
  rfChannels,
  units,
  performers,
  assignments,
  groups,
  locations,
  overrides,
} as const;
export type InventoryResource = keyof typeof INVENTORY;

export const lifecycleMove = z.strictObject({
  to: lifecycleState,
  reason: text(1_000).optional(),
});

/** Places of several channels in one step, so that two can change theirs. */
export const slotMoves = z.strictObject({
  slots: z
    .array(z.strictObject({ id, slot: z.int().min(1).max(99_999).nullable() }))
    .min(1)
    .max(5_000),
});

const settingScope = z.enum(['site', 'instance', 'device']);

export const settingDefinitions = z.object({
  items: z.array(
    z.object({
      key: z.string(),
      title: z.string(),
      description: z.string(),
      unit: z.string(),
      default: z.number(),
      min: z.number(),
      max: z.number(),
      whole: z.boolean(),
      scopes: z.array(settingScope),
    }),
  ),
});

export const settingsInForce = z.object({
  items: z.array(
    z.object({
      key: z.string(),
      value: z.number(),
      unit: z.string(),
      from: z.enum(['site', 'instance', 'device', 'default']),
    }),
  ),
});

export const kioskCreate = z.strictObject({
  name: text(200).default(''),
  /** Null: all channels. */
  groupId: maybe(id),
  expiresAtUnixMs: maybe(time),
});

export const kioskLink = z.object({
  id,
  name: z.string(),
  groupId: id.nullable(),
  createdBy: z.string(),
  createdAtUnixMs: time,
  expiresAtUnixMs: time.nullable(),
});

export const kioskView = z.object({
  name: z.string(),
  expiresAtUnixMs: time.nullable(),
  /** Null: the link shows all channels. */
  group: z
    .object({
      id,
      number: z.int(),
      title: z.string(),
      slots: z.array(z.int()),
      hideCharts: z.boolean(),
    })
    .nullable(),
});

export const devicesHealth = z.object({
  state: z.enum(['healthy', 'partial', 'unhealthy', 'unconfigured', 'unknown']),
  vendors: z.array(
    z.object({
      instanceId: id,
      name: z.string(),
      plugin: z.string(),
      state: z.enum(['healthy', 'partial', 'unhealthy', 'unconfigured', 'unknown']),
      message: z.string().nullable(),
      devices: z.int(),
      connected: z.int(),
    }),
  ),
  counts: z.object({
    devices: z.int(),
    connected: z.int(),
    healthy: z.int(),
    warning: z.int(),
    stale: z.int(),
    offline: z.int(),
    unknown: z.int(),
  }),
});
export type DevicesHealth = z.infer<typeof devicesHealth>;

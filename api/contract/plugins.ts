import { z } from 'zod';
import { commandResult } from './rest.js';

/** Any JSON object. */
const anyObject = z.record(z.string(), z.unknown());
const value = z.union([z.number(), z.string().max(4_096), z.boolean()]);
const id = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const deviceIds = z.array(z.string().min(1).max(128)).min(1).max(10_000);

export const instanceParams = z.object({ id });
export const deviceParams = z.object({ id: z.string().min(1).max(128) });
export const codeParams = z.object({ code: z.string().min(1).max(200) });

export const pluginRow = z.looseObject({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  vendor: z.string(),
  description: z.string(),
  source: z.enum(['built-in', 'folder', 'package']),
  reach: z.enum(['server', 'devices', 'none']),
  discovers: z.array(z.string()),
  state: z.enum(['starting', 'running', 'failed', 'lost', 'unused']),
  error: z.string().nullable(),
  instances: z.int(),
  devices: z.int(),
  restarts: z.int(),
  heapBytes: z.number(),
});
/** Schemas are JSON Schema 2020-12; `secret: true` marks fields that are never shown. */
export const pluginAnswer = z.object({
  plugin: pluginRow,
  configurationSchema: anyObject,
  deviceConfigurationSchema: anyObject.nullable(),
});
export const reloadAnswer = z.object({
  added: z.array(z.string()),
  changed: z.array(z.string()),
  removed: z.array(z.string()),
  failed: z.array(z.object({ name: z.string(), reason: z.string() })),
});

export const instanceCreate = z.strictObject({
  plugin: z.string().min(2).max(32),
  name: z.string().min(1).max(200),
  enabled: z.boolean().default(true),
  /** Secrets are texts, `{"env": "NAME"}`, or null to clear them. */
  config: anyObject.default({}),
});
export const instancePatch = z
  .strictObject({
    name: z.string().min(1).max(200).optional(),
    enabled: z.boolean().optional(),
    /** Whole, but for secrets: those that are absent stay. */
    config: anyObject.optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'give at least one field to change');
export const instanceAnswer = z.object({
  id: z.int(),
  plugin: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  config: anyObject,
  /** Paths of secrets that are set. */
  secretsSet: z.array(z.string()),
});
export const healthReport = z.object({
  status: z.enum(['healthy', 'unhealthy', 'unreachable', 'error']),
  message: z.string().nullable(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});

export const connectionRow = z.looseObject({
  id: z.string(),
  deviceName: z.string(),
  instanceId: z.int(),
  instanceName: z.string(),
  vendor: z.string(),
  address: z.string().nullable(),
  state: z.enum(['connecting', 'connected', 'disconnected', 'error', 'stopped']),
  sinceUnixMs: z.number(),
  held: z.boolean(),
  waiting: z.boolean(),
  connectedAtUnixMs: z.number().nullable(),
  disconnectedAtUnixMs: z.number().nullable(),
  lastMessageAtUnixMs: z.number().nullable(),
  attempts: z.int(),
  nextAttemptAtUnixMs: z.number().nullable(),
  reconnects: z.int(),
  errorCount: z.int(),
  errorMessage: z.string().nullable(),
  lastErrorAtUnixMs: z.number().nullable(),
  readsDropped: z.int(),
});
export const summaryQuery = z.strictObject({
  vendor: z.string().min(1).max(32).optional(),
  instanceId: id.optional(),
});
export const summaryAnswer = z.object({
  total: z.int(),
  connecting: z.int(),
  connected: z.int(),
  disconnected: z.int(),
  error: z.int(),
  stopped: z.int(),
  /** Connected of all that are not stopped, 0..100; 100 when there are none. */
  healthyPercentage: z.number(),
});
export const connectionsAct = z.strictObject({
  ids: deviceIds,
  action: z.enum(['start', 'stop', 'reconnect']),
});
export const doneAnswer = z.object({ done: z.int() });
export const historyQuery = z.strictObject({
  from: z.coerce.number().optional(),
  to: z.coerce.number().optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(200),
});
/** Newest first. */
export const historyAnswer = z.object({
  transitions: z.array(
    z.object({ atUnixMs: z.number(), state: z.string(), reason: z.string().nullable() }),
  ),
});

export const discoveryRow = z.looseObject({
  id: z.string(),
  instanceId: z.int(),
  instanceName: z.string(),
  externalId: z.string(),
  address: z.string().nullable(),
  role: z.string(),
  name: z.string().nullable(),
  model: z.string().nullable(),
  serial: z.string().nullable(),
  mac: z.string().nullable(),
  channels: z.int().nullable(),
  state: z.enum(['pending', 'approved', 'rejected', 'imported', 'duplicate']),
  duplicateOf: z.string().nullable(),
  conflict: z.string().nullable(),
  source: z.string(),
  firstSeenUnixMs: z.number(),
  lastSeenUnixMs: z.number(),
});
export const discoveriesAct = z.strictObject({
  ids: z.array(id).min(1).max(1_000),
  action: z.enum(['approve', 'reject', 'import']),
});
export const discoveriesActed = z.object({
  done: z.int(),
  refused: z.array(z.object({ id: z.int(), reason: z.string() })),
});

export const scanCreate = z.strictObject({
  instanceId: z.int().min(1),
  /** `10.0.0.0/24`; all ranges and hosts together 65,536 at most. */
  cidrs: z.array(z.string().max(64)).max(1_000).optional(),
  /** Addresses and names. */
  hosts: z.array(z.string().max(253)).max(10_000).optional(),
  multicast: z.boolean().optional(),
  server: z.boolean().optional(),
});
export const scanAnswer = z.object({ scanId: z.string() });
export const scanRow = z.looseObject({
  id: z.string(),
  instanceId: z.int(),
  state: z.enum(['running', 'done', 'cancelled', 'failed']),
  hosts: z.int(),
  asked: z.int(),
  found: z.int(),
  /** 0..1 */
  progress: z.number(),
  startedUnixMs: z.number(),
  endedUnixMs: z.number().nullable(),
  error: z.string().nullable(),
});
export const scanParams = z.object({ id: z.string().min(1).max(64) });

export const pluginDeviceCreate = z.strictObject({
  instanceId: z.int().min(1),
  /** As the plugin finds it again; absent: the address. */
  externalId: z.string().min(1).max(100).optional(),
  address: z.string().min(1).max(253).optional(),
  port: z.int().min(1).max(65_535).optional(),
  name: z.string().min(1).max(200).optional(),
  config: anyObject.optional(),
});

export const importQuery = z.strictObject({
  /** `true`: nothing is made, what would happen is told. */
  dryRun: z.enum(['true', 'false']).default('false'),
});
export const importAnswer = z.object({
  rows: z.int(),
  made: z.int(),
  /** Known already. */
  skipped: z.int(),
  problems: z.array(z.object({ row: z.int(), field: z.string(), message: z.string() })),
});

export const desiredParams = z.object({
  id: z.string().min(1).max(128),
  name: z.string().min(1).max(128),
});
export const desiredPut = z.strictObject({
  value,
  /** How long it waits for a device that is away, ms; 0: not. At most a week. */
  ttlMs: z.int().min(0).max(604_800_000).default(600_000),
});
export const desiredRow = z.object({
  name: z.string(),
  desired: value,
  /** What the device says now; null: nothing yet. */
  reported: value.nullable(),
  reportedAtUnixMs: z.number().nullable(),
  inStep: z.boolean(),
  by: z.string(),
  atUnixMs: z.number(),
  /** The command that asked for it last. */
  command: commandResult.nullable(),
});
export const desiredAnswer = z.object({ items: z.array(desiredRow) });

/** Parameters as the device declared them; empty for a device that no plugin drives. */
export const parametersAnswer = z.object({
  items: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      kind: z.enum(['number', 'text', 'boolean']),
      direction: z.enum(['input', 'output', 'bidirectional']),
      unit: z.string().optional(),
      min: z.number().optional(),
      max: z.number().optional(),
      decimals: z.int().optional(),
      /** Number of the part it belongs to; absent: the device itself. */
      part: z.int().optional(),
      safeValue: value.optional(),
      /** Words of a text parameter that can be set. */
      options: z.array(z.string()).readonly().optional(),
    }),
  ),
});

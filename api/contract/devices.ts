import { z } from 'zod';
import { commandResult, page } from './rest.js';

/** Query string of a list: `filter` and `sort` are those of a live query, as JSON text. */
export const tableQuery = z.strictObject({
  /** `{"field":"state","op":"==","value":"connected"}`, `{"and":[…]}` … */
  filter: z.string().max(8_000).optional(),
  /** `[{"field":"values.battery","direction":"asc"}]` */
  sort: z.string().max(1_000).optional(),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** Beside these `values.<parameter>`, the latest values. */
export const deviceRow = z.looseObject({
  id: z.string(),
  name: z.string(),
  protocol: z.string(),
  state: z.enum([
    'connecting',
    'connected',
    'silent',
    'disconnected',
    'error',
    'parked',
    'stopped',
  ]),
  sinceUnixMs: z.number(),
  lastSeenUnixMs: z.number().nullable(),
  reconnects: z.int(),
  lastError: z.string().nullable(),
  address: z.string().nullable(),
  /** Of the inventory; null for devices that no plugin drives. */
  role: z.string().nullable().optional(),
  instanceId: z.int().nullable().optional(),
  vendor: z.string().nullable().optional(),
  model: z.string().nullable().optional(),
  serial: z.string().nullable().optional(),
  firmware: z.string().nullable().optional(),
  lifecycle: z.string().nullable().optional(),
  health: z.enum(['offline', 'unknown', 'healthy', 'warning', 'stale']).nullable().optional(),
  locationId: z.int().nullable().optional(),
  location: z.string().nullable().optional(),
});

export const channelRow = z.object({
  id: z.string(),
  channel: z.int(),
  deviceId: z.string(),
  name: z.string(),
  kind: z.enum(['number', 'text', 'boolean']),
  unit: z.string().nullable(),
  value: z.union([z.number(), z.string(), z.boolean()]).nullable(),
  atUnixMs: z.number().nullable(),
});

export const devicesAnswer = page(deviceRow);
export const channelsAnswer = page(channelRow);
/** A device with its parameters. */
export const deviceAnswer = z.object({ device: deviceRow, channels: z.array(channelRow) });
export const commandsAnswer = z.object({ items: z.array(commandResult) });

/** All samples of a call are stored when this is answered; `spool`: on disk, until the store is back. */
export const samplesAnswer = z.object({
  stored: z.int(),
  /** Of these, how many were the latest sample once more. */
  repeated: z.int(),
  where: z.enum(['store', 'spool']),
});

import { z } from 'zod';
import { MAX_SLOT } from '../../../actors/inventory/slots.js';
import { EngineError } from '../../../engine/errors.js';
import { parseJson } from '../../http/json.js';

const MAX_SLOTS = 10_000;
const slot = z.coerce.number().int().min(1).max(MAX_SLOT);
const name = z
  .string()
  .max(200)
  .nullish()
  .transform((text) => (text === undefined || text === null ? undefined : text.trim()));

/** Of a group; 0 is a blank. */
const groupInput = z.object({
  group: z.coerce.number().int().min(1).max(9),
  title: z.string().max(200).default(''),
  slots: z.array(z.coerce.number().int().min(0).max(MAX_SLOT)).max(MAX_SLOTS).default([]),
  hide_charts: z.boolean().optional(),
});
export type GroupInput = z.output<typeof groupInput>;

const slotInput = z.object({ slot, extended_id: name, extended_name: name });
export type SlotInput = z.output<typeof slotInput>;

const NETWORK_TYPES = ['axtd', 'p10t', 'qlxd', 'slxd', 'uhfr', 'ulxd'] as const;

const configSlot = z
  .object({
    slot,
    type: z.enum([...NETWORK_TYPES, 'offline', '']),
    ip: z.string().trim().max(255).optional(),
    channel: z.coerce.number().int().min(1).max(64).optional(),
    extended_id: name,
    extended_name: name,
    chan_name_raw: name,
  })
  .refine(({ type, ip }) => type === 'offline' || type === '' || (ip ?? '') !== '', {
    message: 'ip: a slot with a device needs the address of the device',
  });
export type ConfigSlotInput = z.output<typeof configSlot>;

/** A whole `config.json`; what is not named here is left out. */
const fileInput = z.object({
  groups: z.array(groupInput).max(9).default([]),
  slots: z.array(configSlot).max(MAX_SLOTS),
  uuid: z.string().min(1).max(64).optional(),
  local_url: z.string().max(500).optional(),
  prefixes: z.array(z.string().max(50)).max(100).optional(),
});
export type ConfigFileInput = z.output<typeof fileInput>;

export const readGroup = (bytes: Uint8Array): GroupInput => read(groupInput, bytes);

export const readSlots = (bytes: Uint8Array): readonly SlotInput[] =>
  read(z.array(slotInput).max(MAX_SLOTS), bytes);

export function readConfigSlots(bytes: Uint8Array): readonly ConfigSlotInput[] {
  const slots = read(z.array(configSlot).max(MAX_SLOTS), bytes);
  requireOnce(slots);
  return slots;
}

export function readConfigFile(bytes: Uint8Array): ConfigFileInput {
  const file = read(fileInput, bytes);
  requireOnce(file.slots);
  return file;
}

function requireOnce(slots: readonly ConfigSlotInput[]): void {
  const seen = new Set<number>();
  for (const { slot: number } of slots) {
    if (seen.has(number)) throw invalid(`slot ${number} is there twice: give each slot once`);
    seen.add(number);
  }
}

/** @throws EngineError `input.invalid` naming the field. */
function read<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  const result = schema.safeParse(parseJson(bytes));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw invalid(`${field === '' ? 'the body' : field}: ${issue?.message ?? 'is not usable'}`);
}

const invalid = (message: string): EngineError => new EngineError('input.invalid', message);

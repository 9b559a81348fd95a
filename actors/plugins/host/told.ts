import { EngineError } from '../../../engine/errors.js';
import { plainText, textOf } from '../sdk/plain.js';
import type {
  DeviceIdentity,
  DevicePart,
  DeviceRole,
  FoundDevice,
  HealthReport,
} from '../sdk/plugin.types.js';

/** Names, models and the like, characters. Longer ones are cut. */
export const MAX_TOLD_CHARS = 200;
/** Numbered parts of a device. */
const MAX_PARTS = 512;
/** Configuration of a found device, characters of its JSON. */
const MAX_CONFIG_CHARS = 16_384;
const MAX_HEALTH_CHARS = 1_000;
const MAX_FACTS = 32;

const ROLES: ReadonlySet<unknown> = new Set<DeviceRole>([
  ...(['receiver', 'transmitter', 'transceiver', 'charger', 'sensor', 'controller'] as const),
]);
const PART_KINDS: ReadonlySet<unknown> = new Set<DevicePart['kind']>(['rf', 'charger-slot']);
const DIRECTIONS: ReadonlySet<unknown> = new Set(['receive', 'send', 'bidirectional']);
const STATUSES: ReadonlySet<unknown> = new Set<HealthReport['status']>([
  ...(['healthy', 'unhealthy', 'unreachable', 'error'] as const),
]);

type Fields = Readonly<Record<string, unknown>>;

/**
 * A device as a plugin offers it, made anew of what is known of such: nothing else of the plugin's object stays.
 * @throws EngineError `input.invalid` naming the field
 */
export function foundOf(told: unknown): FoundDevice {
  const what = 'found device';
  const fields = objectOf(told, what);
  const externalId = fields['externalId'];
  // An id that was changed would never lead to its device again: so it is not cut.
  if (typeof externalId !== 'string' || !isId(externalId)) {
    throw invalid(what, 'externalId', `must be 1 to ${MAX_TOLD_CHARS} characters of plain text`);
  }
  const address = textField(fields, 'address', what);
  const port = wholeField(fields, 'port', 1, 65_535, what);
  const channels = wholeField(fields, 'channels', 0, MAX_PARTS, what);
  const config = configField(fields, what);
  return {
    externalId,
    address,
    role: oneOf(fields, 'role', ROLES, what) as DeviceRole,
    ...textFields(fields, what),
    ...(port === undefined ? {} : { port }),
    ...(channels === undefined ? {} : { channels }),
    ...(config === undefined ? {} : { config }),
  };
}

/** What a device says of itself, made anew. @throws EngineError `input.invalid` naming the field */
export function identityOf(told: unknown): DeviceIdentity {
  const what = 'identity';
  const fields = objectOf(told, what);
  const parts = fields['parts'] ?? undefined;
  if (parts !== undefined && (!Array.isArray(parts) || parts.length > MAX_PARTS)) {
    throw invalid(what, 'parts', `must be a list of at most ${MAX_PARTS}`);
  }
  return {
    ...((fields['role'] ?? undefined) === undefined
      ? {}
      : { role: oneOf(fields, 'role', ROLES, what) as DeviceRole }),
    ...textFields(fields, what),
    ...(parts === undefined ? {} : { parts: parts.map(partOf) }),
  };
}

/** An answer to whether it is healthy, made anew. @throws EngineError `input.invalid` naming the field */
export function healthOf(told: unknown): HealthReport {
  const what = 'health report';
  const fields = objectOf(told, what);
  const status = oneOf(fields, 'status', STATUSES, what) as HealthReport['status'];
  const message = textField(fields, 'message', what, MAX_HEALTH_CHARS);
  const detail = Object.entries(objectOf(fields['detail'] ?? {}, `${what}, detail`))
    .slice(0, MAX_FACTS)
    .map(([name, value]) => [plainText(name, MAX_TOLD_CHARS), factOf(value)] as const);
  return { status, message, detail: Object.fromEntries(detail) };
}

function factOf(value: unknown): string | number | boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return plainText(textOf(value), MAX_TOLD_CHARS);
}

function partOf(told: unknown): DevicePart {
  const what = 'identity, part';
  const fields = objectOf(told, what);
  const number = wholeField(fields, 'number', 1, MAX_PARTS, what);
  if (number === undefined) throw invalid(what, 'number', 'must be there');
  const kind = oneOf(fields, 'kind', PART_KINDS, what) as DevicePart['kind'];
  if ((fields['direction'] ?? undefined) === undefined) return { number, kind };
  const direction = oneOf(fields, 'direction', DIRECTIONS, what);
  return { number, kind, direction: direction as NonNullable<DevicePart['direction']> };
}

const TEXTS = ['name', 'model', 'serial', 'mac', 'firmware'] as const;

function textFields(fields: Fields, what: string): Partial<Record<(typeof TEXTS)[number], string>> {
  const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
  for (const field of TEXTS) {
    const text = textField(fields, field, what);
    if (text !== undefined) texts[field] = text;
  }
  return texts;
}

function textField(
  fields: Fields,
  field: string,
  what: string,
  maxChars = MAX_TOLD_CHARS,
): string | undefined {
  const value = fields[field] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'string')
    throw invalid(what, field, `must be text, it is a ${typeof value}`);
  return plainText(value, maxChars);
}

function wholeField(
  fields: Fields,
  field: string,
  min: number,
  max: number,
  what: string,
): number | undefined {
  const value = fields[field] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  throw invalid(what, field, `must be a whole number from ${min} to ${max}`);
}

function configField(fields: Fields, what: string): FoundDevice['config'] | undefined {
  const value = fields['config'] ?? undefined;
  if (value === undefined) return undefined;
  objectOf(value, `${what}, config`);
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    // A circle, or a number that JSON does not have: told below with what cannot be kept for another reason.
    json = undefined;
  }
  if (json === undefined || json.length > MAX_CONFIG_CHARS) {
    throw invalid(what, 'config', `must be JSON of at most ${MAX_CONFIG_CHARS} characters`);
  }
  return { ...objectOf(JSON.parse(json) as unknown, `${what}, config`) };
}

function oneOf(fields: Fields, field: string, words: ReadonlySet<unknown>, what: string): unknown {
  const value = fields[field];
  if (words.has(value)) return value;
  throw invalid(what, field, `must be one of ${[...words].join(', ')}`);
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new EngineError('input.invalid', `${what}: must be an object`);
}

function isId(text: string): boolean {
  return text !== '' && text.length <= MAX_TOLD_CHARS && !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text);
}

const invalid = (what: string, field: string, remedy: string): EngineError =>
  new EngineError('input.invalid', `${what}: ${field} ${remedy}`);

import { EngineError } from '../../../engine/errors.js';
import { MAX_NAME_CHARS, MAX_TEXT_CHARS } from '../../device/values.js';
import { plainText, textOf } from '../sdk/plain.js';
import type { ChannelSpec, Conversion } from '../sdk/plugin.types.js';
import { CHANNEL_ROLES } from '../sdk/roles.js';

const KINDS: ReadonlySet<unknown> = new Set(['number', 'text', 'boolean']);
const DIRECTIONS: ReadonlySet<unknown> = new Set(['input', 'output', 'bidirectional']);
const MAX_UNIT = 64;
/** What is shown as its name, characters. */
const MAX_SHOWN = 200;
const MAX_OPTIONS = 256;
const MAX_PART = 512;
const MAX_DECIMALS = 15;

/** Declarations that can change no more, as they were found. */
const found = new WeakMap<ChannelSpec, ChannelSpec>();

/**
 * The declaration as it may be kept, made anew: nothing of the plugin's object stays. One that is frozen is looked at once, so that a
 * plugin with many devices of a kind can share it.
 * @throws EngineError `input.invalid` naming the parameter and the field.
 */
export function checkSpec(spec: ChannelSpec): ChannelSpec {
  const known = found.get(spec);
  if (known !== undefined) return known;
  const checked = checkAnew(spec);
  if (frozen(spec)) found.set(spec, checked);
  return checked;
}

/** Nothing in it can change: also what it points at is frozen, and it has no getters. */
const frozen = (spec: ChannelSpec): boolean =>
  Object.isFrozen(spec) &&
  Object.values(Object.getOwnPropertyDescriptors(spec)).every(
    (one: PropertyDescriptor) => 'value' in one && Object.isFrozen(one.value),
  );

function checkAnew(spec: ChannelSpec): ChannelSpec {
  if (typeof spec !== 'object' || spec === null) {
    throw new EngineError('input.invalid', 'a parameter must be declared with an object');
  }
  const fields: { readonly [field in keyof ChannelSpec]?: unknown } = spec;
  const shown = plainText(textOf(fields.id), 80);
  const refuse = (field: string, remedy: string): never => {
    throw new EngineError('input.invalid', `parameter "${shown}": ${field} ${remedy}`);
  };
  const number = (field: 'min' | 'max' | 'decimals' | 'part'): number | undefined => {
    const value = fields[field] ?? undefined;
    // Endless in one direction: no bound there.
    if (value === undefined || value === Number.POSITIVE_INFINITY) return undefined;
    if (value === Number.NEGATIVE_INFINITY) return undefined;
    return isNumber(value) ? value : refuse(field, 'must be a number');
  };
  const whole = (field: 'decimals' | 'part', max: number): number | undefined => {
    const value = number(field);
    if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) {
      return value;
    }
    return refuse(field, `must be a whole number from 0 to ${max}`);
  };

  const id = typeof fields.id === 'string' ? fields.id : refuse('id', 'must be text');
  if (id === '' || id.length > MAX_NAME_CHARS) {
    refuse('id', `must have 1 to ${MAX_NAME_CHARS} characters`);
  }
  if (/[\p{Cc}\p{Cs}]/u.test(id)) refuse('id', 'must be plain text');
  const name = typeof fields.name === 'string' ? plainText(fields.name, MAX_SHOWN) : '';
  if (name === '') refuse('name', 'must not be empty');
  const unit = fields.unit ?? undefined;
  if (unit !== undefined && (typeof unit !== 'string' || unit.length > MAX_UNIT)) {
    refuse('unit', `must be text of at most ${MAX_UNIT} characters`);
  }
  if (!KINDS.has(fields.kind)) refuse('kind', 'must be number, text or boolean');
  if (!DIRECTIONS.has(fields.direction)) {
    refuse('direction', 'must be input, output or bidirectional');
  }
  const { kind, direction } = spec;
  if (spec.role !== undefined) {
    const role = Object.hasOwn(CHANNEL_ROLES, spec.role) ? CHANNEL_ROLES[spec.role] : undefined;
    if (role === undefined) refuse('role', 'is not one of roles.ts');
    else if (role.kind !== kind) refuse('kind', `must be ${role.kind} for ${spec.role}`);
  }
  const [min, max] = [number('min'), number('max')];
  if (min !== undefined && max !== undefined && min > max) refuse('min', 'must not be above max');
  const decimals = whole('decimals', MAX_DECIMALS);
  const part = whole('part', MAX_PART);
  const safe = fields.safeValue ?? undefined;
  const safeFits =
    safe === undefined || typeof safe === 'boolean' || isNumber(safe) || isText(safe);
  if (!safeFits) refuse('safeValue', 'must be a number, a text, true or false');
  const options = fields.options ?? undefined;
  const words = Array.isArray(options) ? (options as readonly unknown[]) : [];
  if (
    options !== undefined &&
    (!Array.isArray(options) || words.length > MAX_OPTIONS || !words.every(isText))
  ) {
    refuse('options', `must be at most ${MAX_OPTIONS} texts`);
  }
  for (const field of ['read', 'write'] as const) {
    if (fields[field] !== undefined && conversionOf(fields[field]) === undefined) {
      refuse(field, 'must be a linear, divide or clamp conversion with numbers');
    }
  }
  const read = conversionOf(fields.read);
  const write = conversionOf(fields.write);
  return {
    ...{ id, name, kind, direction },
    ...(typeof unit === 'string' ? { unit: plainText(unit, MAX_UNIT) } : {}),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(spec.role === undefined ? {} : { role: spec.role }),
    ...(part === undefined ? {} : { part }),
    ...(fields.meter === true ? { meter: true } : {}),
    ...(fields.history === false ? { history: false } : {}),
    ...(read === undefined ? {} : { read }),
    ...(write === undefined ? {} : { write }),
    ...(spec.safeValue === undefined || safe === undefined ? {} : { safeValue: spec.safeValue }),
    ...(options === undefined ? {} : { options: words.filter(isText) }),
  };
}

/** Made anew; undefined: it is none. */
function conversionOf(told: unknown): Conversion | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { kind, factor, offset, by, min, max } = told as Readonly<Record<string, unknown>>;
  if (kind === 'linear' && isNumber(factor) && isNumber(offset)) return { kind, factor, offset };
  if (kind === 'divide' && isNumber(by) && by !== 0) return { kind, by };
  return kind === 'clamp' && isNumber(min) && isNumber(max) ? { kind, min, max } : undefined;
}

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_TEXT_CHARS;

/** A value on its way in or out. */
export function converted(conversion: Conversion, value: number): number {
  switch (conversion.kind) {
    case 'linear':
      return value * conversion.factor + conversion.offset;
    case 'divide':
      return value / conversion.by;
    case 'clamp':
      return Math.min(conversion.max, Math.max(conversion.min, value));
  }
}

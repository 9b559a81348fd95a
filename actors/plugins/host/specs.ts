import { EngineError } from '../../../engine/errors.js';
import { MAX_NAME_CHARS } from '../../device/values.js';
import type { ChannelSpec, Conversion } from '../sdk/plugin.types.js';
import { CHANNEL_ROLES } from '../sdk/roles.js';

const KINDS: ReadonlySet<string> = new Set(['number', 'text', 'boolean']);
const MAX_UNIT = 64;
const DIRECTIONS: ReadonlySet<string> = new Set(['input', 'output', 'bidirectional']);

/** The declaration as it may be kept. @throws EngineError `input.invalid` naming the field. */
export function checkSpec(spec: ChannelSpec): ChannelSpec {
  const refuse = (field: string, remedy: string): never => {
    throw new EngineError('input.invalid', `parameter "${String(spec.id)}": ${field} ${remedy}`);
  };
  if (typeof spec.id !== 'string' || spec.id === '' || spec.id.length > MAX_NAME_CHARS) {
    refuse('id', `must have 1 to ${MAX_NAME_CHARS} characters`);
  }
  if (/\p{Cc}/u.test(spec.id)) refuse('id', 'must be plain text');
  if (typeof spec.name !== 'string' || spec.name === '') refuse('name', 'must not be empty');
  if (spec.unit !== undefined && (typeof spec.unit !== 'string' || spec.unit.length > MAX_UNIT)) {
    refuse('unit', `must be text of at most ${MAX_UNIT} characters`);
  }
  if (!KINDS.has(spec.kind)) refuse('kind', 'must be number, text or boolean');
  if (!DIRECTIONS.has(spec.direction)) {
    refuse('direction', 'must be input, output or bidirectional');
  }
  if (spec.role !== undefined) {
    const role = Object.hasOwn(CHANNEL_ROLES, spec.role) ? CHANNEL_ROLES[spec.role] : undefined;
    if (role === undefined) refuse('role', 'is not one of roles.ts');
    else if (role.kind !== spec.kind) refuse('kind', `must be ${role.kind} for ${spec.role}`);
  }
  if (spec.min !== undefined && spec.max !== undefined && spec.min > spec.max) {
    refuse('min', 'must not be above max');
  }
  return spec;
}

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

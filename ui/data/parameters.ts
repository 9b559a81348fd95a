import type { AnswerOf } from '../../api/client/calls.types.js';
import { ApiError, call } from './api.js';
import type { ParameterValue } from './devices.js';
import { number } from './format.js';

/** What a device declared of a parameter. */
export type ParameterSpec = AnswerOf<'GET', '/v1/devices/{id}/parameters'>['items'][number];

/** What a device of a plugin declared, by id; empty for one that says nothing of its parameters. */
export async function parameterSpecs(
  deviceId: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ParameterSpec>> {
  const given = { params: { id: deviceId }, signal };
  const items = await orNone(call('GET', '/v1/devices/{id}/parameters', given));
  return new Map(items.map((spec) => [spec.id, spec]));
}

/** A value that somebody wants a parameter to have, beside what the device reports. */
export type DesiredValue = AnswerOf<'GET', '/v1/devices/{id}/desired'>['items'][number];

export function desiredValues(
  deviceId: string,
  signal: AbortSignal,
): Promise<readonly DesiredValue[]> {
  return orNone(call('GET', '/v1/devices/{id}/desired', { params: { id: deviceId }, signal }));
}

/** Wants a value; one for a device that is away is sent when it is back within `ttlMs`. */
export function want(
  deviceId: string,
  name: string,
  value: ParameterValue,
  ttlMs: number,
): Promise<unknown> {
  return call('PUT', '/v1/devices/{id}/desired/{name}', {
    params: { id: deviceId, name },
    body: { value, ttlMs },
  });
}

export function unwant(deviceId: string, name: string): Promise<unknown> {
  return call('DELETE', '/v1/devices/{id}/desired/{name}', { params: { id: deviceId, name } });
}

export type Transition = AnswerOf<'GET', '/v1/connections/{id}/history'>['transitions'][number];

/** What happened to a connection, newest first. */
export async function transitionsOf(
  deviceId: string,
  signal: AbortSignal,
): Promise<readonly Transition[]> {
  const given = { params: { id: deviceId }, signal };
  return (await call('GET', '/v1/connections/{id}/history', given)).transitions;
}

/** A list of what plugins' devices have; devices without a plugin have none. */
async function orNone<T>(asked: Promise<{ readonly items: readonly T[] }>): Promise<readonly T[]> {
  try {
    return (await asked).items;
  } catch (thrown) {
    if (thrown instanceof ApiError && (thrown.status === 404 || thrown.status === 405)) return [];
    throw thrown;
  }
}

/** A value with its digits and unit. */
export function valueWords(
  value: ParameterValue | null,
  spec: { readonly unit?: string | undefined; readonly decimals?: number | undefined } | undefined,
): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value === '' ? '(empty)' : value;
  const digits = spec?.decimals ?? (Number.isInteger(value) ? 0 : 2);
  return `${number(value, digits)}${spec?.unit ? ` ${spec.unit}` : ''}`;
}

/** `range 0 to 100 %`, or undefined when nothing is said. */
export function rangeWords(spec: ParameterSpec): string | undefined {
  const unit = spec.unit ? ` ${spec.unit}` : '';
  const { min, max } = spec;
  if (typeof min === 'number' && typeof max === 'number') return `${min} to ${max}${unit}`;
  if (typeof min === 'number') return `at least ${min}${unit}`;
  return typeof max === 'number' ? `at most ${max}${unit}` : undefined;
}

export const settable = (spec: ParameterSpec): boolean => spec.direction !== 'input';

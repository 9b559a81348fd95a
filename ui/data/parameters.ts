import { ApiError, call } from './api.js';
import type { ParameterValue } from './devices.js';
import { number } from './format.js';

/** What a device declared of a parameter. */
export interface ParameterSpec {
  readonly id: string;
  readonly name: string;
  readonly kind: 'number' | 'text' | 'boolean';
  readonly unit?: string | null;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly decimals?: number | null;
  readonly direction: 'input' | 'output' | 'bidirectional';
  /** Number of the part it belongs to; absent: the device itself. */
  readonly part?: number | null;
  readonly safeValue?: ParameterValue | null;
  readonly options?: readonly string[] | null;
}

const path = (deviceId: string, rest: string): string =>
  `/v1/devices/${encodeURIComponent(deviceId)}/${rest}`;

/** What a device of a plugin declared, by id; empty for one that says nothing of its parameters. */
export async function parameterSpecs(
  deviceId: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, ParameterSpec>> {
  const items = await itemsOf<ParameterSpec>(path(deviceId, 'parameters'), signal);
  return new Map(items.map((spec) => [spec.id, spec]));
}

/** A value that somebody wants a parameter to have, beside what the device reports. */
export interface DesiredValue {
  readonly name: string;
  readonly desired: ParameterValue;
  readonly reported: ParameterValue | null;
  readonly inStep: boolean;
  readonly by: string;
  readonly atUnixMs: number;
}

export function desiredValues(
  deviceId: string,
  signal: AbortSignal,
): Promise<readonly DesiredValue[]> {
  return itemsOf<DesiredValue>(path(deviceId, 'desired'), signal);
}

/** Wants a value; one for a device that is away is sent when it is back within `ttlMs`. */
export function want(
  deviceId: string,
  name: string,
  value: ParameterValue,
  ttlMs: number,
): Promise<unknown> {
  return call('PUT', path(deviceId, `desired/${encodeURIComponent(name)}`), {
    body: { value, ttlMs },
  });
}

export function unwant(deviceId: string, name: string): Promise<unknown> {
  return call('DELETE', path(deviceId, `desired/${encodeURIComponent(name)}`));
}

export interface Transition {
  readonly atUnixMs: number;
  readonly state: string;
  readonly reason: string | null;
}

/** What happened to a connection, newest first. */
export async function transitionsOf(
  deviceId: string,
  signal: AbortSignal,
): Promise<readonly Transition[]> {
  const answer = await call<{ readonly transitions: readonly Transition[] }>(
    'GET',
    `/v1/connections/${encodeURIComponent(deviceId)}/history`,
    { signal },
  );
  return answer.transitions;
}

/** A list of what plugins' devices have; devices without a plugin have none. */
async function itemsOf<T>(from: string, signal: AbortSignal): Promise<readonly T[]> {
  try {
    const answer = await call<{ readonly items: readonly T[] }>('GET', from, { signal });
    return answer.items;
  } catch (thrown) {
    if (thrown instanceof ApiError && (thrown.status === 404 || thrown.status === 405)) return [];
    throw thrown;
  }
}

/** A value with its digits and unit. */
export function valueWords(
  value: ParameterValue | null,
  spec: Pick<ParameterSpec, 'unit' | 'decimals'> | undefined,
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

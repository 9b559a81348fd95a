import type { SampleColumns } from '../../actors/device/protocol.js';
import { refusal } from '../../actors/device/values.js';
import { EngineError } from '../../engine/errors.js';

/** Samples of one call, at most. */
export const MAX_SAMPLES = 10_000;
const MAX_ID_CHARS = 128;
const MAX_NAMES = 65_535;
/** The store keeps times from 1970 to 2262; later ones are mistakes of unit. */
const MAX_UNIX_MS = 9_000_000_000_000;

/**
 * Reads the body of `POST /v1/samples` into columns. By hand and not by schema: this is the sample path, where
 * checking row objects by a schema costs as much as all the rest.
 * @throws EngineError `input.invalid` naming the field.
 */
export function readSamples(body: Uint8Array): SampleColumns {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch (cause) {
    throw new EngineError('input.invalid', 'the body must be JSON', { cause });
  }
  const { deviceId, samples } = fieldsOf(value, 'the body');
  if (typeof deviceId !== 'string' || deviceId === '' || deviceId.length > MAX_ID_CHARS) {
    throw invalid(`deviceId must be a text of 1 to ${MAX_ID_CHARS} characters`);
  }
  if (!Array.isArray(samples) || samples.length === 0 || samples.length > MAX_SAMPLES) {
    throw invalid(`samples must be a list of 1 to ${MAX_SAMPLES}`);
  }
  return columnsOf(deviceId, samples);
}

function columnsOf(deviceId: string, samples: readonly unknown[]): SampleColumns {
  const count = samples.length;
  const columns = {
    deviceId,
    names: [] as string[],
    name: new Uint16Array(count),
    atUnixMs: new Float64Array(count),
    kind: new Uint8Array(count),
    value: new Float64Array(count),
    texts: [] as string[],
  };
  const ordinals = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const { name, atUnixMs, value } = fieldsOf(samples[i], `samples.${i}`);
    if (typeof name !== 'string') throw invalid(`samples.${i}.name must be a text`);
    const bad = refusal(name, value);
    if (bad !== undefined) throw invalid(`samples.${i}: ${bad}`);
    let ordinal = ordinals.get(name);
    if (ordinal === undefined) {
      ordinal = columns.names.length;
      if (ordinal > MAX_NAMES) throw invalid(`samples.${i}: too many different names`);
      ordinals.set(name, ordinal);
      columns.names.push(name);
    }
    columns.name[i] = ordinal;
    columns.atUnixMs[i] = timeOf(atUnixMs, i);
    if (typeof value === 'string') {
      columns.kind[i] = 1;
      columns.value[i] = columns.texts.length;
      columns.texts.push(value);
    } else {
      columns.kind[i] = typeof value === 'boolean' ? 2 : 0;
      columns.value[i] = Number(value);
    }
  }
  return columns;
}

function timeOf(atUnixMs: unknown, i: number): number {
  if (atUnixMs === undefined) return Number.NaN;
  if (typeof atUnixMs === 'number' && atUnixMs > 0 && atUnixMs < MAX_UNIX_MS) return atUnixMs;
  throw invalid(`samples.${i}.atUnixMs must be a time in Unix milliseconds`);
}

interface Fields {
  readonly deviceId?: unknown;
  readonly samples?: unknown;
  readonly name?: unknown;
  readonly atUnixMs?: unknown;
  readonly value?: unknown;
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(`${what} must be an object`);
}

function invalid(message: string): EngineError {
  return new EngineError('input.invalid', message);
}

import { EngineError } from '../../../engine/errors.js';
import { readingOf, specOf } from '../sdk/json-column.js';
import { JsonPath, textOf, timeOf } from '../sdk/payload.js';
import type {
  ChannelSpec,
  DeviceIdentity,
  DevicePart,
  DeviceSession,
} from '../sdk/plugin.types.js';
import type { ChannelConfig, HttpJsonConfig } from './config.js';

interface Column {
  readonly config: ChannelConfig;
  readonly spec: ChannelSpec;
  readonly path: JsonPath | undefined;
}

/** An answer's values as parameters of a device; made once for an instance. */
export class Mapping {
  readonly columns: readonly Column[];
  readonly #identity: readonly (readonly [keyof HttpJsonConfig['identity'], JsonPath])[];
  readonly #time: JsonPath | undefined;
  readonly #fixed: DeviceIdentity;

  /** @throws EngineError `input.invalid` naming the path or id that is wrong */
  constructor(config: HttpJsonConfig) {
    this.columns = config.channels.map((channel) => ({
      config: channel,
      spec: specOf(channel, channel.command !== undefined),
      path: channel.path === undefined ? undefined : new JsonPath(channel.path),
    }));
    const ids = new Set<string>();
    for (const { spec } of this.columns) {
      if (ids.has(spec.id)) {
        throw new EngineError('input.invalid', `channels: the id "${spec.id}" is there twice`);
      }
      ids.add(spec.id);
    }
    this.#identity = (['name', 'model', 'serial', 'mac', 'firmware'] as const).flatMap((field) => {
      const source = config.identity[field];
      return source === undefined ? [] : [[field, new JsonPath(source)] as const];
    });
    this.#time = config.time === undefined ? undefined : new JsonPath(config.time);
    const parts = partsOf(this.columns, config.parts);
    this.#fixed = { role: config.role, ...(parts.length === 0 ? {} : { parts }) };
  }

  identityOf(json: unknown): DeviceIdentity {
    const told: Partial<Record<keyof HttpJsonConfig['identity'], string>> = {};
    for (const [field, path] of this.#identity) {
      const text = textOf(path.read(json));
      if (text !== undefined && text !== '') told[field] = text;
    }
    return { ...this.#fixed, ...told };
  }

  /** Handles in the order of the columns. */
  declare(session: DeviceSession): readonly number[] {
    return this.columns.map(({ spec }) => session.channel(spec));
  }

  /** How many of the parameters the answer has; what is missing or of another kind is left out. */
  apply(json: unknown, session: DeviceSession, handles: readonly number[]): number {
    const atUnixMs = this.#time === undefined ? undefined : timeOf(this.#time.read(json));
    let count = 0;
    this.columns.forEach((column, at) => {
      const value = readingOf(column.config, column.path, json);
      const handle = handles[at];
      if (value === undefined || handle === undefined) return;
      count += 1;
      session.read(handle, value, atUnixMs);
    });
    return count;
  }

  /** How many of the parameters an answer has. */
  matches(json: unknown): number {
    return this.columns.filter(
      (column) => readingOf(column.config, column.path, json) !== undefined,
    ).length;
  }
}

function partsOf(columns: readonly Column[], kind: DevicePart['kind']): readonly DevicePart[] {
  const numbers = new Set(columns.flatMap(({ spec }) => spec.part ?? []));
  return [...numbers].sort((a, b) => a - b).map((number) => ({ number, kind }));
}

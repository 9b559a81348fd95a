import { EngineError } from '../../../engine/errors.js';
import { flagOf, JsonPath, numberOf, textOf, timeOf } from '../sdk/payload.js';
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

type Value = number | string | boolean;

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
      spec: specOf(channel),
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
      const value = column.path === undefined ? undefined : readingOf(column, json);
      const handle = handles[at];
      if (value === undefined || handle === undefined) return;
      count += 1;
      session.read(handle, value, atUnixMs);
    });
    return count;
  }

  /** How many of the parameters an answer has. */
  matches(json: unknown): number {
    return this.columns.filter((column) => readingOf(column, json) !== undefined).length;
  }
}

function readingOf({ config, path }: Column, json: unknown): Value | undefined {
  const raw = path?.read(json);
  if (raw === undefined || raw === null) return undefined;
  const word = config.words === undefined ? undefined : textOf(raw);
  const meant =
    word !== undefined && config.words !== undefined && Object.hasOwn(config.words, word)
      ? config.words[word]
      : raw;
  if (config.kind === 'text') return textOf(meant, 512);
  if (config.kind === 'boolean') return flagOf(meant);
  return typeof meant === 'boolean' ? Number(meant) : numberOf(meant);
}

function specOf(channel: ChannelConfig): ChannelSpec {
  const { factor, offset, unit, min, max, decimals, role, part, meter, options, safeValue } =
    channel;
  const linear = factor !== undefined || offset !== undefined;
  return {
    id: channel.id,
    name: channel.name,
    kind: channel.kind,
    direction:
      channel.command === undefined
        ? 'input'
        : channel.path === undefined
          ? 'output'
          : 'bidirectional',
    ...(unit === undefined ? {} : { unit }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(role === undefined ? {} : { role }),
    ...(part === undefined ? {} : { part }),
    ...(meter === undefined ? {} : { meter }),
    ...(options === undefined ? {} : { options }),
    ...(safeValue === undefined ? {} : { safeValue }),
    ...(linear ? conversionsOf(factor ?? 1, offset ?? 0) : {}),
  };
}

function conversionsOf(factor: number, offset: number): Pick<ChannelSpec, 'read' | 'write'> {
  const read = { kind: 'linear', factor, offset } as const;
  // A factor of zero makes every reading the same: there is no way back.
  if (factor === 0) return { read };
  return { read, write: { kind: 'linear', factor: 1 / factor, offset: -offset / factor } };
}

function partsOf(columns: readonly Column[], kind: DevicePart['kind']): readonly DevicePart[] {
  const numbers = new Set(columns.flatMap(({ spec }) => spec.part ?? []));
  return [...numbers].sort((a, b) => a - b).map((number) => ({ number, kind }));
}

import { EngineError } from '../../../engine/errors.js';
import { fillBody } from '../sdk/fill.js';
import { readingOf, specOf } from '../sdk/json-column.js';
import { flagOf, JsonPath, numberOf, recordOf, textOf } from '../sdk/payload.js';
import type { ChannelSpec } from '../sdk/plugin.types.js';
import type { MqttChannel, MqttConfig } from './config.js';
import type { Directory } from './directory.js';
import type { Payload } from './payload.js';
import type { CommandRoute, TopicDevice, Value } from './topic-device.js';
import { fillTopic, TopicPattern } from './topics.js';

interface Column {
  readonly config: MqttChannel;
  readonly pattern: TopicPattern | undefined;
  readonly path: JsonPath | undefined;
  readonly spec: ChannelSpec;
}

/** Fields of one JSON object that become parameters. */
const MAX_FIELDS = 128;

/** Devices by the topics that the operator wrote. */
export class MappedTopics {
  readonly #config: MqttConfig;
  readonly #directory: Directory;
  readonly #columns: readonly Column[];
  readonly #patterns: readonly TopicPattern[];
  readonly #availability:
    | {
        readonly pattern: TopicPattern;
        readonly path: JsonPath;
        readonly online: string;
        readonly offline: string;
      }
    | undefined;

  /** @throws EngineError `input.invalid` naming the topic, path or id that is wrong */
  constructor(config: MqttConfig, directory: Directory) {
    this.#config = config;
    this.#directory = directory;
    this.#columns = config.channels.map((channel) => ({
      config: channel,
      pattern: channel.topic === undefined ? undefined : new TopicPattern(channel.topic),
      path: channel.topic === undefined ? undefined : new JsonPath(channel.path ?? ''),
      spec: specOf(channel, channel.command !== undefined, channel.topic !== undefined),
    }));
    const ids = new Set(this.#columns.map(({ spec }) => spec.id));
    if (ids.size < this.#columns.length) {
      throw new EngineError('input.invalid', 'channels: an id is there twice');
    }
    this.#patterns = config.patterns.map((source) => new TopicPattern(source));
    const { availability } = config;
    this.#availability =
      availability === undefined
        ? undefined
        : {
            pattern: new TopicPattern(availability.topic),
            path: new JsonPath(availability.path),
            online: availability.online,
            offline: availability.offline,
          };
  }

  get filters(): readonly string[] {
    const patterns = [
      ...this.#columns.flatMap(({ pattern }) => pattern ?? []),
      ...this.#patterns,
      ...(this.#availability === undefined ? [] : [this.#availability.pattern]),
    ];
    return [...new Set(patterns.map(({ filter }) => filter))];
  }

  take(topic: string, payload: Payload): void {
    const said = this.#availability;
    const device = said?.pattern.match(topic)?.device;
    if (said !== undefined && device !== undefined) {
      const word = textOf(said.path.read(payload.json));
      // A device that is only ever told to be gone is not one yet.
      if (word === said.online) this.#device(device)?.say(topic, true);
      else if (word === said.offline) this.#directory.get(device)?.say(topic, false);
      return;
    }
    let mapped = false;
    for (const column of this.#columns) {
      const words = column.pattern?.match(topic);
      if (words === undefined) continue;
      mapped = true;
      const value = readingOf(column.config, column.path, payload.json);
      if (value !== undefined) this.#device(words.device)?.take(column.spec.id, value);
    }
    if (mapped) return;
    for (const pattern of this.#patterns) {
      const words = pattern.match(topic);
      if (words === undefined) continue;
      this.#any(words.device, words.parameter, payload.json);
      return;
    }
  }

  #any(id: string, parameter: string | undefined, json: unknown): void {
    const fields = recordOf(json);
    if (fields === undefined) {
      if (parameter !== undefined) this.#free(id, parameter, json);
      return;
    }
    for (const [name, value] of Object.entries(fields).slice(0, MAX_FIELDS)) {
      this.#free(id, parameter === undefined ? name : `${parameter}.${name}`, value);
    }
  }

  /** A parameter that nobody described: its first value says of which kind it is. */
  #free(id: string, parameterId: string, raw: unknown): void {
    if (parameterId.length > 128 || /\p{Cc}/u.test(parameterId) || parameterId === '') return;
    const kind = this.#directory.get(id)?.kindOf(parameterId) ?? kindOf(raw);
    const value =
      kind === 'number' ? numberOf(raw) : kind === 'boolean' ? flagOf(raw) : textOf(raw, 512);
    if (kind === undefined || value === undefined) return;
    const device = this.#device(id);
    if (device === undefined) return;
    if (!device.knows(parameterId)) {
      device.declare({ id: parameterId, name: parameterId, kind, direction: 'input' });
    }
    device.take(parameterId, value);
  }

  #device(id: string): TopicDevice | undefined {
    return this.#directory.heard(id, { role: this.#config.role, name: id }, (device) => {
      for (const { spec, config } of this.#columns) {
        device.declare(spec, config.command && routeOf(config.command, id, spec.id));
      }
    });
  }
}

function routeOf(
  command: NonNullable<MqttChannel['command']>,
  device: string,
  parameter: string,
): CommandRoute {
  return {
    topic: fillTopic(command.topic, { device, parameter }),
    retain: command.retain,
    echo: command.echo,
    payload: (value: Value) => {
      const { body } = fillBody(command.payload, { value, device, channel: parameter });
      return typeof body === 'string' ? body : JSON.stringify(body);
    },
  };
}

function kindOf(raw: unknown): ChannelSpec['kind'] | undefined {
  if (typeof raw === 'boolean') return 'boolean';
  if (numberOf(raw) !== undefined) return 'number';
  if (typeof raw !== 'string') return undefined;
  return /^(on|off|true|false)$/i.test(raw.trim()) ? 'boolean' : 'text';
}

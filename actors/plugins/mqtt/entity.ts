import { EngineError } from '../../../engine/errors.js';
import {
  anyFieldOf,
  flagOf,
  JsonPath,
  listOf,
  numberOf,
  recordOf,
  textOf,
} from '../sdk/payload.js';
import type { ChannelSpec, DeviceIdentity } from '../sdk/plugin.types.js';
import type { CommandRoute, Value } from './topic-device.js';
import { MAX_TOPIC_CHARS } from './topics.js';

/** One parameter as a discovery message describes it. */
export interface Entity {
  readonly device: string;
  readonly identity: DeviceIdentity;
  readonly spec: ChannelSpec;
  readonly stateTopic: string | undefined;
  readonly read: (json: unknown) => Value | undefined;
  readonly command: CommandRoute | undefined;
  readonly availabilityMode: 'all' | 'any' | 'latest';
  readonly availability: readonly {
    readonly topic: string;
    readonly path: string;
    readonly online: string;
    readonly offline: string;
  }[];
}

type Fields = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<string, ChannelSpec['kind']>> = {
  sensor: 'number',
  binary_sensor: 'boolean',
  switch: 'boolean',
  light: 'boolean',
  fan: 'boolean',
  siren: 'boolean',
  number: 'number',
  select: 'text',
  text: 'text',
};
const MAX_COMPONENTS = 256;

/**
 * Parameters of a config message, topic without the prefix: `sensor/node/object/config`, or `device/object/config` with
 * `components`. Empty for kinds that are no parameters, and for what we published ourselves.
 * @throws EngineError `frame.malformed` for what is no description
 */
export function entitiesOf(topic: string, json: unknown): readonly Entity[] {
  const fields = recordOf(json);
  const levels = topic.split('/');
  const component = levels[0] ?? '';
  if (fields === undefined)
    throw new EngineError('frame.malformed', 'the description is no object');
  const origin = recordOf(anyFieldOf(fields, ['origin', 'o']));
  if (textOf(anyFieldOf(origin, ['name'])) === 'Earshot') return [];
  const node = levels.slice(1, -1).join('_');
  if (component !== 'device')
    return [entityOf(component, node, fields)].flatMap((one) => one ?? []);
  const parts = Object.entries(recordOf(anyFieldOf(fields, ['components', 'cmps'])) ?? {});
  return parts.slice(0, MAX_COMPONENTS).flatMap(([name, part]) => {
    const own = recordOf(part);
    const platform = textOf(anyFieldOf(own, ['platform', 'p']));
    if (own === undefined || platform === undefined) return [];
    return entityOf(platform, name, { ...fields, ...own }, node) ?? [];
  });
}

function entityOf(
  component: string,
  object: string,
  fields: Fields,
  node = object,
): Entity | undefined {
  const kind = Object.hasOwn(KINDS, component) ? KINDS[component] : undefined;
  if (kind === undefined) return undefined;
  const base = textOf(anyFieldOf(fields, ['~']), MAX_TOPIC_CHARS) ?? '';
  const topicOf = (names: readonly string[], from: unknown = fields): string | undefined => {
    const text = textOf(anyFieldOf(from, names), MAX_TOPIC_CHARS);
    if (text === undefined || text === '') return undefined;
    const whole = text.startsWith('~') ? base + text.slice(1) : text.replace(/~$/, base);
    if (/[#+\0]/.test(whole)) throw new EngineError('frame.malformed', `"${whole}" is no topic`);
    return whole;
  };
  const stateTopic = topicOf(['state_topic', 'stat_t']);
  const commandTopic = topicOf(['command_topic', 'cmd_t']);
  if (stateTopic === undefined && commandTopic === undefined) return undefined;
  const device = recordOf(anyFieldOf(fields, ['device', 'dev'])) ?? {};
  const identifiers = anyFieldOf(device, ['identifiers', 'ids']);
  const connection = listOf(listOf(anyFieldOf(device, ['connections', 'cns']), 16)[0], 2);
  const id = idOf(
    textOf(Array.isArray(identifiers) ? identifiers[0] : identifiers) ??
      textOf(connection[1]) ??
      textOf(anyFieldOf(fields, ['unique_id', 'uniq_id'])) ??
      node,
  );
  const name = textOf(anyFieldOf(fields, ['name']), 128);
  const own = textOf(anyFieldOf(fields, ['object_id', 'obj_id'])) ?? object;
  const unit = textOf(anyFieldOf(fields, ['unit_of_measurement', 'unit_of_meas']), 16);
  const sensed =
    component === 'sensor' &&
    unit === undefined &&
    textOf(anyFieldOf(fields, ['state_class', 'stat_cla'])) === undefined;
  const meant = sensed ? 'text' : kind;
  const on = textOf(anyFieldOf(fields, ['state_on', 'stat_on', 'payload_on', 'pl_on'])) ?? 'ON';
  const off =
    textOf(anyFieldOf(fields, ['state_off', 'stat_off', 'payload_off', 'pl_off'])) ?? 'OFF';
  const path = templatePath(
    textOf(
      anyFieldOf(fields, ['value_template', 'val_tpl', 'stat_val_tpl', 'state_value_template']),
    ),
  );
  const min = numberOf(anyFieldOf(fields, ['min']));
  const max = numberOf(anyFieldOf(fields, ['max']));
  const options = listOf(anyFieldOf(fields, ['options', 'ops']), 64).flatMap(
    (one) => textOf(one, 128) ?? [],
  );
  return {
    device: id,
    identity: identityOf(device, connection, id),
    spec: {
      id: own.slice(0, 128),
      name: name === undefined || name === '' ? own.slice(0, 128) : name,
      kind: meant,
      direction:
        commandTopic === undefined
          ? 'input'
          : stateTopic === undefined
            ? 'output'
            : 'bidirectional',
      ...(unit === undefined || meant !== 'number' ? {} : { unit }),
      ...(component !== 'number' ? {} : { min: min ?? 1, max: max ?? 100 }),
      ...(options.length === 0 ? {} : { options }),
    },
    stateTopic,
    read: (json) => {
      const raw = path.read(json);
      if (raw === undefined || raw === null) return undefined;
      if (meant === 'number') return numberOf(raw);
      if (meant === 'text') return textOf(raw, 512);
      const word = textOf(raw);
      return word === on ? true : word === off ? false : flagOf(raw);
    },
    command: commandTopic === undefined ? undefined : commandOf(commandTopic, stateTopic, fields),
    availabilityMode: modeOf(textOf(anyFieldOf(fields, ['availability_mode', 'avty_mode']))),
    availability: availabilityOf(fields, topicOf),
  };
}

function commandOf(topic: string, state: string | undefined, fields: Fields): CommandRoute {
  const on = textOf(anyFieldOf(fields, ['payload_on', 'pl_on'])) ?? 'ON';
  const off = textOf(anyFieldOf(fields, ['payload_off', 'pl_off'])) ?? 'OFF';
  const template = textOf(anyFieldOf(fields, ['command_template', 'cmd_tpl']), 1_024);
  return {
    topic,
    retain: flagOf(anyFieldOf(fields, ['retain', 'ret'])) ?? false,
    echo: state !== undefined && flagOf(anyFieldOf(fields, ['optimistic', 'opt'])) !== true,
    payload: (value) => {
      const word = typeof value === 'boolean' ? (value ? on : off) : String(value);
      return template === undefined ? word : template.replace(/\{\{\s*value\s*\}\}/g, () => word);
    },
  };
}

function availabilityOf(
  fields: Fields,
  topicOf: (names: readonly string[], from?: unknown) => string | undefined,
): Entity['availability'] {
  const single = topicOf(['availability_topic', 'avty_t']);
  const many = anyFieldOf(fields, ['availability', 'avty']);
  const list = recordOf(many) === undefined ? listOf(many, 16) : [many];
  const wanted = single === undefined ? list : [fields];
  return wanted.flatMap((one) => {
    const topic = single ?? topicOf(['topic', 't'], one);
    if (topic === undefined) return [];
    const template = anyFieldOf(one, [
      'value_template',
      'val_tpl',
      'availability_template',
      'avty_tpl',
    ]);
    return {
      topic,
      path:
        single === undefined
          ? templatePath(textOf(template)).source
          : templatePath(textOf(anyFieldOf(one, ['availability_template', 'avty_tpl']))).source,
      online: textOf(anyFieldOf(one, ['payload_available', 'pl_avail'])) ?? 'online',
      offline: textOf(anyFieldOf(one, ['payload_not_available', 'pl_not_avail'])) ?? 'offline',
    };
  });
}

function identityOf(device: Fields, connection: readonly unknown[], id: string): DeviceIdentity {
  const mac = textOf(connection[0]) === 'mac' ? textOf(connection[1], 32) : undefined;
  const model = textOf(anyFieldOf(device, ['model', 'mdl']), 128);
  const firmware = textOf(anyFieldOf(device, ['sw_version', 'sw']), 64);
  const serial = textOf(anyFieldOf(device, ['serial_number', 'sn']), 128);
  return {
    name: textOf(anyFieldOf(device, ['name']), 128) ?? id,
    ...(model === undefined ? {} : { model }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(serial === undefined ? {} : { serial }),
    ...(mac === undefined ? {} : { mac }),
  };
}

/** Templates are programs; the shapes that nearly all devices use are paths. @throws EngineError for others */
function templatePath(template: string | undefined): JsonPath {
  if (template === undefined || template.trim() === '') return new JsonPath('');
  const inner =
    /^\s*\{\{\s*(value_json|value)((?:\.[A-Za-z_]\w*|\[\s*(?:\d{1,9}|'[^']{1,64}'|"[^"\\]{1,64}")\s*\])*)\s*(?:\|\s*(?:int|float|round(?:\(\d+\))?|is_defined|string|default\([^)]{0,32}\))\s*)*\}\}\s*$/.exec(
      template,
    );
  if (inner === null) {
    throw new EngineError(
      'frame.malformed',
      `the template "${template.slice(0, 100)}" is not understood`,
    );
  }
  const steps = (inner[2] ?? '')
    .replace(/\[\s*'([^']*)'\s*\]/g, '["$1"]')
    .replace(/\[\s+|\s+\]/g, (part) => part.trim());
  return new JsonPath(steps.startsWith('.') ? steps.slice(1) : steps);
}

function modeOf(text: string | undefined): Entity['availabilityMode'] {
  return text === 'all' || text === 'any' ? text : 'latest';
}

function idOf(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, '_').slice(0, 96);
}

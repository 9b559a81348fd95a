import { createHash } from 'node:crypto';
import type { ChannelSpec } from '../../actors/plugins/sdk/plugin.types.js';
import type { ChannelRow, DeviceRow } from '../contract/rows.js';

/** What Home Assistant takes as part of a topic or an id; different texts stay different. */
export function slugOf(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 100);
  if (plain === text) return plain;
  return `${plain}_${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

/** A parameter as it is published. */
export interface Published {
  readonly configTopic: string;
  readonly config: string;
  readonly stateTopic: string;
}

export interface Prefixes {
  readonly prefix: string;
  readonly discoveryPrefix: string;
}

/** Its description, and where its state goes; `spec` is missing for devices that no plugin drives. */
export function publishedOf(
  device: DeviceRow,
  channel: ChannelRow,
  parameter: string,
  spec: ChannelSpec | undefined,
  { prefix, discoveryPrefix }: Prefixes,
): Published {
  const node = slugOf(device.id);
  const object = slugOf(parameter);
  const base = `${prefix}/${node}`;
  const settable = spec !== undefined && spec.direction !== 'input';
  const component = componentOf(channel.kind, settable, spec);
  const stateTopic = `${base}/${object}/state`;
  const unit = spec?.unit ?? channel.unit ?? '';
  const config = {
    name: spec?.name ?? parameter,
    unique_id: `${prefix}_${node}_${object}`,
    object_id: `${node}_${object}`,
    state_topic: stateTopic,
    ...(settable ? { command_topic: `${base}/${object}/set` } : {}),
    ...(channel.kind === 'boolean' ? { payload_on: 'ON', payload_off: 'OFF' } : {}),
    ...(channel.kind === 'number' && !settable ? { state_class: 'measurement' } : {}),
    ...(channel.kind === 'number' && unit !== '' ? { unit_of_measurement: unit } : {}),
    ...(component === 'number'
      ? {
          min: spec?.min ?? -1e6,
          max: spec?.max ?? 1e6,
          step: 10 ** -(spec?.decimals ?? 3),
          mode: 'box',
        }
      : {}),
    ...(component === 'select' ? { options: spec?.options } : {}),
    availability: [{ topic: `${prefix}/status` }, { topic: `${base}/availability` }],
    availability_mode: 'all',
    device: {
      identifiers: [`${prefix}_${node}`],
      name: device.name,
      ...(device.vendor == null ? {} : { manufacturer: device.vendor }),
      ...(device.model == null ? {} : { model: device.model }),
      ...(device.firmware == null ? {} : { sw_version: device.firmware }),
      ...(device.serial == null ? {} : { serial_number: device.serial }),
      ...(device.location == null ? {} : { suggested_area: device.location }),
    },
    origin: { name: 'Earshot' },
  };
  return {
    configTopic: `${discoveryPrefix}/${component}/${prefix.replaceAll('/', '_')}_${node}/${object}/config`,
    config: JSON.stringify(config),
    stateTopic,
  };
}

/** A value as Home Assistant reads it; undefined: there is none yet. */
export function stateOf(channel: ChannelRow): string | undefined {
  const { kind, value } = channel;
  if (value === null || value === undefined) return undefined;
  if (kind === 'boolean') return value === true || value === 1 ? 'ON' : 'OFF';
  return String(value);
}

/** What was wished for; undefined: not of this kind. */
export function wishOf(
  kind: ChannelSpec['kind'],
  payload: string,
): number | string | boolean | undefined {
  if (kind === 'text') return payload.slice(0, 512);
  if (kind === 'boolean') {
    if (/^(on|true|1)$/i.test(payload)) return true;
    return /^(off|false|0)$/i.test(payload) ? false : undefined;
  }
  const number = payload.trim() === '' ? Number.NaN : Number(payload);
  return Number.isFinite(number) ? number : undefined;
}

function componentOf(
  kind: ChannelRow['kind'],
  settable: boolean,
  spec: ChannelSpec | undefined,
): string {
  if (kind === 'boolean') return settable ? 'switch' : 'binary_sensor';
  if (!settable) return 'sensor';
  if (kind === 'number') return 'number';
  return (spec?.options?.length ?? 0) > 0 ? 'select' : 'text';
}

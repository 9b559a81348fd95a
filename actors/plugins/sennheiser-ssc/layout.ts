import { EngineError } from '../../../engine/errors.js';
import { fieldOf, numberOf, recordOf, textOf } from '../sdk/payload.js';
import type { DeviceIdentity } from '../sdk/plugin.types.js';
import { decodeChannels, decodeDevice } from '../shure-system/decode.js';
import { readingsOf as micboardReadings } from '../shure-system/fields.js';
import type { SscApi } from './api.js';
import {
  channelsOf,
  fastResources,
  type Reading,
  readingsOf,
  steadyResources,
  transmitterOn,
  writeOf,
} from './resources.js';

/** Which resources a device has and what they mean. */
export interface Layout {
  readonly identity: DeviceIdentity;
  readonly steady: readonly string[];
  readonly fast: readonly string[];
  /** Cheap to ask. */
  readonly probe: string;
  read(
    path: string,
    value: unknown,
  ): { readonly identity?: DeviceIdentity; readonly readings: readonly Reading[] };
  /** The device has the resource, and nothing in it. */
  absent(path: string): readonly Reading[];
  write(id: string, value: number | string | boolean): ReturnType<typeof writeOf>;
}

const MAX_CHANNELS = 8;

/** Asks a device what it is. @throws EngineError as `SscApi.get`, `device.unreachable` when it is no SSCv2 device */
export async function deviceLayout(api: SscApi): Promise<Layout> {
  const identity = await api.get('/api/device/identity');
  const product = textOf(fieldOf(identity, 'product')) || undefined;
  const channels = channelsOf(product) ?? (await countChannels(api));
  if (recordOf(identity) === undefined && channels === undefined) {
    throw new EngineError('device.unreachable', `${api.base} has none of the paths of SSCv2`);
  }
  const site = await api.get('/api/device/site');
  const firmware = await api.get('/api/firmware/update/state');
  const count = channels ?? 0;
  const name = textOf(fieldOf(site, 'deviceName')) || undefined;
  const serial = textOf(fieldOf(identity, 'serial')) || undefined;
  const version =
    textOf(fieldOf(firmware, 'deviceVersion')) || textOf(fieldOf(identity, 'version')) || undefined;
  return {
    identity: {
      role: count === 0 ? 'sensor' : 'receiver',
      ...(name === undefined ? {} : { name }),
      ...(product === undefined ? {} : { model: product }),
      ...(serial === undefined ? {} : { serial }),
      ...(version === undefined ? {} : { firmware: version }),
      parts: Array.from({ length: count }, (_, at) => ({
        number: at + 1,
        kind: 'rf',
        direction: 'receive',
      })),
    },
    steady: steadyResources(count),
    fast: fastResources(count),
    probe: '/api/ssc/version',
    read: (path, value) => {
      const readings = readingsOf(path, value);
      const told = path === '/api/device/site' ? textOf(fieldOf(value, 'deviceName')) : undefined;
      return told === undefined || told === ''
        ? { readings }
        : { readings, identity: { name: told } };
    },
    absent: (path) => {
      const index = /^\/api\/transmitters\/(\d{1,2})(?:\/battery)?$/.exec(path)?.[1];
      return index === undefined ? [] : [transmitterOn(Number(index) + 1, false)];
    },
    write: writeOf,
  };
}

async function countChannels(api: SscApi): Promise<number | undefined> {
  for (let at = 0; at < MAX_CHANNELS; at += 1) {
    if ((await api.get(`/api/channel/${at}`)) === undefined) return at === 0 ? undefined : at;
  }
  return MAX_CHANNELS;
}

/** A device behind a server that lists all: `/api/devices/{id}` and its channels. */
export async function serverLayout(api: SscApi, id: string): Promise<Layout> {
  const own = `/api/devices/${encodeURIComponent(id)}`;
  const channelsPath = `${own}/channels`;
  const told = await api.get(own);
  if (recordOf(told) === undefined) {
    throw new EngineError('device.unreachable', `${api.base} knows no device "${id}"`);
  }
  const channels = decodeChannels((await api.get(channelsPath)) ?? []);
  return {
    identity: {
      role: channels.length === 0 ? 'sensor' : 'receiver',
      ...identityOf(told),
      parts: channels.map(({ number }) => ({ number, kind: 'rf', direction: 'receive' })),
    },
    steady: [own, channelsPath],
    fast: [],
    probe: own,
    read: (path, value) => {
      if (path === own) return { readings: [], identity: identityOf(value) };
      const list = path === channelsPath ? decodeChannels(value) : [];
      return { readings: list.flatMap(micboardReadings) };
    },
    absent: () => [],
    write: () => undefined,
  };
}

function identityOf(value: unknown): DeviceIdentity {
  const device = decodeDevice(value);
  const { name, model, serial, firmware } = device ?? {};
  return {
    ...(name === undefined ? {} : { name }),
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
    ...(firmware === undefined ? {} : { firmware }),
  };
}

/** `protocol` of `/api/ssc/version`; undefined: it says none. */
export function protocolOf(version: unknown): string | undefined {
  const protocol = fieldOf(version, 'protocol') ?? fieldOf(version, 'version');
  return numberOf(protocol) === undefined && textOf(protocol) === '' ? undefined : textOf(protocol);
}

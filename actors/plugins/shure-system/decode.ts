import { anyFieldOf, fieldOf, listOf, numberOf, recordOf, textOf } from '../sdk/payload.js';

/** A device as the service tells of it, in either of its shapes. */
export interface ShureDevice {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly address: string | undefined;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  readonly firmware: string | undefined;
  /** Undefined: not said. */
  readonly online: boolean | undefined;
  /** Undefined: not told here. */
  readonly channels: readonly ShureChannel[] | undefined;
}

export interface ShureChannel {
  /** From 1. */
  readonly number: number;
  readonly name: string | undefined;
  /** Null: no transmitter; undefined: not told here, ask for it. */
  readonly transmitter: Readonly<Record<string, unknown>> | null | undefined;
}

export interface DevicePage {
  readonly devices: readonly ShureDevice[];
  /** Undefined: that was the last. */
  readonly next: string | undefined;
}

const MAX_CHANNELS = 64;

/** A list, or a page of edges with nodes. Undefined: neither. */
export function decodePage(value: unknown): DevicePage | undefined {
  const edges = fieldOf(value, 'edges');
  const plain = Array.isArray(value) ? value : fieldOf(value, 'devices');
  if (!Array.isArray(edges) && !Array.isArray(plain)) return undefined;
  const nodes = Array.isArray(edges)
    ? listOf(edges).map((edge) => fieldOf(edge, 'node'))
    : listOf(plain);
  const info = fieldOf(value, 'pageInfo');
  const cursor = textOf(fieldOf(info, 'endCursor'), 1_024);
  return {
    devices: nodes.flatMap((node) => decodeDevice(node) ?? []),
    next: fieldOf(info, 'hasNextPage') === true && cursor !== '' ? cursor : undefined,
  };
}

export function decodeDevice(value: unknown): ShureDevice | undefined {
  const told = recordOf(value);
  if (told === undefined) return undefined;
  const hardware = fieldOf(told, 'hardwareIdentity');
  const software = fieldOf(told, 'softwareIdentity');
  const network = fieldOf(told, 'communicationProtocol');
  const word = (...found: readonly unknown[]): string | undefined => {
    for (const one of found) {
      const text = textOf(one);
      if (text !== undefined && text !== '') return text;
    }
    return undefined;
  };
  const channels = fieldOf(told, 'channels');
  return {
    id: word(fieldOf(hardware, 'deviceId'), anyFieldOf(told, ['deviceId', 'id'])),
    name: word(anyFieldOf(told, ['name', 'deviceName']), fieldOf(hardware, 'name')),
    address: word(
      fieldOf(network, 'address'),
      anyFieldOf(told, ['ipAddress', 'ip', 'ip_address', 'address']),
    ),
    model: word(
      fieldOf(software, 'model'),
      anyFieldOf(told, ['model', 'modelName', 'type', 'deviceType']),
    ),
    serial: word(
      fieldOf(hardware, 'serialNumber'),
      anyFieldOf(told, ['serialNumber', 'serial', 'serial_number']),
    ),
    firmware: word(
      fieldOf(software, 'firmwareVersion'),
      anyFieldOf(told, ['firmwareVersion', 'firmware', 'firmware_version']),
    ),
    online: onlineOf(anyFieldOf(told, ['deviceState', 'state', 'online'])),
    channels: Array.isArray(channels) ? decodeChannels(channels) : undefined,
  };
}

/** A list of channels, or `{channels: […]}`, or `{edges: […]}`. */
export function decodeChannels(value: unknown): readonly ShureChannel[] {
  const list = Array.isArray(value)
    ? value
    : (anyFieldOf(value, ['channels']) ??
      listOf(fieldOf(value, 'edges')).map((edge) => fieldOf(edge, 'node')));
  return listOf(list, MAX_CHANNELS).flatMap((item, at) => {
    if (recordOf(item) === undefined) return [];
    const number = numberOf(anyFieldOf(item, ['channel', 'channelNumber', 'number'])) ?? at + 1;
    if (!Number.isInteger(number) || number < 1 || number > MAX_CHANNELS) return [];
    const told = fieldOf(item, 'tx') ?? fieldOf(item, 'transmitter');
    const none = fieldOf(item, 'tx') === null || fieldOf(item, 'transmitter') === null;
    const name = textOf(anyFieldOf(item, ['channelName', 'name']));
    return { number, name, transmitter: recordOf(told) ?? (none ? null : undefined) };
  });
}

export type ShureFrame =
  | { readonly type: 'transport'; readonly transportId: string }
  | { readonly type: 'device'; readonly device: ShureDevice };

/** A frame of the socket: the transport's id, a device, or an event with a device in its body. Undefined: neither. */
export function decodeFrame(text: string): ShureFrame | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Cut or lied: whoever reads counts it.
    return undefined;
  }
  const transportId = textOf(fieldOf(json, 'transportId'));
  if (transportId !== undefined && /^[\w.-]{1,128}$/.test(transportId)) {
    return { type: 'transport', transportId };
  }
  const envelope = fieldOf(json, 'envelope');
  if (recordOf(envelope) === undefined) return deviceFrame(decodeDevice(json));
  const device = decodeDevice(fieldOf(json, 'body'));
  if (device === undefined) return undefined;
  const id = device.id ?? textOf(anyFieldOf(envelope, ['deviceId', 'id', 'resourceId']));
  return deviceFrame({ ...device, id });
}

function deviceFrame(device: ShureDevice | undefined): ShureFrame | undefined {
  return device === undefined ? undefined : { type: 'device', device };
}

function onlineOf(state: unknown): boolean | undefined {
  if (typeof state === 'boolean') return state;
  if (typeof state !== 'string') return undefined;
  return !/^(offline|disconnected|unreachable|lost|removed)$/i.test(state.trim());
}

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^UHF-?R|^UR4/, 'uhfr'],
  [/^QLX-?D/, 'qlxd'],
  [/^ULX-?D/, 'ulxd'],
  [/^SLX-?D/, 'slxd'],
  [/^AXIENT_DIGITAL|^AXT|^AD/, 'axtd'],
  [/^P10T|^PSM ?1000/, 'p10t'],
  [/^SBC/, 'charger'],
];

/** Family of a model: `ULXD4Q` → `ulxd`. Undefined: none that we know. */
export function familyOf(model: string | undefined): string | undefined {
  const upper = model?.toUpperCase();
  return upper === undefined ? undefined : TYPES.find(([match]) => match.test(upper))?.[1];
}

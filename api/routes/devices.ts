import { z } from 'zod';
import type { Command, Commands } from '../../actors/control/commands.js';
import { EngineError } from '../../engine/errors.js';
import {
  channelsAnswer,
  commandsAnswer,
  deviceAnswer,
  devicesAnswer,
  samplesAnswer,
  tableQuery,
} from '../contract/devices.js';
import { pluginDeviceCreate } from '../contract/plugins.js';
import {
  commandResult,
  deviceCreate,
  devicePatch,
  parameterSet,
  samplesAppend,
} from '../contract/rest.js';
import { listRows } from '../devices/list.js';
import { readSamples } from '../devices/sample-columns.js';
import type { DeviceService } from '../devices/service.js';
import { type Principal, type Route, route } from '../http/route.types.js';
import type { MemoryTable } from '../live/table.js';
import type { PluginPort } from '../plugins/plugins.types.js';

export interface DeviceRoutesOptions {
  readonly service: DeviceService;
  readonly commands: Commands;
  readonly devices: MemoryTable;
  readonly channels: MemoryTable;
  /** Makes devices of plugin instances; absent: there are no plugins. */
  readonly plugins?: Pick<PluginPort, 'addDevice'> | undefined;
}

const deviceParams = z.object({ id: z.string().min(1).max(128) });
const MAX_SAMPLES_BYTES = 8_388_608;

/** Devices, their parameters and commands, and the batch path of samples. */
export function deviceRoutes(options: DeviceRoutesOptions): readonly Route[] {
  return [...listRoutes(options), ...editRoutes(options), ...commandRoutes(options)];
}

function listRoutes({ service, devices, channels }: DeviceRoutesOptions): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/devices',
      summary: 'Devices with their latest values, filtered, sorted and in pages',
      tag: 'devices',
      access: 'viewer',
      query: tableQuery,
      response: devicesAnswer,
      handler: ({ query }) => listRows(devices, 'devices', query),
    }),
    route({
      method: 'GET',
      path: '/v1/channels',
      summary: 'Parameters of all devices, filtered, sorted and in pages',
      tag: 'devices',
      access: 'viewer',
      query: tableQuery,
      response: channelsAnswer,
      handler: ({ query }) => listRows(channels, 'channels', query),
    }),
    route({
      method: 'GET',
      path: '/v1/devices/{id}',
      summary: 'One device with its parameters',
      tag: 'devices',
      access: 'viewer',
      params: deviceParams,
      response: deviceAnswer,
      handler: ({ params: { id } }) => describe(id, { service, devices, channels }),
    }),
  ];
}

function editRoutes({
  service,
  devices,
  channels,
  plugins,
}: DeviceRoutesOptions): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/devices',
      summary: 'Make a device by hand; with `instanceId` one that its plugin connects to',
      tag: 'devices',
      access: 'operator',
      body: z.union([deviceCreate, pluginDeviceCreate]),
      response: deviceAnswer,
      status: 201,
      handler: async ({ body }) => {
        if ('instanceId' in body) {
          if (plugins === undefined) throw new EngineError('not-found', 'there are no plugins');
          const externalId = body.externalId ?? body.address;
          if (externalId === undefined) {
            throw new EngineError('input.invalid', 'address: give an address or an externalId');
          }
          const { deviceId } = await plugins.addDevice({ ...body, externalId });
          return describe(deviceId, { service, devices, channels });
        }
        const { id, name, protocol } = body;
        await service.create({ id, name, protocol, channels: [] });
        return describe(id, { service, devices, channels });
      },
    }),
    route({
      method: 'PATCH',
      path: '/v1/devices/{id}',
      summary: 'Rename a device',
      tag: 'devices',
      access: 'operator',
      params: deviceParams,
      body: devicePatch,
      response: deviceAnswer,
      handler: async ({ params: { id }, body: { name } }) => {
        await service.rename(id, name);
        return describe(id, { service, devices, channels });
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/devices/{id}',
      summary: 'Remove a device with its token and commands; its history stays',
      tag: 'devices',
      access: 'operator',
      params: deviceParams,
      status: 204,
      handler: ({ params: { id } }) => service.remove(id),
    }),
    route({
      method: 'POST',
      path: '/v1/samples',
      summary: 'Store samples of a device, with their own times; answered when they are stored',
      tag: 'devices',
      access: 'open',
      body: samplesAppend,
      bodyType: 'bytes',
      maxBodyBytes: MAX_SAMPLES_BYTES,
      response: samplesAnswer,
      handler: async ({ body, principal }) => {
        if (principal.kind === 'anonymous') {
          throw new EngineError('auth.required', 'sign in, or present the token of the device');
        }
        const columns = readSamples(body as unknown as Uint8Array);
        mayWrite(principal, columns.deviceId);
        return await service.append(columns);
      },
    }),
  ];
}

function commandRoutes({ service, commands }: DeviceRoutesOptions): readonly Route[] {
  return [
    route({
      method: 'POST',
      path: '/v1/devices/{id}/parameters',
      summary: 'Ask a device to set a parameter; the command is pending until the device answers',
      tag: 'devices',
      access: 'operator',
      params: deviceParams,
      body: parameterSet,
      response: commandResult,
      status: 202,
      handler: async ({ params: { id }, body: { name, value }, principal }) =>
        shown(await service.setParameter(id, name, value, principal.name)),
    }),
    route({
      method: 'GET',
      path: '/v1/devices/{id}/commands',
      summary: 'The latest commands of a device, newest first',
      tag: 'devices',
      access: 'viewer',
      params: deviceParams,
      query: z.strictObject({ limit: z.coerce.number().int().min(1).max(200).default(50) }),
      response: commandsAnswer,
      handler: async ({ params: { id }, query: { limit } }) => {
        if (service.tables.definition(id) === undefined) throw unknown(id);
        return { items: (await commands.ofDevice(id, limit)).map(shown) };
      },
    }),
  ];
}

function describe(
  id: string,
  { service, devices, channels }: Pick<DeviceRoutesOptions, 'service' | 'devices' | 'channels'>,
): unknown {
  const device = devices.get(id);
  if (device === undefined) throw unknown(id);
  const known = service.tables.definition(id)?.channels ?? [];
  const rows = known.flatMap(({ name }) => channels.get(`${id}/${name}`) ?? []);
  return { device: { ...device }, channels: rows.map((row) => ({ ...row })) };
}

/** A device by its own token, or somebody who may operate. */
function mayWrite(principal: Principal, deviceId: string): void {
  if (principal.role === 'operator' || principal.role === 'admin') return;
  if (principal.kind === 'device' && principal.id === deviceId) return;
  if (principal.kind === 'anonymous') {
    throw new EngineError('auth.required', 'sign in, or present the token of the device');
  }
  throw new EngineError('auth.denied', `you may not store samples of device ${deviceId}`);
}

function shown(command: Command): unknown {
  return {
    ...command,
    settledAtUnixMs: command.settledAtUnixMs ?? null,
    expiresAtUnixMs: command.expiresAtUnixMs ?? null,
    detail: command.detail ?? null,
  };
}

function unknown(id: string): EngineError {
  return new EngineError('not-found', `there is no device ${id}`);
}

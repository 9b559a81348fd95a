import type { ContentTable } from '../../../actors/content/store.types.js';
import type { Command, Commands } from '../../../actors/control/commands.js';
import type { DesiredValueRow } from '../../../actors/inventory/inventory.types.js';
import { EngineError } from '../../../engine/errors.js';
import {
  desiredAnswer,
  desiredParams,
  desiredPut,
  desiredRow,
  deviceParams,
  importAnswer,
  importQuery,
  parametersAnswer,
} from '../../contract/plugins.js';
import type { DeviceService } from '../../devices/service.js';
import { type Route, route } from '../../http/route.types.js';
import type { MemoryTable } from '../../live/table.js';
import { importDevices } from '../import.js';
import type { PluginService } from '../service.js';

export interface PluginDeviceRoutesOptions {
  readonly plugins: PluginService;
  readonly devices: DeviceService;
  readonly commands: Commands;
  readonly desired: ContentTable<DesiredValueRow>;
  readonly channels: MemoryTable;
  readonly nowUnixMs: () => number;
}

const MAX_IMPORT_BYTES = 8_388_608;
const MAX_DESIRED = 512;
const LONG_MS = 120_000;

/** What devices should have, beside what they report, and many devices from one file. */
export function pluginDeviceRoutes(options: PluginDeviceRoutesOptions): readonly Route[] {
  const { plugins, desired, nowUnixMs } = options;
  const tag = 'devices';
  return [
    route({
      method: 'POST',
      path: '/v1/devices/import',
      summary:
        'Make many plugin devices from CSV: columns instance, address, port, externalId, name; `dryRun=true` only tells what would happen',
      tag,
      access: 'operator',
      query: importQuery,
      bodyType: 'bytes',
      maxBodyBytes: MAX_IMPORT_BYTES,
      timeLimitMs: LONG_MS,
      response: importAnswer,
      handler: async ({ body, query: { dryRun } }) =>
        await importDevices(plugins, body as unknown as Uint8Array, dryRun === 'true'),
    }),
    route({
      method: 'GET',
      path: '/v1/devices/{id}/parameters',
      summary: 'What a device declared of its parameters: names, units, ranges, which can be set',
      tag,
      access: 'viewer',
      params: deviceParams,
      response: parametersAnswer,
      handler: ({ params: { id } }) => {
        requireDevice(options, id);
        return { items: [...(plugins.specs(id)?.values() ?? [])] };
      },
    }),
    route({
      method: 'GET',
      path: '/v1/devices/{id}/desired',
      summary: 'What was asked of a device and what it reports, side by side',
      tag,
      access: 'viewer',
      params: deviceParams,
      response: desiredAnswer,
      handler: async ({ params: { id } }) => {
        requireDevice(options, id);
        const rows = await rowsOf(options, id);
        const commands = await options.commands.ofDevice(id, 200);
        return { items: rows.map((row) => shownOf(row, commands, options)) };
      },
    }),
    route({
      method: 'PUT',
      path: '/v1/devices/{id}/desired/{name}',
      summary: 'Ask for a value; for a device that is away it waits, `ttlMs` at most',
      tag,
      access: 'operator',
      params: desiredParams,
      body: desiredPut,
      response: desiredRow,
      handler: async ({ params: { id, name }, body: { value, ttlMs }, principal }) => {
        requireDevice(options, id);
        if (plugins.book.get(id) === undefined && ttlMs > 0) {
          throw new EngineError('input.invalid', `ttlMs: commands wait for plugin devices only`);
        }
        const rows = await rowsOf(options, id);
        const before = rows.find((row) => row.name === name);
        if (before === undefined && rows.length >= MAX_DESIRED) {
          throw new EngineError('conflict', `a device has ${MAX_DESIRED} desired values at most`);
        }
        const by = principal.name;
        const command =
          plugins.book.get(id) === undefined
            ? await options.devices.setParameter(id, name, value, by)
            : await plugins.setParameter(id, name, value, by, ttlMs);
        const values = { deviceId: id, name, value, by, atUnixMs: nowUnixMs() };
        const row =
          before === undefined
            ? await desired.create(values)
            : await desired.update(before.id, values);
        if (row === undefined) throw new EngineError('conflict', `${name} was removed meanwhile`);
        return shownOf(row, [command], options);
      },
    }),
    route({
      method: 'DELETE',
      path: '/v1/devices/{id}/desired/{name}',
      summary: 'Ask for it no longer; the device keeps what it has',
      tag,
      access: 'operator',
      params: desiredParams,
      status: 204,
      handler: async ({ params: { id, name } }) => {
        requireDevice(options, id);
        const row = (await rowsOf(options, id)).find((one) => one.name === name);
        if (row === undefined)
          throw new EngineError('not-found', `${name} of ${id}: not asked for`);
        await plugins.commands.withdraw(id, name);
        await desired.remove(row.id);
      },
    }),
  ];
}

function requireDevice({ devices }: PluginDeviceRoutesOptions, id: string): void {
  if (devices.tables.definition(id) !== undefined) return;
  throw new EngineError('not-found', `there is no device ${id}`);
}

async function rowsOf(
  { desired }: PluginDeviceRoutesOptions,
  deviceId: string,
): Promise<readonly DesiredValueRow[]> {
  return await desired.find({ where: [{ field: 'deviceId', op: '=', value: deviceId }] });
}

function shownOf(
  row: DesiredValueRow,
  commands: readonly Command[],
  { channels }: PluginDeviceRoutesOptions,
): unknown {
  const channel = channels.get(`${row.deviceId}/${row.name}`);
  const reported = channel?.['value'] ?? null;
  const command = commands.find(({ name }) => name === row.name);
  return {
    name: row.name,
    desired: row.value,
    reported,
    reportedAtUnixMs: channel?.['atUnixMs'] ?? null,
    inStep: reported === row.value,
    by: row.by,
    atUnixMs: row.atUnixMs,
    command:
      command === undefined
        ? null
        : {
            ...command,
            settledAtUnixMs: command.settledAtUnixMs ?? null,
            expiresAtUnixMs: command.expiresAtUnixMs ?? null,
            detail: command.detail ?? null,
          },
  };
}

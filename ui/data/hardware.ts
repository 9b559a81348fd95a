import type { AnswerOf } from '../../api/client/calls.types.js';
import { call } from './api.js';
import type { DeviceRecord, Lifecycle } from './inventory.types.js';
import type { JsonSchema } from './json-schema.js';

/** What can be told to many at once; those that were refused say why. */
export interface ActionAnswer {
  readonly done: number;
  readonly refused?: readonly { readonly id: string; readonly reason: string }[];
}

const PER_CALL = 1_000;

/** Long lists are sent in pieces. */
async function inPieces(
  ids: readonly string[],
  send: (piece: readonly string[]) => Promise<ActionAnswer>,
): Promise<Required<ActionAnswer>> {
  let done = 0;
  const refused: { id: string; reason: string }[] = [];
  for (let from = 0; from < ids.length; from += PER_CALL) {
    const answer = await send(ids.slice(from, from + PER_CALL));
    done += answer.done;
    refused.push(...(answer.refused ?? []));
  }
  return { done, refused };
}

export type ConnectionAction = 'start' | 'stop' | 'reconnect';

export function actOnConnections(
  ids: readonly string[],
  action: ConnectionAction,
): Promise<Required<ActionAnswer>> {
  return inPieces(ids, (piece) =>
    call('POST', '/v1/connections/actions', { body: { ids: piece, action } }),
  );
}

export type DiscoveryAction = 'approve' | 'reject' | 'import';

export function actOnDiscoveries(
  ids: readonly string[],
  action: DiscoveryAction,
): Promise<Required<ActionAnswer>> {
  return inPieces(ids, async (piece) => {
    const body = { ids: piece.map(Number), action };
    const answer = await call('POST', '/v1/discoveries/actions', { body });
    return {
      done: answer.done,
      refused: answer.refused.map(({ id, reason }) => ({ id: String(id), reason })),
    };
  });
}

export interface ScanWish {
  readonly instanceId: number;
  readonly cidrs?: readonly string[];
  readonly hosts?: readonly string[];
  readonly multicast?: boolean;
  readonly server?: boolean;
}

export function startScan(wish: ScanWish): Promise<{ readonly scanId: string }> {
  return call('POST', '/v1/scans', { body: wish });
}

export function cancelScan(id: string): Promise<unknown> {
  return call('DELETE', '/v1/scans/{id}', { params: { id } });
}

export type ImportAnswer = AnswerOf<'POST', '/v1/devices/import'>;

/** A CSV of devices. `dryRun`: nothing is made, problems are told. */
export async function importDevices(csv: string, dryRun: boolean): Promise<ImportAnswer> {
  return call('POST', '/v1/devices/import', {
    query: { dryRun: dryRun ? 'true' : undefined },
    upload: { type: 'text/csv', body: csv },
    deadlineMs: 120_000,
  });
}

export interface NewDevice {
  readonly instanceId: number;
  /** As the vendor's server knows it; absent: the address. */
  readonly externalId?: string;
  readonly address?: string;
  readonly port?: number;
  readonly name?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

export function addDevice(device: NewDevice): Promise<unknown> {
  return call('POST', '/v1/devices', { body: device });
}

/** What a plugin says of itself, and what it is configured with. */
export interface PluginDetail {
  readonly plugin: AnswerOf<'GET', '/v1/plugins/{code}'>['plugin'];
  readonly configurationSchema: JsonSchema;
  readonly deviceConfigurationSchema: JsonSchema | null;
}

export async function pluginDetail(code: string, signal?: AbortSignal): Promise<PluginDetail> {
  // The contract leaves open what a schema of a plugin holds; the server sends JSON Schema.
  return (await call('GET', '/v1/plugins/{code}', { params: { code }, signal })) as PluginDetail;
}

export function reloadPlugins(): Promise<unknown> {
  return call('POST', '/v1/plugins/reload', { deadlineMs: 60_000 });
}

export function restartPlugin(code: string): Promise<unknown> {
  return call('POST', '/v1/plugins/{code}/restart', { params: { code }, deadlineMs: 60_000 });
}

export type HealthReport = AnswerOf<'POST', '/v1/plugin-instances/{id}/check'>;

export function checkInstance(id: number | string): Promise<HealthReport> {
  return call('POST', '/v1/plugin-instances/{id}/check', { params: { id }, deadlineMs: 60_000 });
}

type DevicesHealth = AnswerOf<'GET', '/v1/health/devices'>;
export type DevicesHealthState = DevicesHealth['state'];

export function devicesHealth(signal: AbortSignal): Promise<DevicesHealth> {
  return call('GET', '/v1/health/devices', { signal });
}

export function moveLifecycle(deviceId: string, to: Lifecycle, reason: string): Promise<unknown> {
  return call('POST', '/v1/devices/{id}/lifecycle', {
    params: { id: deviceId },
    body: { to, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) },
  });
}

/** The inventory's record of a device; undefined: no plugin drives it. */
export async function recordOf(
  deviceId: string,
  signal: AbortSignal,
): Promise<DeviceRecord | undefined> {
  const given = { query: { deviceId, limit: 1 }, signal };
  return (await call('GET', '/v1/device-records', given)).items[0];
}

/** Takes a device away with its commands; its history stays. */
export function removeDevice(deviceId: string): Promise<unknown> {
  return call('DELETE', '/v1/devices/{id}', { params: { id: deviceId } });
}

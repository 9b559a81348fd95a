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
    const answer = await call<{
      readonly done: number;
      readonly refused: readonly { readonly id: number; readonly reason: string }[];
    }>('POST', '/v1/discoveries/actions', { body: { ids: piece.map(Number), action } });
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
  return call('DELETE', `/v1/scans/${encodeURIComponent(id)}`);
}

export interface ImportAnswer {
  /** Rows with data in the file. */
  readonly rows: number;
  readonly made: number;
  /** Known already. */
  readonly skipped: number;
  readonly problems: readonly {
    readonly row: number;
    readonly field: string;
    readonly message: string;
  }[];
}

/** A CSV of devices. `dryRun`: nothing is made, problems are told. */
export async function importDevices(csv: string, dryRun: boolean): Promise<ImportAnswer> {
  return call('POST', `/v1/devices/import${dryRun ? '?dryRun=true' : ''}`, {
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
  readonly plugin: {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly description: string;
    readonly reach: 'server' | 'devices' | 'none';
    readonly discovers: readonly string[];
    readonly [more: string]: unknown;
  };
  readonly configurationSchema: JsonSchema;
  readonly deviceConfigurationSchema?: JsonSchema | null;
}

export function pluginDetail(code: string, signal?: AbortSignal): Promise<PluginDetail> {
  return call('GET', `/v1/plugins/${encodeURIComponent(code)}`, { signal });
}

export function reloadPlugins(): Promise<unknown> {
  return call('POST', '/v1/plugins/reload', { deadlineMs: 60_000 });
}

export function restartPlugin(code: string): Promise<unknown> {
  return call('POST', `/v1/plugins/${encodeURIComponent(code)}/restart`, { deadlineMs: 60_000 });
}

export interface HealthReport {
  readonly status: 'healthy' | 'unhealthy' | 'unreachable' | 'error';
  readonly message?: string | null;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

export function checkInstance(id: number | string): Promise<HealthReport> {
  return call('POST', `/v1/plugin-instances/${id}/check`, { deadlineMs: 60_000 });
}

export type DevicesHealthState = 'healthy' | 'partial' | 'unhealthy' | 'unconfigured' | 'unknown';

export interface DevicesHealth {
  readonly state: DevicesHealthState;
}

export function devicesHealth(signal: AbortSignal): Promise<DevicesHealth> {
  return call('GET', '/v1/health/devices', { signal });
}

export function moveLifecycle(deviceId: string, to: Lifecycle, reason: string): Promise<unknown> {
  return call('POST', `/v1/devices/${encodeURIComponent(deviceId)}/lifecycle`, {
    body: { to, ...(reason.trim() === '' ? {} : { reason: reason.trim() }) },
  });
}

/** The inventory's record of a device; undefined: no plugin drives it. */
export async function recordOf(
  deviceId: string,
  signal: AbortSignal,
): Promise<DeviceRecord | undefined> {
  const answer = await call<{ readonly items: readonly DeviceRecord[] }>(
    'GET',
    '/v1/device-records',
    { query: { deviceId, limit: 1 }, signal },
  );
  return answer.items[0];
}

/** Takes a device away with its commands; its history stays. */
export function removeDevice(deviceId: string): Promise<unknown> {
  return call('DELETE', `/v1/devices/${encodeURIComponent(deviceId)}`);
}

import type { ConnectionRow, DiscoveryLiveRow, GroupRow, RfRow } from '../../contract/rows.js';
import type { LiveTable } from '../../live/table.types.js';
import type { ConfigGroup } from './config-tree.js';
import { OFFLINE_IP, offlineTxOf, receiverStatus, txOf, typeOf } from './wire.js';

/** The live tables a Micboard is made of. */
export interface BoardTables {
  readonly rf: LiveTable;
  readonly connections: LiveTable;
  readonly groups: LiveTable;
  readonly discoveries: LiveTable;
  readonly devices: LiveTable;
}

function* rowsOf<T>(table: LiveTable): IterableIterator<T> {
  for (const row of table.rows()) yield row as unknown as T;
}

/** Channels that have a place, by device. */
export function placedChannels(rf: LiveTable): Map<string, RfRow[]> {
  const found = new Map<string, RfRow[]>();
  for (const row of rowsOf<RfRow>(rf)) {
    if (row.slot === null) continue;
    const known = found.get(row.deviceId);
    if (known === undefined) found.set(row.deviceId, [row]);
    else known.push(row);
  }
  return found;
}

/** A device with its channels, keys in order. */
export function receiverOf(tables: BoardTables, deviceId: string, channels: readonly RfRow[]) {
  const connection = tables.connections.get(deviceId) as unknown as ConnectionRow | undefined;
  const device = tables.devices.get(deviceId);
  const address = connection?.address ?? device?.['address'];
  const first = channels[0];
  const raw = rawOf(device);
  const tx = [...channels]
    .sort((a, b) => a.number - b.number)
    .map((row) => ({ ...txOf(row), raw: raw.parts.get(row.number) ?? {} }));
  return {
    ip: typeof address === 'string' ? address : '',
    raw: raw.device,
    status: receiverStatus(first?.deviceState),
    tx: tx.map(sorted),
    type: first === undefined ? '' : txOf(first).type,
  };
}

const PART = /^values\.(?:(\d+)\.)?(.+)$/;

/** Parameters as the device said them, by part. */
function rawOf(device: Readonly<Record<string, unknown>> | undefined) {
  const own: Record<string, string> = {};
  const parts = new Map<number, Record<string, string>>();
  for (const [field, value] of Object.entries(device ?? {})) {
    const [, part, name = ''] = PART.exec(field) ?? [];
    if (name === '' || value === null) continue;
    if (part === undefined) own[name] = String(value);
    else {
      const known = parts.get(Number(part)) ?? {};
      known[name] = String(value);
      parts.set(Number(part), known);
    }
  }
  return { device: own, parts };
}

/** Slots without a channel: those kept as such, and those that a board names. Undefined: there are none. */
export function offlineReceiver(
  placed: ReadonlyMap<string, readonly RfRow[]>,
  kept: readonly { slot: number; extended_id?: string; extended_name?: string }[],
  groups: readonly ConfigGroup[],
) {
  const taken = new Set([...placed.values()].flatMap((rows) => rows.map(({ slot }) => slot)));
  const offline = new Map<number, { readonly id: string; readonly name: string }>();
  for (const { slot, extended_id: id = '', extended_name: name = '' } of kept) {
    if (!taken.has(slot)) offline.set(slot, { id, name });
  }
  for (const slot of groups.flatMap(({ slots }) => slots)) {
    // 0 is a blank.
    if (slot !== 0 && !taken.has(slot) && !offline.has(slot))
      offline.set(slot, { id: '', name: '' });
  }
  if (offline.size === 0) return undefined;
  const tx = [...offline]
    .sort(([a], [b]) => a - b)
    .map(([slot, { id, name }]) => offlineTxOf({ slot, extendedId: id, extendedName: name }));
  return { ip: OFFLINE_IP, tx, type: 'offline' };
}

/** Devices that were found, wherever; not those an operator rejected. */
export function discoveredOf(tables: BoardTables) {
  const found = [];
  for (const row of rowsOf<DiscoveryLiveRow>(tables.discoveries)) {
    if (row.address === null || row.state === 'rejected' || row.role === 'charger') continue;
    found.push({
      channels: row.channels ?? 1,
      ip: row.address,
      timestamp: row.lastSeenUnixMs / 1_000,
      type: typeOf(row.model, row.role === 'transmitter'),
    });
  }
  return found;
}

export const groupOf = ({ number, title, slots, hideCharts }: GroupRow): ConfigGroup => ({
  group: number,
  hide_charts: hideCharts,
  slots,
  title,
});

/** The same with keys in order, at every depth. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

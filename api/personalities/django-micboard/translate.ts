/** Receivers, chargers and transmitters in the words of django-micboard. */
import type {
  ChargerSlotRow,
  ConnectionRow,
  DeviceRow,
  DiscoveryLiveRow,
  GroupRow,
  RfRow,
} from '../../contract/rows.js';
import type { LiveTable } from '../../live/table.types.js';
import { typeOf } from '../micboard/wire.js';
import { isOf, type Manufacturer, type Manufacturers } from './manufacturers.js';

export interface DjangoTables {
  readonly devices: LiveTable;
  readonly rf: LiveTable;
  readonly connections: LiveTable;
  readonly groups: LiveTable;
  readonly discoveries: LiveTable;
  readonly instances: LiveTable;
  readonly plugins: LiveTable;
  readonly scans: LiveTable;
  readonly alarms: LiveTable;
  readonly stores: LiveTable;
  readonly 'charger-slots': LiveTable;
}

export function* rowsOf<T>(table: LiveTable): IterableIterator<T> {
  for (const row of table.rows()) yield row as unknown as T;
}

export const isoOf = (unixMs: number | null): string | null =>
  unixMs === null ? null : new Date(unixMs).toISOString();

/** "Not said", for batteries, offsets and qualities. */
const NONE = 255;
const CARRIES_RF = new Set(['receiver', 'transmitter', 'transceiver']);

const pluginOf = (device: DeviceRow): string => device.vendor ?? device.protocol;

/** Devices with radio channels, by name. */
export function receivers(tables: DjangoTables, of: Manufacturer | undefined): DeviceRow[] {
  return devicesWhere(tables, of, (role) => CARRIES_RF.has(role));
}

export function chargers(tables: DjangoTables, of: Manufacturer | undefined): DeviceRow[] {
  return devicesWhere(tables, of, (role) => role === 'charger');
}

function devicesWhere(
  tables: DjangoTables,
  of: Manufacturer | undefined,
  fits: (role: string) => boolean,
): DeviceRow[] {
  const found: DeviceRow[] = [];
  for (const row of rowsOf<DeviceRow>(tables.devices)) {
    if (!fits(row.role ?? '') || row.lifecycle === 'retired' || !isOf(of, pluginOf(row))) continue;
    found.push(row);
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** By the engine's id, or by the vendor's where only one device has it. */
export function deviceOf(list: readonly DeviceRow[], id: string): DeviceRow | undefined {
  const exact = list.find((device) => device.id === id);
  if (exact !== undefined) return exact;
  const named = list.filter((device) => device.id.split(':').slice(2).join(':') === id);
  return named.length === 1 ? named[0] : undefined;
}

/** Radio channels by device, in order. */
export function channelsByDevice(tables: DjangoTables): ReadonlyMap<string, readonly RfRow[]> {
  const found = new Map<string, RfRow[]>();
  for (const row of rowsOf<RfRow>(tables.rf)) {
    const known = found.get(row.deviceId);
    if (known === undefined) found.set(row.deviceId, [row]);
    else known.push(row);
  }
  for (const rows of found.values()) rows.sort((a, b) => a.number - b.number);
  return found;
}

const isActive = (device: DeviceRow): boolean =>
  device.health === undefined || device.health === null
    ? device.state === 'connected' || device.state === 'silent'
    : device.health !== 'offline';

const healthOf = (device: DeviceRow): string =>
  device.health ?? (isActive(device) ? 'unknown' : 'offline');

/** Series for Shure's receivers, the model for others. */
export function deviceTypeOf(device: DeviceRow): string {
  const { role, model } = device;
  if (role === 'charger') return 'charger';
  if (pluginOf(device).startsWith('shure')) return typeOf(model ?? null, role === 'transmitter');
  return (model ?? role ?? '').toLowerCase();
}

function addressOf(tables: DjangoTables, device: DeviceRow): string {
  const connection = tables.connections.get(device.id) as unknown as ConnectionRow | undefined;
  return connection?.address ?? device.address ?? '';
}

/** What is the same in all shapes of a device. */
const head = (tables: DjangoTables, device: DeviceRow) => ({
  api_device_id: device.id,
  ip: addressOf(tables, device),
  name: device.name,
  is_active: isActive(device),
  last_seen: isoOf(device.lastSeenUnixMs),
  health_status: healthOf(device),
});

export const receiverSummary = (
  tables: DjangoTables,
  makers: Manufacturers,
  device: DeviceRow,
  channels: number,
) => ({
  ...head(tables, device),
  device_type: deviceTypeOf(device),
  manufacturer_code: makers.ofPlugin(pluginOf(device)).code,
  channel_count: channels,
});

export const receiverDetail = (
  tables: DjangoTables,
  makers: Manufacturers,
  device: DeviceRow,
  channels: readonly RfRow[],
) => ({
  ...receiverSummary(tables, makers, device, channels.length),
  firmware_version: device.firmware ?? '',
  is_healthy: healthOf(device) === 'healthy',
  channels: channels.map((row) => ({
    channel_number: row.number,
    has_transmitter: hasTransmitter(row),
    ...(hasTransmitter(row) ? { transmitter: transmitterOf(row) } : {}),
  })),
});

/** As `data.json` and the socket have it. */
export const liveReceiver = (
  tables: DjangoTables,
  device: DeviceRow,
  channels: readonly RfRow[],
) => {
  const { api_device_id, ip, name, is_active, last_seen, health_status } = head(tables, device);
  return {
    api_device_id,
    ip,
    type: deviceTypeOf(device),
    name,
    firmware: device.firmware ?? '',
    is_active,
    last_seen,
    channels: channels.map((row) => ({
      channel_number: row.number,
      transmitter: hasTransmitter(row) ? transmitterOf(row) : null,
    })),
    health_status,
  };
};

/** A transmitter was heard once. */
const hasTransmitter = (row: RfRow): boolean => row.heardUnixMs !== null;

function runtimeOf(minutes: number | null): string {
  if (minutes === null || minutes < 0) return '';
  const whole = Math.round(minutes);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}

/** Bars of the battery in `battery`, its charge in percent in the others. */
export const transmitterOf = (row: RfRow) => ({
  slot: row.slot,
  battery: row.batteryBars === null ? NONE : Math.round(row.batteryBars),
  battery_charge: row.batteryPercent,
  battery_percentage: row.batteryPercent === null ? null : Math.floor(row.batteryPercent),
  audio_level: Math.round(row.audioPercent ?? 0),
  rf_level: Math.round(row.rfPercent ?? 0),
  frequency: row.frequencyMhz === null ? '' : row.frequencyMhz.toFixed(3),
  antenna: row.antenna ?? '',
  tx_offset: row.txOffsetDb ?? NONE,
  quality: row.qualityPercent === null ? NONE : Math.round(row.qualityPercent * 2.54),
  runtime: runtimeOf(row.batteryMinutes),
  status: row.status,
  name: row.name,
  name_raw: row.reportedName ?? '',
  updated_at: isoOf(row.heardUnixMs),
  battery_health: row.battery,
  signal_quality: row.signal,
  is_active: row.active,
});

export const chargerSummary = (
  tables: DjangoTables,
  makers: Manufacturers,
  device: DeviceRow,
  slots: number,
) => ({
  ...head(tables, device),
  device_type: deviceTypeOf(device),
  manufacturer_code: makers.ofPlugin(pluginOf(device)).code,
  slot_count: slots,
});

export const slotsOf = (tables: DjangoTables, deviceId: string): ChargerSlotRow[] =>
  [...rowsOf<ChargerSlotRow>(tables['charger-slots'])]
    .filter((slot) => slot.deviceId === deviceId)
    .sort((a, b) => a.number - b.number);

export const chargerDetail = (tables: DjangoTables, makers: Manufacturers, device: DeviceRow) => {
  const slots = slotsOf(tables, device.id);
  return {
    ...chargerSummary(tables, makers, device, slots.length),
    firmware_version: device.firmware ?? '',
    slots: slots.map((slot) => ({
      slot_number: slot.number,
      is_occupied: slot.occupied ?? false,
      transmitter_name: slot.unitName ?? '',
      battery_level: slot.batteryPercent,
      charging: slot.charging ?? false,
    })),
  };
};

const instanceIds = (of: Manufacturer): ReadonlySet<number> =>
  new Set(of.instances.map(({ id }) => Number(id)));

/** Found devices that an operator has not rejected. */
export function discovered(tables: DjangoTables, of: Manufacturer | undefined) {
  const ids = of === undefined ? undefined : instanceIds(of);
  const found = [];
  for (const row of rowsOf<DiscoveryLiveRow>(tables.discoveries)) {
    if (row.state === 'rejected' || (ids !== undefined && !ids.has(row.instanceId))) continue;
    found.push({
      ip: row.address ?? '',
      type: row.model === null ? row.role : typeOf(row.model, row.role === 'transmitter'),
      channels: row.channels ?? 0,
      discovered_at: isoOf(row.firstSeenUnixMs),
    });
  }
  return found;
}

export const groupOf = ({ number, title, slots, hideCharts }: GroupRow) => ({
  group: number,
  title,
  slots,
  hide_charts: hideCharts,
});

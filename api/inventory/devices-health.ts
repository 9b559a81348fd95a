import type { DevicesHealth } from '../contract/inventory.js';
import type { LiveTable } from '../live/table.types.js';
import type { PluginPort } from '../plugins/plugins.types.js';
import type { InventoryService } from './service.js';

type State = DevicesHealth['state'];

/** Health of all devices, for the foot of every page: by instance and together. */
export function devicesHealth(options: {
  readonly service: Pick<InventoryService, 'book'>;
  readonly connection: PluginPort['connection'];
  /** Live rows: health of each device, and failures of instances themselves. */
  readonly tables: Readonly<Record<'instances' | 'devices', Pick<LiveTable, 'get'>>>;
}): DevicesHealth {
  const { service, connection, tables } = options;
  const { book } = service;
  const counts = {
    devices: 0,
    connected: 0,
    healthy: 0,
    warning: 0,
    stale: 0,
    offline: 0,
    unknown: 0,
  };
  const of = new Map<number, { devices: number; connected: number; told: number }>();
  for (const record of book.rows.records.values()) {
    // Who is out of use on purpose is not missing.
    if (!record.enabled || record.lifecycle === 'retired' || record.lifecycle === 'maintenance')
      continue;
    const sums = of.get(record.instanceId) ?? { devices: 0, connected: 0, told: 0 };
    of.set(record.instanceId, sums);
    const facts = connection(record.deviceId);
    const connected = facts?.state === 'connected' || facts?.held === true;
    counts.devices += 1;
    sums.devices += 1;
    if (facts !== undefined) sums.told += 1;
    if (connected) {
      counts.connected += 1;
      sums.connected += 1;
    }
    counts[healthOf(tables.devices.get(record.deviceId)?.['health'])] += 1;
  }
  const vendors = [...book.rows.instances.values()]
    .filter(({ enabled }) => enabled)
    .map(({ id, name, plugin }) => {
      const { devices, connected, told } = of.get(id) ?? { devices: 0, connected: 0, told: 0 };
      const live = tables.instances.get(String(id));
      const failed = live?.['state'] === 'failed' || BAD.has(String(live?.['health']));
      const open = live?.['health'] === 'unconfigured';
      const state: State = open
        ? 'unconfigured'
        : failed
          ? 'unhealthy'
          : stateOf(devices, connected, told, live?.['health'] === 'healthy');
      const said = live?.['error'] ?? live?.['healthMessage'];
      const message = typeof said === 'string' ? said : null;
      return { instanceId: id, name, plugin, state, message, devices, connected };
    });
  return { state: together(vendors.map(({ state }) => state)), vendors, counts };
}

const HEALTHS = ['healthy', 'warning', 'stale', 'offline'] as const;
const healthOf = (said: unknown) => HEALTHS.find((one) => one === said) ?? 'unknown';

const BAD: ReadonlySet<string> = new Set(['unhealthy', 'unreachable', 'error']);

function stateOf(devices: number, connected: number, told: number, checked: boolean): State {
  if (devices === 0) return checked ? 'healthy' : 'unknown';
  if (told === 0) return 'unknown';
  if (connected === devices) return 'healthy';
  return connected === 0 ? 'unhealthy' : 'partial';
}

/** Of several vendors: one that is bad among good ones makes it partial. */
export function together(states: readonly State[]): State {
  const configured = states.filter((state) => state !== 'unconfigured');
  if (configured.length === 0) return 'unconfigured';
  const known = configured.filter((state) => state !== 'unknown');
  if (known.length === 0) return 'unknown';
  if (known.every((state) => state === 'healthy')) return 'healthy';
  return known.every((state) => state === 'unhealthy') ? 'unhealthy' : 'partial';
}

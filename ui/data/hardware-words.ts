import type {
  ChargerSlotRow,
  ConnectionRow,
  InstanceRow,
  PluginRow,
} from '../../api/contract/rows.js';
import { duration } from './format.js';
import type { DevicesHealthState } from './hardware.js';
import type { Lifecycle } from './inventory.types.js';
import type { StateWord } from './states.js';

type ConnectionFacts = Pick<ConnectionRow, 'state' | 'held' | 'waiting' | 'attempts'>;

/** State of a connection in words: what is held down or waits its turn says so. */
export function connectionWord(row: ConnectionFacts): StateWord {
  if (row.held) return { tone: 'attention', word: 'Lost, waiting for it' };
  if (row.waiting) return { tone: 'unknown', word: 'Waits for its turn' };
  switch (row.state) {
    case 'connected':
      return { tone: 'good', word: 'Connected' };
    case 'connecting':
      return row.attempts > 1
        ? { tone: 'attention', word: `Connecting, attempt ${row.attempts}` }
        : { tone: 'unknown', word: 'Connecting' };
    case 'disconnected':
      return { tone: 'attention', word: 'Disconnected' };
    case 'error':
      return { tone: 'critical', word: 'Error' };
    case 'stopped':
      return { tone: 'off', word: 'Stopped' };
  }
}

/** “in 12 s” until `atUnixMs`; undefined for none. */
export function untilWords(atUnixMs: number | null, nowUnixMs: number): string | undefined {
  if (atUnixMs === null) return undefined;
  const ms = atUnixMs - nowUnixMs;
  return ms <= 1_000 ? 'now' : `in ${duration(ms)}`;
}

const DISCOVERY: Readonly<Record<string, StateWord>> = {
  pending: { tone: 'attention', word: 'Waiting for you' },
  approved: { tone: 'good', word: 'Approved' },
  imported: { tone: 'good', word: 'Added' },
  rejected: { tone: 'off', word: 'Rejected' },
  duplicate: { tone: 'unknown', word: 'Known already' },
};

export function discoveryWord(state: string): StateWord {
  return DISCOVERY[state] ?? { tone: 'unknown', word: state };
}

export function pluginWord(row: Pick<PluginRow, 'state'>): StateWord {
  switch (row.state) {
    case 'running':
      return { tone: 'good', word: 'Running' };
    case 'starting':
      return { tone: 'unknown', word: 'Starting' };
    case 'failed':
      return { tone: 'critical', word: 'Failed' };
    case 'lost':
      return { tone: 'critical', word: 'Being replaced' };
    case 'unused':
      return { tone: 'off', word: 'Not used' };
  }
}

type InstanceFacts = Pick<InstanceRow, 'state' | 'health' | 'enabled' | 'devices' | 'connected'>;

/** How a vendor's connection is, by its last check. */
export function instanceWord(row: InstanceFacts): StateWord {
  if (!row.enabled) return { tone: 'off', word: 'Switched off' };
  if (row.health === 'unconfigured') return { tone: 'attention', word: 'Not configured' };
  if (row.state === 'failed') return { tone: 'critical', word: 'Failed' };
  // Without a check of its own it is as its devices are.
  if (row.health === 'unknown' && row.devices > 0) {
    const away = row.devices - row.connected;
    return away === 0
      ? { tone: 'good', word: 'All connected' }
      : { tone: away === row.devices ? 'critical' : 'attention', word: `${away} not connected` };
  }
  return healthWord(row.health);
}

export function healthWord(health: string): StateWord {
  switch (health) {
    case 'healthy':
      return { tone: 'good', word: 'Healthy' };
    case 'unhealthy':
      return { tone: 'critical', word: 'Unhealthy' };
    case 'unreachable':
      return { tone: 'critical', word: 'Not reachable' };
    case 'error':
      return { tone: 'critical', word: 'Error' };
    default:
      return { tone: 'unknown', word: 'Not checked yet' };
  }
}

/** “Are the devices all right?”, and where to look when not. */
export const DEVICES_HEALTH: Readonly<Record<DevicesHealthState, StateWord & { href: string }>> = {
  healthy: { tone: 'good', word: 'Devices healthy', href: '/devices/connections' },
  partial: {
    tone: 'attention',
    word: 'Some devices are away',
    href: '/devices/connections?show=trouble',
  },
  unhealthy: {
    tone: 'critical',
    word: 'Devices unhealthy',
    href: '/devices/connections?show=trouble',
  },
  unconfigured: { tone: 'off', word: 'No vendor configured', href: '/devices/vendors' },
  unknown: { tone: 'unknown', word: 'Devices not known', href: '/devices/connections' },
};

const LIFECYCLE: Readonly<Record<Lifecycle, StateWord>> = {
  discovered: { tone: 'unknown', word: 'Discovered' },
  provisioning: { tone: 'unknown', word: 'Being set up' },
  online: { tone: 'good', word: 'In service' },
  degraded: { tone: 'attention', word: 'Degraded' },
  offline: { tone: 'attention', word: 'Offline' },
  maintenance: { tone: 'off', word: 'In maintenance' },
  retired: { tone: 'off', word: 'Retired' },
};

export function lifecycleWord(state: string): StateWord {
  return LIFECYCLE[state as Lifecycle] ?? { tone: 'unknown', word: state };
}

/** What a charger's slot does. */
export function slotWord(row: ChargerSlotRow): StateWord {
  if (row.deviceState !== 'connected') return { tone: 'unknown', word: 'Charger is away' };
  if (row.state !== null && /fault|error|fail|hot|cold|warm/i.test(row.state)) {
    return { tone: 'critical', word: row.state };
  }
  if (row.occupied === false) return { tone: 'off', word: 'Empty' };
  if (row.charging) return { tone: 'good', word: 'Charging' };
  if (row.batteryPercent !== null && row.batteryPercent >= 95) {
    return { tone: 'good', word: 'Full' };
  }
  if (row.occupied === null) return { tone: 'unknown', word: 'Not known' };
  return { tone: 'attention', word: row.state ?? 'Not charging' };
}

/** `95` → `1 h 35 min`. */
export function minutesWords(minutes: number | null): string {
  return minutes === null ? '–' : duration(minutes * 60_000);
}

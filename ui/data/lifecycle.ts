import type { Lifecycle } from './inventory.types.js';

/** Where a device may go from where it is, as the server allows it. Retired is the end. */
export const LIFECYCLE_MOVES: Readonly<Record<Lifecycle, readonly Lifecycle[]>> = {
  discovered: ['provisioning', 'offline', 'retired'],
  provisioning: ['online', 'offline', 'discovered'],
  online: ['degraded', 'offline', 'maintenance'],
  degraded: ['online', 'offline', 'maintenance'],
  offline: ['online', 'degraded', 'maintenance', 'retired'],
  maintenance: ['online', 'offline', 'retired'],
  retired: [],
};

/** What a move does, as a button says it. */
export const MOVE_WORDS: Readonly<Record<Lifecycle, string>> = {
  discovered: 'Back to discovered',
  provisioning: 'Set up',
  online: 'Put into service',
  degraded: 'Mark as degraded',
  offline: 'Mark as offline',
  maintenance: 'Into maintenance',
  retired: 'Retire',
};

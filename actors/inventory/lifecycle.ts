import { EngineError } from '../../engine/errors.js';
import type { LinkState } from '../plugins/protocol.js';
import type { Lifecycle } from './inventory.types.js';

/** Where a device may go from where it is. Retired is the end. */
export const LIFECYCLE_MOVES: Readonly<Record<Lifecycle, readonly Lifecycle[]>> = {
  discovered: ['provisioning', 'offline', 'retired'],
  provisioning: ['online', 'offline', 'discovered'],
  online: ['degraded', 'offline', 'maintenance'],
  degraded: ['online', 'offline', 'maintenance'],
  offline: ['online', 'degraded', 'maintenance', 'retired'],
  maintenance: ['online', 'offline', 'retired'],
  retired: [],
};

export const mayMove = (from: Lifecycle, to: Lifecycle): boolean =>
  LIFECYCLE_MOVES[from].includes(to);

/** @throws EngineError `conflict` that names the moves there are. */
export function requireMove(from: Lifecycle, to: Lifecycle): void {
  if (mayMove(from, to)) return;
  const allowed = LIFECYCLE_MOVES[from];
  throw new EngineError(
    'conflict',
    allowed.length === 0
      ? `to: a device that is ${from} stays so: remove it, and add it again when it is back`
      : `to: a device that is ${from} cannot become ${to}, only ${allowed.join(', ')}`,
    { context: { field: 'to', from, to, allowed } },
  );
}

/** What the engine hears of a device's connection. */
export interface Heard {
  readonly state: LinkState;
  /** Within the hold-down: lost, but not announced. */
  readonly held: boolean;
  /** It speaks, but not as it should: nothing for minutes, or values were dropped. */
  readonly impaired: boolean;
}

/**
 * Moves that follow from what is heard, one after the other; empty: it stays. In maintenance and retired only the
 * operator moves a device; one that is stopped by the operator is offline.
 */
export function movesAfter(from: Lifecycle, heard: Heard): readonly Lifecycle[] {
  if (from === 'maintenance' || from === 'retired' || heard.held) return [];
  switch (heard.state) {
    case 'connecting':
      return from === 'discovered' ? ['provisioning'] : [];
    case 'connected': {
      const to = heard.impaired && from !== 'provisioning' ? 'degraded' : 'online';
      if (from === 'discovered') return ['provisioning', 'online'];
      return from === to ? [] : [to];
    }
    case 'disconnected':
    case 'error':
    case 'stopped':
      return from === 'offline' ? [] : ['offline'];
  }
}

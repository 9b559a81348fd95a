import type { RuleEdge } from '../../actors/rule/protocol.js';

/**
 * A hold-off that begins or breaks off, or the time that a rule keeps firing on: its state is stored, its alarm stays as it is and nothing
 * is told.
 */
export const isWait = ({ kind, from, state }: RuleEdge): boolean =>
  kind === 'state' &&
  (state === 'pending' || state === 'recovering' || (from === 'pending' && state === 'normal'));

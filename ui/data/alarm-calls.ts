import type { Filter } from '../../api/contract/live.js';

/** Alarms that somebody must look at: active, not acknowledged, not shelved. */
export const CALLING: Filter = {
  and: [
    { field: 'active', op: '==', value: true },
    { field: 'acknowledged', op: '==', value: false },
    { field: 'shelvedUntilUnixMs', op: '==', value: null },
  ],
};

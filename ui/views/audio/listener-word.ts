import type { ListenerRow } from '../../data/listeners.js';
import { listenerName } from '../../data/sessions.js';

/** `Listener 12`, or by the first signs of its id while it has no number. */
export const listenerWord = (row: Pick<ListenerRow, 'id' | 'number'>): string =>
  row.number === undefined ? listenerName(row.id) : `Listener ${row.number}`;

import type { ActorRow } from '../../api/contract/rows.js';
import { call } from './api.js';

export type { ActorRow };

export type ActorCommand = 'restart' | 'park' | 'stop';

/** False when the actor is in no state for it. Rejects with `ApiError`: `not-found`, `auth.denied`. */
export async function commandActor(id: string, command: ActorCommand): Promise<boolean> {
  return (await call('POST', `/v1/actors/{id}/${command}`, { params: { id } })).done;
}

/** What a kind of actor is called on the page. */
export function kindWord(kind: string, amount = 2): string {
  const one = amount === 1;
  switch (kind) {
    case 'device':
      return one ? 'Device' : 'Devices';
    case 'session':
      return one ? 'Listener session' : 'Listener sessions';
    case 'rule':
      return one ? 'Rule' : 'Rules';
    default: {
      const word = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
      return one || word.endsWith('s') ? word : `${word}s`;
    }
  }
}

/** What exactly is lost, before it is done. */
export function lossOf(row: Pick<ActorRow, 'kind' | 'id'>, command: ActorCommand): string {
  if (row.kind === 'device') {
    switch (command) {
      case 'restart':
        return `The connection of ${row.id} is closed and taken up again. What the device sends in between, usually a second or two, is lost. Nothing stored is lost.`;
      case 'park':
        return `${row.id} is left alone until somebody restarts it. What it sends until then is lost. Its history stays.`;
      case 'stop':
        return `${row.id} is stopped and leaves this list until it reports again or the engine restarts. What it sends until then is lost. Its history stays.`;
    }
  }
  if (row.kind === 'session') {
    switch (command) {
      case 'restart':
        return `The sound of listener ${row.id} breaks for a moment and goes on at the same place.`;
      case 'park':
        return `Listener ${row.id} hears nothing until somebody restarts the session.`;
      case 'stop':
        return `The stream of listener ${row.id} ends. The listener has to press play again.`;
    }
  }
  switch (command) {
    case 'restart':
      return `${row.id} begins afresh from what it last kept. What it was doing at this moment is lost.`;
    case 'park':
      return `${row.id} does nothing until somebody restarts it.`;
    case 'stop':
      return `${row.id} ends and leaves this list.`;
  }
}

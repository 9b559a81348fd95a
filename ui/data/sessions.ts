import type { Position } from '../../api/contract/rest.js';
import type { SessionRow } from '../../api/contract/rows.js';
import type { Session } from '../../api/contract/sessions.js';
import { call } from './api.js';

export type { Position, Session, SessionRow };

/** Ids of sessions are long and random; their first signs tell them apart. */
export function listenerName(id: string): string {
  return `Listener ${id.length > 8 ? id.slice(0, 6) : id}`;
}

const path = (id: string): string => `/v1/sessions/${encodeURIComponent(id)}`;

export function createSession(options: {
  readonly projectId: number;
  readonly position: Position;
}): Promise<Session> {
  return call<Session>('POST', '/v1/sessions', { body: options });
}

export function getSession(id: string): Promise<Session> {
  return call<Session>('GET', path(id));
}

export function moveSession(id: string, position: Position): Promise<unknown> {
  return call('PATCH', path(id), { body: { position } });
}

export function commandSession(
  id: string,
  command: 'heartbeat' | 'pause' | 'resume' | 'skip',
): Promise<unknown> {
  return call('POST', `${path(id)}/${command}`);
}

/** Ends the session; rejects with `not-found` when it has ended already. */
export function endSession(id: string): Promise<unknown> {
  return call('DELETE', path(id));
}

import type { Position } from '../../api/contract/rest.js';
import type { SessionRow } from '../../api/contract/rows.js';
import type { Session } from '../../api/contract/sessions.js';
import { call } from './api.js';

export type { Position, Session, SessionRow };

/** @param number of a session, or the id of its live row, which is the same. */
export function listenerName(number: number | string): string {
  return `Listener ${number}`;
}

/** A session's secret id; its number does for operators. */
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

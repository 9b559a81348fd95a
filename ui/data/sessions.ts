import type { Position } from '../../api/contract/rest.js';
import type { SessionRow } from '../../api/contract/rows.js';
import type { Session } from '../../api/contract/sessions.js';
import { call } from './api.js';

export type { Position, Session, SessionRow };

/** @param number of a session, or the id of its live row, which is the same. */
export function listenerName(number: number | string): string {
  return `Listener ${number}`;
}

export function createSession(options: {
  readonly projectId: number;
  readonly position: Position;
}): Promise<Session> {
  return call('POST', '/v1/sessions', { body: options });
}

/** @param id a session's secret; its number does for operators. So below. */
export function getSession(id: string): Promise<Session> {
  return call('GET', '/v1/sessions/{id}', { params: { id } });
}

export function moveSession(id: string, position: Position): Promise<unknown> {
  return call('PATCH', '/v1/sessions/{id}', { params: { id }, body: { position } });
}

export function commandSession(
  id: string,
  command: 'heartbeat' | 'pause' | 'resume' | 'skip',
): Promise<unknown> {
  return call('POST', `/v1/sessions/{id}/${command}`, { params: { id } });
}

/** Ends the session; rejects with `not-found` when it has ended already. */
export function endSession(id: string): Promise<unknown> {
  return call('DELETE', '/v1/sessions/{id}', { params: { id } });
}

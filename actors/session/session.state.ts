import type { SessionDefinition, SessionMove, SessionState } from './protocol.js';

/** The inspector's text as a session's state: what is being restarted or parked is not streaming. */
export function stateOf(text: string | undefined): SessionState {
  switch (text) {
    case 'streaming':
    case 'paused':
    case 'idle':
      return text;
    case 'starting':
    case 'restarting':
    case 'running':
      return 'starting';
    default:
      return 'stopped';
  }
}

/** True for the persisted snapshot of a session that was paused. */
export function wasPaused(snapshot: unknown): boolean {
  if (typeof snapshot !== 'object' || snapshot === null || !('context' in snapshot)) return false;
  const { context } = snapshot;
  return (
    typeof context === 'object' &&
    context !== null &&
    'paused' in context &&
    context.paused === true
  );
}

/** The session after a move: what is absent stays, what is null is taken back. */
export function moved(session: SessionDefinition, move: SessionMove): SessionDefinition {
  const or = <T>(given: T | null | undefined, before: T | undefined): T | undefined =>
    given === undefined ? before : (given ?? undefined);
  return {
    ...session,
    position: or(move.position, session.position),
    headingDeg: or(move.headingDeg, session.headingDeg),
    headingWidthDeg: or(move.headingWidthDeg, session.headingWidthDeg),
    rangeMinM: or(move.rangeMinM, session.rangeMinM),
    rangeMaxM: or(move.rangeMaxM, session.rangeMaxM),
    tagIds: or(move.tagIds, session.tagIds),
    languageId: or(move.languageId, session.languageId),
    blockedAssetIds: move.blockedAssetIds ?? session.blockedAssetIds,
    blockedUserIds: move.blockedUserIds ?? session.blockedUserIds,
  };
}

/** Two moves of one session as one, the later on top. */
export function together(before: SessionMove | undefined, move: SessionMove): SessionMove {
  if (before === undefined) return move;
  const merged: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(move)) {
    if (value !== undefined) merged[name] = value;
  }
  return merged as unknown as SessionMove;
}

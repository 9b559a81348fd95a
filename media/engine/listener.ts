import { isPosition } from '../geometry.js';
import type { SessionMove } from '../listening.js';
import type { ListenerState } from '../ports.js';

const chosen = <T>(now: T | undefined, move: T | null | undefined): T | undefined =>
  move === undefined ? now : (move ?? undefined);

/** A whole or fractional number of its field, or none; what is not a number is left out. */
const numeric = (now: number | undefined, move: number | null | undefined): number | undefined =>
  typeof move === 'number' && !Number.isFinite(move) ? now : chosen(now, move);

/** What a listener is after a move: absent parts stay, `null` takes a choice back, nonsense is ignored. */
export function movedListener(now: ListenerState, move: SessionMove): ListenerState {
  return {
    profile: now.profile,
    geoListen: now.geoListen,
    position: isPosition(move.position) ? move.position : now.position,
    headingDeg: numeric(now.headingDeg, move.headingDeg),
    headingWidthDeg: numeric(now.headingWidthDeg, move.headingWidthDeg),
    rangeMinM: numeric(now.rangeMinM, move.rangeMinM),
    rangeMaxM: numeric(now.rangeMaxM, move.rangeMaxM),
    tagIds: chosen(now.tagIds, move.tagIds),
    languageId: chosen(now.languageId, move.languageId),
    userId: now.userId,
    blockedAssetIds: move.blockedAssetIds ?? now.blockedAssetIds,
    blockedUserIds: move.blockedUserIds ?? now.blockedUserIds,
  };
}

/** A listener as it is first known, its impossible position left out. */
export function listenerOf(state: ListenerState): ListenerState {
  return {
    profile: state.profile,
    geoListen: state.geoListen,
    position: isPosition(state.position) ? state.position : undefined,
    headingDeg: numeric(undefined, state.headingDeg),
    headingWidthDeg: numeric(undefined, state.headingWidthDeg),
    rangeMinM: numeric(undefined, state.rangeMinM),
    rangeMaxM: numeric(undefined, state.rangeMaxM),
    tagIds: state.tagIds,
    languageId: state.languageId,
    userId: state.userId,
    blockedAssetIds: state.blockedAssetIds,
    blockedUserIds: state.blockedUserIds,
  };
}

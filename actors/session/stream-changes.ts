import type { StreamChange } from './protocol.js';

/**
 * The same changes without those that came to nothing: of each session only its last stream counts, and a
 * stream that began and ended unheard of need not be told. At most as many as there are sessions and streams.
 */
export function compactChanges(changes: readonly StreamChange[]): StreamChange[] {
  const lastOf = new Map<string, number>();
  for (const change of changes) {
    if (change.kind === 'moved') lastOf.set(change.sessionId, change.stream);
    if (change.kind === 'opened') for (const id of change.sessionIds) lastOf.set(id, change.stream);
  }
  const heard = new Set(lastOf.values());
  const begun = new Set<number>();
  const ended = new Set<number>();
  for (const change of changes) {
    if (change.kind === 'opened') begun.add(change.stream);
    if (change.kind === 'closed') ended.add(change.stream);
  }
  const unheard = (stream: number): boolean =>
    begun.has(stream) && ended.has(stream) && !heard.has(stream);
  const told = new Set<string>();
  const kept: StreamChange[] = [];
  for (const change of changes) {
    if (change.kind === 'moved') {
      const { sessionId, stream } = change;
      if (lastOf.get(sessionId) !== stream || told.has(sessionId)) continue;
      told.add(sessionId);
      kept.push(change);
    } else if (unheard(change.stream)) {
    } else if (change.kind === 'opened') {
      const sessionIds = change.sessionIds.filter((id) => lastOf.get(id) === change.stream);
      for (const id of sessionIds) told.add(id);
      kept.push({ ...change, sessionIds });
    } else {
      kept.push(change);
    }
  }
  return kept;
}

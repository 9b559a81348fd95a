import type { AnyActor, AnyEventObject, Snapshot } from 'xstate';

/** A timer that was running: XState's own persisted snapshots forget them. */
interface PersistedTimer {
  readonly id: string;
  readonly event: AnyEventObject;
  readonly dueUnixMs: number;
}

/** XState's persisted snapshot with the actor's own delayed events beside it. */
export type PersistedSnapshot = Snapshot<unknown> & {
  readonly timers?: readonly PersistedTimer[];
};

interface ScheduledEvent {
  readonly id: string;
  readonly event: AnyEventObject;
  readonly delay: number;
  readonly startedAt: number;
  readonly source: unknown;
  readonly target: unknown;
}

interface TimedSystem {
  getSnapshot(): { readonly _scheduledEvents: Readonly<Record<string, ScheduledEvent>> };
  readonly scheduler: {
    schedule(
      source: unknown,
      target: unknown,
      event: AnyEventObject,
      delayMs: number,
      id: string,
    ): void;
  };
}

/**
 * The actor as it can be started again with `ChildSpec.snapshot`. Timers are kept by the time at which
 * they are due, so that "for 10 minutes" goes on after a loss. Undefined when its logic holds something that
 * cannot be persisted.
 */
export function persist(actor: AnyActor): PersistedSnapshot | undefined {
  let state: Snapshot<unknown>;
  try {
    state = actor.getPersistedSnapshot();
  } catch {
    // An inline child or a context that refuses: such an actor starts afresh instead.
    return undefined;
  }
  const timers: PersistedTimer[] = [];
  const scheduled = systemOf(actor).getSnapshot()._scheduledEvents;
  for (const { id, event, delay, startedAt, source, target } of Object.values(scheduled)) {
    if (source === actor && target === actor)
      timers.push({ id, event, dueUnixMs: startedAt + delay });
  }
  return timers.length === 0 ? state : { ...state, timers };
}

/** Starts the timers of a snapshot again with what is left of them; overdue ones fire at once. */
export function restoreTimers(
  actor: AnyActor,
  snapshot: PersistedSnapshot,
  nowUnixMs: number,
): void {
  const { scheduler } = systemOf(actor);
  for (const { id, event, dueUnixMs } of snapshot.timers ?? []) {
    scheduler.schedule(actor, actor, event, Math.max(0, dueUnixMs - nowUnixMs), id);
  }
}

/** Reads a stored snapshot; undefined when it is not one, and the actor then starts afresh. */
export function parseSnapshot(text: string): Snapshot<unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isSnapshot(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSnapshot(value: unknown): value is Snapshot<unknown> {
  return typeof value === 'object' && value !== null && 'status' in value;
}

function systemOf(actor: AnyActor): TimedSystem {
  return actor.system as unknown as TimedSystem;
}

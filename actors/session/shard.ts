import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { parseSnapshot } from '../../engine/persist.js';
import { backoff } from '../../engine/supervisor.js';
import type { SupervisorApi } from '../../engine/supervisor.types.js';
import type { MixEngine } from '../../media/engine.js';
import type { IcecastOut } from './icecast-out.js';
import { Presence } from './presence.js';
import { type SessionLeaves, sessionLogic } from './session.machine.js';
import type {
  AdoptedSession,
  Hearing,
  SessionCommandName,
  SessionDefinition,
  SessionMove,
  SessionState,
} from './spine.js';

export const SESSION_KIND = 'session';

/** A quiet session still has this long, at most, before it is called idle. */
const QUIET_AFTER_MS = 30_000;
/** Sessions looked at for what they hear, in one go. */
const HEARING_AT_ONCE = 200;
/** Quieter voices are not worth a name. */
const AUDIBLE_GAIN = 0.01;

interface Entry {
  definition: SessionDefinition;
  paused: boolean;
  listeners: number;
  icecastListeners: number;
  presence: Presence | undefined;
  heard: string;
}

export interface MediaShardParts {
  readonly clock: Clock;
  readonly supervisor: SupervisorApi;
  readonly engine: MixEngine;
  readonly icecast: IcecastOut | undefined;
  readonly idleAfterMs: number;
}

/**
 * The sessions of one media thread: each an actor that decides, beside a plain record that carries its
 * place, listeners and sound. Owned by the thread entry.
 */
export class MediaSessions {
  readonly #parts: MediaShardParts;
  readonly #entries = new Map<string, Entry>();
  readonly #logic;
  #hearingCursor: IterableIterator<[string, Entry]> | undefined;

  constructor(parts: MediaShardParts) {
    this.#parts = parts;
    this.#logic = sessionLogic(this.#leaves());
  }

  get size(): number {
    return this.#entries.size;
  }

  adopt(sessions: readonly AdoptedSession[]): number {
    let adopted = 0;
    for (const { session, snapshot, listeners } of sessions) {
      if (this.#entries.has(session.id)) continue;
      const restored = snapshot === undefined ? undefined : parseSnapshot(snapshot);
      this.#entries.set(session.id, {
        definition: session,
        paused: wasPaused(restored),
        listeners,
        icecastListeners: 0,
        presence: undefined,
        heard: '',
      });
      this.#parts.supervisor.start({
        id: session.id,
        kind: SESSION_KIND,
        logic: this.#logic,
        input: { sessionId: session.id },
        ...(restored === undefined ? {} : { snapshot: restored }),
        restart: 'transient',
        intensity: { max: 5, windowMs: 60_000 },
        backoffMs: backoff({ firstMs: 200, maxMs: 5_000, jitter: 0.5 }),
        shutdownMs: 1_000,
      });
      adopted += 1;
    }
    return adopted;
  }

  /** Unknown sessions have just ended: nothing to move. */
  move({ id, position, headingDeg, tags }: SessionMove): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.definition = {
      ...entry.definition,
      ...(position === undefined ? {} : { position }),
      ...(headingDeg === undefined ? {} : { headingDeg }),
      ...(tags === undefined ? {} : { tags }),
    };
    entry.presence?.word();
    if (entry.presence !== undefined) {
      this.#parts.engine.updateSession(id, { position, headingDeg, tags });
    }
  }

  /** @throws EngineError `not-found` when it ended. */
  command(id: string, command: SessionCommandName): SessionState {
    const entry = this.#entries.get(id);
    const actor = this.#parts.supervisor.get(id);
    if (entry === undefined) {
      throw new EngineError('not-found', `session ${id} has ended: open a new one`);
    }
    if (command === 'stop' && actor === undefined) {
      // It is parked or waits for its restart: nothing of it runs, and nothing may come back.
      void this.#parts.supervisor.stop(id);
      this.#entries.delete(id);
      return 'stopped';
    }
    entry.presence?.word();
    if (command === 'pause') entry.paused = true;
    if (command === 'resume') entry.paused = false;
    // While it is being restarted there is no actor; it comes back as `paused` says.
    if (command !== 'heartbeat') actor?.send({ type: command });
    return stateOf(this.#parts.supervisor.info(id)?.state);
  }

  setListeners(sessionId: string, count: number): void {
    const entry = this.#entries.get(sessionId);
    if (entry === undefined) return;
    entry.listeners = count;
    this.#tellListeners(sessionId, entry);
  }

  setIcecastListeners(sessionId: string, count: number): void {
    const entry = this.#entries.get(sessionId);
    if (entry === undefined) return;
    entry.icecastListeners = count;
    this.#tellListeners(sessionId, entry);
  }

  /** What changed for the next few sessions in turn; call it a few times a second. */
  hearing(): readonly Hearing[] {
    const changed: Hearing[] = [];
    for (let looked = 0; looked < Math.min(HEARING_AT_ONCE, this.#entries.size); looked += 1) {
      let next = this.#hearingCursor?.next();
      if (next === undefined || next.done === true) {
        this.#hearingCursor = this.#entries.entries();
        next = this.#hearingCursor.next();
        if (next.done === true) break;
      }
      const [id, entry] = next.value;
      if (entry.presence === undefined) continue;
      const names = this.#parts.engine
        .hearing(id)
        .voices.filter((voice) => voice.gain > AUDIBLE_GAIN)
        .sort((a, b) => b.gain - a.gain)
        .map((voice) => voice.name);
      const key = names.join('\0');
      if (key === entry.heard) continue;
      entry.heard = key;
      this.#parts.icecast?.setTitle(id, names.join(' · '));
      changed.push({ sessionId: id, names });
    }
    return changed;
  }

  #leaves(): SessionLeaves {
    return {
      voice: ({ input, sendBack, receive }) => {
        const { engine, icecast } = this.#parts;
        const id = input.sessionId;
        const entry = this.#entries.get(id);
        if (entry === undefined) {
          const error = new EngineError('internal', `session ${id} has no record in its thread`);
          sendBack({ type: 'voice.failed', error });
          return undefined;
        }
        const attempt = (work: () => void): boolean => {
          try {
            work();
            return true;
          } catch (thrown) {
            sendBack({ type: 'voice.failed', error: EngineError.from(thrown) });
            return false;
          }
        };
        receive((event) => {
          attempt(() => {
            if (event.type === 'voice.skip') engine.command(id, 'skip');
            else engine.command(id, event.paused ? 'pause' : 'resume');
          });
        });
        const joined = attempt(() => {
          engine.startSession(entry.definition);
          if (entry.paused) engine.command(id, 'pause');
          icecast?.open(entry.definition, `Earshot ${entry.definition.projectId}`);
          this.#tellEngine(id, entry);
        });
        if (joined) sendBack({ type: 'voice.ready', paused: entry.paused });
        return () => {
          engine.stopSession(id);
          icecast?.closeSession(id);
        };
      },
      presence: ({ input, sendBack }) => {
        const id = input.sessionId;
        const entry = this.#entries.get(id);
        if (entry === undefined) return undefined;
        const { clock, idleAfterMs } = this.#parts;
        const limits = { idleAfterMs, quietAfterMs: Math.min(QUIET_AFTER_MS, idleAfterMs / 2) };
        const presence = new Presence(clock, limits, (edge) => sendBack({ type: edge }));
        entry.presence = presence;
        presence.setListeners(entry.listeners + entry.icecastListeners);
        // A restored idle session waits for this edge; it gets a whole new term to be heard from.
        sendBack({ type: 'presence.back' });
        return () => {
          presence.close();
          entry.presence = undefined;
        };
      },
    };
  }

  #tellListeners(id: string, entry: Entry): void {
    entry.presence?.setListeners(entry.listeners + entry.icecastListeners);
    this.#tellEngine(id, entry);
  }

  // A mount of a real Icecast is fed from its first moment, also when nobody listens there.
  #tellEngine(id: string, entry: Entry): void {
    this.#parts.engine.listeners(id, entry.listeners + (this.#parts.icecast === undefined ? 0 : 1));
  }

  /** Its actor is gone for good. */
  forget(id: string): void {
    this.#entries.delete(id);
  }
}

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

function wasPaused(snapshot: unknown): boolean {
  if (typeof snapshot !== 'object' || snapshot === null || !('context' in snapshot)) return false;
  const { context } = snapshot;
  return (
    typeof context === 'object' &&
    context !== null &&
    'paused' in context &&
    context.paused === true
  );
}

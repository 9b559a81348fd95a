import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { parseSnapshot } from '../../engine/persist.js';
import { backoff } from '../../engine/supervisor.js';
import type { SupervisorApi } from '../../engine/supervisor.types.js';
import type { SessionEngine } from './engine.types.js';
import type { IcecastOut } from './icecast-out.js';
import { outputOf } from './output.js';
import { Presence } from './presence.js';
import type {
  AdoptedSession,
  AssetAudibility,
  Hearing,
  ListenEvent,
  SessionCommand,
  SessionCommandResult,
  SessionDefinition,
  SessionMove,
  SessionPlace,
  SessionPlaying,
  SessionState,
} from './protocol.js';
import { type SessionLeaves, sessionLogic } from './session.machine.js';
import { moved, stateOf, wasPaused } from './session.state.js';
import type { Titles } from './titles.js';
import { Turn } from './turn.js';

export const SESSION_KIND = 'session';

/** A quiet session still has this long, at most, before it is called idle. */
const QUIET_AFTER_MS = 30_000;
/** Sessions looked at for what they hear, in one go. */
const HEARING_AT_ONCE = 200;
/** Quieter voices are not worth a name. */
const AUDIBLE_GAIN = 0.01;
/** A place that is longer than this is not kept: the session begins anew after a loss. */
const MAX_PLACE_CHARS = 65_536;

interface Entry {
  definition: SessionDefinition;
  paused: boolean;
  listeners: number;
  icecastListeners: number;
  presence: Presence | undefined;
  /** The engine has it. */
  joined: boolean;
  place: string | undefined;
  heard: string;
  title: string;
  /** Since when each track plays what it plays. */
  readonly since: Map<number, { readonly assetId: number; readonly atUnixMs: number }>;
  endReason: 'idle' | 'stopped' | undefined;
}

export interface MediaShardParts {
  readonly clock: Clock;
  readonly supervisor: SupervisorApi;
  readonly engine: SessionEngine;
  readonly icecast: IcecastOut | undefined;
  readonly titles: Titles;
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
  readonly #hearingTurn = new Turn(this.#entries);
  readonly #placeTurn = new Turn(this.#entries);
  /** Whose title changed since `hearing` looked. */
  readonly #titled = new Set<string>();

  constructor(parts: MediaShardParts) {
    this.#parts = parts;
    this.#logic = sessionLogic(this.#leaves());
  }

  get size(): number {
    return this.#entries.size;
  }

  adopt(sessions: readonly AdoptedSession[]): number {
    let adopted = 0;
    for (const { session, snapshot, place, listeners } of sessions) {
      if (this.#entries.has(session.id)) continue;
      const restored = snapshot === undefined ? undefined : parseSnapshot(snapshot);
      this.#entries.set(session.id, {
        definition: session,
        paused: wasPaused(restored),
        listeners,
        icecastListeners: 0,
        presence: undefined,
        joined: false,
        place,
        heard: '',
        title: this.#parts.titles.first(session.profile),
        since: new Map(),
        endReason: undefined,
      });
      this.#titled.add(session.id);
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
  move(move: SessionMove): void {
    const entry = this.#entries.get(move.id);
    if (entry === undefined) return;
    entry.definition = moved(entry.definition, move);
    entry.presence?.word();
    if (entry.joined) this.#parts.engine.updateSession(move);
  }

  /** @throws EngineError `not-found` when it ended. */
  command(id: string, command: SessionCommand): SessionCommandResult {
    const entry = this.#entry(id);
    const { supervisor, engine } = this.#parts;
    const actor = supervisor.get(id);
    const { name } = command;
    if (name === 'stop') {
      entry.endReason = 'stopped';
      if (actor === undefined) {
        // It is parked or waits for its restart: nothing of it runs, and nothing may come back.
        void supervisor.stop(id);
        this.#entries.delete(id);
        return { state: 'stopped', done: true, message: undefined };
      }
    }
    entry.presence?.word();
    let done = true;
    let message: string | undefined;
    if (name === 'skip' || name === 'play' || name === 'replay') {
      if (!entry.joined) {
        done = false;
        message = 'the session is just starting: try again';
      } else {
        ({ done, message } = engine.command(id, command));
      }
    } else if (name !== 'heartbeat') {
      if (name === 'pause') entry.paused = true;
      if (name === 'resume') entry.paused = false;
      // While it is being restarted there is no actor; it comes back as `paused` says.
      actor?.send({ type: name });
    }
    return { state: this.#stateOf(id), done, message };
  }

  /** @throws EngineError `not-found` when it ended, `server.busy` while it starts. */
  playing(id: string): SessionPlaying {
    if (this.#entry(id).joined) return this.#parts.engine.playing(id);
    throw new EngineError('server.busy', 'the session is just starting: try again');
  }

  /** @throws EngineError `not-found` when it ended. */
  explain(
    id: string,
    assetIds: readonly number[] | undefined,
    limit: number,
  ): readonly AssetAudibility[] {
    return !this.#entry(id).joined ? [] : this.#parts.engine.explain(id, assetIds, limit);
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

  /** Something began or ended in a mix of this thread. */
  listened(event: ListenEvent): void {
    const { sessionId, trackId, assetId, atUnixMs } = event;
    const entry = this.#entries.get(sessionId);
    if (entry === undefined) return;
    if (event.kind === 'began' && trackId !== undefined) {
      entry.since.set(trackId, { assetId, atUnixMs });
    }
    this.#titled.add(sessionId);
    if (entry.definition.profile === 'roundware') entry.title = this.#parts.titles.of(event);
  }

  /** What changed: of those whose tracks changed, and of the next few in turn; call it a few times a second. */
  hearing(): readonly Hearing[] {
    const changed: Hearing[] = [];
    const look = (id: string, entry: Entry): void => {
      const hearing = this.#hear(id, entry);
      if (hearing !== undefined) changed.push(hearing);
    };
    for (const id of this.#titled) {
      const entry = this.#entries.get(id);
      if (entry !== undefined) look(id, entry);
    }
    this.#titled.clear();
    this.#hearingTurn.next(HEARING_AT_ONCE, look);
    return changed;
  }

  /** Where the next `share` of the sessions are, as far as that changed. */
  places(share: number): readonly SessionPlace[] {
    const places: SessionPlace[] = [];
    this.#placeTurn.next(Math.ceil(this.#entries.size * share), (id, entry) => {
      if (!entry.joined) return;
      const place = this.#parts.engine.place(id);
      if (place === undefined || place.length > MAX_PLACE_CHARS) return;
      entry.place = place;
      places.push({ id, place });
    });
    return places;
  }

  /** Its actor is gone for good. @returns why, when it ended by itself or was told to. */
  forget(id: string): 'idle' | 'stopped' | undefined {
    const reason = this.#entries.get(id)?.endReason;
    this.#entries.delete(id);
    return reason;
  }

  #hear(id: string, entry: Entry): Hearing | undefined {
    if (!entry.joined) return undefined;
    const heard = this.#parts.engine.sounding(id);
    const sounding = heard.tracks.filter(({ assetId }) => assetId !== undefined);
    const names = [
      ...heard.voices,
      ...sounding.map(({ name, gain }) => ({ name: name ?? '', gain })),
    ]
      .filter(({ gain, name }) => gain > AUDIBLE_GAIN && name !== '')
      .sort((a, b) => b.gain - a.gain)
      .map(({ name }) => name);
    const tracks = sounding.map(({ trackId, assetId = 0, name = '' }) => {
      const since = entry.since.get(trackId);
      const sinceUnixMs = since?.assetId === assetId ? since.atUnixMs : this.#parts.clock.nowMs();
      if (since?.assetId !== assetId) entry.since.set(trackId, { assetId, atUnixMs: sinceUnixMs });
      return { trackId, assetId, name, sinceUnixMs };
    });
    if (entry.definition.profile === 'native') entry.title = names.join(' · ');
    const key = `${entry.title}\0${names.join('\0')}\0\0${tracks.map((t) => `${t.trackId}:${t.assetId}`).join()}`;
    if (key === entry.heard) return undefined;
    entry.heard = key;
    this.#parts.icecast?.setTitle(id, entry.title);
    return { sessionId: id, names, tracks, title: entry.title };
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
        receive(({ paused }) => {
          attempt(() => engine.command(id, { name: paused ? 'pause' : 'resume' }));
        });
        const joined = attempt(() => {
          engine.startSession(entry.definition, entry.place);
          entry.joined = true;
          if (entry.paused) engine.command(id, { name: 'pause' });
          if (this.#toIcecast(entry)) {
            icecast?.open(entry.definition, `Earshot ${entry.definition.projectId}`);
          }
          this.#tellEngine(id, entry);
        });
        if (joined) sendBack({ type: 'voice.ready', paused: entry.paused });
        return () => {
          entry.place = engine.place(id) ?? entry.place;
          entry.joined = false;
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
        const presence = new Presence(clock, limits, (edge) => {
          if (edge === 'presence.expired') entry.endReason = 'idle';
          sendBack({ type: edge });
        });
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

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    throw new EngineError('not-found', `session ${id} has ended: open a new one`);
  }

  #stateOf(id: string): SessionState {
    return stateOf(this.#parts.supervisor.info(id)?.state);
  }

  #tellListeners(id: string, entry: Entry): void {
    entry.presence?.setListeners(entry.listeners + entry.icecastListeners);
    this.#tellEngine(id, entry);
  }

  // A mount of a real Icecast is fed from its first moment, also when nobody listens there.
  #tellEngine(id: string, entry: Entry): void {
    this.#parts.engine.listeners(id, entry.listeners + (this.#toIcecast(entry) ? 1 : 0));
  }

  #toIcecast({ definition }: Entry): boolean {
    return outputOf(definition.output, this.#parts.icecast !== undefined) !== 'builtin';
  }
}

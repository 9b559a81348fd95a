// A little over 400 lines: the life of a block is one sequence, easier to follow in one place.
import type { Clock, TimerHandle } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import { type MediaAccess, MediaLibrary } from '../library.js';
import type {
  AssetAudibility,
  CommandOutcome,
  SessionCommand,
  SessionMove,
  SessionPlaying,
  SessionSounding,
} from '../listening.js';
import { type MixParts, SessionMix } from '../mix/session-mix.js';
import type { Voice } from '../mix/voice.js';
import { Mixer } from '../mixer/mixer.js';
import { PcmSource } from '../mixer/source.js';
import {
  type AssetChanges,
  type EncoderFactory,
  type ProjectDefinition,
  RATE_HZ,
} from '../ports.js';
import { PreparedProject } from '../project/prepared.js';
import type { MixEngineEvents, MixEngineStats, MixSession } from './engine.types.js';
import { listenerOf, movedListener } from './listener.js';
import { type LiveAccess, LiveLibrary } from './live-library.js';
import { Pace } from './pace.js';
import type { EngineSession } from './sessions.js';
import { SpeakerFeeds } from './speaker-feeds.js';
import { Streams } from './streams.js';

/** Blocks rendered in one call, so that a shard that cannot keep up still hears its messages. */
const BLOCKS_PER_CALL = 10;
/** The same in time, where a machine gives little of it. */
const CALL_MS = 100;
const SWEEP_BLOCKS = 10;
/** A session that broke is tried again after a second, then after twice as long each time, up to 30 s. */
const RETRY_BLOCKS = 50;
const MAX_RETRY_BLOCKS = 1_500;

/**
 * The sound of one media shard: holds its sessions' mixes, and every 20 ms mixes and encodes each
 * distinct mix once. Sessions that sound equal share an encoder and part from it without a seam. A
 * session that nobody listens to costs nothing: its tracks stand still and go on where they were, while
 * speakers follow the clock that all share. Not thread-safe; one per worker thread.
 */
export class MixEngine {
  readonly #clock: Clock;
  readonly #events: MixEngineEvents;
  readonly #library: MediaLibrary;
  readonly #live: LiveLibrary;
  readonly #feeds: SpeakerFeeds;
  readonly #streams: Streams;
  readonly #mixer = new Mixer();
  readonly #projects = new Map<number, PreparedProject>();
  readonly #sessions = new Map<string, EngineSession>();
  readonly #pace: Pace;
  #nextMix = 1;
  #nextLive = -1;
  #busyMs = 0;
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(options: {
    readonly clock: Clock;
    readonly encoders: EncoderFactory;
    readonly media: MediaAccess;
    readonly live: LiveAccess;
    readonly events: MixEngineEvents;
  }) {
    const { clock, events } = options;
    this.#clock = clock;
    this.#events = events;
    this.#library = new MediaLibrary(options.media, clock, (mediaId, error) =>
      events.failed(mediaId, error),
    );
    this.#live = new LiveLibrary(options.live, clock, () => this.#nextLive--);
    this.#feeds = new SpeakerFeeds({
      media: this.#library,
      live: this.#live,
      clock,
      onState: (state) => events.speakerState(state),
      onSwitch: (projectId) => this.#stir(projectId),
    });
    this.#streams = new Streams(clock, options.encoders, events);
    this.#pace = new Pace(clock);
  }

  /**
   * Calls `tick` every 20 ms, without drift, until `stop`; none while there is nothing to mix and nothing to let
   * go of. What then comes is heard from the block on that would have been next.
   */
  start(): void {
    this.#next();
  }

  #next(): void {
    if (this.#stopped) return;
    try {
      this.tick();
    } catch (error) {
      this.#events.failed('engine', EngineError.from(error));
    }
    if (this.#isAtRest()) this.#pace.rest();
    else this.#timer = this.#clock.setTimeout(() => this.#next(), this.#pace.waitMs);
  }

  /** Something is to be mixed or looked after from now on. */
  #rouse(): void {
    if (this.#stopped || !this.#pace.wake()) return;
    this.#timer = this.#clock.setTimeout(() => this.#next(), this.#pace.waitMs);
  }

  #isAtRest(): boolean {
    const held = this.#streams.count + this.#library.size + this.#live.size + this.#feeds.size;
    if (held > 0) return false;
    for (const session of this.#sessions.values()) {
      if (session.listeners > 0) return false;
    }
    return true;
  }

  /** Adds a project or takes its edited definition; heard from the next block on. Nothing starts anew. */
  setProject(definition: ProjectDefinition): void {
    const project = this.#projects.get(definition.id);
    if (project === undefined) {
      this.#projects.set(definition.id, new PreparedProject(definition));
    } else {
      project.setDefinition(definition);
    }
    this.#stir(definition.id);
  }

  /** Assets that are new, changed or gone. Of an unknown project: ignored, its definition comes first. */
  changeAssets(changes: AssetChanges): void {
    this.#projects.get(changes.projectId)?.changeAssets(changes);
    this.#stir(changes.projectId);
  }

  /** Sessions of it hear nothing from the next block on. */
  removeProject(projectId: number): void {
    this.#projects.delete(projectId);
    this.#stir(projectId);
  }

  /**
   * Adds a session, without listeners. Its project may come later: silence until then. `place`: what
   * `place` gave on another engine; what cannot be read of it is reported, and the session starts anew.
   * @throws EngineError `conflict` when the id is in use, `server.stopping` after `stop`
   */
  startSession(session: MixSession, place?: string): void {
    if (this.#stopped) throw new EngineError('server.stopping', 'the media shard is stopping');
    if (this.#sessions.has(session.id)) {
      throw new EngineError('conflict', `session ${session.id} is already running on this shard`);
    }
    const mix = new SessionMix(this.#nextMix++, session.id, this.#partsOf(session.id));
    if (place !== undefined) {
      try {
        mix.restore(place);
      } catch (error) {
        this.#events.failed(`session ${session.id}`, EngineError.from(error));
      }
    }
    this.#sessions.set(session.id, {
      id: session.id,
      projectId: session.projectId,
      options: { format: session.format, bitrateKbps: session.bitrateKbps },
      mix,
      stream: undefined,
      listener: listenerOf(session),
      listeners: 0,
      moved: true,
      retryBlock: 0,
      failures: 0,
    });
  }

  /**
   * What its listener changed: absent stays, `null` takes a choice back, impossible values are ignored.
   * Heard from the next block on; of many moves in one block the last counts.
   * @throws EngineError `not-found`
   */
  updateSession(move: SessionMove): void {
    const session = this.#session(move.id);
    session.listener = movedListener(session.listener, move);
    session.moved = true;
  }

  /** @throws EngineError `not-found` */
  command(id: string, command: SessionCommand): CommandOutcome {
    const session = this.#session(id);
    const { mix } = session;
    this.#refresh(session);
    switch (command.name) {
      case 'heartbeat':
        return DONE;
      case 'pause':
        mix.pause();
        return DONE;
      case 'resume':
        mix.resume(this.#pace.tick);
        return DONE;
      case 'skip':
        return mix.skip() ? DONE : { done: false, message: 'nothing sounds that could be skipped' };
      case 'play':
        return mix.play(command.assetId);
      case 'replay':
        return mix.replay();
      case 'stop':
        this.stopSession(id);
        return DONE;
    }
  }

  /** How many take this session's bytes. At 0 its encoder is let go. */
  listeners(id: string, count: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (session.listeners === 0 && count > 0) session.moved = true;
    session.listeners = Math.max(0, count);
    if (session.listeners === 0) this.#streams.leave(session);
    else this.#rouse();
  }

  /** What sounds for it now, with the gains of this block. @throws EngineError `not-found` */
  sounding(id: string): SessionSounding {
    const session = this.#session(id);
    this.#refresh(session);
    return session.mix.sounding(this.#pace.tick);
  }

  /** The same, and its queue, which takes longer to work out. @throws EngineError `not-found` */
  playing(id: string): SessionPlaying {
    const session = this.#session(id);
    this.#refresh(session);
    return session.mix.playing(this.#pace.tick);
  }

  /** Why assets are or are not heard: the given ones, or the nearest `limit`. @throws EngineError `not-found` */
  explain(
    id: string,
    assetIds: readonly number[] | undefined,
    limit: number,
  ): readonly AssetAudibility[] {
    const session = this.#session(id);
    this.#refresh(session);
    return session.mix.explain(assetIds, limit, this.#pace.tick);
  }

  /**
   * Where its tracks, queue and bans are, when that changed since it was last asked for; undefined also
   * when there is no such session.
   */
  place(id: string): string | undefined {
    return this.#sessions.get(id)?.mix.place();
  }

  /** False when it was not there. */
  stopSession(id: string): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    this.#sessions.delete(id);
    this.#streams.leave(session);
    session.mix.stop(this.#pace.tick);
    return true;
  }

  get stats(): MixEngineStats {
    return {
      sessions: this.#sessions.size,
      mixes: this.#streams.count,
      lateBlocks: this.#pace.late,
      blocks: this.#pace.block,
      mixCpuMs: this.#busyMs,
    };
  }

  /**
   * Renders the blocks that are due by the monotonic clock, ten at most in a call. After a stall the
   * missed blocks are made good, up to a second; older ones are left out, so that no stream lags for
   * ever. Both count as late.
   */
  tick(): void {
    if (this.#stopped) return;
    const beganMs = this.#clock.monoMs();
    for (let rendered = 0; rendered < BLOCKS_PER_CALL; rendered++) {
      const nowMs = this.#clock.monoMs();
      if (nowMs - beganMs > CALL_MS) return;
      if (!this.#pace.begins(nowMs)) return;
      try {
        this.#renderBlock();
      } finally {
        this.#pace.ended();
      }
      this.#busyMs += this.#clock.monoMs() - nowMs;
    }
  }

  /** Closes every encoder and lets go of all media. Idempotent. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#streams.close();
    this.#sessions.clear();
    this.#live.close();
    this.#library.close();
  }

  #renderBlock(): void {
    const tick = this.#pace.tick;
    this.#streams.begin(tick, this.#pace.block);
    for (const session of this.#sessions.values()) {
      if (session.stream === undefined) continue;
      this.#attempt(session, () => this.#advance(session, tick));
    }
    this.#streams.regroup();
    for (const session of this.#sessions.values()) {
      if (session.listeners === 0 || session.stream !== undefined) continue;
      if (this.#pace.block < session.retryBlock || !this.#streams.mayOpen) continue;
      this.#attempt(session, () => {
        // Only what is heard goes on: until there is an encoder the mix stands still.
        session.mix.soften();
        this.#advance(session, tick);
        this.#streams.attach(session);
      });
    }
    const parts = this.#streams.render(this.#mixer);
    if (parts !== undefined) this.#events.audio(parts);
    if (this.#pace.block % SWEEP_BLOCKS === 0) this.#sweep(tick);
  }

  /** A session that breaks is silent alone, for a while, and the others never notice. */
  #attempt(session: EngineSession, work: () => void): void {
    try {
      work();
    } catch (error) {
      // Long after the last time it is counted anew.
      if (this.#pace.block > session.retryBlock + MAX_RETRY_BLOCKS) session.failures = 0;
      const waits = RETRY_BLOCKS * 2 ** Math.min(session.failures, 16);
      session.failures++;
      session.retryBlock = this.#pace.block + Math.min(waits, MAX_RETRY_BLOCKS);
      session.moved = true;
      this.#streams.leave(session);
      this.#events.failed(`session ${session.id}`, EngineError.from(error));
    }
  }

  /** Takes in what changed and moves the mix on to this block. */
  #advance(session: EngineSession, tick: number): void {
    this.#refresh(session);
    const { stream, mix } = session;
    const alone = stream === undefined || stream.members.size === 1;
    if (mix.step(tick, alone) && stream !== undefined) stream.changed = true;
  }

  #refresh(session: EngineSession): void {
    if (!session.moved) return;
    session.moved = false;
    const project = this.#projects.get(session.projectId);
    session.mix.retarget(project, session.listener, session.stream === undefined);
  }

  /** Something of a project changed for all its sessions. */
  #stir(projectId: number): void {
    for (const session of this.#sessions.values()) {
      if (session.projectId === projectId) session.moved = true;
    }
  }

  #sweep(tick: number): void {
    for (const session of this.#sessions.values()) {
      if (session.listeners === 0) continue;
      if (session.stream === undefined && this.#pace.block < session.retryBlock) continue;
      this.#attempt(session, () => session.mix.eachPlace(tick, this.#visit));
    }
    this.#feeds.sweep();
    this.#live.sweep();
    this.#library.sweep();
  }

  readonly #visit = (voice: Voice, frame: number): void => {
    if (voice.kind === 'speaker') this.#feeds.used(voice.id);
    if (voice.source instanceof PcmSource) this.#library.need(voice.source, frame);
  };

  #partsOf(id: string): MixParts {
    return {
      // What is acquired has to be let go of again, also when nobody listens.
      mediaOf: (mediaId) => {
        this.#rouse();
        return this.#library.sourceOf(mediaId);
      },
      failureOf: this.#library.failureOf,
      speakerOf: (speaker) => {
        this.#rouse();
        return this.#feeds.sourceOf(speaker);
      },
      need: (source, frame) => this.#library.need(source, frame),
      onTrack: (kind, track, piece, frame) =>
        this.#events.listen({
          sessionId: id,
          assetId: piece.assetId,
          trackId: track.definition.id,
          kind,
          atUnixMs: this.#clock.nowMs() + (frame * 1_000) / RATE_HZ,
          durationS: (kind === 'began' ? piece.length - piece.place : piece.heard) / RATE_HZ,
          remaining: piece.remaining,
        }),
      onPlaced: (voice, kind, durationS) =>
        this.#events.listen({
          sessionId: id,
          assetId: voice.id,
          trackId: undefined,
          kind,
          atUnixMs: this.#clock.nowMs(),
          durationS,
          remaining: 0,
        }),
    };
  }

  #session(id: string): EngineSession {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new EngineError('not-found', `no session ${id} on this media shard`);
  }
}

const DONE: CommandOutcome = { done: true, message: undefined };

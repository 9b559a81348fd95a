// A little over 400 lines: the life of a block, from sessions to bytes, is one sequence that is easier to follow in one place.
import type { Clock, TimerHandle } from '../engine/clock.js';
import { EngineError } from '../engine/errors.js';
import type { MixEngineEvents, MixEngineStats, MixSession, MixUpdate } from './engine.types.js';
import { PreparedProject } from './gains.js';
import { isPosition } from './geometry.js';
import { dissenters, SettledIndex } from './grouping.js';
import { type MediaAccess, MediaLibrary } from './library.js';
import { type HeardVoice, Mix } from './mix.js';
import { Mixer } from './mixer/mixer.js';
import { PartsBuilder } from './parts.js';
import { BLOCK_FRAMES, BLOCK_MS, type EncoderFactory, type GeoPoint } from './ports.js';
import type { SpineProject } from './spine.js';
import { MixStream, type StreamMember } from './stream.js';

/** A stall up to this long is made good block by block; beyond it the missed sound is left out. */
const CATCH_UP_BLOCKS = 50;
/** Blocks rendered in one call, so that a shard that cannot keep up still hears its messages. */
const BLOCKS_PER_CALL = 10;
/** Encoders opened in one block; who has to wait hears the old mix for a block more. */
const OPENS_PER_BLOCK = 6;
/** An encoder that could not be opened or broke is tried again after this. */
const ENCODER_RETRY_BLOCKS = 50;
const SWEEP_BLOCKS = 10;

interface Session extends StreamMember {
  projectId: string;
  readonly options: MixStream['options'];
  position: GeoPoint | undefined;
  headingDeg: number | undefined;
  tags: readonly string[];
  listeners: number;
  /** Place, tags or project changed since the last block. */
  moved: boolean;
  retryBlock: number;
}

/**
 * The sound of one media shard: holds its sessions' mixes, and every 20 ms mixes and encodes each
 * distinct mix once. Sessions that sound equal share an encoder and part from it without a seam. A
 * session that nobody listens to costs nothing and still moves on, because every place follows from
 * the clock. Not thread-safe; one per worker thread.
 */
export class MixEngine {
  readonly #clock: Clock;
  readonly #encoders: EncoderFactory;
  readonly #events: MixEngineEvents;
  readonly #library: MediaLibrary;
  readonly #mixer = new Mixer();
  readonly #projects = new Map<string, PreparedProject>();
  readonly #sessions = new Map<string, Session>();
  readonly #streams = new Map<number, MixStream>();
  readonly #settled = new SettledIndex();
  readonly #parts = new PartsBuilder();
  /** Tick of block 0: ticks count 20 ms since 1970, so that loops agree between shards and restarts. */
  readonly #originTick: number;
  readonly #startMonoMs: number;
  /** Blocks due so far, rendered or left out. */
  #dueBlocks = 0;
  /** Blocks rendered: the stream clock, without holes. */
  #block = 0;
  #opensLeft = 0;
  #nextStream = 1;
  #lateBlocks = 0;
  #busyMs = 0;
  #timer: TimerHandle | undefined;
  #stopped = false;

  constructor(options: {
    readonly clock: Clock;
    readonly encoders: EncoderFactory;
    readonly media: MediaAccess;
    readonly events: MixEngineEvents;
  }) {
    this.#clock = options.clock;
    this.#encoders = options.encoders;
    this.#events = options.events;
    this.#library = new MediaLibrary(options.media, options.clock, (mediaId, error) =>
      this.#events.failed(mediaId, error),
    );
    this.#originTick = Math.floor(options.clock.nowMs() / BLOCK_MS);
    this.#startMonoMs = options.clock.monoMs();
  }

  /** Calls `tick` every 20 ms, without drift, until `stop`. */
  start(): void {
    const next = (): void => {
      if (this.#stopped) return;
      try {
        this.tick();
      } catch (error) {
        this.#events.failed('engine', EngineError.from(error));
      }
      const dueMs = this.#startMonoMs + this.#dueBlocks * BLOCK_MS;
      this.#timer = this.#clock.setTimeout(next, Math.max(0, dueMs - this.#clock.monoMs()));
    };
    next();
  }

  /** Adds a project or replaces its definition; heard from the next block on. */
  addProject(definition: SpineProject): void {
    this.#projects.set(definition.id, new PreparedProject(definition));
    for (const session of this.#sessions.values()) {
      if (session.projectId === definition.id) session.moved = true;
    }
  }

  /** Sessions of it hear nothing from the next block on. */
  removeProject(projectId: string): void {
    this.#projects.delete(projectId);
    for (const session of this.#sessions.values()) {
      if (session.projectId === projectId) session.moved = true;
    }
  }

  /**
   * Adds a session, without listeners. Its project may come later: silence until then.
   * @throws EngineError `conflict` when the id is in use, `server.stopping` after `stop`
   */
  startSession(session: MixSession): void {
    if (this.#stopped) throw new EngineError('server.stopping', 'the media shard is stopping');
    if (this.#sessions.has(session.id)) {
      throw new EngineError('conflict', `session ${session.id} is already running on this shard`);
    }
    this.#sessions.set(session.id, {
      id: session.id,
      projectId: session.projectId,
      options: { format: session.format, bitrateKbps: session.bitrateKbps },
      position: isPosition(session.position) ? session.position : undefined,
      headingDeg: session.headingDeg,
      tags: session.tags,
      listeners: 0,
      moved: true,
      retryBlock: 0,
      mix: new Mix(),
      stream: undefined,
    });
  }

  /** New place, heading or tags; what is left out stays, an impossible position is ignored. Latest wins. */
  updateSession(id: string, update: MixUpdate): void {
    const session = this.#session(id);
    if (isPosition(update.position)) session.position = update.position;
    if (update.headingDeg !== undefined && Number.isFinite(update.headingDeg)) {
      session.headingDeg = update.headingDeg;
    }
    if (update.tags !== undefined) session.tags = update.tags;
    session.moved = true;
  }

  command(id: string, command: 'pause' | 'resume' | 'skip'): void {
    const session = this.#session(id);
    switch (command) {
      case 'pause':
        session.mix.pause();
        break;
      case 'resume':
        session.mix.resume(this.#tick);
        break;
      case 'skip':
        session.mix.skip();
        break;
    }
  }

  /** How many take this session's bytes. At 0 its encoder is let go. */
  listeners(id: string, count: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    if (session.listeners === 0 && count > 0) session.moved = true;
    session.listeners = Math.max(0, count);
    if (session.listeners === 0) this.#leave(session);
  }

  /** What it hears now, with the gains of this block. @throws EngineError `not-found` */
  hearing(id: string): { readonly sessionId: string; readonly voices: HeardVoice[] } {
    const session = this.#session(id);
    if (session.listeners === 0) this.#advance(session);
    return { sessionId: id, voices: session.mix.heard(this.#tick) };
  }

  /** False when it was not there. */
  stopSession(id: string): boolean {
    const session = this.#sessions.get(id);
    if (session === undefined) return false;
    this.#sessions.delete(id);
    this.#leave(session);
    return true;
  }

  get stats(): MixEngineStats {
    return {
      sessions: this.#sessions.size,
      mixes: this.#streams.size,
      lateBlocks: this.#lateBlocks,
      blocks: this.#block,
      mixCpuMs: this.#busyMs,
    };
  }

  /**
   * Renders the blocks that are due by the monotonic clock, ten at most in a call. After a stall the
   * missed blocks are made good, up to a second; older ones are left out, so that no stream lags for ever. Both count
   * as late.
   */
  tick(): void {
    if (this.#stopped) return;
    for (let rendered = 0; rendered < BLOCKS_PER_CALL; rendered++) {
      const nowMs = this.#clock.monoMs();
      const behindMs = nowMs - (this.#startMonoMs + this.#dueBlocks * BLOCK_MS);
      if (behindMs < 0) return;
      const missed = Math.floor(behindMs / BLOCK_MS) - CATCH_UP_BLOCKS;
      if (missed > 0) {
        this.#dueBlocks += missed;
        this.#lateBlocks += missed;
      }
      if (behindMs >= BLOCK_MS) this.#lateBlocks++;
      this.#renderBlock();
      this.#busyMs += this.#clock.monoMs() - nowMs;
    }
  }

  /** Closes every encoder and lets go of all media. Idempotent. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    for (const stream of [...this.#streams.values()]) this.#closeStream(stream);
    this.#sessions.clear();
    this.#library.close();
  }

  get #tick(): number {
    return this.#originTick + this.#dueBlocks;
  }

  #renderBlock(): void {
    const tick = this.#tick;
    this.#opensLeft = OPENS_PER_BLOCK;
    for (const session of this.#sessions.values()) {
      if (session.listeners > 0) this.#advance(session);
    }
    for (const stream of this.#streams.values()) {
      if (stream.changed) this.#regroup(stream, tick);
      else if (stream.joinTick === tick) this.#tryJoin(stream, tick);
    }
    for (const session of this.#sessions.values()) {
      if (session.listeners > 0 && session.stream === undefined) this.#attach(session, tick);
    }
    for (const stream of this.#streams.values()) {
      try {
        stream.render(this.#mixer, tick, this.#block);
      } catch (error) {
        this.#encoderFailed(stream, error);
      }
    }
    if (this.#block % SWEEP_BLOCKS === 0) this.#sweep(tick);
    this.#block++;
    this.#dueBlocks++;
    const parts = this.#parts.take();
    if (parts !== undefined) this.#events.audio(parts);
  }

  /** Takes in what changed and moves the gains to this block. */
  #advance(session: Session): void {
    if (session.moved) {
      session.moved = false;
      const project = this.#projects.get(session.projectId);
      const silent = session.stream === undefined;
      session.mix.retarget(project, session, this.#library.sourceOf, silent);
    }
    if (session.mix.step(this.#tick) && session.stream !== undefined) session.stream.changed = true;
  }

  /** Parts the members that no longer sound alike. */
  #regroup(stream: MixStream, tick: number): void {
    stream.changed = false;
    const split = dissenters(stream);
    if (split === undefined) return;
    for (const leaver of split.leavers) {
      const target = this.#encoders.synchronous
        ? this.#settled.match(stream.options, leaver, tick)
        : undefined;
      if (target !== undefined) {
        this.#transfer(leaver, target);
      } else if (this.#opensLeft > 0) {
        this.#open([leaver], stream.options, stream);
      } else {
        // It hears the old mix until an encoder may be opened for it.
        stream.changed = true;
      }
    }
    if (stream.members.has(split.leader)) stream.lead(split.leader);
    this.#settled.file(stream, tick);
  }

  /** Once at rest, moves the members to an equal stream, if there is one. */
  #tryJoin(stream: MixStream, tick: number): void {
    stream.joinTick = Number.POSITIVE_INFINITY;
    const leader = stream.leader;
    if (!this.#encoders.synchronous || leader === undefined) return;
    const target = this.#settled.match(stream.options, leader, tick);
    if (target === undefined || target.limiter.gain !== stream.limiter.gain) return;
    for (const member of [...stream.members]) this.#transfer(member, target);
  }

  /** First stream of a session that somebody began to listen to. */
  #attach(session: Session, tick: number): void {
    if (this.#block < session.retryBlock) return;
    const target = this.#settled.match(session.options, session, tick);
    if (target !== undefined) {
      this.#transfer(session, target);
    } else if (this.#opensLeft > 0) {
      this.#open([session], session.options, undefined);
    }
  }

  #open(
    members: readonly StreamMember[],
    options: MixStream['options'],
    like: MixStream | undefined,
  ): void {
    this.#opensLeft--;
    const stream = new MixStream(this.#nextStream++, options);
    try {
      const encoder = stream.open(
        this.#encoders,
        this.#block * BLOCK_FRAMES,
        like,
        this.#onPacket,
        this.#onEncoderError,
      );
      this.#streams.set(stream.no, stream);
      const ids = members.map((member) => member.id);
      this.#events.opened(stream.no, ids, encoder.contentType, encoder.header);
      for (const member of members) this.#place(member, stream, false);
      this.#settled.file(stream, this.#tick);
    } catch (error) {
      stream.close();
      const failure = EngineError.from(error, 'media.encoder');
      for (const member of members) {
        const session = this.#sessions.get(member.id);
        if (session !== undefined) session.retryBlock = this.#block + ENCODER_RETRY_BLOCKS;
      }
      this.#events.failed(`stream ${stream.no}`, failure);
    }
  }

  readonly #onPacket = (stream: MixStream, bytes: Uint8Array): void => {
    if (this.#streams.has(stream.no)) this.#parts.add(stream.no, bytes);
  };

  readonly #onEncoderError = (stream: MixStream, error: Error): void => {
    this.#encoderFailed(stream, error);
  };

  #encoderFailed(stream: MixStream, error: unknown): void {
    if (!this.#streams.has(stream.no)) return;
    for (const member of [...stream.members]) {
      member.stream = undefined;
      const session = this.#sessions.get(member.id);
      if (session !== undefined) session.retryBlock = this.#block + ENCODER_RETRY_BLOCKS;
    }
    stream.members.clear();
    this.#closeStream(stream);
    this.#events.failed(`stream ${stream.no}`, EngineError.from(error, 'media.encoder'));
  }

  /** Moves a member to `stream` from this block on, and says so. */
  #transfer(member: StreamMember, stream: MixStream): void {
    this.#place(member, stream, true);
  }

  #place(member: StreamMember, stream: MixStream, announce: boolean): void {
    const from = member.stream;
    from?.members.delete(member);
    member.stream = stream;
    stream.members.add(member);
    if (announce) this.#events.moved(member.id, stream.no);
    if (from === undefined) return;
    from.changed = true;
    if (from.members.size === 0) this.#closeStream(from);
  }

  #leave(session: Session): void {
    const stream = session.stream;
    if (stream === undefined) return;
    session.stream = undefined;
    stream.members.delete(session);
    stream.changed = true;
    if (stream.members.size === 0) this.#closeStream(stream);
  }

  #closeStream(stream: MixStream): void {
    if (!this.#streams.delete(stream.no)) return;
    this.#settled.remove(stream);
    for (const member of stream.members) member.stream = undefined;
    stream.close();
    this.#events.closed(stream.no);
  }

  #sweep(tick: number): void {
    for (const session of this.#sessions.values()) {
      if (session.listeners === 0) continue;
      session.mix.eachPlace(tick, (source, frame) => this.#library.need(source, frame));
    }
    this.#library.sweep();
  }

  #session(id: string): Session {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new EngineError('not-found', `no session ${id} on this media shard`);
  }
}

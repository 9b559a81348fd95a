import type { Clock } from '../../engine/clock.js';
import { EngineError } from '../../engine/errors.js';
import type { Mixer } from '../mixer/mixer.js';
import { PartsBuilder } from '../parts.js';
import { type AudioParts, BLOCK_FRAMES, type EncoderFactory } from '../ports.js';
import type { MixEngineEvents } from './engine.types.js';
import { dissenters, SettledIndex } from './grouping.js';
import type { EngineSession } from './sessions.js';
import { MixStream } from './stream.js';

/** Encoders are opened in one block until this is used up; who has to wait hears the old mix for a block more. */
const OPENS_PER_BLOCK = 32;
const OPENING_MS = 5;
/** An encoder that could not be opened or broke is tried again after this. */
const ENCODER_RETRY_BLOCKS = 50;

/**
 * The encoders of one engine, and who hears which. Sessions that sound equal share one and part from it
 * without a seam; formats whose packets lie on no common grid are never shared.
 */
export class Streams {
  readonly #clock: Clock;
  readonly #encoders: EncoderFactory;
  readonly #events: MixEngineEvents;
  readonly #streams = new Map<number, MixStream>();
  readonly #settled = new SettledIndex();
  readonly #parts = new PartsBuilder();
  #nextStream = 1;
  #opensLeft = 0;
  #openingUntilMs = 0;
  #tick = 0;
  #block = 0;

  constructor(clock: Clock, encoders: EncoderFactory, events: MixEngineEvents) {
    this.#clock = clock;
    this.#encoders = encoders;
    this.#events = events;
  }

  get count(): number {
    return this.#streams.size;
  }

  /** A new block: `tick` of the common clock, `block` of the stream clock. */
  begin(tick: number, block: number): void {
    this.#tick = tick;
    this.#block = block;
    this.#opensLeft = OPENS_PER_BLOCK;
    this.#openingUntilMs = this.#clock.monoMs() + OPENING_MS;
  }

  /** One more encoder may be opened in this block. */
  get mayOpen(): boolean {
    return this.#opensLeft > 0 && this.#clock.monoMs() <= this.#openingUntilMs;
  }

  /** Parts those who no longer sound alike, and brings those together who do. */
  regroup(): void {
    for (const stream of this.#streams.values()) {
      if (stream.changed) this.#part(stream);
      else if (stream.joinTick <= this.#tick) this.#tryJoin(stream);
    }
  }

  /** First stream of a session that somebody began to listen to. */
  attach(session: EngineSession): void {
    const target = this.#encoders.canSwitch(session.options.format)
      ? this.#settled.match(session.options, session, this.#tick)
      : undefined;
    if (target !== undefined) this.#place(session, target, true);
    else this.#open([session], session.options, undefined);
  }

  /** Mixes and encodes every stream; what is ready to be sent. */
  render(mixer: Mixer): AudioParts | undefined {
    for (const stream of this.#streams.values()) {
      try {
        stream.render(mixer, this.#tick, this.#block);
      } catch (error) {
        this.#encoderFailed(stream, error);
      }
    }
    return this.#parts.take();
  }

  /** Nobody listens to this session any more. */
  leave(session: EngineSession): void {
    const { stream } = session;
    if (stream === undefined) return;
    session.stream = undefined;
    stream.members.delete(session);
    stream.changed = true;
    if (stream.members.size === 0) this.#close(stream);
  }

  close(): void {
    for (const stream of [...this.#streams.values()]) this.#close(stream);
  }

  #part(stream: MixStream): void {
    stream.changed = false;
    const split = dissenters(stream);
    if (split === undefined) return;
    const switches = this.#encoders.synchronous && this.#encoders.canSwitch(stream.options.format);
    for (const leaver of split.leavers) {
      const target = switches ? this.#settled.match(stream.options, leaver, this.#tick) : undefined;
      if (target !== undefined) {
        this.#place(leaver, target, true);
      } else if (this.mayOpen) {
        this.#open([leaver], stream.options, stream);
      } else {
        // It hears the old mix until an encoder may be opened for it.
        stream.changed = true;
      }
    }
    if (stream.members.has(split.leader)) stream.lead(split.leader);
    this.#settled.file(stream, this.#tick);
  }

  /** Once at rest, moves the members to an equal stream, if there is one. */
  #tryJoin(stream: MixStream): void {
    stream.joinTick = Number.POSITIVE_INFINITY;
    const { leader } = stream;
    if (!this.#encoders.synchronous || !this.#encoders.canSwitch(stream.options.format)) return;
    if (leader === undefined || !leader.mix.restful) return;
    const target = this.#settled.match(stream.options, leader, this.#tick);
    if (target === undefined || target.limiter.gain !== stream.limiter.gain) return;
    for (const member of [...stream.members]) this.#place(member, target, true);
  }

  #open(
    members: readonly EngineSession[],
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
      for (const member of members) member.retryBlock = this.#block + ENCODER_RETRY_BLOCKS;
      this.#events.failed(`stream ${stream.no}`, EngineError.from(error, 'media.encoder'));
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
      member.retryBlock = this.#block + ENCODER_RETRY_BLOCKS;
    }
    stream.members.clear();
    this.#close(stream);
    this.#events.failed(`stream ${stream.no}`, EngineError.from(error, 'media.encoder'));
  }

  /** Lets a member hear `stream` from this block on. */
  #place(member: EngineSession, stream: MixStream, announce: boolean): void {
    const from = member.stream;
    from?.members.delete(member);
    member.stream = stream;
    stream.members.add(member);
    if (announce) this.#events.moved(member.id, stream.no);
    if (from === undefined) return;
    from.changed = true;
    if (from.members.size === 0) this.#close(from);
  }

  #close(stream: MixStream): void {
    if (!this.#streams.delete(stream.no)) return;
    this.#settled.remove(stream);
    for (const member of stream.members) member.stream = undefined;
    stream.close();
    this.#events.closed(stream.no);
  }
}

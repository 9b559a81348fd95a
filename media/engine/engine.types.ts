import type { EngineError } from '../../engine/errors.js';
import type { ListenEvent, SpeakerState } from '../listening.js';
import type { AudioParts, ListenerState, StreamFormat } from '../ports.js';

/** What an engine tells its owner, inside `tick` and the commands. Must not throw. */
export interface MixEngineEvents {
  /** A stream begins; its first members hear it from the next `audio` on. */
  opened(
    stream: number,
    sessionIds: readonly string[],
    contentType: string,
    header: Uint8Array,
  ): void;
  /** From the next `audio` on this session hears `stream`, without a seam. */
  moved(sessionId: string, stream: number): void;
  /** No more bytes of it will come. */
  closed(stream: number): void;
  /** At most one per block. */
  audio(parts: AudioParts): void;
  /** A media (by id) or an encoder failed; it is tried again by itself. */
  failed(what: string, error: EngineError): void;
  /** An asset began or ended for a listener. */
  listen(event: ListenEvent): void;
  /** Another source of a speaker sounds, or none; once for each change. */
  speakerState(state: SpeakerState): void;
}

/** One listener's wishes; a session's definition fits. */
export interface MixSession extends ListenerState {
  /** Seed of all chance in its mix. */
  readonly id: string;
  readonly projectId: number;
  readonly format: StreamFormat;
  readonly bitrateKbps: number;
}

export interface MixEngineStats {
  readonly sessions: number;
  /** Encoders at work: distinct mixes that somebody hears. */
  readonly mixes: number;
  /** Blocks begun more than one block late, and blocks left out after a stall. Since the start. */
  readonly lateBlocks: number;
  readonly blocks: number;
  /** Time spent mixing and encoding since the start. */
  readonly mixCpuMs: number;
}

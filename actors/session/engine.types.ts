import type {
  CommandOutcome,
  SessionCommand,
  SessionPlaying,
  SessionSounding,
} from '../../media/listening.js';
import type { AssetAudibility, SessionDefinition, SessionMove } from './protocol.js';

/** The sound of one thread, as its sessions use it. */
export interface SessionEngine {
  /** `place`: where it was before, as `place` answered it. @throws EngineError `conflict`, `server.stopping`. */
  startSession(session: SessionDefinition, place?: string): void;
  /** @throws EngineError `not-found`; so do `command`, `playing`, `sounding` and `explain`. */
  updateSession(move: SessionMove): void;
  /** Of `pause`, `resume`, `skip`, `replay` and `play`. */
  command(id: string, command: SessionCommand): CommandOutcome;
  playing(id: string): SessionPlaying;
  /** The same without the queue, which costs most. */
  sounding(id: string): SessionSounding;
  explain(
    id: string,
    assetIds: readonly number[] | undefined,
    limit: number,
  ): readonly AssetAudibility[];
  /** Undefined: as when it was last asked. */
  place(id: string): string | undefined;
  listeners(id: string, count: number): void;
  stopSession(id: string): unknown;
}

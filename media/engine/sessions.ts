import type { SessionMix } from '../mix/session-mix.js';
import type { ListenerState } from '../ports.js';
import type { MixStream } from './stream.js';

/** One listener's session as the engine keeps it; a member of the stream it hears. */
export interface EngineSession {
  readonly id: string;
  readonly projectId: number;
  readonly options: MixStream['options'];
  readonly mix: SessionMix;
  /** Undefined while nobody listens, or its encoder is not open yet. */
  stream: MixStream | undefined;
  listener: ListenerState;
  listeners: number;
  /** Place, choices or project changed since the last block. */
  moved: boolean;
  /** Block at which an encoder may be tried again. */
  retryBlock: number;
  /** Times in a row that its mix broke. */
  failures: number;
}

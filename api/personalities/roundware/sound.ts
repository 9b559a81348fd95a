import type {
  SessionCommand,
  SessionCommandResult,
  SessionMove,
  SessionOutput,
  SessionPlaying,
} from '../../../actors/session/protocol.js';
import type { RoundwareSound, StreamWish } from './services.js';

/** The site's listener sessions, as far as streams use them: `AudioService`. */
export interface SiteSessions {
  open(wish: StreamWish, address: string): Promise<unknown>;
  ofNumber(number: number): string | undefined;
  definition(
    id: string,
  ): { readonly mount: string; readonly output?: SessionOutput | undefined } | undefined;
  move(move: SessionMove): unknown;
  command(
    id: string,
    command: Exclude<SessionCommand, { readonly name: 'stop' }>,
  ): Promise<SessionCommandResult>;
  playing(id: string): Promise<SessionPlaying>;
  close(id: string, reason: 'killed'): Promise<void>;
}

/** Streams are listener sessions. `streamOrigin`: where a client that reached us at an origin finds the mounts. */
export function soundOf(
  sessions: SiteSessions,
  streamOrigin: (origin: string, output?: SessionOutput) => string,
): RoundwareSound {
  return {
    open: async (wish, address) => void (await sessions.open(wish, address)),
    ofNumber: (number) => sessions.ofNumber(number),
    streamUrl: (id, origin) => {
      const stream = sessions.definition(id);
      return `${streamOrigin(origin, stream?.output)}${stream?.mount ?? ''}`;
    },
    demoUrl: (origin) => `${streamOrigin(origin)}/demo_stream.mp3`,
    move: (move) => void sessions.move(move),
    command: (id, command) => sessions.command(id, command),
    playing: (id) => sessions.playing(id),
    close: (id) => sessions.close(id, 'killed'),
  };
}

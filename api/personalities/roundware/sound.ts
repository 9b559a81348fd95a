import type {
  SessionCommand,
  SessionCommandResult,
  SessionMove,
  SessionPlaying,
} from '../../../actors/session/protocol.js';
import type { RoundwareSound, StreamWish } from './services.js';

/** The site's listener sessions, as far as streams use them: `AudioService`. */
export interface SiteSessions {
  open(wish: StreamWish, address: string): Promise<unknown>;
  ofNumber(number: number): string | undefined;
  definition(id: string): { readonly mount: string } | undefined;
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
  streamOrigin: (origin: string) => string,
): RoundwareSound {
  return {
    open: async (wish, address) => void (await sessions.open(wish, address)),
    ofNumber: (number) => sessions.ofNumber(number),
    streamUrl: (id, origin) => `${streamOrigin(origin)}${sessions.definition(id)?.mount ?? ''}`,
    move: (move) => void sessions.move(move),
    command: (id, command) => sessions.command(id, command),
    playing: (id) => sessions.playing(id),
    close: (id) => sessions.close(id, 'killed'),
  };
}

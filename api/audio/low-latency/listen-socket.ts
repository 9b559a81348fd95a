import type { SessionDefinition } from '../../../actors/session/protocol.js';
import type { Clock } from '../../../engine/clock.js';
import { EngineError } from '../../../engine/errors.js';
import { channelsOf } from '../../../media/encoders/channels.js';
import type { MountListener } from '../../../media/mounts/listener.js';
import type { Mount, MountTable } from '../../../media/mounts/mount.js';
import { BLOCK_MS, RATE_HZ } from '../../../media/ports.js';
import {
  type GatewaySocket,
  type SocketEndpoint,
  socketEndpoint,
  stateOf,
} from '../../http/socket.types.js';
import { eachOpusPacket, packetMessage } from './packets.js';

/** The first message, as JSON text; every other one is binary, see `packetMessage`. */
export interface LowLatencyHello {
  readonly codec: 'opus';
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly packetMs: number;
  readonly bitrateKbps: number;
}

export interface LowLatencyOptions {
  readonly mounts: MountTable;
  /** Undefined: it ended, or never was. */
  readonly session: (
    id: string,
  ) => Pick<SessionDefinition, 'mount' | 'format' | 'bitrateKbps'> | undefined;
  readonly clock: Clock;
}

/** Unsent sound held here for a socket: more, and it is dropped until the socket is empty. */
const QUEUE_MS = 300;
/**
 * Packets on their way, once the client answers: what the kernel and the network hold counts as well. 500 ms; a phone's network
 * takes up to 200 of it by itself.
 */
const MOST_UNDERWAY = 25;
/** Fewer than this, and what was dropped to goes on. */
const RESUME_UNDERWAY = 5;

interface State {
  readonly mount: Mount;
  readonly clock: Clock;
  readonly hello: LowLatencyHello;
  readonly limitBytes: number;
  listener: MountListener | undefined;
  /** Number of the next packet; those that were dropped have one too, so that the client sees the gap. */
  sequence: number;
  /** Numbers that the client has not told it has; the oldest first, one more than may be under way at most. */
  underway: number[];
  /** It told once what it has. */
  answers: boolean;
  dropping: boolean;
}

/**
 * Low-latency listening: `/v1/sessions/{id}/listen` of a session in Opus. The socket is a listener of the session's
 * built-in mount that begins with the sound of now and gets each packet of 20 ms as it is made. Whoever has the session's secret
 * id may listen. The client may answer with the last sequence number it has (a binary message, u32
 * little-endian); then never more than half a second is under way, and it is dropped to now instead.
 * Closes with 4504 when the session ends or is not there, 4515 when its format is another one, 4013 at the site's limit.
 */
export function lowLatencySocket(options: LowLatencyOptions): SocketEndpoint {
  const { mounts, session, clock } = options;
  return socketEndpoint<State>({
    path: '/v1/sessions/{id}/listen',
    access: 'open',
    maxMessageBytes: 64,
    maxBufferedBytes: 64 * 1024,
    accept: ({ params }) => {
      const found = session(params['id'] ?? '');
      const mount = found === undefined ? undefined : mounts.get(found.mount);
      if (found === undefined || mount === undefined) throw ended();
      if (found.format !== 'opus') {
        throw new EngineError(
          'input.unsupported',
          `low-latency listening takes format opus, this session is ${found.format}: use its streamUrl, or open one with opus`,
        );
      }
      if (!mounts.hasRoom) {
        throw new EngineError('server.busy', 'the site has its limit of listeners');
      }
      const { bitrateKbps } = found;
      return {
        mount,
        clock,
        hello: {
          codec: 'opus',
          sampleRateHz: RATE_HZ,
          channels: channelsOf('opus', bitrateKbps),
          packetMs: BLOCK_MS,
          bitrateKbps,
        },
        limitBytes: Math.round((bitrateKbps * 125 * QUEUE_MS) / 1_000),
        listener: undefined,
        sequence: 0,
        underway: [],
        answers: false,
        dropping: false,
      };
    },
    open: (socket) => {
      const state = stateOf(socket);
      socket.send(JSON.stringify(state.hello), false);
      const sink = {
        write: (bytes: Uint8Array): boolean => {
          eachOpusPacket(bytes, (packet, place) => give(socket, state, packet, place));
          return true;
        },
        close: (): void => {
          const error = ended();
          socket.end(error.closeCode, error.message);
        },
      };
      state.listener = state.mount.attachPrompt(sink, clock.monoMs());
    },
    message: (socket, data, isBinary) => {
      if (!isBinary || data.length !== 4) {
        throw new EngineError(
          'frame.malformed',
          'send nothing, or four bytes: the last sequence number you have',
        );
      }
      const state = stateOf(socket);
      const taken = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
      state.answers = true;
      while ((state.underway[0] ?? Number.POSITIVE_INFINITY) <= taken) state.underway.shift();
    },
    close: (socket) => {
      const { listener, mount } = stateOf(socket);
      if (listener === undefined) return;
      listener.gone();
      mount.detach(listener);
    },
  });
}

const ended = (): EngineError =>
  new EngineError('not-found', 'the session has ended: open a new one');

function give(socket: GatewaySocket<State>, state: State, packet: Uint8Array, place: number): void {
  const { sequence, underway, limitBytes } = state;
  state.sequence = sequence + 1;
  const held = socket.getBufferedAmount();
  if (held > limitBytes || (state.answers && underway.length > MOST_UNDERWAY)) {
    state.dropping = true;
  } else if (held === 0 && (!state.answers || underway.length <= RESUME_UNDERWAY)) {
    state.dropping = false;
  }
  if (state.dropping) return;
  underway.push(sequence);
  if (underway.length > MOST_UNDERWAY + 1) underway.shift();
  socket.send(packetMessage(packet, sequence, place), true);
}
